//! Voice notes over WhatsApp Web, both ways: encrypted files of a simulated WhatsApp, heard by the real model.

use super::heard::WITHOUT_WORDS;
use super::{model, notes, recording, whisper};
use crate::web::{ANA, BOT, Bot, PATIENCE, config, hears, to_bot};
use async_trait::async_trait;
use greenroom::Runtime;
use greenroom_channel_whatsapp_web::WebChannel;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Quoting, Reply, Turn};
use greenroom_contract::factory::ChannelParts;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_simulator_whatsapp_web::people::{Body, Draft};
use greenroom_simulator_whatsapp_web::{Options, Simulator};
use std::sync::Arc;
use tempfile::TempDir;

/// Writes down what it hears, and says aloud what it is asked for.
struct Secretary;

#[async_trait]
impl Assistant for Secretary {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        if matches!(turn.messages[0].content, Content::Voice(_)) {
            return Ok(Answer::text(turn.text()));
        }
        let media = Media { mime: "audio/mpeg".to_owned(), bytes: recording("formats/note-05.mp3").into() };
        let body = OutboundBody::Voice { media, sound: None };
        Ok(Answer { replies: vec![Reply { quoting: Quoting::Never, ..Reply::new(body) }], ..Answer::default() })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_over_whatsapp_web_are_answered_with_what_was_said_and_spoken_answers_are_notes() {
    // The tests share a process with others, which may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let whatsapp = Simulator::start(Options::default()).await.expect("a simulator");
    let (phone, ana) =
        (whatsapp.phone(BOT, "Bot").await.expect("a phone"), whatsapp.phone(ANA, "Ana").await.expect("a phone"));
    let folder = TempDir::new().expect("a temporary folder");
    let policy =
        ChannelPolicy { allow_from: vec![id("*")], rates: Rates::UNLIMITED, ..ChannelPolicy::new(id("helper")) };
    let parts = ChannelParts { name: id("whatsapp"), names: Vec::new(), clock: Clock::System };
    let channel = WebChannel::new(config(whatsapp.url(), whatsapp.certificate_pem()), &parts);
    let runtime = Runtime::builder()
        .assistant("helper", Secretary)
        .channel("whatsapp", Arc::new(channel.expect("a sound configuration")), policy)
        .config(format!("[voice]\nmodel = '{}'", model().display()))
        .store_path(folder.path())
        .build();
    let bot = Bot { running: runtime.expect("sound").start().await.expect("it starts") };
    bot.link(&phone).await;

    for (file, words) in notes() {
        ana.send(&to_bot(), Draft::voice(recording(&file), 2)).await.expect("it is sent");
        hears(&ana, &words).await;
    }
    let silent = ana.send(&to_bot(), Draft::voice(recording("silence.ogg"), 3)).await.expect("it is sent");
    hears(&ana, WITHOUT_WORDS).await;
    bot.until_why(&silent, "nothing was said").await;

    ana.say(&to_bot(), "say it").await.expect("it is sent");
    let spoken = ana.until_heard(|heard| matches!(heard.body, Body::Voice { .. }), PATIENCE).await;
    let Body::Voice { bytes, seconds, mime } = spoken.expect("it comes as a voice note").body else {
        unreachable!("it was just seen")
    };
    assert_eq!((seconds, mime.as_str()), (2, "audio/ogg; codecs=opus"));
    let note = Media { mime, bytes: bytes.into() };
    assert_eq!(whisper().transcribe(&note, &Abort::default()).expect("sound").text, "how much is the blue phone");
    assert_eq!(whatsapp.violations(), []);
}
