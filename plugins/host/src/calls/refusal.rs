//! What ends a turn because a guest went too far.

/// A limit of the host. It ends the turn: a guest that exceeds one is broken, and could not say so itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It computed for too long.
    #[error("it computed for more than {ms} ms, which is its limit (own_ms)")]
    OwnTime {
        /// The limit.
        ms: u128,
    },
    /// It wants to remember too much.
    #[error("what it remembers of the conversation is larger than {kb} KB, which is its limit (state_kb)")]
    State {
        /// The limit.
        kb: usize,
    },
    /// It made too many media, or too large ones.
    #[error("it makes more media than an answer takes")]
    Media,
    /// It sent too many requests.
    #[error("it sends more than {max} HTTP requests in one turn")]
    Requests {
        /// The limit.
        max: u32,
    },
    /// It asked models too often.
    #[error("it asks models more than {max} times in one turn")]
    Models {
        /// The limit.
        max: u32,
    },
}
