//! What a turn is sent with, besides its body.

pub use greenroom_support::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// The header with the turn, the same in every attempt.
pub const TURN_HEADER: &str = "idempotency-key";
/// The header with the number of the attempt, from 1.
pub const ATTEMPT_HEADER: &str = "x-greenroom-attempt";
