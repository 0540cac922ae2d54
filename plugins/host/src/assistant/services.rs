//! What the host does for one assistant: settings, HTTP, models.

use super::config::PluginConfig;
use crate::calls::{HttpCalls, ModelCalls, Services};
use crate::manifest::{Manifest, ModelUse, check_settings};
use greenroom_contract::factory::BuildError;
use greenroom_contract::model::Models;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;

fn wrong<T>(path: impl Into<String>, reason: impl Into<String>) -> Result<T, BuildError> {
    Err(BuildError::Config { path: path.into(), reason: reason.into() })
}

/// The services of an assistant with this manifest and these keys.
pub(super) fn of(manifest: &Manifest, config: &PluginConfig, models: &dyn Models) -> Result<Services, BuildError> {
    let settings = check_settings(&manifest.settings, &config.settings)
        .or_else(|error| wrong(format!("settings.{}", error.name), error.reason))?;
    Ok(Services {
        settings: serde_json::Value::Object(settings).to_string(),
        http: http(manifest, config)?,
        models: model_calls(manifest, config, models)?,
    })
}

fn http(manifest: &Manifest, config: &PluginConfig) -> Result<HttpCalls, BuildError> {
    let mut headers = BTreeMap::new();
    for (host, added) in &config.http {
        let path = format!("http.{host}");
        let Some(origin) = manifest.asks.http.iter().find(|origin| origin.name() == *host) else {
            let names: Vec<String> = manifest.asks.http.iter().map(crate::manifest::Origin::name).collect();
            let names = if names.is_empty() { "no host".to_owned() } else { names.join(", ") };
            return wrong(path, format!("the plugin sends nothing there; its manifest asks for {names}"));
        };
        // That private addresses are allowed says nothing of hosts of the internet.
        let is_readable = origin.is_open() && !(config.allow_private && origin.is_near());
        if is_readable && !added.headers.is_empty() {
            return wrong(
                path,
                "the plugin speaks plain HTTP with this host, and a secret would be readable on its way",
            );
        }
        let mut map = HeaderMap::new();
        for (name, value) in &added.headers {
            let at = || format!("{path}.headers.{name}");
            let read = HeaderName::from_bytes(name.as_bytes())
                .or_else(|_| wrong(at(), "is not a name that a header can have"))?;
            let Ok(mut value) = HeaderValue::from_str(value.expose()) else {
                return wrong(at(), "its value holds a character that no header can have");
            };
            value.set_sensitive(true);
            map.insert(read, value);
        }
        headers.insert(host.clone(), map);
    }
    HttpCalls::new(manifest.asks.http.clone(), headers, config.allow_private)
}

fn model_calls(manifest: &Manifest, config: &PluginConfig, models: &dyn Models) -> Result<ModelCalls, BuildError> {
    if let Some(role) = config.models.keys().find(|role| !manifest.asks.models.contains_key(*role)) {
        let roles: Vec<&str> = manifest.asks.models.keys().map(String::as_str).collect();
        let roles = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
        return wrong(format!("models.{role}"), format!("the plugin has no such role; its roles are: {roles}"));
    }
    let mut calls = ModelCalls::default();
    for (role, of) in &manifest.asks.models {
        let names: Vec<String> = models.names().iter().map(ToString::to_string).collect();
        let known = if names.is_empty() { "none is configured".to_owned() } else { names.join(", ") };
        let Some(name) = config.models.get(role) else {
            let reason = format!("is missing: which model is the plugin's {role}? ({known}) Write {role} = \"NAME\"");
            return wrong(format!("models.{role}"), reason);
        };
        let Some(model) = models.model(name) else {
            return wrong(format!("models.{role}"), format!("there is no model {name}; there are: {known}"));
        };
        if *of == ModelUse::Vision && !model.traits().images {
            let reason = format!("the model {name} does not look at pictures, and the plugin's {role} has to");
            return wrong(format!("models.{role}"), reason);
        }
        calls.roles.insert(role.clone(), model);
    }
    Ok(calls)
}
