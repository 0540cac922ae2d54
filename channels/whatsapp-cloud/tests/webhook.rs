//! What the webhook promises beyond the rules for every adapter, through real HTTP against the simulator.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use bytes::Bytes;
use common::{Stage, config, parts, row, serve, settings, text};
use greenroom_channel_whatsapp_cloud::CloudChannel;
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::channel::{Channel, Ended, SendError};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::store::AccountVault;
use greenroom_contract::webhook::{Note, WebhookError, WebhookRequest};
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

#[tokio::test]
async fn standby_makes_an_observer_until_a_person_starts_the_account_again() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    ana.says("hi").await;
    let heard = stage.heard();
    ana.says("for meta's agent").on_standby().await;
    assert_eq!(stage.sink.messages().len(), 1, "what Meta's agent handles is no message for us");
    let ended = stage.ended().await;
    assert!(matches!(&ended, Ended::Refused { reason } if reason.starts_with("observer")), "{ended:?}");
    let error = stage.link.send(&text(&heard, "never")).await.unwrap_err();
    assert!(matches!(error, SendError::Refused { .. }), "{error:?}");
    assert!(stage.gateway.channel.usage()[0].observer);
    assert_eq!(ana.received_total(), 0);
    stage.start().await;
    stage.link.send(&text(&heard, "back")).await.unwrap();
    assert_eq!(ana.received().await.text(), "back");
}

#[tokio::test]
async fn reading_a_request_changes_nothing_and_its_notes_count_once() {
    let stage = Stage::new().await;
    let webhook = stage.gateway.channel.webhook().unwrap();
    let signed = |body: Bytes| {
        let signature = signature(&stage.meta.settings().app_secret, &body);
        let headers = vec![("x-hub-signature-256".to_owned(), Bytes::from(signature))];
        WebhookRequest { headers, query: String::new(), body }
    };
    let ana = stage.meta.person(ANA);
    let (_, body) = ana.says("for meta's agent").into_body();
    let body = String::from_utf8(body.to_vec()).unwrap().replace("\"field\":\"messages\"", "\"field\":\"standby\"");
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
    assert!(matches!(notes.as_slice(), [Note::TakenOver { .. }]), "{notes:?}");
    for _ in 0..5 {
        webhook.committed(&notes);
    }
    let usage = stage.gateway.channel.usage().remove(0);
    assert_eq!((usage.observer, usage.standby_total), (true, 1));
    // A person starts the account again; a late repetition does not stop it once more.
    assert!(matches!(stage.ended().await, Ended::Refused { .. }));
    stage.start().await;
    webhook.committed(&notes);
    assert!(!stage.gateway.channel.usage()[0].observer);
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
