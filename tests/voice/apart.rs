//! What a broken, endless or foreign note does to others: nothing. And who is listened to at all.

use super::heard::WITHOUT_WORDS;
use super::{recording, whisper};
use crate::support::setup::{ANA, BEN, Bot, STRANGER, Setup};
use greenroom::transcription::Whisper;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::policy::{GroupPolicy, OutboundMode};
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use std::sync::Arc;
use std::time::Duration;

const GROUP: &str = "friends";

/// The real model, but the first byte of a note may order a misfortune on the way to it.
struct Unlucky(Whisper);

impl Transcriber for Unlucky {
    fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    fn transcribe(&self, audio: &Media, abort: &Abort) -> Result<Transcript, TranscribeError> {
        match audio.bytes.first() {
            Some(b'P') => panic!("told to panic"),
            Some(b'H') => {
                while !abort.is_raised() {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                Err(AudioError::Aborted.into())
            }
            _ => self.0.transcribe(audio, abort),
        }
    }
}

async fn bot(change: impl FnOnce(&mut Setup)) -> Bot {
    let mut setup = Setup::new(assistants::echo());
    setup.transcriber = Arc::new(Unlucky(whisper()));
    change(&mut setup);
    setup.start().await
}

#[tokio::test]
async fn a_crash_or_a_broken_file_ends_one_job_and_the_next_note_is_heard() {
    let whole = recording("note-05.ogg");
    // What is left of a note is heard; here nothing that can be decoded is.
    let torn = whole[..800].to_vec();
    let mut bits = whole.clone();
    bits[950..].fill(0x55);
    for (broken, reason) in [
        (b"Panic".to_vec(), "told to panic"),
        (torn, "damaged"),
        (bits, "damaged"),
        (b"OggS but no more".to_vec(), "the format ogg"),
        (Vec::new(), "the file is empty"),
    ] {
        let bot = bot(|_| ()).await;
        let message = bot.hears(said::voice(ANA, broken)).await;
        bot.hears(said::voice(ANA, whole.clone())).await;
        bot.hears(said::text(ANA, "and then")).await;
        let answers = bot.answers(ANA).await;
        assert_eq!(answers[1..], ["how much is the blue phone", "and then"], "{reason}");
        assert!(
            answers[0].starts_with("I could not hear that") || answers[0].starts_with("I cannot play"),
            "{answers:?}"
        );
        let why = bot.why(&message).await;
        assert!(why.contains(reason), "{reason} is missing in {why}");
        assert!(!answers[0].contains(reason), "no error text goes to a person");
        bot.promises_kept();
    }
}

// The deadline is three minutes, which paused time would reach at once; here the person gives up first.
#[tokio::test]
async fn a_note_that_never_ends_keeps_neither_other_chats_nor_other_messages_waiting() {
    let bot = bot(|_| ()).await;
    bot.hears(said::voice(ANA, &b"Hangs"[..])).await;
    // Another person's words need no worker, and are answered meanwhile.
    bot.hears(said::text(BEN, "hello")).await;
    let reached = tokio::time::timeout(Duration::from_secs(10), bot.network.sent_to_reached(BEN, 1)).await;
    assert!(reached.is_ok(), "{:?}", bot.running.handle().health().await);
    // Stopping does not wait for it either.
    let drained = bot.running.handle().drain(Duration::from_millis(200));
    assert!(tokio::time::timeout(Duration::from_secs(20), drained).await.is_ok(), "it is told to end");
}

#[tokio::test(start_paused = true)]
async fn a_note_that_takes_longer_than_its_deadline_is_given_up_with_one_sentence() {
    let bot = bot(|_| ()).await;
    let message = bot.hears(said::voice(ANA, &b"Hangs"[..])).await;
    // The thread that hangs keeps paused time from running by itself.
    tokio::time::advance(greenroom_contract::limits::TRANSCRIPTION_TIMEOUT + Duration::from_secs(1)).await;
    bot.hears(said::voice(ANA, recording("note-01.ogg"))).await;
    let answers = bot.answers(ANA).await;
    assert_eq!(answers, ["I could not hear that, please try again.", "see you on saturday"]);
    assert!(bot.why(&message).await.contains("it took too long"), "{}", bot.why(&message).await);
}

#[tokio::test]
async fn a_spoken_name_wakes_the_bot_where_that_is_switched_on() {
    for switched_on in [false, true] {
        let bot = bot(|setup| {
            setup.policy.names = vec!["Peter".to_owned()];
            let group = GroupPolicy { voice_wakes: Some(switched_on), ..GroupPolicy::default() };
            setup.policy.group.insert(id(GROUP), group);
        })
        .await;
        let called = bot.hears(said::voice(ANA, recording("note-03.ogg")).in_group(GROUP)).await;
        let other = bot.hears(said::voice(ANA, recording("note-05.ogg")).in_group(GROUP)).await;
        bot.hears(said::voice(STRANGER, recording("note-03.ogg")).in_group(GROUP)).await;
        let expected: &[&str] = if switched_on { &["send a message to peter"] } else { &[] };
        assert_eq!(bot.answers(GROUP).await, expected, "{}", bot.why(&called).await);
        assert_eq!(bot.network.fetches(), if switched_on { 2 } else { 0 }, "admission precedes every download");
        assert!(bot.why(&other).await.contains("does not address the bot"), "{}", bot.why(&other).await);
    }
}

#[tokio::test]
async fn in_a_group_a_note_is_heard_if_it_answers_the_bot() {
    let bot = bot(|setup| setup.policy.names = vec!["Greta".to_owned()]).await;
    bot.hears(said::text(ANA, "greta, are you there").in_group(GROUP)).await;
    bot.settled().await;
    let ours = bot.network.sent()[0].message();
    bot.hears(said::voice(ANA, recording("note-05.ogg")).in_group(GROUP)).await;
    bot.settled().await;
    assert_eq!(bot.network.fetches(), 0, "group talk is not listened to");
    bot.hears(said::voice(BEN, recording("note-01.ogg")).in_group(GROUP).replying_to_us(&ours)).await;
    assert_eq!(bot.answers(GROUP).await, ["greta, are you there", "see you on saturday"]);
    assert_eq!(bot.network.fetches(), 1);
}

#[tokio::test]
async fn a_note_without_words_gets_one_kind_word_from_the_bot_alone_and_none_in_a_group() {
    let bot = bot(|setup| setup.policy.names = vec!["Greta".to_owned()]).await;
    let silent = bot.hears(said::voice(ANA, recording("silence.ogg"))).await;
    bot.hears(said::voice(ANA, recording("noise.ogg"))).await;
    bot.hears(said::voice(BEN, recording("silence.ogg"))).await;
    bot.hears(said::voice(STRANGER, recording("silence.ogg"))).await;
    bot.hears(said::text(ANA, "greta, are you there").in_group(GROUP)).await;
    assert_eq!(bot.answers(ANA).await, [WITHOUT_WORDS], "once, not for each of them");
    assert_eq!(bot.answers(BEN).await, [WITHOUT_WORDS]);
    assert!(bot.answers(STRANGER).await.is_empty());
    assert!(bot.why(&silent).await.contains("nothing was said"), "{}", bot.why(&silent).await);
    assert_eq!(bot.answers(GROUP).await, ["greta, are you there"]);

    let sent = bot.network.sent();
    let ours = sent.iter().find(|sent| sent.chat == id(GROUP)).expect("it was answered").message();
    let unheard = bot.hears(said::voice(BEN, recording("silence.ogg")).in_group(GROUP).replying_to_us(&ours)).await;
    assert_eq!(bot.answers(GROUP).await, ["greta, are you there"], "in a group it would only disturb");
    assert!(bot.why(&unheard).await.contains("nothing was said"), "{}", bot.why(&unheard).await);
}

#[tokio::test]
async fn nobody_is_listened_to_where_the_bot_never_answers() {
    let bot = bot(|setup| setup.policy.outbound = OutboundMode::Off).await;
    bot.hears(said::voice(ANA, recording("note-05.ogg"))).await;
    bot.hears(said::voice(STRANGER, recording("note-05.ogg"))).await;
    bot.settled().await;
    assert_eq!((bot.network.fetches(), bot.network.sent_count()), (0, 0));
}
