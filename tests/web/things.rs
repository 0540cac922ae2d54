//! Documents, places, cards and questions with options, there and back.

use super::{PATIENCE, Setup, World, hears, to_bot};
use crate::support::waiter::Waiter;
use greenroom_simulator_whatsapp_web::Options;
use greenroom_simulator_whatsapp_web::people::{Body, Draft};
use std::sync::Arc;

async fn served() -> World {
    World::with(Options::default(), Setup { assistant: Some(Arc::new(Waiter)), ..Setup::usual() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_a_place_and_cards_go_there_and_back() {
    let world = served().await;
    let pdf = b"%PDF-1.7 and so on".to_vec();
    let file = Draft::file(pdf.clone(), "menu.pdf", "application/pdf", Some("for today"));
    world.ana.send(&to_bot(), file).await.unwrap();
    let back = world.ana.until_heard(|heard| matches!(heard.body, Body::Document { .. }), PATIENCE).await.unwrap();
    let (name, caption) = (Some("menu.pdf".to_owned()), Some("for today".to_owned()));
    assert_eq!(back.body, Body::Document { bytes: pdf, name, caption, mime: "application/pdf".to_owned() });

    world.ana.send(&to_bot(), Draft::place(52.5, 13.25, Some("Zoo"), Some("Gate 1"))).await.unwrap();
    let back = world.ana.until_heard(|heard| matches!(heard.body, Body::Location { .. }), PATIENCE).await.unwrap();
    let (name, address) = (Some("Zoo".to_owned()), Some("Gate 1".to_owned()));
    assert_eq!(back.body, Body::Location { latitude: 52.5, longitude: 13.25, name, address });

    world.ana.send(&to_bot(), Draft::contacts(&[("Ben", "15550000002"), ("Cy", "15550000003")])).await.unwrap();
    hears(&world.ana, "Ben +15550000002, Cy +15550000003").await;
    world.well_behaved();
}

/// Buttons of a linked device are shown by no phone: the options have numbers, which are typed.
#[tokio::test(flavor = "multi_thread")]
async fn an_option_is_typed_by_its_number_or_its_title() {
    let world = served().await;
    for (ask, typed, expected) in [
        ("drinks", "2", "chosen: coffee (Coffee)"),
        ("card", "milk", "chosen: milk (Milk)"),
        ("drinks", "why", "you said why"),
    ] {
        let before = world.ana.heard().len();
        world.ana.say(&to_bot(), ask).await.unwrap();
        let asked = |heard: &greenroom_simulator_whatsapp_web::people::Heard| {
            heard.text().is_some_and(|text| text.starts_with("What would you like?") && text.contains('2'))
        };
        let until = async {
            while !world.ana.heard().iter().skip(before).any(asked) {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, until).await.expect("the question comes as a text with numbers");
        world.ana.say(&to_bot(), typed).await.unwrap();
        hears(&world.ana, expected).await;
    }
    let native = |body: &Body| matches!(body, Body::Other("buttons" | "list" | "interactive"));
    assert!(!world.ana.heard().iter().any(|heard| native(&heard.body)));
    world.well_behaved();
}
