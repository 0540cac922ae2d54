//! Environment variables of an adapter that stand for its keys, such as `WHATSAPP_ACCESS_TOKEN`.
//!
//! They fill what the configuration leaves out; where there is no file, one of them is enough to
//! start that adapter's channel instead of the console.

use super::env;
use super::schema::GATEWAY;
use crate::registry::Registry;
use greenroom_contract::schema::{Key, KeyKind};
use greenroom_contract::secret::Secret;
use std::ffi::OsString;
use toml::{Table, Value};

/// The configuration without a file, if the environment speaks of an adapter that has such variables.
pub(super) fn embedded(variables: &[(OsString, OsString)], registry: &Registry) -> Option<String> {
    if registry.channel("whatsapp-cloud").is_none()
        && CLOUD_VARIABLES.iter().any(|name| value(variables, name).is_some())
    {
        // It is refused with the reason, instead of being ignored.
        return Some(embedded_channel("whatsapp", "whatsapp-cloud"));
    }
    let spoken_of = |key: &Key| key.env.is_some_and(|name| value(variables, name).is_some());
    let mut named = registry.channels().iter().filter_map(|entry| Some((entry.named?, &entry.kind)));
    let (name, kind) = named.find(|(_, kind)| kind.keys().iter().any(spoken_of))?;
    Some(embedded_channel(name, kind.kind()))
}

/// The variables without which WhatsApp's Cloud API cannot be used. Known here too, so that a program without that
/// adapter refuses them.
const CLOUD_VARIABLES: [&str; 4] =
    ["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"];

fn embedded_channel(name: &str, kind: &str) -> String {
    format!("[channels.{name}]\nadapter = \"{kind}\"\nassistant = \"echo\"\n\n[assistants.echo]\nkind = \"echo\"\n")
}

/// Fills the keys that components with such variables leave out.
pub(super) fn fill(table: &mut Table, variables: &[(OsString, OsString)], registry: &Registry) {
    for (section, kind_key) in [("channels", "adapter"), ("assistants", "kind")] {
        let Some(Value::Table(named)) = table.get_mut(section) else { continue };
        for (_, component) in named.iter_mut() {
            let Some(component) = component.as_table_mut() else { continue };
            let kind = component.get(kind_key).and_then(Value::as_str);
            let keys = kind.map_or(&[][..], |kind| env::own_keys(registry, section, kind));
            for key in keys {
                let said_otherwise = key.instead.is_some_and(|other| component.contains_key(other));
                let (Some(variable), false, false) = (key.env, component.contains_key(key.name), said_otherwise) else {
                    continue;
                };
                if let Some(text) = value(variables, variable) {
                    component.insert(key.name.to_owned(), standing_for(key.kind, variable, text));
                }
            }
        }
    }
    fill_gateway(table, variables);
}

/// The gateway's own: they have their names from the other side of its tokens.
fn fill_gateway(table: &mut Table, variables: &[(OsString, OsString)]) {
    for key in GATEWAY {
        let Some((variable, text)) = key.env.and_then(|name| Some((name, value(variables, name)?))) else { continue };
        let section = table.entry("gateway").or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section
            && !section.contains_key(key.name)
        {
            section.insert(key.name.to_owned(), standing_for(key.kind, variable, text));
        }
    }
}

/// The value that a variable stands for; a secret stays where it is.
fn standing_for(kind: KeyKind, variable: &str, text: &str) -> Value {
    match kind {
        KeyKind::Secret => {
            let reference = [("env".to_owned(), Value::String(variable.to_owned()))];
            Value::Table(reference.into_iter().collect())
        }
        KeyKind::Text | KeyKind::Url | KeyKind::Choice(_) => Value::String(text.to_owned()),
        _ => env::as_toml(text),
    }
}

/// The secret that a configuration refers to: from the environment it was read with, else from that of the process.
pub(super) fn secret(variables: &[(OsString, OsString)], name: &str) -> Option<Secret> {
    let given = variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let text = given.or_else(|| std::env::var_os(name))?.into_string().ok()?;
    Some(Secret::new(text)).filter(|secret| !secret.expose().is_empty())
}

/// What a variable says; an empty one says nothing.
fn value<'a>(variables: &'a [(OsString, OsString)], name: &str) -> Option<&'a str> {
    let (_, value) = variables.iter().find(|(known, _)| known == name)?;
    value.to_str().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    fn filled(text: &str, variables: &[(&str, &str)]) -> Table {
        let mut table: Table = text.parse().unwrap();
        fill(&mut table, &set(variables), &Registry::standard());
        table
    }

    #[test]
    fn one_variable_is_enough_for_the_channel_and_an_empty_one_is_not() {
        let registry = Registry::standard();
        for name in ["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_APP_SECRET", "WHATSAPP_GRAPH_URL"] {
            let text = embedded(&set(&[("PATH", "/"), (name, "1")]), &registry).unwrap();
            assert!(text.contains("[channels.whatsapp]") && !text.contains("console"), "{text}");
        }
        assert_eq!(embedded(&set(&[("WHATSAPP_APP_SECRET", " "), ("WHATSAPP_GATEWAY_URL", "x")]), &registry), None);
    }

    #[test]
    fn variables_fill_what_is_left_out_and_only_in_channels_of_that_adapter() {
        let variables =
            [("WHATSAPP_PHONE_NUMBER_ID", "1"), ("WHATSAPP_API_VERSION", "v26.0"), ("WHATSAPP_APP_SECRET", "hidden")];
        let text = "[channels.a]\nadapter = \"whatsapp-cloud\"\napi_version = \"v25.0\"\n\
                    [channels.b]\nadapter = \"console\"\n\
                    [channels.c]\nadapter = \"whatsapp-cloud\"\nnumbers = [\"2\"]";
        let table = filled(text, &variables);
        let a = &table["channels"]["a"];
        assert_eq!((a["phone_number_id"].as_str(), a["api_version"].as_str()), (Some("1"), Some("v25.0")));
        assert_eq!(a["app_secret"]["env"].as_str(), Some("WHATSAPP_APP_SECRET"));
        assert_eq!(table["channels"]["b"].as_table().unwrap().len(), 1);
        assert!(table["channels"]["c"].get("phone_number_id").is_none(), "numbers says it already");
        assert!(!table.to_string().contains("hidden"), "a secret stays where it is");
    }
}
