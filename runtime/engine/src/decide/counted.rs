//! What is counted of what happened: one word for each value. Pure.

use greenroom_contract::channel::{Receipt, SendError};
use greenroom_contract::store::{Accepted, Outcome};
use greenroom_contract::trace::Ignored;
use greenroom_support::metrics::words::{Arrival, SendEnd, TurnEnd};

/// What became of an arrival.
pub(crate) fn arrival(accepted: &Accepted) -> Arrival {
    match accepted {
        Accepted::New { .. } => Arrival::Taken,
        Accepted::Duplicate => Arrival::Duplicate,
        Accepted::Noted | Accepted::Updated { .. } => Arrival::Noted,
        Accepted::Merged { then, .. } => arrival(then),
    }
}

/// How a settled turn ended.
pub(crate) fn turn(outcome: &Outcome) -> TurnEnd {
    match outcome {
        Outcome::Answered => TurnEnd::Answered,
        Outcome::Ignored(_) => TurnEnd::Ignored,
        Outcome::Quarantined { .. } => TurnEnd::Quarantined,
    }
}

/// How an attempt to send ended.
pub(crate) fn send(result: &Result<Receipt, SendError>) -> SendEnd {
    match result {
        Ok(_) => SendEnd::Sent,
        Err(SendError::NotConnected) => SendEnd::NotConnected,
        Err(SendError::Retry { .. }) => SendEnd::Retried,
        Err(SendError::Uncertain { .. }) => SendEnd::Uncertain,
        Err(SendError::Refused { .. }) => SendEnd::Refused,
        Err(SendError::WindowClosed { .. }) => SendEnd::Window,
        Err(SendError::AccountStopped { .. }) => SendEnd::AccountStopped,
    }
}

/// The same for people, from that word: what comes behind "12 refused:".
pub fn refusal_in_words(cause: &str) -> &'static str {
    match cause {
        "nobody_admitted" => "the allow-list is empty",
        "stranger" => "not on the allow-list",
        "phone_unknown" => "no entry names an address that is known of them",
        "groups_off" => "the bot does not speak in that group",
        "group_not_admitted" => "the group is not on the allow-list",
        "not_addressed" => "group talk that does not address the bot",
        "own_message" => "the bot's own messages",
        "owner_elsewhere" => "written by the account's owner to other people",
        "conversation_full" => "too many messages of one conversation waited",
        "too_many" => "too many turns in a short time",
        "reaction" => "reactions, which need no answer",
        "unsupported" => "a kind of message that cannot be answered, without words",
        "unreadable" => "what they say is not known here",
        "nothing_said" => "nothing was said",
        "event" => "something happened in the chat, and no one said anything",
        "no_longer_admitted" => "taken off the allow-list while the message waited",
        "no_assistant" => "the assistant is not configured",
        "listen_only" => "the channel only listens",
        "loop" => "two programs seem to answer each other",
        "too_old" => "too old",
        "paused" => "the conversation is paused",
        _ => "another cause",
    }
}

/// Why a message is not answered, in the word that its trace is stored with.
pub fn refusal(reason: &Ignored) -> &'static str {
    match reason {
        Ignored::NobodyAdmitted => "nobody_admitted",
        Ignored::Stranger { .. } => "stranger",
        Ignored::PhoneUnknown { .. } => "phone_unknown",
        Ignored::GroupsOff => "groups_off",
        Ignored::GroupNotAdmitted => "group_not_admitted",
        Ignored::NotAddressed => "not_addressed",
        Ignored::OwnMessage => "own_message",
        Ignored::OwnerElsewhere => "owner_elsewhere",
        Ignored::ConversationFull => "conversation_full",
        Ignored::TooMany => "too_many",
        Ignored::Reaction => "reaction",
        Ignored::Unsupported { .. } => "unsupported",
        Ignored::Unreadable { .. } => "unreadable",
        Ignored::NothingSaid => "nothing_said",
        Ignored::Event { .. } => "event",
        Ignored::NoLongerAdmitted => "no_longer_admitted",
        Ignored::NoAssistant => "no_assistant",
        Ignored::ListenOnly => "listen_only",
        Ignored::Loop { .. } => "loop",
        Ignored::TooOld { .. } => "too_old",
        Ignored::Paused { .. } => "paused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::message::Unreadable;
    use greenroom_contract::time::Timestamp;

    #[test]
    fn a_refusal_is_counted_by_the_word_of_its_trace_and_by_nothing_of_what_it_names() {
        let phone = || vec!["+15551234567".to_owned()];
        for reason in [
            Ignored::NobodyAdmitted,
            Ignored::Stranger { known_as: phone() },
            Ignored::PhoneUnknown { known_as: phone() },
            Ignored::GroupsOff,
            Ignored::GroupNotAdmitted,
            Ignored::NotAddressed,
            Ignored::OwnMessage,
            Ignored::OwnerElsewhere,
            Ignored::ConversationFull,
            Ignored::TooMany,
            Ignored::Reaction,
            Ignored::Unsupported { kind: "+15551234567".to_owned() },
            Ignored::Unreadable { what: Unreadable::Lost },
            Ignored::NothingSaid,
            Ignored::Event { kind: "pin".to_owned() },
            Ignored::NoLongerAdmitted,
            Ignored::NoAssistant,
            Ignored::ListenOnly,
            Ignored::Loop { until: Timestamp(7) },
            Ignored::TooOld { age_seconds: 8, within_seconds: 7 },
            Ignored::Paused { until: Timestamp(7) },
        ] {
            let stored = serde_json::to_value(&reason).unwrap();
            assert_eq!(stored["why"], refusal(&reason), "{reason:?}");
            assert_ne!(refusal_in_words(refusal(&reason)), refusal_in_words("?"), "{reason:?}");
        }
    }

    #[test]
    fn what_two_merged_conversations_brought_is_what_it_would_have_been() {
        let merged = Accepted::Merged { conversations: Vec::new(), then: Box::new(Accepted::Duplicate) };
        assert_eq!(arrival(&merged), Arrival::Duplicate);
    }
}
