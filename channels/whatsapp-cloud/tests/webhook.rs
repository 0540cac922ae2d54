//! What the webhook promises beyond the rules for every adapter, through real HTTP against the simulator.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use bytes::Bytes;
use common::{Stage, config, parts, row, serve, settings, text};
use greenroom_channel_whatsapp_cloud::CloudChannel;
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{BackOff, Channel, Ended, SendError};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::store::AccountVault;
use greenroom_contract::webhook::{Handler, Note, WebhookError, WebhookRequest};
use greenroom_simulator_whatsapp_cloud::*;
use std::time::Duration;

const ANA: &str = "+15551234567";

#[tokio::test]
async fn ten_thousand_forgeries_store_nothing() {
    let stage = Stage::new().await;
    let (_, body) = stage.meta.person(ANA).says("forged").into_body();
    let webhook = stage.gateway.channel.webhook().unwrap();
    for i in 0..10_000_u32 {
        let value = format!("sha256={i:064x}");
        let headers = if i % 2 == 0 { vec![] } else { vec![("x-hub-signature-256".to_owned(), Bytes::from(value))] };
        let request = WebhookRequest { headers, query: String::new(), body: body.clone() };
        assert_eq!(webhook.decode(&request), Err(WebhookError::Forbidden));
    }
    assert_eq!(stage.sink.emits(), 0);
}

#[tokio::test]
async fn a_post_before_the_link_is_made_comes_again_and_an_unknown_number_is_named() {
    let meta = Simulator::start_with(settings()).await;
    let channel = std::sync::Arc::new(CloudChannel::new(config(&meta), &parts()).unwrap());
    let (gateway, url) = serve(channel.clone()).await;
    meta.connect(&url).await.unwrap();
    let (id, body) = meta.person(ANA).says("early").into_body();
    let poster = {
        let meta = meta.clone();
        tokio::spawn(async move { meta.post_raw(body).await })
    };
    assert!(meta.until(Duration::from_secs(5), |c| c.rejected >= 2).await);
    let account = row(&meta.settings().numbers[0].id);
    let sink = FakeSink::new();
    gateway.sinks.lock().insert(account.id.clone(), sink.clone());
    channel.connect(&account, AccountVault::new(account.id.clone(), MemoryVault::new())).await.unwrap();
    poster.await.unwrap();
    assert_eq!(sink.messages()[0].key.message.as_str(), id);
    assert!(gateway.statuses.lock().starts_with(&[503, 503]));

    let (_, body) = meta.person(ANA).says("to nobody").into_body();
    let body = String::from_utf8(body.to_vec()).unwrap().replace("500000000000001", "999");
    let signature = signature(&meta.settings().app_secret, body.as_bytes());
    let headers = vec![("x-hub-signature-256".to_owned(), Bytes::from(signature))];
    let request = WebhookRequest { headers, query: String::new(), body: Bytes::from(body) };
    let decoded = channel.webhook().unwrap().decode(&request).unwrap();
    assert_eq!((decoded.unknown[0].key.as_str(), decoded.unknown[0].events, decoded.events.len()), ("999", 1, 0));
}

/// A signed post with one change.
fn posted(stage: &Stage, field: &str, value: serde_json::Value) -> WebhookRequest {
    let mut value = value;
    value["metadata"] = serde_json::json!({"phone_number_id": "500000000000001"});
    let body = serde_json::json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
        {"field": field, "value": value}]}]});
    let body = Bytes::from(body.to_string());
    let signature = signature(&stage.meta.settings().app_secret, &body);
    let headers = vec![("x-hub-signature-256".to_owned(), Bytes::from(signature))];
    WebhookRequest { headers, query: String::new(), body }
}

impl Stage {
    fn takes(&self, field: &str, value: serde_json::Value) {
        let webhook = self.gateway.channel.webhook().unwrap();
        let notes = webhook.decode(&posted(self, field, value)).unwrap().notes;
        webhook.committed(&notes);
    }

    fn observed(&self) -> usize {
        self.gateway.channel.usage()[0].observed_chats
    }
}

#[tokio::test]
async fn one_chat_that_another_handler_has_stops_no_other_and_comes_back() {
    use serde_json::json;
    let stage = Stage::new().await;
    let (ana, ben) = (stage.meta.person(ANA), stage.meta.person("+15557654321"));
    ana.says("hi").await;
    let to_ana = stage.heard();
    ben.says("hi").await;
    let to_ben = stage.heard();
    let base = stage.meta.now_ms() / 1000;
    let moment = |later: u64| (base + later).to_string();
    // Receipts and empty changes say nothing.
    let status = json!({"id": "wamid.M", "status": "read", "timestamp": moment(1), "recipient_id": &ANA[1..]});
    for nothing in [json!({}), json!({"standby": {}}), json!({"standby": {"statuses": [status]}})] {
        stage.takes("standby", nothing);
        assert_eq!(stage.observed(), 0);
    }
    let echo = json!({"id": "wamid.E", "timestamp": moment(2), "message": {"to": &ANA[1..], "type": "text"}});
    stage.takes("standby", json!({"standby": {"message_echoes": [echo]}}));
    let error = stage.link.send(&text(&to_ana, "not now")).await.unwrap_err();
    assert!(matches!(error, SendError::Retry { scope: BackOff::Conversation, .. }), "{error:?}");
    stage.link.send(&text(&to_ben, "for ben")).await.unwrap();
    assert_eq!((stage.observed(), ben.received().await.text()), (1, "for ben"));
    // What is older than the last word changes nothing; a hand-over gives it back.
    let passed = |at: String| {
        json!({"type": "control_passed", "timestamp": at, "sender": {"phone_number": ANA},
               "control_passed": {"previous_owner_role": "ai_agent", "new_owner_role": "escalation"}})
    };
    stage.takes("messaging_handovers", passed(moment(1)));
    assert_eq!(stage.observed(), 1);
    stage.takes("messaging_handovers", passed(moment(3)));
    stage.link.send(&text(&to_ana, "now")).await.unwrap();
    assert_eq!(ana.received().await.text(), "now");
    // So does an ordinary message.
    stage.meta.advance(Duration::from_secs(5));
    ana.says("for meta's agent").on_standby().await;
    let error = stage.link.send(&text(&to_ana, "not now")).await.unwrap_err();
    assert!(matches!(error, SendError::Retry { .. }), "{error:?}");
    stage.meta.advance(Duration::from_secs(5));
    ana.says("for us").await;
    stage.link.send(&text(&to_ana, "again")).await.unwrap();
    assert_eq!(ana.received().await.text(), "again");
    assert_eq!(stage.gateway.channel.usage()[0].standby_total, 5);
}

#[tokio::test]
async fn reading_a_request_changes_nothing_and_its_notes_count_once() {
    let stage = Stage::new().await;
    let webhook = stage.gateway.channel.webhook().unwrap();
    let ana = stage.meta.person(ANA);
    let (_, body) = ana.says("for meta's agent").into_body();
    let body = String::from_utf8(body.to_vec()).unwrap().replace("\"field\":\"messages\"", "\"field\":\"standby\"");
    let signed = |body: Bytes| {
        let signature = signature(&stage.meta.settings().app_secret, &body);
        let headers = vec![("x-hub-signature-256".to_owned(), Bytes::from(signature))];
        WebhookRequest { headers, query: String::new(), body }
    };
    let standby = signed(Bytes::from(body));
    let usual = signed(ana.says("for us").into_body().1);
    let before = (stage.gateway.channel.usage(), stage.sink.signs().len());
    for request in [&standby, &usual] {
        let first = webhook.decode(request);
        for _ in 0..1_000 {
            assert_eq!(webhook.decode(request), first);
        }
    }
    assert_eq!((stage.gateway.channel.usage(), stage.sink.signs().len()), before);
    let notes = webhook.decode(&standby).unwrap().notes;
    assert!(notes.iter().any(|note| matches!(note, Note::HandedOver { to: Handler::Another, .. })), "{notes:?}");
    for _ in 0..5 {
        webhook.committed(&notes);
    }
    let usage = stage.gateway.channel.usage().remove(0);
    // Her chat, by her number and by her id.
    assert_eq!((usage.observed_chats, usage.standby_total), (2, 1));
}

#[tokio::test]
async fn a_failure_that_is_told_later_stops_the_account_of_this_run_only() {
    use serde_json::json;
    let stage = Stage::new().await;
    stage.meta.person(ANA).says("hi").await;
    let answer = text(&stage.heard(), "hello");
    let receipt = stage.link.send(&answer).await.unwrap();
    let failed = |code: u32, ours: bool| {
        let mut status = json!({"id": receipt.message.as_str(), "status": "failed", "timestamp": "1780000000",
            "errors": [{"code": code, "title": "a title"}]});
        if ours {
            status["biz_opaque_callback_data"] = json!(answer.id.as_str());
        }
        json!({ "statuses": [status] })
    };
    stage.takes("messages", failed(131_026, true));
    stage.takes("messages", failed(131_042, false));
    let Ended::Refused { reason } = stage.ended().await else { panic!("the account stops") };
    assert!(reason.contains("payment method") && reason.contains("131042"), "{reason}");
    // A person acted and started it again. The same news, delivered once more, is old.
    stage.start().await;
    stage.takes("messages", failed(131_042, true));
    stage.link.send(&text(&stage.heard(), "again")).await.unwrap();
    let last = text(&stage.heard(), "the last");
    stage.link.send(&last).await.unwrap();
    let status = json!({"id": "wamid.other", "status": "failed", "timestamp": "1780000000",
        "biz_opaque_callback_data": last.id.as_str(), "errors": [{"code": 131_031, "title": "locked"}]});
    stage.takes("messages", json!({ "statuses": [status] }));
    assert!(matches!(stage.ended().await, Ended::Refused { reason } if reason.contains("locked")));
}

#[tokio::test]
async fn a_changed_number_is_told_and_bodies_of_five_posts_are_the_same() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    let before = ana.bsuid();
    stage.meta.duplicate_webhooks(4);
    ana.changes_number("+15557654321").await;
    assert!(stage.meta.until(Duration::from_secs(5), |c| c.acknowledged == 5).await);
    let events = stage.sink.events();
    assert_eq!(events.len(), 5);
    let expected: Vec<String> =
        vec![ANA.into(), "+15557654321".into(), format!("bsuid:{before}"), format!("bsuid:{}", ana.bsuid())];
    for event in events {
        let ChannelEvent::SamePerson { addresses } = event else { panic!("{event:?}") };
        assert_eq!(addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn two_numbers_share_a_webhook_and_answer_each_for_itself() {
    let second = Number { id: "500000000000002".into(), display: "15550002222".into(), official: true };
    let numbers = vec![Number::default(), second];
    let stage = Stage::with(Settings { numbers, ..settings() }, |c| c).await;
    let account = row("500000000000002");
    let sink = FakeSink::new();
    stage.gateway.sinks.lock().insert(account.id.clone(), sink.clone());
    let vault = AccountVault::new(account.id.clone(), MemoryVault::new());
    let link = stage.gateway.channel.connect(&account, vault).await.unwrap();
    let ana = stage.meta.person(ANA);
    let drafts = vec![ana.says("to the first"), ana.says("to the second").to_number("500000000000002")];
    stage.meta.post_together(drafts).await;
    assert_eq!((stage.sink.messages().len(), sink.messages().len()), (1, 1));
    link.send(&text(&sink.messages()[0], "second here")).await.unwrap();
    assert_eq!(ana.received().await.from, "500000000000002");
}

#[tokio::test]
async fn a_free_answer_is_not_billed() {
    let stage = Stage::with(Settings { statuses: Statuses::All, prices: Prices::Free, ..settings() }, |c| c).await;
    let ana = stage.meta.person(ANA);
    ana.says("hi").await;
    stage.link.send(&text(&stage.heard(), "hello")).await.unwrap();
    stage.until(|stage| stage.statuses().len() == 3).await;
    assert_eq!(stage.billed_as(), [None, None, None]);
}
