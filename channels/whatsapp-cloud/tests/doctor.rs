//! What the doctor finds, and that it says what to do.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use common::{config, parts, serve, settings};
use greenroom_channel_whatsapp_cloud::doctor::{Check, Verdict, examine};
use greenroom_channel_whatsapp_cloud::{CloudChannel, Config};
use greenroom_contract::secret::Secret;
use greenroom_contract::time::Timestamp;
use greenroom_simulator_whatsapp_cloud::*;
use std::sync::Arc;

struct Clinic {
    meta: Simulator,
    config: Config,
    url: String,
}

async fn clinic(settings: Settings) -> Clinic {
    let meta = Simulator::start_with(settings).await;
    let config = config(&meta);
    let (_gateway, url) = serve(Arc::new(CloudChannel::new(config.clone(), &parts()).unwrap())).await;
    meta.connect(&url).await.unwrap();
    Clinic { meta, config, url }
}

impl Clinic {
    async fn examine(&self) -> Vec<Check> {
        let now = Timestamp(self.meta.now_ms());
        let checks = examine(&self.config, Some(&self.url), now).await.unwrap();
        for check in &checks {
            assert_eq!(
                check.next.is_none(),
                check.verdict == Verdict::Good,
                "advice is missing or needless: {check:?}"
            );
        }
        checks
    }
}

fn verdict(checks: &[Check], what: &str) -> Verdict {
    checks.iter().find(|check| check.what.contains(what)).unwrap_or_else(|| panic!("{what}: {checks:#?}")).verdict
}

#[tokio::test]
async fn a_healthy_set_up_is_good_but_for_https() {
    let checks = clinic(settings()).await.examine().await;
    let not_good: Vec<&str> =
        checks.iter().filter(|check| check.verdict != Verdict::Good).map(|check| check.what.as_str()).collect();
    assert_eq!(not_good, ["HTTPS"], "{checks:#?}");
    assert!(checks.len() >= 10);
}

#[tokio::test]
async fn each_ailment_is_found_with_its_cure() {
    let mut clinic =
        clinic(Settings { numbers: vec![Number { official: false, ..Number::default() }], ..settings() }).await;
    assert_eq!(verdict(&clinic.examine().await, "groups"), Verdict::Warning);
    let token = clinic.meta.settings().access_token.clone();
    let day = clinic.meta.now_ms() / 1000 + 24 * 3600;
    clinic.meta.set_token(&token, Token { expires_at: Some(day), ..Token::permanent() });
    let checks = clinic.examine().await;
    assert_eq!(verdict(&checks, "access token"), Verdict::Warning);
    assert!(checks.iter().any(|check| check.next.as_deref().is_some_and(|next| next.contains("System users"))));
    clinic.meta.set_token(&token, Token { scopes: vec![MESSAGING.into()], expires_at: None });
    let checks = clinic.examine().await;
    assert_eq!(verdict(&checks, "scope whatsapp_business_management"), Verdict::Bad);
    assert_eq!(verdict(&checks, "scope whatsapp_business_messaging"), Verdict::Good);
    clinic.meta.set_token(&token, Token::permanent());
    clinic.meta.set_subscription(false, &["messages"]);
    assert_eq!(verdict(&clinic.examine().await, "subscription of the app"), Verdict::Bad);
    clinic.meta.set_subscription(true, &["account_alerts"]);
    assert_eq!(verdict(&clinic.examine().await, "webhook field messages"), Verdict::Bad);
    clinic.meta.set_subscription(true, &["messages"]);

    let well = clinic.config.clone();
    clinic.config.app_secret = Secret::new("not it");
    assert_eq!(verdict(&clinic.examine().await, "app secret"), Verdict::Bad);
    clinic.config = Config { verify_token: Secret::new("not it"), ..well.clone() };
    assert_eq!(verdict(&clinic.examine().await, "callback from outside"), Verdict::Bad);
    clinic.config = Config { numbers: vec!["42".into()], ..well.clone() };
    assert_eq!(verdict(&clinic.examine().await, "number 42"), Verdict::Bad);
    clinic.config = Config { api_version: "v18.0".parse().unwrap(), ..well.clone() };
    assert_eq!(verdict(&clinic.examine().await, "Graph version"), Verdict::Warning);
    clinic.config = Config { graph_url: "http://127.0.0.1:1".into(), ..well };
    let checks = clinic.examine().await;
    assert_eq!(checks.iter().find(|check| check.what == "Graph").unwrap().verdict, Verdict::Bad);
    assert_eq!(verdict(&checks, "app secret"), Verdict::Skipped);
}

#[tokio::test]
async fn an_expired_token_is_said_first() {
    let clinic = clinic(settings()).await;
    clinic.meta.expire_token(&clinic.meta.settings().access_token.clone());
    let checks = clinic.examine().await;
    assert_eq!(verdict(&checks, "access token"), Verdict::Bad);
    assert!(!checks.iter().any(|check| format!("{check:?}").contains("simulated-app-secret")), "secrets are not shown");
}
