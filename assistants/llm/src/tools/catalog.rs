//! The tools of servers, under names that providers take and that are unique among all of them.

use super::house;
use crate::limits::{TOOL_ABOUT_BYTES_MAX, TOOL_NAME_BYTES_MAX, TOOL_PARAMETERS_BYTES_MAX, TOOLS_OFFERED_MAX};
use crate::prompt::{cleaned, label};
use greenroom_contract::model::{ToolCall, ToolSpec};
use greenroom_contract::tools::{ToolOffer, ToolServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A tool of a server.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Its server.
    pub(crate) server: Arc<dyn ToolServer>,
    /// What the server says of it, under the server's own name.
    pub(crate) offer: ToolOffer,
}

impl Entry {
    /// Its name for the owner: `tasks.add`.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", self.server.name(), self.offer.spec.name)
    }

    /// A call as its server knows it.
    pub(crate) fn call(&self, call: &ToolCall) -> ToolCall {
        let arguments = if call.arguments.is_null() { json!({}) } else { call.arguments.clone() };
        ToolCall { id: call.id.clone(), name: self.offer.spec.name.clone(), arguments }
    }
}

/// The tools of all servers of an assistant.
#[derive(Default)]
pub(crate) struct Catalog {
    entries: BTreeMap<String, Entry>,
    specs: Vec<ToolSpec>,
    /// How many were left out.
    pub(crate) left_out: usize,
}

impl Catalog {
    /// Adds the tools of a server.
    pub(crate) fn add(&mut self, server: &Arc<dyn ToolServer>, offers: &[ToolOffer]) {
        for offer in offers {
            let is_sound = offer.spec.parameters.is_object()
                && offer.spec.parameters.to_string().len() <= TOOL_PARAMETERS_BYTES_MAX;
            if !is_sound || self.entries.len() >= TOOLS_OFFERED_MAX {
                self.left_out += 1;
                continue;
            }
            let name = self.free_name(&format!("{}_{}", server.name(), offer.spec.name));
            let about = cleaned(&offer.spec.about, TOOL_ABOUT_BYTES_MAX);
            self.specs.push(ToolSpec { name: name.clone(), about, parameters: parameters(&offer.spec.parameters) });
            self.entries.insert(name, Entry { server: Arc::clone(server), offer: offer.clone() });
        }
    }

    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// What a model is told of them.
    pub(crate) fn specs(&self) -> &[ToolSpec] {
        &self.specs
    }

    fn free_name(&self, wanted: &str) -> String {
        let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let sound: String =
            wanted.chars().map(|c| if is_sound(c) { c } else { '_' }).take(TOOL_NAME_BYTES_MAX).collect();
        let is_free = |name: &String| !self.entries.contains_key(name) && !house::is_one(name);
        if is_free(&sound) {
            return sound;
        }
        let short = &sound[..sound.len().min(TOOL_NAME_BYTES_MAX - 5)];
        let numbered = (2..u32::MAX).map(|number| format!("{short}_{number}")).find(is_free);
        numbered.unwrap_or(sound)
    }
}

/// A declaration of arguments as all providers take it: some refuse an object without `properties`. Its words are a server's, and
/// some models read it as part of their instructions.
fn parameters(declared: &Value) -> Value {
    let mut declared = told(declared);
    if let Some(object) = declared.as_object_mut() {
        object.entry("type").or_insert_with(|| json!("object"));
        object.entry("properties").or_insert_with(|| json!({}));
    }
    declared
}

/// The same with each text in it made unable to pass for anything else. A key that would have to be changed for that is left out.
fn told(declared: &Value) -> Value {
    match declared {
        Value::String(text) => Value::String(cleaned(text, TOOL_PARAMETERS_BYTES_MAX)),
        Value::Array(all) => all.iter().map(told).collect(),
        Value::Object(map) => {
            let sound = map.iter().filter(|(key, _)| label(key, TOOL_PARAMETERS_BYTES_MAX) == **key);
            sound.map(|(key, value)| (key.clone(), told(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use greenroom_contract::ids::ToolServerName;
    use greenroom_contract::tools::{Calling, ToolError, ToolReturn};
    use proptest::prelude::*;
    use std::time::Duration;

    struct Named(ToolServerName);

    #[async_trait]
    impl ToolServer for Named {
        fn name(&self) -> &ToolServerName {
            &self.0
        }
        async fn offers(&self, _: Duration) -> Result<Arc<[ToolOffer]>, ToolError> {
            Ok(Arc::new([]))
        }
        async fn call(&self, _: &ToolCall, _: Calling) -> Result<ToolReturn, ToolError> {
            Ok(ToolReturn::default())
        }
    }

    fn offer(name: &str) -> ToolOffer {
        let spec = ToolSpec { name: name.to_owned(), about: String::new(), parameters: json!({}) };
        ToolOffer { spec, title: None, confirm: false, repeatable: true }
    }

    proptest! {
        #[test]
        fn names_are_what_providers_take_and_lead_back(
            servers in proptest::collection::vec("[a-z.é]{1,70}", 1..4),
            names in proptest::collection::vec("[a-b_./ é]{0,70}", 0..20),
        ) {
            let mut catalog = Catalog::default();
            for server in &servers {
                let server: Arc<dyn ToolServer> = Arc::new(Named(server.parse().unwrap()));
                catalog.add(&server, &names.iter().map(|name| offer(name)).collect::<Vec<_>>());
            }
            prop_assert_eq!(catalog.specs().len(), servers.len() * names.len());
            let found: Vec<String> = catalog.specs().iter().map(|spec| catalog.find(&spec.name).unwrap().path()).collect();
            let expected: Vec<String> =
                servers.iter().flat_map(|server| names.iter().map(move |name| format!("{server}.{name}"))).collect();
            prop_assert_eq!(found, expected);
            for spec in catalog.specs() {
                prop_assert!((1..=64).contains(&spec.name.len()) && !house::is_one(&spec.name));
                prop_assert!(spec.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
                prop_assert!(spec.parameters["properties"].is_object());
            }
        }
    }
}
