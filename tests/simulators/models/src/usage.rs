//! What an answer costs: an estimate that is plausible, and the same each time.

use crate::asked::{Asked, Part, Protocol};
use crate::reply::{Reply, Usage};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Tokens of one picture.
const PICTURE_TOKENS: u64 = 258;
/// Tokens around one message.
const MESSAGE_TOKENS: u64 = 3;

/// Four bytes are a token.
fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

/// Tokens of what comes first in every request of a conversation: system text and tools.
pub(crate) fn prefix_tokens(asked: &Asked) -> u64 {
    let tools =
        asked.tools.iter().map(|tool| tool.name.len() + tool.description.len() + tool.parameters.to_string().len());
    tokens(asked.system.len()) + tokens(tools.sum())
}

/// Tells prompt beginnings apart. Caches belong to a model and a key.
pub(crate) fn prefix_hash(asked: &Asked) -> u64 {
    let mut hasher = DefaultHasher::new();
    (asked.protocol, &asked.model, &asked.key, &asked.system).hash(&mut hasher);
    for tool in &asked.tools {
        (&tool.name, &tool.description, tool.parameters.to_string()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Tokens of the prompt.
pub(crate) fn prompt_tokens(asked: &Asked) -> u64 {
    let parts = asked.messages.iter().flat_map(|message| &message.parts);
    let parts = parts.map(|part| match part {
        Part::Text(text) => tokens(text.len()),
        Part::Picture { .. } | Part::Link(_) => PICTURE_TOKENS,
        Part::File { bytes, .. } => tokens(bytes.len()),
        Part::Call { name, arguments, .. } => tokens(name.len() + arguments.to_string().len()),
        Part::Result { content, .. } => tokens(content.len()),
        Part::Thinking(thinking) => tokens(thinking.to_string().len()),
    });
    prefix_tokens(asked) + parts.sum::<u64>() + asked.messages.len() as u64 * MESSAGE_TOKENS
}

/// The usage of an answer. `seen` says whether this beginning of a prompt came before.
pub(crate) fn estimate(asked: &Asked, reply: &Reply, seen: bool, cached_tokens_min: u64) -> Usage {
    if let Some(usage) = reply.usage {
        return usage;
    }
    let thinking = reply.thinking.as_deref().filter(|_| asked.thinking).map_or(0, |text| tokens(text.len()));
    let calls: usize = reply.calls.iter().map(|call| call.name.len() + call.text().len()).sum();
    let prefix = prefix_tokens(asked);
    // Anthropic caches what is marked, the others by themselves.
    let cacheable = prefix >= cached_tokens_min && (asked.protocol != Protocol::Anthropic || asked.cache_marked);
    Usage {
        input: prompt_tokens(asked),
        cached: if cacheable && seen { prefix } else { 0 },
        cache_written: if cacheable && !seen && asked.protocol == Protocol::Anthropic { prefix } else { 0 },
        output: tokens(reply.text.len()) + tokens(calls) + thinking,
        thinking,
    }
}
