//! What strangers wrote, made safe to show.
//!
//! Ids, names and reasons come from people and networks. Every view passes here before a line is made of it, so that no
//! command can forget one of its texts.

use greenroom::contract::text::one_line;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The same view with every text on one line. `None` if the view cannot be read back, which no view of ours does.
pub(crate) fn cleaned<T: Serialize + DeserializeOwned>(view: &T) -> Option<T> {
    let mut value = serde_json::to_value(view).ok()?;
    clean(&mut value);
    serde_json::from_value(value).ok()
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = one_line(text).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(values) => values.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
