//! Audio that an assistant answers with leaves as a voice note.

use super::heard::cloud;
use super::{recording, whisper};
use crate::cloud::ANA as WRITER;
use crate::support::setup::{ANA, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Quoting, Reply, Turn};
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_simulator_whatsapp_cloud::Content;
use std::sync::Arc;
use std::time::Duration;

/// Answers every message with this audio.
struct Speaks(Media);

fn speaks(mime: &str, bytes: Vec<u8>) -> Arc<dyn Assistant> {
    Arc::new(Speaks(Media { mime: mime.to_owned(), bytes: bytes.into() }))
}

#[async_trait]
impl Assistant for Speaks {
    async fn respond(&self, _: Turn) -> Result<Answer, AssistantError> {
        let body = OutboundBody::Voice { media: self.0.clone(), sound: None };
        Ok(Answer { replies: vec![Reply { quoting: Quoting::Never, ..Reply::new(body) }], ..Answer::default() })
    }
}

const KINDS: [(&str, &str); 3] =
    [("audio/mpeg", "formats/note-05.mp3"), ("audio/ogg", "formats/note-05-vorbis.ogg"), ("audio/ogg", "note-05.ogg")];

#[tokio::test]
async fn audio_of_any_kind_arrives_as_a_note_with_its_duration_and_its_waveform() {
    for (mime, file) in KINDS {
        let bot = Setup::new(speaks(mime, recording(file))).start().await;
        bot.hears(said::text(ANA, "say it")).await;
        bot.settled().await;
        let sent = bot.network.sent();
        let OutboundBody::Voice { media, sound: Some(sound) } = &sent[0].body else { panic!("{file}: {sent:?}") };
        assert_eq!(media.mime, "audio/ogg; codecs=opus");
        assert!((sound.duration.as_secs_f64() - 2.41).abs() < 0.15, "{file}: {:?}", sound.duration);
        assert_eq!(sound.waveform.len(), limits::WAVEFORM_BYTES);
        assert!(
            sound.waveform.contains(&100) && sound.waveform.iter().any(|value| *value < 30),
            "{:?}",
            sound.waveform
        );
        let heard = whisper().transcribe(media, &Abort::default()).expect("it is a voice note");
        assert_eq!(heard.text, "how much is the blue phone", "{file}");
        bot.promises_kept();
    }
}

#[tokio::test]
async fn audio_that_cannot_be_sent_becomes_words_and_the_trace_says_why() {
    let bot = Setup::new(speaks("audio/midi", b"MThd".to_vec())).start().await;
    let message = bot.hears(said::text(ANA, "say it")).await;
    assert_eq!(bot.answers(ANA).await, ["(sorry, I could not record this as a voice note)"]);
    assert!(bot.why(&message).await.contains("audio to words: the format audio/midi"), "{}", bot.why(&message).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_cloud_api_it_is_a_voice_note_too() {
    let (meta, bot, _folder) = cloud(speaks("audio/mpeg", recording("formats/note-05.mp3"))).await;
    let ana = meta.person(WRITER);
    let message = ana.says("say it").await;
    let received = ana.received_within(Duration::from_secs(20)).await;
    let received = received.unwrap_or_else(|| panic!("nothing came: {:?}", meta.counters().refused));
    let Content::Audio { media, voice: true } = &received.content else {
        panic!("{received:?}: {}", bot.why(&message).await)
    };
    let bytes = meta.medium(media).expect("it was uploaded");
    let note = Media { mime: "audio/ogg".to_owned(), bytes };
    assert_eq!(whisper().transcribe(&note, &Abort::default()).expect("sound").text, "how much is the blue phone");
}
