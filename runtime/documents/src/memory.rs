//! What an assistant remembers of a conversation, as its document has it: texts by key.

use bytes::Bytes;
use greenroom_contract::limits::ASSISTANT_STATE_BYTES_MAX;
use std::collections::BTreeMap;

/// Texts by key. A turn brings what the last answer gave; an answer that gives none leaves it as it is.
pub type Memory = BTreeMap<String, String>;

/// Reads what is stored. What has another form, because an assistant of another kind had this name before, is nothing.
#[must_use]
pub fn of_state(state: Option<&Bytes>) -> Memory {
    state.and_then(|state| serde_json::from_slice(state).ok()).unwrap_or_default()
}

/// Why a memory cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// It takes too much room.
    #[error("takes {bytes} bytes as JSON, and {max} are kept", max = ASSISTANT_STATE_BYTES_MAX)]
    TooLarge {
        /// How much.
        bytes: usize,
    },
    /// There are too many keys.
    #[error("has {keys} keys, and {max} are kept", max = crate::limits::MEMORY_KEYS_MAX)]
    TooMany {
        /// How many.
        keys: usize,
    },
}

/// The same as it is stored; no bytes, which delete what was there, if it is empty.
pub fn to_state(memory: &Memory) -> Result<Bytes, MemoryError> {
    if memory.is_empty() {
        return Ok(Bytes::new());
    }
    if memory.len() > crate::limits::MEMORY_KEYS_MAX {
        return Err(MemoryError::TooMany { keys: memory.len() });
    }
    let state = serde_json::to_vec(memory).expect("texts by key have a JSON form");
    match state.len() {
        bytes if bytes > ASSISTANT_STATE_BYTES_MAX => Err(MemoryError::TooLarge { bytes }),
        _ => Ok(state.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_nothing_deletes() {
        let memory = Memory::from([("size".to_owned(), "large".to_owned())]);
        let state = to_state(&memory).unwrap();
        assert_eq!((&state[..], of_state(Some(&state))), (&br#"{"size":"large"}"#[..], memory));
        assert_eq!(to_state(&Memory::new()), Ok(Bytes::new()));
        for foreign in [&b""[..], b"\xff\x00", b"[1]", br#"{"a":1}"#] {
            assert_eq!(of_state(Some(&Bytes::from_static(foreign))), Memory::new());
        }
        assert_eq!(of_state(None), Memory::new());
    }

    #[test]
    fn too_much_is_refused_and_not_cut() {
        let one = |chars: usize| Memory::from([("a".to_owned(), "x".repeat(chars))]);
        assert!(to_state(&one(ASSISTANT_STATE_BYTES_MAX - 8)).is_ok());
        assert_eq!(
            to_state(&one(ASSISTANT_STATE_BYTES_MAX - 7)),
            Err(MemoryError::TooLarge { bytes: ASSISTANT_STATE_BYTES_MAX + 1 })
        );
        let many: Memory = (0..=1_000).map(|key: u32| (key.to_string(), String::new())).collect();
        assert_eq!(to_state(&many), Err(MemoryError::TooMany { keys: 1_001 }));
    }
}
