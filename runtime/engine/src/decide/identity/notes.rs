//! What is remembered of a person between two messages, as it is stored with the person.

use super::code::OpenCode;
use crate::decide::open_choice::Asked as Moment;
use bytes::Bytes;
use greenroom_contract::limits;
use serde::{Deserialize, Serialize};

/// What is remembered of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// Whether the person was told that one can be linked.
    pub(crate) offered: bool,
    /// Whether the person was told that an earlier proof no longer counts.
    pub(crate) told_anew: bool,
    /// What the person was asked, and did not answer yet.
    pub(crate) open: Option<Open>,
    /// When codes were sent lately.
    pub(crate) codes: Vec<Moment>,
}

/// What a person was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Open {
    /// For an e-mail address.
    Email(Moment),
    /// For the code that was sent to one.
    Code(OpenCode),
    /// Whether to forget.
    Forget(Moment),
}

impl Notes {
    /// What was stored; nothing if another version wrote what this one does not understand.
    pub(crate) fn of(stored: Option<&Bytes>) -> Self {
        stored.and_then(|stored| serde_json::from_slice(stored).ok()).unwrap_or_default()
    }

    /// The stored form: nothing where there is nothing to remember.
    pub(crate) fn stored(&self) -> Bytes {
        if *self == Self::default() {
            return Bytes::new();
        }
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// Without what is too old.
    pub(crate) fn at(mut self, now: &Moment) -> Self {
        self.codes.retain(|made| made.age(now) < limits::CODES_WINDOW);
        let is_old = |asked: &Moment| asked.age(now) > limits::LINKING_QUESTION_AGE_MAX;
        // A code that is too old is kept for as long again, so that its person is told why it does not work.
        self.open = self.open.filter(|open| match open {
            Open::Email(asked) | Open::Forget(asked) => !is_old(asked),
            Open::Code(code) => !code.is_expired(now) || !is_old(code.made()),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::identity::EmailAddress;
    use greenroom_contract::time::Timestamp;

    #[test]
    fn what_is_stored_reads_the_same_again_and_fits() {
        let now = Moment { wall: Timestamp(u64::MAX), steady: Timestamp(u64::MAX), run: Timestamp(u64::MAX) };
        let long = format!("{}@{}.org", "a".repeat(64), "b".repeat(60));
        let email = EmailAddress::new(&long).unwrap();
        let code = OpenCode::new(email, "12345678", u64::MAX, b"secret", now);
        let codes = vec![now; limits::CODES_PER_PERSON_MAX];
        let notes = Notes { offered: true, told_anew: true, open: Some(Open::Code(code)), codes };
        let stored = notes.stored();
        assert!(stored.len() <= limits::LINKING_NOTES_BYTES_MAX / 2, "{} bytes", stored.len());
        assert_eq!(Notes::of(Some(&stored)), notes);
        assert_eq!(Notes::default().stored(), Bytes::new());
        assert_eq!(Notes::of(Some(&Bytes::from("of tomorrow"))), Notes::default());
    }
}
