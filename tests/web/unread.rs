//! What comes without content is traced, explained and counted, and answered if its content comes after all.

use super::{ANA, BOT, PATIENCE, Setup, World, hears, times, to_bot};
use greenroom_conformance::messages::id;
use greenroom_contract::address::AllowEntry;
use greenroom_simulator_whatsapp_web::people::{Address, Draft};
use greenroom_simulator_whatsapp_web::{Options, Stripped};

const DEVICE: (&str, u16) = (BOT, 1);

async fn world() -> World {
    let mut setup = Setup::usual();
    setup.policy.allow_from = vec![id::<AllowEntry>(format!("+{ANA}"))];
    World::with(Options::default(), setup).await
}

async fn unreadable(world: &World) -> u64 {
    world.bot.running.handle().health().await.accounts[0].unreadable
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_hands_over_is_answered() {
    let world = world().await;
    assert!(world.whatsapp.strip_next(DEVICE, 1, Stripped::Unavailable));
    let asked = world.ana.say(&to_bot(), "from an advertisement").await.unwrap();
    hears(&world.ana, "from an advertisement").await;
    let why = world.bot.until_why(&asked, "sent").await;
    assert!(why.contains("cannot be read yet") && why.contains("admitted"), "{why}");
    world.bot.settled().await;
    assert_eq!((times(&world.ana, "from an advertisement"), unreadable(&world).await), (1, 0));
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_viewed_once_is_explained_to_the_admitted_person_and_to_no_one_else() {
    let world = world().await;
    let stranger = world.whatsapp.phone("15557777777", "Stranger").await.unwrap();
    let group = world.whatsapp.group("Tea", &[&world.ana, &world.phone, &stranger]).unwrap();
    let mut seen = Vec::new();
    for (who, to, expected) in [
        (&stranger, to_bot(), "not on the allow-list"),
        (&world.ana, Address::group(group.id()), "only on the phone"),
        (&world.ana, to_bot(), "only on the phone"),
        (&world.ana, to_bot(), "only on the phone"),
    ] {
        assert!(world.whatsapp.strip_next(DEVICE, 1, Stripped::ViewOnce));
        let message = who.send(&to, Draft::text("look")).await.unwrap();
        seen.push(world.bot.until_why(&message, expected).await);
    }
    assert!(seen[1].contains("not answered"), "{}", seen[1]);
    let explained = |heard: &greenroom_simulator_whatsapp_web::people::Heard| {
        heard.text().is_some_and(|text| text.contains("viewed only once") && text.contains("phone"))
    };
    world.ana.until_heard(explained, PATIENCE).await.unwrap();
    world.bot.settled().await;
    assert_eq!(world.ana.heard().iter().filter(|heard| explained(heard)).count(), 1, "one sentence");
    assert!(stranger.heard().iter().all(|heard| heard.from != BOT));
    assert_eq!(unreadable(&world).await, 4);
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_one_gives_is_given_up_and_answered_when_it_comes_after_all() {
    let world = world().await;
    world.ana.say(&to_bot(), "first").await.unwrap();
    hears(&world.ana, "first").await;
    world.phone.be_helpful(false);
    assert!(world.whatsapp.strip_next(DEVICE, 1, Stripped::Unavailable));
    let message = world.ana.say(&to_bot(), "lost").await.unwrap();
    world.bot.until_why(&message, "cannot be read yet").await;
    let told = world.bot.until_why(&message, "in vain").await;
    assert!(told.contains("a notice was queued"), "{told}");
    world
        .ana
        .until_heard(|heard| heard.text().is_some_and(|text| text.contains("phone only")), PATIENCE)
        .await
        .unwrap();
    assert_eq!(unreadable(&world).await, 1);
    // Its author's phone repeats it in the end.
    world.ana.repeat(&message).await.unwrap();
    hears(&world.ana, "lost").await;
    world.bot.settled().await;
    assert_eq!(times(&world.ana, "lost"), 1);
    world.well_behaved();
}
