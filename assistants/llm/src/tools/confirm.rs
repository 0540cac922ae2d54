//! The question before a call that changes something: in our words, not in those of the model.

use super::catalog::Entry;
use crate::limits::{ARGUMENT_SHOWN_BYTES_MAX, ARGUMENTS_SHOWN_MAX, LABEL_BYTES_MAX, QUESTION_BYTES_MAX};
use crate::phrases::{COUNT, Phrases};
use crate::prompt::label;
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::model::ToolCall;
use greenroom_contract::text::bounded;
use serde_json::Value;

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// The question whether these tools are to be called, some of which may have been already where that is in doubt.
pub(crate) fn question(id: &str, calls: &[(&Entry, &ToolCall)], in_doubt: bool, phrases: &Phrases) -> Choices {
    let lines: Vec<String> = calls.iter().map(|(entry, call)| described(entry, call, phrases)).collect();
    let asked = if in_doubt { phrases.confirm_in_doubt } else { phrases.confirm };
    let text = bounded(&format!("{}\n{}", asked, lines.join("\n")), QUESTION_BYTES_MAX);
    Choices::new(text, [Choice::new(format!("{id}/yes"), phrases.yes), Choice::new(format!("{id}/no"), phrases.no)])
}

/// How the question of this name is answered by the option with this id.
pub(crate) fn reply(question: &str, option: &str) -> Option<Reply> {
    match option.strip_prefix(question)? {
        "/yes" => Some(Reply::Yes),
        "/no" => Some(Reply::No),
        _ => None,
    }
}

fn described(entry: &Entry, call: &ToolCall, phrases: &Phrases) -> String {
    let title = entry.offer.title.as_deref().filter(|title| !title.trim().is_empty());
    let named = match title {
        Some(title) => format!("{} ({})", label(title, LABEL_BYTES_MAX), label(&entry.path(), LABEL_BYTES_MAX)),
        None => label(&entry.path(), LABEL_BYTES_MAX),
    };
    let mut lines = vec![format!("• {named}")];
    if let Some(arguments) = call.arguments.as_object() {
        for (key, value) in arguments.iter().take(ARGUMENTS_SHOWN_MAX) {
            lines.push(format!("   {}: {}", label(key, LABEL_BYTES_MAX / 2), shown(value)));
        }
        if let Some(more) = arguments.len().checked_sub(ARGUMENTS_SHOWN_MAX).filter(|more| *more > 0) {
            lines.push(format!("   {}", phrases.more.replace(COUNT, &more.to_string())));
        }
    }
    lines.join("\n")
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    label(&text, ARGUMENT_SHOWN_BYTES_MAX)
}
