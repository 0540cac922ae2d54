//! What was asked to be woken for, and is due in a turn.

use crate::phrases::Phrases;
use crate::reminders::Reminder;
use greenroom_contract::assistant::{Content, Reply, Turn, Wake};

/// Whether nothing but wake-ups is in a turn: no one wrote.
pub(super) fn is_all(turn: &Turn) -> bool {
    turn.messages.iter().all(|message| matches!(message.content, Content::Wake { .. }))
}

/// The tokens of the wake-ups of a turn.
fn tokens(turn: &Turn) -> impl Iterator<Item = &str> {
    turn.messages.iter().filter_map(|message| match &message.content {
        Content::Wake { token } => Some(token.as_str()),
        _ => None,
    })
}

/// The next wake-ups of the repeated reminders that are due.
pub(super) fn next(turn: &Turn) -> Vec<Wake> {
    let next = |token: &str| {
        let at = Reminder::from_token(token)?.after(turn.now)?;
        Some(Wake { at, token: token.to_owned() })
    };
    tokens(turn).filter_map(next).collect()
}

/// What is due, said without a model.
pub(super) fn plainly(turn: &Turn, phrases: &Phrases) -> Vec<Reply> {
    let texts: Vec<String> = tokens(turn)
        .map(|token| match Reminder::from_token(token) {
            Some(Reminder { text, who: Some(who), .. }) if turn.chat.is_group() => {
                format!("⏰ {} ({who}): {text}", phrases.reminder)
            }
            Some(reminder) => format!("⏰ {}: {}", phrases.reminder, reminder.text),
            None => format!("⏰ {}", phrases.reminder),
        })
        .collect();
    vec![Reply::text(texts.join("\n"))]
}
