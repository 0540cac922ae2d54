//! Decisions for programs: words that do not change, as they are stored.

use super::{Decision, Ignored};

impl Decision {
    /// What was decided, in one word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Admitted { .. } => "admitted",
            Self::Ignored { .. } => "ignored",
            Self::Revoked => "revoked",
            Self::Edited => "edited",
            Self::Joined { .. } => "joined",
            Self::BindingUnknown { .. } => "binding_unknown",
            Self::Asked { .. } => "asked",
            Self::Heard { .. } => "heard",
            Self::NotTaken { .. } => "not_taken",
            Self::HandedOver { .. } => "handed_over",
            Self::Bound { .. } => "bound",
            Self::Away { .. } => "away",
            Self::Commanded { .. } => "commanded",
            Self::Chosen { .. } => "chosen",
            Self::Spent { .. } => "spent",
            Self::Called { .. } => "called",
            Self::Remarked { .. } => "remarked",
            Self::Answered { .. } => "answered",
            Self::Failed { .. } => "failed",
            Self::Interrupted => "interrupted",
            Self::Noticed { .. } => "noticed",
            Self::Quarantined { .. } => "quarantined",
            Self::Degraded { .. } => "degraded",
            Self::Queued => "queued",
            Self::Sent { .. } => "sent",
            Self::SendFailed { .. } => "send_failed",
            Self::Uncertain { .. } => "uncertain",
            Self::Held { .. } => "held",
            Self::Dropped { .. } => "dropped",
            Self::Status { .. } => "status",
        }
    }
}

impl Ignored {
    /// Why, in one word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NobodyAdmitted => "nobody_admitted",
            Self::Stranger { .. } => "stranger",
            Self::PhoneUnknown { .. } => "phone_unknown",
            Self::GroupsOff => "groups_off",
            Self::GroupNotAdmitted => "group_not_admitted",
            Self::NotAddressed => "not_addressed",
            Self::OwnMessage => "own_message",
            Self::OwnerElsewhere => "owner_elsewhere",
            Self::ConversationFull => "conversation_full",
            Self::TooMany => "too_many",
            Self::Reaction => "reaction",
            Self::Unsupported { .. } => "unsupported",
            Self::Unreadable { .. } => "unreadable",
            Self::NothingSaid => "nothing_said",
            Self::Event { .. } => "event",
            Self::NoLongerAdmitted => "no_longer_admitted",
            Self::NoAssistant => "no_assistant",
            Self::ListenOnly => "listen_only",
            Self::Loop { .. } => "loop",
            Self::TooOld { .. } => "too_old",
            Self::Paused { .. } => "paused",
        }
    }

    /// The addresses that the sender is known by, where that is why.
    pub fn known_as(&self) -> &[String] {
        match self {
            Self::Stranger { known_as } | Self::PhoneUnknown { known_as } => known_as,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A value of every field that a decision has, so that each kind reads from it.
    fn fields() -> Value {
        json!({
            "by": "b", "turn": 1, "bound": "a", "instead": "a", "assistant": "a", "attempt": 1, "took_ms": 1, "chars": 1,
            "reason": "r", "to": "a", "command": "c", "number": 1, "model": null, "tokens_in": 1, "tokens_out": 1,
            "tool": "t", "bytes_in": 1, "bytes_out": 1, "what": "w", "parcels": 1, "cause": "c", "message": "m",
            "again_at": 1, "status": "s", "known_as": ["+15551234567"], "kind": "k", "until": 1, "age_seconds": 1,
            "within_seconds": 1,
        })
    }

    fn read<T: serde::de::DeserializeOwned>(tag: &str, code: &str, more: Option<(&str, Value)>) -> T {
        let mut value = fields();
        value[tag] = code.into();
        if let Some((key, more)) = more {
            value[key] = more;
        }
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{code}: {error}"))
    }

    #[test]
    fn every_code_is_the_word_that_is_stored() {
        let reason = |code: &str| json!({ "why": code, "known_as": [], "kind": "k", "until": 1 });
        let decisions = [
            "admitted",
            "ignored",
            "revoked",
            "edited",
            "joined",
            "binding_unknown",
            "asked",
            "heard",
            "not_taken",
            "handed_over",
            "bound",
            "away",
            "commanded",
            "chosen",
            "spent",
            "called",
            "remarked",
            "answered",
            "failed",
            "interrupted",
            "noticed",
            "quarantined",
            "degraded",
            "queued",
            "sent",
            "send_failed",
            "uncertain",
            "held",
            "dropped",
            "status",
        ];
        for code in decisions {
            let more = (code == "ignored").then(|| ("reason", reason("stranger")));
            assert_eq!(read::<Decision>("decision", code, more).code(), code);
        }
        let causes = [
            "nobody_admitted",
            "stranger",
            "phone_unknown",
            "groups_off",
            "group_not_admitted",
            "not_addressed",
            "own_message",
            "owner_elsewhere",
            "conversation_full",
            "too_many",
            "reaction",
            "unsupported",
            "unreadable",
            "nothing_said",
            "event",
            "no_longer_admitted",
            "no_assistant",
            "listen_only",
            "loop",
            "too_old",
            "paused",
        ];
        for code in causes {
            let more = (code == "unreadable").then(|| ("what", unreadable()));
            assert_eq!(read::<Ignored>("why", code, more).code(), code);
        }
    }

    fn unreadable() -> Value {
        serde_json::to_value(crate::message::Unreadable::ViewOnce).unwrap()
    }
}
