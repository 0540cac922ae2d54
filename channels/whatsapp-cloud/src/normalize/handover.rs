//! Who handles a chat, where several programs share a number: the fields `standby` and `messaging_handovers`.
//!
//! Meta decides it chat by chat. `messages` brings what we hold, `standby` what another handler holds, and
//! `messaging_handovers` each change. Only what says who has a chat *now* counts: a receipt may come long after the
//! message that it is about, so it says nothing.

use super::ids::{chats, text};
use super::{list, message};
use greenroom_contract::ids::ChatId;
use greenroom_contract::time::Timestamp;
use greenroom_contract::webhook::Handler;
use serde::Serialize;
use serde_json::Value;

/// A chat, and who handles it since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handover {
    /// The chat.
    pub chat: ChatId,
    /// Who handles it.
    pub to: Handler,
    /// Since when, by Meta's clock.
    pub since: Timestamp,
}

/// The chats that a standby change tells of: those in which another handler hears or says something.
pub(super) fn standby(value: &Value) -> Vec<Handover> {
    // Where the parts stand depends on the age of the documentation.
    let parts = [&value["standby"], value];
    let heard = parts.iter().flat_map(|part| list(&part["messages"])).map(|heard| {
        let direct = || chats(&[&heard["from"], &heard["from_user_id"]]);
        let group = text(&heard["group_id"]).and_then(|id| ChatId::new(id).ok());
        (group.map_or_else(direct, |group| vec![group]), message::timestamp(&heard["timestamp"]))
    });
    let said = parts.iter().flat_map(|part| list(&part["message_echoes"])).map(|said| {
        let inner = &said["message"];
        let to = [&said["to"], &said["recipient"], &said["recipient_id"], &inner["to"], &inner["recipient"]];
        (chats(&to), message::timestamp(&said["timestamp"]).or_else(|| message::timestamp(&inner["timestamp"])))
    });
    let told = heard.chain(said).filter_map(|(chats, since)| Some((chats, since?)));
    told.flat_map(|(chats, since)| chats.into_iter().map(move |chat| Handover { chat, to: Handler::Another, since }))
        .collect()
}

/// What a change of hands says; nothing if it names no chat, no time or no owner.
pub(super) fn change(value: &Value) -> Vec<Handover> {
    let sender = &value["sender"];
    let chats = chats(&[&sender["phone_number"], &sender["wa_id"], &sender["user_id"], &sender["id"]]);
    match (owner(value), message::timestamp(&value["timestamp"])) {
        (Some(to), Some(since)) => chats.into_iter().map(|chat| Handover { chat, to, since }).collect(),
        _ => Vec::new(),
    }
}

/// Who has a chat after a change of hands.
fn owner(value: &Value) -> Option<Handler> {
    let kind = value["type"].as_str()?;
    let part = &value[kind];
    let role = |name: &str| {
        let nested = &part[format!("{name}_owner")];
        let roles = [&part[format!("{name}_owner_role")], &part[format!("{name}_owner_app_role")]];
        roles.into_iter().chain([&nested["role"], &nested["app_role"]]).find_map(text)
    };
    if let Some(new) = role("new") {
        return Some(if is_agent(&new) { Handler::Another } else { Handler::Us });
    }
    let from_agent = role("previous").map(|previous| is_agent(&previous));
    match (from_agent, kind) {
        // What was passed on is told to the one who has it now, what was taken to the one who had it.
        (Some(true), _) | (None, "control_passed") => Some(Handler::Us),
        (Some(false), "control_passed") | (_, "control_taken") => Some(Handler::Another),
        _ => None,
    }
}

/// Whether a role is that of Meta's own agent.
fn is_agent(role: &str) -> bool {
    let role = role.to_ascii_lowercase();
    role.contains("agent") || role.contains("meta_ai")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[allow(clippy::needless_pass_by_value, reason = "what is made in a call is handed over")]
    fn passed(kind: &str, part: Value) -> Option<(String, Handler)> {
        let value =
            json!({"type": kind, "timestamp": "1780000000", "sender": {"phone_number": "+15551234567"}, kind: part});
        change(&value).into_iter().next().map(|handover| (handover.chat.as_str().to_owned(), handover.to))
    }

    #[test]
    fn every_way_in_which_a_chat_changes_hands() {
        let agent = ["ai_agent", "meta_business_agent", "META_AI"];
        let other = ["escalation", "business_app", "ESCALATION"];
        for agent in agent {
            for (part, to) in [
                (json!({"new_owner_role": agent}), Handler::Another),
                (json!({"new_owner_app_role": agent, "previous_owner_role": "escalation"}), Handler::Another),
                (json!({"previous_owner_role": agent}), Handler::Us),
                (json!({"previous_owner": {"app_role": agent, "app_id": "1"}}), Handler::Us),
            ] {
                assert_eq!(passed("control_passed", part.clone()), Some(("15551234567".into(), to)), "{part}");
            }
            for other in other {
                let part = json!({"previous_owner_role": agent, "new_owner_role": other});
                assert_eq!(passed("control_passed", part).unwrap().1, Handler::Us);
            }
        }
        assert_eq!(passed("control_passed", json!({})).unwrap().1, Handler::Us);
        assert_eq!(passed("control_passed", json!({"previous_owner_role": "escalation"})).unwrap().1, Handler::Another);
        assert_eq!(passed("control_taken", Value::Null).unwrap().1, Handler::Another);
        assert_eq!(passed("request_of_tomorrow", json!({})), None);
        assert!(change(&json!({"type": "control_passed", "timestamp": "1"})).is_empty(), "no chat");
    }

    #[test]
    fn a_receipt_says_nothing_about_who_has_a_chat() {
        let message = json!({"from": "1555", "timestamp": "10", "id": "a"});
        let echo = json!({"id": "b", "timestamp": "11", "message": {"to": "1556", "type": "text"}});
        let status = json!({"id": "c", "recipient_id": "1557", "timestamp": "12", "status": "read"});
        let chats = |value: &Value| standby(value).iter().map(|h| h.chat.as_str().to_owned()).collect::<Vec<_>>();
        let inner = json!({"messages": [message], "message_echoes": [echo], "statuses": [status]});
        assert_eq!(chats(&json!({ "standby": inner })), ["1555", "1556"]);
        assert_eq!(chats(&inner), ["1555", "1556"], "as older documentation has it");
        for nothing in [json!({}), json!({"standby": {}}), json!({"standby": {"statuses": [status]}}), json!(null)] {
            assert!(chats(&nothing).is_empty(), "{nothing}");
        }
    }
}
