//! What an assistant says in any format leaves as a voice note.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::{MINUTE, file, fixture, media, wav, whisper};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_contract::voice::VoiceEncoder;
use greenroom_transcription::decode::decode;
use greenroom_transcription::encode::{self, MIME, Opus};
use greenroom_transcription::sound::{RATE_HZ, Sound};
use proptest::prelude::*;
use std::time::Duration;

fn tone(samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (n as f32 * 0.1).sin() * 0.5).collect()
}

#[test]
fn speech_is_still_understood_after_it_became_a_voice_note() {
    let whisper = whisper();
    for (name, mime) in
        [("note-05.mp3", "audio/mpeg"), ("note-05.m4a", "audio/mp4"), ("note-05-vorbis.ogg", "audio/ogg")]
    {
        let audio = media(mime, std::fs::read(fixture("samples/formats").join(name)).unwrap());
        let note = Opus.encode(&audio, &Abort::default()).unwrap();
        assert_eq!(note.media.mime, MIME);
        assert!(note.media.bytes.starts_with(b"OggS") && note.media.bytes.len() < audio.bytes.len() * 2);
        let heard = whisper.transcribe(&note.media, &Abort::default()).unwrap();
        assert_eq!(heard.text, "how much is the blue phone", "{name}");
        assert_eq!(heard.duration, note.sound.duration, "{name}");
        assert_eq!(note.sound.waveform.len(), limits::WAVEFORM_BYTES);
        assert!(note.sound.waveform.contains(&100) && note.sound.waveform.iter().all(|value| *value <= 100));
    }
}

#[test]
fn a_voice_note_leaves_as_it_came() {
    let audio = file("note-02.ogg");
    let note = Opus.encode(&audio, &Abort::default()).unwrap();
    assert_eq!(note.media.bytes, audio.bytes);
    assert!((note.sound.duration.as_secs_f64() - 2.01).abs() < 0.05, "{:?}", note.sound.duration);
}

#[test]
fn the_head_of_the_file_says_what_networks_expect() {
    let note = Opus.encode(&media("audio/wav", wav(44_100, 2, &tone(88_200))), &Abort::default()).unwrap();
    let head = note.media.bytes.windows(8).position(|part| part == b"OpusHead").unwrap();
    let head = &note.media.bytes[head..head + 19];
    assert_eq!((head[8], head[9], head[18]), (1, 1, 0), "version, channels, mapping");
    assert_eq!(head[12..16], RATE_HZ.to_le_bytes());
    assert_eq!(note.sound.duration, Duration::from_secs(1));
}

#[test]
fn what_cannot_be_sent_is_refused_with_a_type() {
    let refused = |bytes: Vec<u8>| Opus.encode(&media("audio/wav", bytes), &Abort::default()).unwrap_err();
    assert!(matches!(refused(b"hello".to_vec()), AudioError::Format { .. }));
    assert!(matches!(refused(wav(8_000, 1, &[])), AudioError::Damaged { .. }));
    let seconds = limits::VOICE_REPLY_DURATION_MAX.as_secs();
    let long = wav(8_000, 1, &vec![0.0; 8_000 * (seconds as usize + 1)]);
    assert_eq!(refused(long), AudioError::TooLong { seconds_max: seconds });
    let abort = Abort::default();
    abort.raise();
    let aborted = Opus.encode(&media("audio/wav", wav(8_000, 1, &tone(8_000))), &abort);
    assert_eq!(aborted.unwrap_err(), AudioError::Aborted);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn the_length_survives_to_the_sample(samples in 1usize..60_000) {
        let mut sound = Sound::default();
        sound.extend(&tone(samples));
        let bytes = encode::encode(&sound, &Abort::default()).unwrap();
        let back = decode(&media(MIME, bytes), MINUTE, &Abort::default()).unwrap();
        prop_assert_eq!(back.samples().len(), samples);
    }
}
