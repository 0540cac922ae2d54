//! How the model is asked.

use crate::config::ModelConfig;
use crate::provider::Provider;
use genai::chat::{CacheControl, ChatOptions, ReasoningEffort};
use serde_json::json;

/// The options of one request.
pub(crate) fn options(config: &ModelConfig, answer_tokens: u32) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_max_tokens(answer_tokens)
        .with_capture_usage(true)
        // The words are counted as they come, and kept here.
        .with_capture_content(false)
        // Of OpenAI's protocol the calls are put together here: the library makes as much room as the server says a call's
        // number is, which may be four billion.
        .with_capture_tool_calls(!matches!(config.provider, Provider::Openai | Provider::Ollama))
        // Makes the request ask for thoughts, which models refuse that have none.
        .with_capture_reasoning_content(config.thinking)
        .with_reasoning_effort(effort(config))
        .with_stream_read_timeout(config.read_timeout());
    // The library takes the end of a name such as `mistral-medium` for a wish how much to think, and what is before `::` for a
    // provider.
    if config.provider != Provider::Gemini {
        options = options.with_extra_body(json!({ "model": config.model }));
    }
    if config.provider == Provider::Anthropic {
        options = options.with_cache_control(CacheControl::Ephemeral);
    }
    options
}

/// How much it is asked to think. Something has to be said, or the library reads it from the name of the model; this is what
/// makes each protocol say nothing.
fn effort(config: &ModelConfig) -> ReasoningEffort {
    match config.provider {
        Provider::Openai | Provider::OpenaiResponses | Provider::Ollama => ReasoningEffort::Budget(0),
        Provider::Anthropic if config.thinking => ReasoningEffort::Low,
        Provider::Anthropic | Provider::Gemini => ReasoningEffort::Zero,
    }
}
