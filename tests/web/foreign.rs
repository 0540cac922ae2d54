//! Baileys, which nobody here wrote, talks to the whole bot over the simulated WhatsApp Web.
//!
//! Needs node and tests/web/baileys/node_modules (`./x test` installs it). See that folder's README.md.

mod bot;

use super::peer::baileys::{self, Baileys, Place};
use super::peer::baileys_events::{Body, Event, Message};
use crate::voice::recording;
use bot::{BOT, Bot, PATIENCE};
use greenroom_simulator_whatsapp_web::people::{Address, Body as Heard, Draft};
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};
use std::time::Duration;
use tempfile::TempDir;

const ALICE: &str = "15550001111";

/// A bot, and a person who uses Baileys.
struct Room {
    simulator: Simulator,
    alice: Alice,
    bot: Bot,
    folder: TempDir,
}

struct Alice {
    phone: Phone,
    peer: Baileys,
    device: u16,
}

/// `None` where Baileys is not installed, which is said aloud.
async fn room() -> Option<Room> {
    if !baileys::available() {
        return None;
    }
    let simulator = Simulator::start(Options::default()).await.expect("the simulator starts");
    let folder = TempDir::new().expect("a temporary folder");
    let (alice, bot) = tokio::join!(alice(&simulator), Bot::linked(&simulator, folder.path()));
    Some(Room { simulator, alice, bot, folder })
}

async fn alice(simulator: &Simulator) -> Alice {
    let phone = simulator.phone(ALICE, "Alice").await.expect("a phone is made");
    let place = Place {
        url: simulator.url().to_owned(),
        root_public_key_hex: simulator.root_public_key_hex(),
        certificate_pem: simulator.certificate_pem().to_owned(),
    };
    let peer = Baileys::connected(&place, "Alice").await;
    let device = phone.scan(&peer.qr().await).await.expect("the phone accepts the code");
    peer.until_open().await;
    Alice { phone, peer, device }
}

/// A group of these people; returns its JID.
fn group(simulator: &Simulator, members: &[&Phone]) -> String {
    simulator.group("Team", members).expect("it has members").jid()
}

/// Nobody did what no well-behaved client does.
fn assert_clean(simulator: &Simulator) {
    let violations = simulator.violations();
    assert!(violations.is_empty(), "violations: {violations:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_is_answered_in_its_kind() {
    let Some(Room { simulator, alice, bot, folder: _folder }) = room().await else { return };
    for to in [bot_pn(), bot_lid(&bot)] {
        let answer = alice.ask(&to, "good morning").await;
        assert_eq!(answer.text(), Some("you say: good morning"));
        // To whom writes to a LID, an answer may come by number: both are the same chat.
        assert!(answer.quote.is_none() && (answer.chat == to || answer.chat_alt.as_ref() == Some(&to)), "{answer:?}");

        let asked = alice.peer.reply(&to, "and how are you?", &answer.id).await;
        let visible = alice.until(|message| message.quote.as_ref().is_some_and(|quote| quote.id == asked)).await;
        assert_eq!(visible.text(), Some("you ask: and how are you?"));
        assert_eq!(visible.quote.expect("just seen").text.as_deref(), Some("and how are you?"));

        let bytes: Vec<u8> = (0..60_000_u32).map(|at| (at * 31 % 251) as u8).collect();
        let mark = alice.peer.mark();
        alice.peer.image(&to, &bytes, "look at this").await;
        let picture = alice.until_since(mark, |message| matches!(message.body, Some(Body::Image { .. }))).await;
        let file = picture.file.expect("a picture has bytes");
        assert_eq!((file.bytes, file.as_declared), (bytes.len(), true));
        assert!(matches!(picture.body, Some(Body::Image { caption: Some(caption), .. }) if caption == "look at this"));

        alice.peer.voice(&to, &recording("note-01.ogg"), 2).await;
        alice.until_since(mark, |message| message.text() == Some("I heard: see you on saturday")).await;
        alice.peer.text(&to, "speak").await;
        let spoken = alice.until_since(mark, |message| matches!(message.body, Some(Body::Voice { .. }))).await;
        let mimetype = "audio/ogg; codecs=opus".to_owned();
        assert_eq!(spoken.body, Some(Body::Voice { mimetype, seconds: 2, waveform: 64 }));
        assert!(spoken.file.is_some_and(|file| file.as_declared && file.bytes > 1_000));

        alice.peer.react(&to, &answer.id, "🎉").await;
        let reaction = alice.until_since(mark, |message| matches!(message.body, Some(Body::Reaction { .. }))).await;
        assert!(
            matches!(reaction.body, Some(Body::Reaction { emoji, target }) if emoji == "🎉" && target.id == answer.id)
        );
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_a_place_and_cards_are_read_and_come_back() {
    let Some(Room { simulator, alice, bot, folder: _folder }) = room().await else { return };
    for to in [bot_pn(), bot_lid(&bot)] {
        let bytes: Vec<u8> = (0..70_000_u32).map(|at| (at * 29 % 251) as u8).collect();
        for caption in [None, Some("for today")] {
            let mark = alice.peer.mark();
            let asked = alice.peer.document(&to, &bytes, "menu.pdf", "application/pdf", caption).await;
            let back = alice.until_since(mark, |message| matches!(message.body, Some(Body::Document { .. }))).await;
            let (name, caption) = (Some("menu.pdf".to_owned()), caption.map(str::to_owned));
            assert_eq!(back.body, Some(Body::Document { name, caption, mimetype: "application/pdf".to_owned() }));
            assert_eq!(back.quote.expect("it says what it answers").id, asked);
            assert!(back.file.is_some_and(|file| file.as_declared && file.bytes == bytes.len()));
        }
        let mark = alice.peer.mark();
        alice.peer.location(&to, (52.5, 13.25), "Zoo", "Gate 1").await;
        let back = alice.until_since(mark, |message| matches!(message.body, Some(Body::Location { .. }))).await;
        let (name, address) = (Some("Zoo".to_owned()), Some("Gate 1".to_owned()));
        assert_eq!(back.body, Some(Body::Location { latitude: 52.5, longitude: 13.25, name, address }));
        for (cards, expected) in [
            (vec![("Ben", "15550000002")], "you know: Ben +15550000002"),
            (vec![("Ben", "15550000002"), ("Cy", "15550000003")], "you know: Ben +15550000002, Cy +15550000003"),
        ] {
            let mark = alice.peer.mark();
            alice.peer.contacts(&to, &cards).await;
            alice.until_since(mark, |message| message.text() == Some(expected)).await;
        }
        let mark = alice.peer.mark();
        alice.peer.tap(&to, "tea", "Green tea").await;
        alice.until_since(mark, |message| message.text() == Some("you chose: tea (Green tea)")).await;
        alice.peer.pick(&to, "row-7", "Coffee").await;
        alice.until_since(mark, |message| message.text() == Some("you chose: row-7 (Coffee)")).await;
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_the_bot_answers_when_it_is_mentioned() {
    let Some(Room { simulator, alice, bot, folder: _folder }) = room().await else { return };
    let group = group(&simulator, &[&alice.phone, &bot.phone]);
    alice.peer.text(&group, "nobody in particular").await;
    let text = format!("@{} are you there?", bot.phone.lid());
    let asked = alice.peer.mention(&group, &text, &[&bot_lid(&bot)]).await;
    let answer = alice.until(|message| message.chat == group && message.text().is_some()).await;
    assert!(
        answer.text().is_some_and(|text| text.starts_with("you ask: ")),
        "only the mention is answered: {answer:?}"
    );
    let quote = answer.quote.expect("the answer says what it answers");
    assert_eq!(quote.id, asked);
    let participant = quote.participant.expect("a quote names its author");
    assert!(!participant.contains(':') && participant.starts_with(alice.phone.lid()), "{participant}");
    // An answer to the bot's own message is for the bot.
    let mark = alice.peer.mark();
    alice.peer.reply(&group, "thank you", &answer.id).await;
    let thanks = alice.until_since(mark, |message| message.chat == group && message.text().is_some()).await;
    assert_eq!(thanks.text(), Some("you say: thank you"));
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_broken_heals_on_both_sides() {
    let Some(Room { simulator, alice, bot, folder: _folder }) = room().await else { return };
    let group = group(&simulator, &[&alice.phone, &bot.phone]);
    let mention = format!("@{} ", bot.phone.lid());
    for (to, start) in [(bot_pn(), ""), (group, mention.as_str())] {
        let lid = bot_lid(&bot);
        let mentions = if start.is_empty() { vec![] } else { vec![lid.as_str()] };
        let say = async |text: &str| {
            let mark = alice.peer.mark();
            alice.peer.mention(&to, &format!("{start}{text}"), &mentions).await;
            alice.until_since(mark, |message| message.text().is_some_and(|answer| answer.ends_with(text))).await
        };
        say("whole").await;
        assert!(simulator.corrupt_next(bot.companion(), 1));
        say("broken on the way to the bot").await;
        assert!(simulator.corrupt_next((ALICE, alice.device), 1));
        let healed = say("broken on the way back").await;
        let failed = |event: &Event| matches!(event, Event::Undecryptable(message) if message.id == healed.id);
        assert!(alice.peer.events().iter().any(failed), "it was broken at first");
        say("whole again").await;
    }
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_of_either_loses_nothing_and_repeats_nothing() {
    let Some(Room { simulator, alice, bot, folder }) = room().await else { return };
    let to = bot_pn();
    alice.ask(&to, "before").await;
    // The bot answers somebody who has gone.
    alice.peer.begin("text", serde_json::json!({ "to": to, "text": "and now I go" })).await;
    let answered = |heard: &greenroom_simulator_whatsapp_web::people::Heard| heard.text() == Some("and now I go");
    bot.phone.until_heard(answered, PATIENCE).await.expect("the bot's phone hears it too");
    alice.peer.offline().await;
    alice.peer.online().await;
    alice.until(|message| message.text() == Some("you say: and now I go")).await;
    // The bot is gone while somebody writes.
    let meanwhile = async || {
        for number in 0..5 {
            alice.peer.text(&to, &format!("is somebody there {number}")).await;
        }
    };
    let bot = bot.again(&simulator, folder.path(), meanwhile).await;
    for number in 0..5 {
        let expected = format!("you say: is somebody there {number}");
        alice.until(|message| message.text() == Some(&expected)).await;
    }
    alice.ask(&to, "all answered").await;
    for number in 0..5 {
        assert_eq!(alice.peer.heard(&format!("you say: is somebody there {number}")), 1);
    }
    drop(bot);
    assert_clean(&simulator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bots_own_phone_sees_the_talk() {
    let Some(Room { simulator, alice, bot, folder: _folder }) = room().await else { return };
    alice.ask(&bot_pn(), "for the record").await;
    let copy = bot.phone.until_heard(|heard| heard.own && heard.text() == Some("you say: for the record"), PATIENCE);
    copy.await.expect("the phone gets a copy of what the bot says");
    // What the owner writes there by hand is not answered, and silences the bot until the owner says otherwise.
    let by_hand = bot.phone.send(&Address::pn(ALICE), Draft::text("this is me")).await.expect("it is sent");
    alice.until(|message| message.id == by_hand).await;
    let on = bot.phone.send(&Address::pn(ALICE), Draft::text("/bot on")).await.expect("it is sent");
    alice.until(|message| message.id == on).await;
    // The word of the owner and that of the person may overtake each other.
    let answered = async {
        while tokio::time::timeout(Duration::from_secs(3), alice.ask(&bot_pn(), "and this is me")).await.is_err() {}
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("it speaks again");
    let all = alice.peer.events();
    let echoes = all
        .iter()
        .filter(|event| matches!(event, Event::Message(message) if message.text() == Some("you say: this is me")));
    assert_eq!(echoes.count(), 0);
    assert!(!bot.phone.heard().iter().any(|heard| heard.body == Heard::Text("you say: this is me".to_owned())));
    assert_clean(&simulator);
}

fn bot_pn() -> String {
    format!("{BOT}@s.whatsapp.net")
}

fn bot_lid(bot: &Bot) -> String {
    format!("{}@lid", bot.phone.lid())
}

impl Alice {
    /// Says something and waits for the answer to it.
    async fn ask(&self, to: &str, text: &str) -> Message {
        let mark = self.peer.mark();
        self.peer.text(to, text).await;
        self.until_since(mark, |message| message.text().is_some_and(|answer| answer.ends_with(text))).await
    }

    async fn until(&self, wanted: impl Fn(&Message) -> bool) -> Message {
        self.until_since(0, wanted).await
    }

    async fn until_since(&self, mark: usize, wanted: impl Fn(&Message) -> bool) -> Message {
        self.peer
            .until_since(mark, "an answer", |event| match event {
                Event::Message(message) if wanted(message) && !message.from_me => Some(message.clone()),
                _ => None,
            })
            .await
    }
}
