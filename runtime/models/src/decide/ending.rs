//! What the reason means for which a model stopped.

use crate::decide::failure::Failure;
use genai::chat::StopReason;
use greenroom_contract::model::Ended;

/// What is known when an answer has come to its end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// Whether it wants tools called.
    pub(crate) calls: bool,
    /// Whether it declined in a field of its own, beside the reason.
    pub(crate) declined: bool,
}

/// How an answer ended. Without a reason it did not end but broke off, however whole it looks.
pub(crate) fn ended(reason: Option<&StopReason>, told: Told) -> Result<Ended, Failure> {
    if told.declined {
        return Ok(Ended::Refused);
    }
    match reason {
        None => Err(Failure::CUT),
        // Some servers stop "normally" though they want tools called.
        Some(StopReason::Completed(_) | StopReason::StopSequence(_)) => {
            Ok(if told.calls { Ended::Calls } else { Ended::Whole })
        }
        Some(StopReason::ToolCall(_)) if told.calls => Ok(Ended::Calls),
        Some(StopReason::ToolCall(_)) => Err(Failure::BAD_CALL),
        Some(StopReason::MaxTokens(_)) => Ok(Ended::Cut),
        Some(StopReason::ContentFilter(_)) => Ok(Ended::Refused),
        Some(StopReason::Other(reason)) => match reason.as_str() {
            "eos" | "eos_token" => Ok(if told.calls { Ended::Calls } else { Ended::Whole }),
            "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => Err(Failure::BAD_CALL),
            "MODEL_ARMOR" | "sensitive" => Ok(Ended::Refused),
            _ => Err(Failure::Unavailable { what: "its answer ended for a reason that is not known" }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_only_with_a_reason() {
        let none = Told::default();
        let calls = Told { calls: true, ..none };
        for (reason, told, expected) in [
            ("stop", none, Ok(Ended::Whole)),
            ("stop", calls, Ok(Ended::Calls)),
            ("end_turn", none, Ok(Ended::Whole)),
            ("tool_use", calls, Ok(Ended::Calls)),
            ("tool_calls", none, Err(Failure::BAD_CALL)),
            ("length", none, Ok(Ended::Cut)),
            ("length", calls, Ok(Ended::Cut)),
            ("incomplete", none, Ok(Ended::Cut)),
            ("MAX_TOKENS", none, Ok(Ended::Cut)),
            ("content_filter", calls, Ok(Ended::Refused)),
            ("refusal", none, Ok(Ended::Refused)),
            ("SAFETY", none, Ok(Ended::Refused)),
            ("MALFORMED_FUNCTION_CALL", none, Err(Failure::BAD_CALL)),
            ("stop", Told { declined: true, ..none }, Ok(Ended::Refused)),
        ] {
            assert_eq!(ended(Some(&StopReason::from(reason.to_owned())), told), expected, "{reason}");
        }
        assert_eq!(ended(None, none), Err(Failure::CUT));
        assert_eq!(ended(None, calls), Err(Failure::CUT));
        for odd in ["", "failed", "cancelled", "load", "pause_turn", "OTHER"] {
            let ended = ended(Some(&StopReason::from(odd.to_owned())), none);
            assert!(matches!(ended, Err(Failure::Unavailable { .. })), "{odd}");
        }
    }
}
