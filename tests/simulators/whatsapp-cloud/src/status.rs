//! What became of the bot's messages, told by webhook.

use crate::error::GraphError;
use crate::hub::Hub;
use crate::settings::Prices;
use crate::validate::Content;
use crate::webhook::{change, deliver, envelope};
use crate::world::Delivered;
use serde_json::{Value, json};
use std::sync::Arc;

/// A status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Meta has it.
    Sent,
    /// A phone has it.
    Delivered,
    /// It was read.
    Read,
    /// The voice note was played.
    Played,
    /// It was given up.
    Failed(GraphError),
}

impl Status {
    fn word(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed(_) => "failed",
        }
    }
}

/// Posts one status and returns when it was answered 200.
pub(crate) async fn post(hub: &Arc<Hub>, message: &Delivered, receiver: Option<usize>, status: &Status) {
    let body = {
        let statuses = json!([value(hub, message, receiver, status)]);
        envelope(hub, &[change(hub, &message.from, "messages", &[("statuses", statuses)])])
    };
    deliver(hub.clone(), body).await;
}

fn value(hub: &Hub, message: &Delivered, receiver: Option<usize>, status: &Status) -> Value {
    let mut value = json!({"id": message.id, "status": status.word(),
        "timestamp": hub.clock.now_seconds().to_string()});
    if let Some(data) = &message.callback_data {
        value["biz_opaque_callback_data"] = json!(data);
    }
    let world = hub.world.lock();
    let person = receiver.map(|index| &world.people[index]);
    let phone = person.and_then(|person| person.phone.as_deref());
    let bsuid = person.map(|person| person.bsuid.as_str());
    if let Some(group) = &message.group {
        value["recipient_type"] = json!("group");
        value["recipient_id"] = json!(group);
        set(&mut value, "recipient_participant_id", phone);
        set(&mut value, "recipient_participant_user_id", bsuid);
    } else {
        set(&mut value, "recipient_id", phone);
        set(&mut value, "recipient_user_id", bsuid);
    }
    if let Status::Failed(error) = status {
        value["errors"] = json!([error.in_webhook()]);
    } else {
        value["pricing"] = pricing(hub.settings.prices, &message.content);
    }
    value
}

fn pricing(prices: Prices, content: &Content) -> Value {
    let category = if matches!(content, Content::Template { .. }) { "utility" } else { "service" };
    let (billable, kind) = match prices {
        Prices::Billed => (true, "regular"),
        Prices::Free => (false, "free_customer_service"),
    };
    json!({"billable": billable, "pricing_model": "PMP", "type": kind, "category": category})
}

fn set(value: &mut Value, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        value[key] = json!(text);
    }
}
