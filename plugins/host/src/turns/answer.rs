//! The answer, and what the manifest does not allow in it.

use crate::manifest::Asks;
use crate::sandbox::Ran;
use greenroom_contract::assistant::{Answer, AssistantError};
use greenroom_documents::memory::MemoryError;
use greenroom_documents::{AnswerDocument, DocumentError, memory};

/// Why an answer is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum NotTaken {
    #[error("the answer asks to be woken, and the manifest does not say so: [uses] wake = true")]
    Wake,
    #[error("the answer hands the conversation over, and the manifest does not say so: [uses] hand_over = true")]
    HandOver,
    #[error("the answer has a memory, and the plugin also changed it by the interface; use one of both")]
    TwoMemories,
    #[error("what the plugin remembers of the conversation takes {kb} KB, and its limit is {max} KB (state_kb)")]
    State { kb: usize, max: u32 },
    #[error("what the plugin remembers {0}")]
    Memory(#[from] MemoryError),
}

impl From<NotTaken> for AssistantError {
    fn from(error: NotTaken) -> Self {
        Self::Retry { reason: error.into(), after: None }
    }
}

/// The answer that a guest gave.
pub(crate) fn answer_of(ran: Ran, asks: &Asks) -> Result<Answer, AssistantError> {
    let mut document = AnswerDocument::parse(ran.document.as_bytes())?;
    if document.memory.is_some() && ran.memory.is_some() {
        return Err(NotTaken::TwoMemories.into());
    }
    let wakes = !document.wake.is_empty() || !document.cancel_wakes.is_empty();
    if wakes && !asks.wake {
        return Err(NotTaken::Wake.into());
    }
    if !asks.hand_over && document.hand_over.is_some() {
        return Err(NotTaken::HandOver.into());
    }
    let kept = document.memory.take().or(ran.memory);
    let mut answer = document.answer(&ran.media).map_err(|error: DocumentError| AssistantError::from(error))?;
    if let Some(kept) = kept {
        let state = memory::to_state(&kept).map_err(NotTaken::from)?;
        if state.len() > asks.state_kb as usize * 1024 {
            return Err(NotTaken::State { kb: state.len().div_ceil(1024), max: asks.state_kb }.into());
        }
        answer.state = Some(state);
    }
    // The host counts what is asked of models. What a guest tells of cost could be any model's, at any price.
    answer.usage = Vec::new();
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_documents::{MediaTable, Memory};
    use std::time::Duration;

    fn answered(document: &str, kept: Option<Memory>, asks: &Asks) -> Result<Answer, String> {
        let (own, memory_bytes, media) = (Duration::ZERO, 0, MediaTable::default());
        let log = Vec::new();
        let ran = Ran { document: document.to_owned(), memory: kept, media, log, own, memory_bytes };
        answer_of(ran, asks).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_manifest_does_not_ask_for_is_refused() {
        let asks = Asks::default();
        let wake = r#"{"wake":[{"at":1,"token":"tea"}]}"#;
        assert!(answered(wake, None, &asks).unwrap_err().contains("[uses] wake = true"));
        assert!(answered(wake, None, &Asks { wake: true, ..asks.clone() }).is_ok());
        let over = r#"{"hand_over":{"to":"human"}}"#;
        assert!(answered(over, None, &asks).unwrap_err().contains("[uses] hand_over = true"));
        assert!(answered(over, None, &Asks { hand_over: true, ..asks }).is_ok());
    }

    #[test]
    fn what_a_guest_tells_of_cost_is_not_in_the_books() {
        let told = r#"{"usage":{"model":"gpt-5","tokens_in":1000000000000,"tokens_out":1,"cost":1000000}}"#;
        assert_eq!(answered(told, None, &Asks::default()).unwrap().usage, []);
    }

    #[test]
    fn what_is_remembered_comes_by_one_way() {
        let asks = Asks { state_kb: 1, ..Asks::default() };
        let kept = Memory::from([("a".to_owned(), "b".to_owned())]);
        let state = |answer: Result<Answer, String>| answer.unwrap().state.map(|state| state.to_vec());
        assert_eq!(state(answered("{}", Some(kept.clone()), &asks)), Some(br#"{"a":"b"}"#.to_vec()));
        assert_eq!(state(answered(r#"{"memory":{"c":"d"}}"#, None, &asks)), Some(br#"{"c":"d"}"#.to_vec()));
        assert_eq!(state(answered("{}", None, &asks)), None);
        assert!(answered(r#"{"memory":{}}"#, Some(kept), &asks).unwrap_err().contains("use one of both"));
        let large = Memory::from([("a".to_owned(), "\u{1}".repeat(1000))]);
        assert!(answered("{}", Some(large), &asks).unwrap_err().contains("state_kb"));
    }
}
