//! The adapter and Baileys, which nobody here wrote, talk over the simulated WhatsApp.
//!
//! Needs node and tests/web/baileys/node_modules (`./x test` installs it). See that folder's README.md.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
#[path = "../../../tests/simulators/whatsapp-web/tests/support/mod.rs"]
mod support;

use common::{ANA, BOT, Stage, outbound};
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::{Addressing, Body, Chat, Inbound, Media, Origin};
use greenroom_contract::outbound::{OutboundBody, Sound};
use std::time::Duration;
use support::baileys::{Baileys, Place, available};
use support::baileys_events::{Body as Seen, Event, Message};

/// The adapter, and Ana, who uses Baileys beside her phone.
struct Room {
    bot: Stage,
    ana: Baileys,
    device: u16,
}

async fn room() -> Option<Room> {
    if !available() {
        return None;
    }
    let bot = Stage::new().await;
    let place = Place {
        url: bot.world.whatsapp.url().to_owned(),
        root_public_key_hex: bot.world.whatsapp.root_public_key_hex(),
        certificate_pem: bot.world.whatsapp.certificate_pem().to_owned(),
    };
    let ana = Baileys::connected(&place, "Ana").await;
    let device = bot.world.ana.scan(&ana.qr().await).await.unwrap();
    ana.until_open().await;
    Some(Room { bot, ana, device })
}

impl Room {
    /// Ana says something, and the adapter takes it.
    async fn says(&self, to: &str, text: &str) -> Inbound {
        let id = self.ana.text(to, text).await;
        let inbound = self.bot.heard(&id).await;
        assert_eq!(inbound.body, Body::Text(text.to_owned()));
        inbound
    }

    /// The bot says something there, and Ana reads it.
    async fn answers(&self, to: &Inbound, body: OutboundBody) -> Message {
        self.reads(self.bot.sends(&outbound(to, body)).await.unwrap().message.as_str()).await
    }

    async fn reads(&self, id: &str) -> Message {
        self.ana.until_message(|message| message.id == id).await
    }

    fn clean(&self) {
        assert_eq!(self.bot.world.whatsapp.violations(), []);
    }
}

fn text(words: &str) -> OutboundBody {
    OutboundBody::Text(words.to_owned())
}

fn pn() -> String {
    format!("{BOT}@s.whatsapp.net")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_message_goes_both_ways() {
    let Some(room) = room().await else { return };
    for to in [pn(), format!("{}@lid", room.bot.world.bot.lid())] {
        let hello = room.says(&to, "hello").await;
        assert_eq!((&hello.chat, hello.addressing, hello.origin), (&Chat::Direct, Addressing::Direct, Origin::Person));
        let sender = format!("{:?}", hello.sender.addresses);
        assert!(sender.contains(ANA) && sender.contains(room.bot.world.ana.lid()), "both names of Ana: {sender}");
        assert_eq!(hello.sender.name.as_deref(), Some("Ana"));

        let mut answer = outbound(&hello, text("hello yourself"));
        answer.reply_to = Some(hello.key.message.clone());
        let seen = room.reads(room.bot.sends(&answer).await.unwrap().message.as_str()).await;
        assert_eq!((seen.text(), seen.from_me), (Some("hello yourself"), false));
        let quote = seen.quote.clone().unwrap();
        assert_eq!((quote.id.as_str(), quote.text.as_deref()), (hello.key.message.as_str(), Some("hello")));
        assert!(!quote.participant.unwrap_or_default().contains(':'), "quotes name people, not devices");

        let replied = room.bot.heard(&room.ana.reply(&to, "thanks", &seen.id).await).await;
        assert_eq!(replied.quote.unwrap().message.as_str(), seen.id);
        media(&room, &to, &hello).await;

        let reacted = room.bot.heard(&room.ana.react(&to, &seen.id, "🎉").await).await;
        let seen_id: MessageId = seen.id.parse().unwrap();
        assert_eq!(reacted.body, Body::Reaction { to: seen_id, emoji: Some("🎉".to_owned()) });
        for emoji in [Some("🙏".to_owned()), None] {
            let body = OutboundBody::Reaction { to: hello.key.message.clone(), emoji: emoji.clone() };
            let seen = room.answers(&hello, body).await.body;
            let Some(Seen::Reaction { emoji: shown, target }) = seen else { panic!("no reaction: {seen:?}") };
            assert_eq!(
                (shown, target.id.as_str(), target.from_me),
                (emoji.unwrap_or_default(), hello.key.message.as_str(), true)
            );
        }
    }
    room.clean();
}

async fn media(room: &Room, to: &str, hello: &Inbound) {
    let bytes: Vec<u8> = (0..70_000_u32).map(|at| (at * 31 % 251) as u8).collect();
    let picture = room.bot.heard(&room.ana.image(to, &bytes, "look").await).await;
    let Body::Image { media, caption: Some(caption) } = picture.body else { panic!("no picture: {:?}", picture.body) };
    let fetched = room.bot.link.fetch(&media, 1_000_000).await.unwrap();
    assert_eq!((caption.as_str(), fetched.mime.as_str(), &fetched.bytes[..]), ("look", "image/png", &bytes[..]));
    let voice = room.bot.heard(&room.ana.voice(to, &bytes[..9_999], 4).await).await;
    let Body::Voice { media, duration } = voice.body else { panic!("no voice note: {:?}", voice.body) };
    assert_eq!(duration, Some(Duration::from_secs(4)));
    assert_eq!(&room.bot.link.fetch(&media, 1_000_000).await.unwrap().bytes[..], &bytes[..9_999]);

    let media = |mime: &str| Media { mime: mime.to_owned(), bytes: bytes.clone().into() };
    let body = OutboundBody::Image { media: media("image/jpeg"), caption: Some("mine".to_owned()) };
    let seen = room.answers(hello, body).await;
    assert_eq!(seen.body, Some(Seen::Image { caption: Some("mine".to_owned()), mimetype: "image/jpeg".to_owned() }));
    assert!(seen.file.is_some_and(|file| file.as_declared && file.bytes == bytes.len()));
    let sound = Sound { duration: Duration::from_secs(7), waveform: vec![50; limits::WAVEFORM_BYTES] };
    let body = OutboundBody::Voice { media: media("audio/ogg; codecs=opus"), sound: Some(sound) };
    let seen = room.answers(hello, body).await;
    let mimetype = "audio/ogg; codecs=opus".to_owned();
    assert_eq!(seen.body, Some(Seen::Voice { mimetype, seconds: 7, waveform: limits::WAVEFORM_BYTES }));
    assert!(seen.file.is_some_and(|file| file.as_declared && file.bytes == bytes.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_both_know_who_is_meant() {
    let Some(room) = room().await else { return };
    let group = room.bot.world.group().jid();
    let overheard = room.says(&group, "anybody?").await;
    assert!(overheard.chat.is_group() && overheard.addressing == Addressing::Overheard, "{overheard:?}");
    let lid = room.bot.world.bot.lid();
    let id = room.ana.mention(&group, &format!("@{lid} are you there?"), &[&format!("{lid}@lid")]).await;
    let mentioned = room.bot.heard(&id).await;
    assert_eq!(mentioned.addressing, Addressing::Mentioned);
    let mut answer = outbound(&mentioned, text("here"));
    answer.reply_to = Some(mentioned.key.message.clone());
    let seen = room.reads(room.bot.sends(&answer).await.unwrap().message.as_str()).await;
    assert_eq!((seen.chat.as_str(), seen.quote.clone().unwrap().id), (group.as_str(), id));
    let replied = room.bot.heard(&room.ana.reply(&group, "good", &seen.id).await).await;
    assert_eq!(replied.addressing, Addressing::Replied);
    media(&room, &group, &mentioned).await;
    room.clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_broken_heals_on_both_sides() {
    let Some(room) = room().await else { return };
    for to in [pn(), room.bot.world.group().jid()] {
        let whole = room.says(&to, "whole").await;
        room.answers(&whole, text("whole")).await;
        assert!(room.bot.world.whatsapp.corrupt_next(room.bot.address(), 1));
        let broken = room.says(&to, "broken once").await;
        assert_eq!(room.bot.taken(broken.key.message.as_str()), 1);
        assert!(room.bot.world.whatsapp.corrupt_next((ANA, room.device), 1));
        let healed = room.answers(&whole, text("broken on the way back")).await;
        assert_eq!(healed.text(), Some("broken on the way back"));
        let failed = |event: &Event| matches!(event, Event::Undecryptable(message) if message.id == healed.id);
        assert_eq!(room.ana.events().iter().filter(|event| failed(event)).count(), 1, "it was broken at first");
        let whole = room.says(&to, "whole again").await;
        room.answers(&whole, text("and whole")).await;
    }
    room.clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_of_either_loses_nothing() {
    let Some(mut room) = room().await else { return };
    let first = room.says(&pn(), "before").await;
    room.answers(&first, text("before")).await;
    room.ana.offline().await;
    let mut sent = Vec::new();
    for number in 0..5 {
        let body = text(&format!("while Ana is away {number}"));
        sent.push(room.bot.sends(&outbound(&first, body)).await.unwrap().message);
    }
    room.ana.online().await;
    for id in &sent {
        assert!(room.reads(id.as_str()).await.offline);
    }
    room.bot.stopped().await;
    let mut written = Vec::new();
    for number in 0..5 {
        written.push(room.ana.text(&pn(), &format!("while the bot is away {number}")).await);
    }
    room.bot.connect().await;
    for id in &written {
        room.bot.heard(id).await;
        assert_eq!(room.bot.taken(id), 1);
    }
    let last = room.says(&pn(), "after").await;
    room.answers(&last, text("after")).await;
    room.clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_write_at_once() {
    const EACH: usize = 40;
    let Some(room) = room().await else { return };
    let hello = room.says(&pn(), "hello").await;
    let texts: Vec<String> = (0..EACH).map(|number| format!("storm {number}")).collect();
    let to = pn();
    let written = futures::future::join_all(texts.iter().map(|words| room.ana.text(&to, words)));
    // One chat gets one message at a time; that is the engine's rule.
    let answered = async {
        let mut answered = Vec::with_capacity(EACH);
        for words in &texts {
            answered.push(room.bot.sends(&outbound(&hello, text(words))).await.unwrap().message);
        }
        answered
    };
    let (written, answered) = tokio::join!(written, answered);
    for id in &written {
        room.bot.heard(id).await;
        assert_eq!(room.bot.taken(id), 1);
    }
    for id in &answered {
        room.reads(id.as_str()).await;
    }
    room.clean();
}
