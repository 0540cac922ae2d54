//! What was decided about one conversation as a whole.

use crate::ids::AssistantName;
use crate::time::Timestamp;
use bytes::Bytes;

/// How a conversation is treated, until it is changed. The default is what the configuration says.
///
/// Read with the rows of a turn ([`super::Entry::settings`]), and written whole: by
/// [`super::Settlement::settings`] at the end of a turn, or by [`super::Inbox::set_settings`] at any time.
/// The last writer wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConversationSettings {
    /// Who answers its messages instead of the configured assistant. One that does not exist is passed over.
    pub assistant: Option<AssistantName>,
    /// Until then messages are settled without an answer. They are not answered later.
    pub paused_until: Option<Timestamp>,
    /// In which language its people are spoken to: a BCP 47 tag such as `de-AT`, at most
    /// [`crate::limits::LANGUAGE_BYTES_MAX`] bytes.
    pub language: Option<String>,
    /// What was offered to choose from and is not chosen yet.
    pub open_choice: Option<OpenChoice>,
}

impl ConversationSettings {
    /// Whether the conversation is paused at this moment.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Whether messages are answered as configured: nothing is bound, and nothing paused.
    pub fn is_released(&self) -> bool {
        self.assistant.is_none() && self.paused_until.is_none()
    }

    /// What holds when a turn that began with `before` ends with these, and others were set meanwhile: each thing as the
    /// turn changed it, or else as it is `now`.
    #[must_use]
    pub fn over(self, before: &Self, now: Self) -> Self {
        fn later<T: PartialEq>(new: T, before: &T, now: T) -> T {
            if new == *before { now } else { new }
        }
        Self {
            assistant: later(self.assistant, &before.assistant, now.assistant),
            paused_until: later(self.paused_until, &before.paused_until, now.paused_until),
            language: later(self.language, &before.language, now.language),
            open_choice: later(self.open_choice, &before.open_choice, now.open_choice),
        }
    }

    /// Ends what an assistant that stayed began, and every pause.
    pub fn release(&mut self) {
        self.assistant = None;
        self.paused_until = None;
    }
}

/// Stands for the end of a silence that its person asked for: it lasts until that person ends it. A moment that every
/// calendar can write.
pub const UNTIL_STARTED: Timestamp = Timestamp(253_370_764_800_000);
/// Stands for the end of a silence in which a human answers: it lasts until the owner, or the person, ends it.
pub const UNTIL_RELEASED: Timestamp = Timestamp(253_402_214_400_000);

/// A choice that is open, as the component that offered it wrote it down; opaque to all others. At most
/// [`crate::limits::OPEN_CHOICE_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChoice(pub Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_turn_did_not_touch_stays_as_it_was_set_meanwhile() {
        let before = ConversationSettings { language: Some("de".to_owned()), ..ConversationSettings::default() };
        let now = ConversationSettings { paused_until: Some(Timestamp(9)), language: None, ..before.clone() };
        let ended = ConversationSettings { assistant: Some("helper".parse().unwrap()), ..before.clone() };
        let expected = ConversationSettings { assistant: ended.assistant.clone(), ..now.clone() };
        assert_eq!(ended.over(&before, now.clone()), expected);
        let other = ConversationSettings { paused_until: Some(Timestamp(3)), ..before.clone() };
        assert_eq!(other.over(&before, now).paused_until, Some(Timestamp(3)), "what it changed holds");
    }

    #[test]
    fn a_pause_ends_at_its_moment() {
        let settings = ConversationSettings { paused_until: Some(Timestamp(10)), ..ConversationSettings::default() };
        assert!(settings.is_paused(Timestamp(9)));
        assert!(!settings.is_paused(Timestamp(10)));
        assert!(!ConversationSettings::default().is_paused(Timestamp(0)));
    }
}
