//! "Message yourself": what is typed on the linked phone is a turn, what the bot wrote there never is.

use super::{BOT, PATIENCE, Setup, World, hears, times};
use greenroom_conformance::messages::id;
use greenroom_contract::address::AllowEntry;
use greenroom_simulator_whatsapp_web::Options;
use greenroom_simulator_whatsapp_web::people::Address;

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_with_oneself_is_a_conversation_and_no_echo_chamber() {
    let mut setup = Setup::usual();
    setup.policy.allow_from = vec![id::<AllowEntry>(format!("+{BOT}"))];
    let world = World::with(Options::default(), setup).await;
    for text in ["note to self", "and another"] {
        world.phone.say(&Address::Myself, text).await.unwrap();
        hears(&world.phone, text).await;
    }
    // What it answered comes to other devices of the account; were it a turn, it would be answered for ever.
    world.bot.settled().await;
    world.phone.say(&Address::Myself, "the end").await.unwrap();
    hears(&world.phone, "the end").await;
    world.bot.settled().await;
    for text in ["note to self", "and another", "the end"] {
        assert_eq!(times(&world.phone, text), 1, "{text}");
    }
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_writes_to_others_is_nobodys_turn() {
    let world = World::new().await;
    let theirs = world.phone.say(&Address::pn(super::ANA), "see you later").await.unwrap();
    hears(&world.ana, "see you later").await;
    world.bot.until_why(&theirs, "owner").await;
    world.ana.forget();
    world.ana.say(&super::to_bot(), "hello").await.unwrap();
    hears(&world.ana, "hello").await;
    assert_eq!(world.ana.heard().len(), 1);
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_own_number_on_the_list_the_chat_with_oneself_is_silent() {
    let mut setup = Setup::usual();
    setup.policy.allow_from = vec![id::<AllowEntry>(format!("+{}", super::ANA))];
    let world = World::with(Options::default(), setup).await;
    let note = world.phone.say(&Address::Myself, "note to self").await.unwrap();
    world.bot.until_why(&note, "not on the allow-list").await;
    assert!(world.phone.heard().is_empty());
    let _ = PATIENCE;
    world.well_behaved();
}
