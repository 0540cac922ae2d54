//! Setting a channel up over HTTP, with a program around the gateway that keeps what it is given.

use super::callers::{self, server};
use super::{Server, start_as};
use crate::{
    CheckView, ConfiguredParts, FieldProblemView, Program, ReloadedView, SettingOriginView, SettingView, SettingsBody,
    SettingsRefused, SettingsView, VerdictView,
};
use async_trait::async_trait;
use greenroom_channel_loopback::{Options, loopback};
use greenroom_engine::EngineHandle;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A program whose channel `front` has an id and a secret.
#[derive(Default)]
struct Keeps(Mutex<BTreeMap<String, String>>);

impl Keeps {
    fn shown(&self) -> SettingsView {
        let kept = self.0.lock();
        let field = |key: &str, secret: bool| SettingView {
            key: key.to_owned(),
            about: "What it is.".to_owned(),
            secret,
            set: kept.contains_key(key),
            value: kept.get(key).filter(|_| !secret).cloned(),
            origin: kept.get(key).map(|_| SettingOriginView::Saved),
            changed_ms: None,
        };
        SettingsView {
            channel: "front".to_owned(),
            adapter: "loopback".to_owned(),
            configured: true,
            fields: vec![field("id", false), field("secret", true)],
            webhook_url: None,
        }
    }

    fn looked_at(channel: &str, changes: &SettingsBody) -> Result<(), SettingsRefused> {
        if channel != "front" {
            return Err(SettingsRefused::NotThere);
        }
        let is_wrong = |(_, value): &(&String, &Option<String>)| value.as_deref() == Some("wrong");
        let problem =
            |(key, _): (&String, &Option<String>)| FieldProblemView { key: key.clone(), what: "no".to_owned() };
        let wrong: Vec<_> = changes.values.iter().filter(is_wrong).map(problem).collect();
        if wrong.is_empty() { Ok(()) } else { Err(SettingsRefused::Wrong(wrong)) }
    }
}

#[async_trait]
impl Program for Keeps {
    fn parts(&self) -> ConfiguredParts {
        ConfiguredParts::default()
    }

    fn licence(&self, _: &str) -> Option<String> {
        None
    }

    async fn reload(&self, _: &EngineHandle) -> Result<ReloadedView, String> {
        Err("there is nothing to read".to_owned())
    }

    fn settings(&self, channel: &str) -> Option<SettingsView> {
        (channel == "front").then(|| self.shown())
    }

    async fn save_settings(
        &self,
        _: &EngineHandle,
        channel: &str,
        changes: &SettingsBody,
    ) -> Result<SettingsView, SettingsRefused> {
        Self::looked_at(channel, changes)?;
        for (key, value) in &changes.values {
            match value {
                Some(value) => drop(self.0.lock().insert(key.clone(), value.clone())),
                None => drop(self.0.lock().remove(key)),
            }
        }
        Ok(self.shown())
    }

    async fn check_settings(&self, channel: &str, changes: &SettingsBody) -> Result<Vec<CheckView>, SettingsRefused> {
        Self::looked_at(channel, changes)?;
        let (what, found) = ("id".to_owned(), "it answers".to_owned());
        Ok(vec![CheckView { what, verdict: VerdictView::Good, found, next: None }])
    }
}

async fn keeping() -> Server {
    let (channel, network) = loopback(Options::default());
    let (handle, gateway) = start_as(channel, None, |options, _| options.program = Arc::new(Keeps::default())).await;
    let about = gateway.announcement();
    Server { handle, base: format!("http://{}", about.address), token: about.token, network, gateway }
}

const PATH: &str = "/api/v1/channels/front/settings";
const CANARY: &str = "canary-of-a-secret";

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_in_and_never_out() {
    let server = keeping().await;
    let admin = server.admin();
    let (status, before) = admin.get(PATH).await;
    assert_eq!((status, &before["fields"][1]["set"]), (200, &json!(false)), "{before}");
    assert_eq!(before["webhook_url"], "https://bot.example.com/api/channels/front");
    let values = json!({ "values": { "id": "1234", "secret": CANARY } });
    let (status, saved) = admin.put(PATH, values).await;
    assert_eq!((status, &saved["fields"][0]["value"], &saved["fields"][1]["set"]), (200, &json!("1234"), &json!(true)));
    let shown = admin.get(PATH).await.1;
    assert_eq!(shown, saved);
    for answer in [&saved, &shown] {
        assert!(!answer.to_string().contains(CANARY) && answer["fields"][1].get("value").is_none(), "{answer}");
    }
    let (status, checks) = admin.post(&format!("{PATH}/check"), json!({ "values": { "secret": CANARY } })).await;
    assert_eq!((status, &checks[0]["verdict"]), (200, &json!("good")), "{checks}");
    assert!(!checks.to_string().contains(CANARY));
    // Taken back, it is the configuration's.
    let taken = admin.put(PATH, json!({ "values": { "secret": null } })).await.1;
    assert_eq!(taken["fields"][1]["set"], json!(false), "{taken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_by_its_key_and_nothing_is_saved() {
    let server = keeping().await;
    let admin = server.admin();
    let before = admin.get(PATH).await;
    for path in [PATH.to_owned(), format!("{PATH}/check")] {
        let body = json!({ "values": { "id": "1234", "secret": "wrong" } });
        let (status, problem) = if path == PATH { admin.put(PATH, body).await } else { admin.post(&path, body).await };
        assert_eq!((status, &problem["code"]), (422, &json!("bad-settings")), "{problem}");
        assert_eq!(problem["fields"], json!([{ "key": "secret", "what": "no" }]));
    }
    assert_eq!(admin.get(PATH).await, before);
    for body in
        [json!({}), json!({ "values": { "id": 7 } }), json!({ "values": {}, "graph_url": "http://evil.example" })]
    {
        assert_eq!(admin.put(PATH, body.clone()).await.0, 422, "{body}");
    }
    let large = json!({ "values": { "id": "x".repeat(100_000) } });
    assert_eq!(admin.put(PATH, large).await.0, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_there_for_whoever_runs_the_channels_and_has_the_scope() {
    let server = keeping().await;
    let body = || json!({ "values": { "id": "1" } });
    for scopes in ["read text send control delete admin", ""] {
        let caller = server.with_scopes("local", scopes);
        for (status, problem) in [caller.get(PATH).await, caller.put(PATH, body()).await] {
            assert_eq!((status, &problem["code"]), (403, &json!("missing-scope")), "{scopes}");
        }
    }
    let other = server.owner("otto");
    let missing = "/api/v1/channels/nothing/settings";
    let alike = |(status, problem): (u16, Value)| (status, problem.to_string().replace("nothing", "front"));
    assert_eq!(alike(other.get(PATH).await), alike(other.get(missing).await));
    assert_eq!(other.put(PATH, body()).await.0, 404);
    assert_eq!(other.post(&format!("{PATH}/check"), body()).await.0, 404);
    assert_eq!(server.with_scopes("local", "settings").put(PATH, body()).await.0, 200);
    assert_eq!(server.admin().get(missing).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_settings_has_none() {
    let server = server().await;
    let token = callers::token("local", "settings");
    let (status, body) = server.ask(server.get(PATH).bearer_auth(token)).await;
    assert!(status == 404 && body.contains("not-found"), "{status} {body}");
}
