//! Documents, places, cards and questions with options, there and back.

use super::{ANA, Bot, pair_with, quick};
use crate::support::waiter::Waiter;
use greenroom_simulator_whatsapp_cloud::{Content, Person, Simulator};
use std::sync::Arc;
use tempfile::TempDir;

const PDF: &[u8] = b"%PDF-1.7 and so on";

async fn served() -> (Simulator, Bot, TempDir) {
    pair_with(quick(), |mut setup| {
        setup.assistant = Arc::new(Waiter);
        setup
    })
    .await
}

async fn hears(person: &Person, expected: &str) {
    assert_eq!(person.received().await.text(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_a_place_and_cards_go_there_and_back() {
    let (meta, _bot, _folder) = served().await;
    let ana = meta.person(ANA);
    ana.sends_document("application/pdf", PDF, "menu.pdf", Some("for today")).await;
    let Content::Document { media, filename, caption } = ana.received().await.content else { panic!("no document") };
    assert_eq!((filename.as_deref(), caption.as_deref()), (Some("menu.pdf"), Some("for today")));
    assert_eq!(meta.medium(&media).as_deref(), Some(PDF));

    ana.shares_location(52.5, 13.25, Some("Zoo"), Some("Gate 1")).await;
    let (name, address) = (Some("Zoo".to_owned()), Some("Gate 1".to_owned()));
    assert_eq!(ana.received().await.content, Content::Location { latitude: 52.5, longitude: 13.25, name, address });

    ana.shares_contacts(&[("Ben", "+15550000002"), ("Cy", "+15550000003")]).await;
    hears(&ana, "Ben +15550000002, Cy +15550000003").await;
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}

/// A tap, a number and a title mean the same; other words stay words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_option_is_tapped_or_typed() {
    let (meta, _bot, _folder) = served().await;
    let ana = meta.person(ANA);
    for (ask, label) in [("drinks", None), ("card", Some("Options"))] {
        ana.says(ask).await;
        let asked = ana.received().await;
        assert_eq!(asked.question().expect("a question").open_label.as_deref(), label);
        ana.chooses(&asked, "coffee").await;
        hears(&ana, "chosen: coffee (Coffee)").await;
    }
    for (typed, expected) in
        [("2", "chosen: coffee (Coffee)"), ("water", "chosen: water (Water)"), ("2 of them", "you said 2 of them")]
    {
        ana.says("drinks").await;
        assert!(ana.received().await.question().is_some());
        ana.says(typed).await;
        hears(&ana, expected).await;
    }
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}

/// Meta has no buttons there: the options have numbers, and an answer to that message chooses one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_a_question_is_a_text_with_numbers() {
    let (meta, bot, _folder) = served().await;
    let (ana, ben) = (meta.person(ANA), meta.person("+15557654321"));
    let group = meta.group("friends", &[&ana, &ben]);
    ana.says("hi").await;
    let ours = ana.received().await;
    ana.says("drinks").in_group(&group).replying_to(&ours.id).await;
    let asked = ben.received().await;
    assert!(asked.question().is_none() && asked.text().contains("Coffee"), "{asked:?}");
    let unrelated = ana.says("2").in_group(&group).await;
    bot.settled().await;
    assert_eq!(ben.received_total(), 1, "{}", bot.why(&unrelated).await);
    ben.says("2").in_group(&group).replying_to(&asked.id).await;
    hears(&ben, "chosen: coffee (Coffee)").await;
    assert!(meta.counters().refused.is_empty(), "{:?}", meta.counters());
}
