//! Posts, and what they are read as.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

use greenroom_channel_whatsapp_cloud::normalize::{Owner, Post, normalize};
use greenroom_contract::ids::AccountId;
use greenroom_contract::webhook::WebhookError;
use serde_json::{Value, json};

pub(crate) fn decode(body: &[u8]) -> Result<Post, WebhookError> {
    normalize(body, &|number| match number {
        "111" => Owner::Account(AccountId::new("account-1").unwrap()),
        _ => Owner::Unknown,
    })
}

pub(crate) fn change(field: &str, mut value: Value) -> Value {
    if value.is_object() && value["metadata"].is_null() {
        value["metadata"] = json!({"phone_number_id": "111", "display_phone_number": "+1 555 000 1111"});
    }
    json!({"field": field, "value": value})
}

#[allow(clippy::needless_pass_by_value, reason = "what is made in a call is handed over")]
pub(crate) fn post(changes: Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
}

#[allow(clippy::needless_pass_by_value, reason = "what is made in a call is handed over")]
pub(crate) fn message(rest: Value) -> Value {
    let mut message = json!({"id": "wamid.A", "from": "15551234567", "timestamp": "1780000000"});
    message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    message
}
