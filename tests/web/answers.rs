//! Every kind of message is answered: directly, in groups, through retries, gaps and refusals.

use super::{ANA, BOT, NAME, PATIENCE, Setup, World, hears, times, to_bot};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::address::AllowEntry;
use greenroom_engine::Doors;
use greenroom_simulator_whatsapp_web::people::{Address, Body, Draft, ReceiptKind};
use greenroom_simulator_whatsapp_web::{LoginRefusal, Options, Phone, StreamError};

/// A small but real PNG.
const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

#[tokio::test(flavor = "multi_thread")]
async fn words_are_answered_by_number_and_by_lid_in_one_conversation() {
    let world = World::new().await;
    world.ana.say(&to_bot(), "by number").await.unwrap();
    hears(&world.ana, "by number").await;
    world.ana.say(&Address::lid(world.phone.lid()), "by lid").await.unwrap();
    hears(&world.ana, "by lid").await;
    world.bot.settled().await;
    assert_eq!((times(&world.ana, "by number"), times(&world.ana, "by lid")), (1, 1));
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_a_voice_note_and_a_reaction_come_back() {
    let world = World::new().await;
    world.ana.send(&to_bot(), Draft::image(PICTURE.to_vec(), Some("look"))).await.unwrap();
    let picture = world.ana.until_heard(|heard| matches!(heard.body, Body::Image { .. }), PATIENCE).await.unwrap();
    let Body::Image { bytes, caption, .. } = picture.body else { unreachable!("it was just seen") };
    assert_eq!((bytes.as_slice(), caption.as_deref()), (PICTURE, Some("look")));

    let voice = world.ana.send(&to_bot(), Draft::voice(b"OggS and so on".to_vec(), 3)).await.unwrap();
    hears(&world.ana, "what was spoken").await;
    world.bot.until_why(&voice, "sent").await;

    let answer = hears(&world.ana, "what was spoken").await;
    world.ana.send(&to_bot(), Draft::reaction(&answer, "👍")).await.unwrap();
    let reaction = world.ana.until_heard(|heard| matches!(heard.body, Body::Reaction { .. }), PATIENCE).await.unwrap();
    let Body::Reaction { to, emoji } = reaction.body else { unreachable!("it was just seen") };
    assert_eq!((to, emoji.as_deref()), (answer.id, Some("👍")));
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_read_marks_are_for_admitted_people_and_strangers_see_nothing() {
    let mut setup = Setup::usual();
    setup.policy.allow_from = vec![id::<AllowEntry>(format!("+{ANA}"))];
    let thinking = assistants::echo();
    thinking.hold();
    setup.assistant = Some(thinking.clone());
    let world = World::with(Options::default(), setup).await;
    let stranger = world.whatsapp.phone("15557777777", "Stranger").await.unwrap();
    let device = (BOT, 1);
    world.whatsapp.until_device(device, PATIENCE, |one| !one.available).await.unwrap();
    let theirs = stranger.say(&to_bot(), "let me in").await.unwrap();
    world.bot.until_why(&theirs, "not on the allow-list").await;
    stranger.until_receipt(|one| one.kind == ReceiptKind::Inactive && one.id == theirs, PATIENCE).await.unwrap();
    let asked = world.ana.say(&to_bot(), "hello").await.unwrap();
    world.ana.until_typing(|typing| typing.from == BOT, PATIENCE).await.unwrap();
    world.ana.until_receipt(|one| one.kind == ReceiptKind::Read && one.id == asked, PATIENCE).await.unwrap();
    world.whatsapp.until_device(device, PATIENCE, |one| one.available).await.unwrap();
    thinking.let_go();
    hears(&world.ana, "hello").await;
    world.whatsapp.until_device(device, PATIENCE, |one| !one.available).await.unwrap();
    assert!(stranger.heard().is_empty(), "a stranger gets silence: {:?}", stranger.heard());
    assert!(stranger.typing().is_empty());
    let of_bot = |phone: &Phone| phone.receipts().into_iter().filter(|one| one.device.device != 0).collect::<Vec<_>>();
    assert!(of_bot(&stranger).iter().all(|one| one.kind == ReceiptKind::Inactive), "{:?}", stranger.receipts());
    assert!(of_bot(&world.ana).iter().all(|one| one.kind != ReceiptKind::Delivered), "{:?}", world.ana.receipts());
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_group_it_speaks_only_when_it_is_addressed() {
    let world = World::new().await;
    let ben = world.whatsapp.phone("15552222222", "Ben").await.unwrap();
    let group = world.whatsapp.group("Friends", &[&world.ana, &ben, &world.phone]).unwrap();
    let chat = Address::group(group.id());

    let unaddressed = world.ana.say(&chat, "good morning everybody").await.unwrap();
    world.bot.until_why(&unaddressed, "does not address").await;

    let mention = Draft::text("are you there?").mentioning([Address::lid(world.phone.lid())]);
    let asked = world.ana.send(&chat, mention).await.unwrap();
    let answer = hears(&world.ana, "are you there?").await;
    hears(&ben, "are you there?").await;
    assert_eq!(answer.quote.as_ref().map(|quote| quote.id.as_str()), Some(asked.as_str()));

    ben.send(&chat, Draft::text("an answer to the bot").quoting(&answer)).await.unwrap();
    hears(&world.ana, "an answer to the bot").await;
    let by_name = format!("{NAME}, by name");
    ben.say(&chat, &by_name).await.unwrap();
    world.ana.until_heard(|heard| heard.text() == Some(&by_name) && heard.from == BOT, PATIENCE).await.unwrap();
    world.bot.settled().await;
    assert!(world.ana.heard().iter().all(|heard| heard.text() != Some("good morning everybody")));
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_while_the_bot_is_away_is_answered_when_it_is_back() {
    let World { whatsapp, phone, ana, bot, account, folder } = World::new().await;
    bot.stop().await;
    for number in 0..20 {
        ana.say(&to_bot(), &format!("while you were away {number}")).await.unwrap();
    }
    let bot = Setup::usual().start(&whatsapp, &folder.path().join("data")).await;
    bot.until_status(&account, "connected").await;
    for number in 0..20 {
        hears(&ana, &format!("while you were away {number}")).await;
    }
    bot.settled().await;
    let order: Vec<String> = ana.heard().iter().filter_map(|heard| heard.text().map(str::to_owned)).collect();
    assert_eq!(order, (0..20).map(|number| format!("while you were away {number}")).collect::<Vec<_>>());
    whatsapp.until_acknowledged((phone.number(), 1), PATIENCE).await.unwrap();
    assert_eq!(whatsapp.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_is_asked_for_again_and_answered_once() {
    let world = World::new().await;
    world.ana.say(&to_bot(), "first").await.unwrap();
    hears(&world.ana, "first").await;
    assert!(world.whatsapp.corrupt_next((BOT, 1), 1));
    world.ana.say(&to_bot(), "broken on the way").await.unwrap();
    hears(&world.ana, "broken on the way").await;
    world.ana.until_repeated(1, PATIENCE).await.unwrap();

    assert!(world.whatsapp.corrupt_next((ANA, 0), 1));
    world.ana.say(&to_bot(), "the answer breaks").await.unwrap();
    let healed = hears(&world.ana, "the answer breaks").await;
    assert!(healed.healed);
    world.bot.settled().await;
    assert_eq!((times(&world.ana, "broken on the way"), times(&world.ana, "the answer breaks")), (1, 1));
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_delivered_twice_is_answered_once() {
    let world = World::new().await;
    assert!(world.whatsapp.duplicate_next((BOT, 1), 1));
    let once = world.ana.say(&to_bot(), "only once").await.unwrap();
    hears(&world.ana, "only once").await;
    world.ana.repeat(&once).await.unwrap();
    world.ana.say(&to_bot(), "the end").await.unwrap();
    hears(&world.ana, "the end").await;
    world.bot.settled().await;
    assert_eq!(times(&world.ana, "only once"), 1);
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_the_network_never_acknowledged_is_sent_again_under_its_id() {
    let world = World::new().await;
    world.ana.say(&to_bot(), "warm").await.unwrap();
    hears(&world.ana, "warm").await;
    assert!(world.whatsapp.swallow_next((BOT, 1), 1));
    world.ana.say(&to_bot(), "swallowed").await.unwrap();
    hears(&world.ana, "swallowed").await;
    world.bot.settled().await;
    assert_eq!(times(&world.ana, "swallowed"), 1);
    world.well_behaved();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_tell_the_truth() {
    let world = World::new().await;
    let (whatsapp, device) = (&world.whatsapp, (BOT, 1));
    for error in [StreamError::Restart, StreamError::Unavailable] {
        let logins = whatsapp.device(device).unwrap().logins;
        assert!(whatsapp.stream_error(device, error));
        whatsapp.until_device(device, PATIENCE, |device| device.connected && device.logins > logins).await.unwrap();
        world.bot.until_status(&world.account, "connected").await;
    }
    let spam = LoginRefusal::Banned { reason: 101, seconds: 3_600 };
    whatsapp.refuse_logins(Some(device.into()), 1, spam);
    assert!(whatsapp.cut(device));
    let banned = world.bot.until_status(&world.account, "banned").await;
    let health = world.bot.running.handle().health().await;
    assert!(!health.ok, "a ban is a problem: {banned:?}");
    let handle = world.bot.running.handle();
    handle.reconnect(&world.account, &greenroom_contract::ids::OwnerId::local()).await.unwrap();
    world.bot.until_status(&world.account, "connected").await;

    assert!(whatsapp.stream_error(device, StreamError::Replaced));
    world.bot.until_status(&world.account, "replaced").await;
    // That it stays down is being written for a moment.
    while let Err(refused) = handle.reconnect(&world.account, &greenroom_contract::ids::OwnerId::local()).await {
        assert!(matches!(refused, greenroom::LinkRefused::Busy { .. }), "{refused:?}");
        tokio::task::yield_now().await;
    }
    world.bot.until_status(&world.account, "connected").await;

    world.phone.unlink(1).unwrap();
    world.bot.until_status(&world.account, "logged out").await;
    let vault = handle.whole_store().vault_scan(&world.account, b"", None, 10).await.unwrap();
    assert!(vault.is_empty(), "keys are deleted after a certain logout: {} left", vault.len());
    // The account survives, and so does its id, when it is linked again.
    world.well_behaved();
}
