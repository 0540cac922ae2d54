//! A prompt, as the library takes it.
//!
//! What a person wrote becomes text of the role `user` or what a tool returned, and nothing else: roles are values here,
//! never words in a text.
//!
//! | module | holds |
//! |---|---|
//! | `media` | pictures and documents, or a sentence in their place |
//! | `messages` | what was said, fixed where a provider would refuse it |
//! | `options` | how the model is asked |
//! | `signatures` | what a provider wants back with what it said |
//! | `tool_names` | names of tools that the library takes for something else, or a provider not at all |

mod media;
mod messages;
mod options;
pub(crate) mod signatures;
pub(crate) mod tool_names;

pub(crate) use options::options;

use crate::decide::cost::Tokens;
use crate::limits::{MEDIUM_TOKENS, TOKEN_BYTES};
use crate::provider::Provider;
use genai::chat::{ChatRequest, Tool};
use greenroom_contract::model::{ModelTraits, Part, Prompt, PromptMessage, ToolSpec};

/// The prompt for a model of these traits. `by` names the model whose signatures it takes back.
pub(crate) fn request(prompt: &Prompt, traits: ModelTraits, provider: Provider, by: &str) -> ChatRequest {
    // The library makes ids for Gemini, which it knows by their form and does not send.
    let keeps_ids = provider == Provider::Gemini;
    let mut request = ChatRequest::new(messages::messages(&prompt.messages, traits, by, keeps_ids));
    request.system = Some(prompt.system.clone()).filter(|system| !system.trim().is_empty());
    request.tools = (traits.tools && !prompt.tools.is_empty()).then(|| prompt.tools.iter().map(tool).collect());
    request.store = Some(false);
    request
}

fn tool(spec: &ToolSpec) -> Tool {
    Tool::new(tool_names::sent(&spec.name))
        .with_description(spec.about.clone())
        .with_schema(spec.parameters.clone())
        .with_strict(false)
}

/// About how many tokens a prompt has, where the provider does not tell.
pub(crate) fn estimate(prompt: &Prompt, written_bytes: usize) -> Tokens {
    let mut bytes = prompt.system.len();
    let mut media = 0;
    for message in &prompt.messages {
        match message {
            PromptMessage::Person(parts) => parts.iter().for_each(|part| match part {
                Part::Text(text) => bytes += text.len(),
                Part::Image(_) | Part::Document { .. } => media += 1,
            }),
            PromptMessage::Model(said) => bytes += said.text.len(),
            PromptMessage::Tools(outputs) => bytes += outputs.iter().map(|output| output.text.len()).sum::<usize>(),
        }
    }
    Tokens {
        read: bytes as u64 / TOKEN_BYTES + media * MEDIUM_TOKENS,
        written: written_bytes as u64 / TOKEN_BYTES,
        kept: 0,
    }
}
