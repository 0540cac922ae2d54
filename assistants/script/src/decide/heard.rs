//! What a message says, as a script sees it.

use greenroom_contract::assistant::Content;

/// A message that wants an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// Its words; empty where it has none, such as a picture without a caption.
    pub(super) words: &'a str,
    /// The id of an option that was chosen.
    pub(super) option: Option<&'a str>,
    /// The phone number of a contact.
    pub(super) phone: Option<&'a str>,
}

impl<'a> Heard<'a> {
    /// `None` for what is not said to the script: a reaction, a wake-up.
    pub(super) fn of(content: &'a Content) -> Option<Self> {
        let words = content.words().unwrap_or_default();
        let (option, phone) = match content {
            Content::Reaction { .. } | Content::Wake { .. } => return None,
            Content::Choice { id, .. } => (Some(id.as_str()), None),
            Content::Contacts(contacts) => {
                (None, contacts.iter().find_map(|contact| contact.phones.first()).map(String::as_str))
            }
            _ => (None, None),
        };
        Some(Self { words, option, phone })
    }
}
