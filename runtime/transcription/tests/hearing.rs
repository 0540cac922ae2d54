//! Recordings are heard word by word by a real model.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::{MINUTE, file, media, samples, wav, whisper};
use greenroom_contract::audio::AudioError;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber};
use greenroom_transcription::decode::decode;
use greenroom_transcription::sound::RATE_HZ;
use greenroom_transcription::{Options, Whisper};
use std::time::{Duration, Instant};

/// Words that are wrong, missing or too many, by the least number of changes.
fn word_errors(heard: &str, said: &str) -> usize {
    let (heard, said): (Vec<&str>, Vec<&str>) = (heard.split(' ').collect(), said.split(' ').collect());
    let mut row: Vec<usize> = (0..=said.len()).collect();
    for (place, word) in heard.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], place + 1);
        for column in 0..said.len() {
            let change = diagonal + usize::from(*word != said[column]);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[said.len()]
}

#[test]
fn word_errors_are_counted() {
    assert_eq!(word_errors("a b c", "a b c"), 0);
    assert_eq!(word_errors("a x c d", "a b c"), 2);
    assert_eq!(word_errors("b c", "a b c"), 1);
}

#[test]
fn the_recordings_are_heard_without_a_wrong_word() {
    let whisper = whisper();
    let (mut notes, mut errors) = (0, 0);
    for sample in samples() {
        let heard = whisper.transcribe(&file(&sample.file), &Abort::default()).unwrap();
        assert!((heard.duration.as_secs_f64() - sample.seconds).abs() < 0.05, "{}: {:?}", sample.file, heard.duration);
        if sample.words.is_empty() {
            assert_eq!((heard.text.as_str(), heard.confidence), ("", None), "{}", sample.file);
            continue;
        }
        notes += 1;
        errors += word_errors(&heard.text, &sample.words);
        assert_eq!(heard.text, sample.words, "{}", sample.file);
        assert_eq!(heard.language.as_deref(), Some("en"));
        assert!(heard.confidence.is_some_and(|sure| sure > 0.5 && sure <= 1.0), "{}: {heard:?}", sample.file);
    }
    assert_eq!((notes, errors), (10, 0));
}

#[test]
fn a_state_is_used_again_and_remembers_nothing() {
    let whisper = whisper();
    let hear = |name| whisper.transcribe(&file(name), &Abort::default()).unwrap();
    let first = hear("note-03.ogg");
    for _ in 0..3 {
        assert_eq!(hear("note-10.ogg").text, "the train to berlin leaves at one in the morning");
        assert_eq!(hear("silence.ogg").text, "");
        assert_eq!(hear("note-03.ogg"), first);
    }
}

#[test]
fn several_workers_share_one_model() {
    let whisper = Whisper::open(Options { workers: 2, ..Options::new(common::model()) }).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for sample in samples() {
                    let heard = whisper.transcribe(&file(&sample.file), &Abort::default()).unwrap();
                    assert_eq!(heard.text, sample.words);
                }
            });
        }
    });
}

#[test]
fn speech_in_other_formats_is_heard_too() {
    let whisper = whisper();
    let words = |name: &str, mime: &str| {
        let bytes = std::fs::read(common::fixture("samples/formats").join(name)).unwrap();
        whisper.transcribe(&media(mime, bytes), &Abort::default()).unwrap().text
    };
    for (name, mime) in [
        ("note-05.mp3", "audio/mpeg"),
        ("note-05.m4a", "audio/mp4"),
        ("note-05.aac", "audio/aac"),
        ("note-05-vorbis.ogg", "audio/ogg"),
        // A declared type is not believed.
        ("note-05.mp3", "audio/ogg; codecs=opus"),
    ] {
        assert_eq!(words(name, mime), "how much is the blue phone", "{name} as {mime}");
    }
    let sound = decode(&file("note-05.ogg"), MINUTE, &Abort::default()).unwrap();
    let stereo: Vec<f32> = sound.samples().iter().flat_map(|sample| [*sample, *sample]).collect();
    let wave = media("audio/wav", wav(RATE_HZ, 2, &stereo));
    assert_eq!(whisper.transcribe(&wave, &Abort::default()).unwrap().text, "how much is the blue phone");
}

#[test]
fn amr_is_named_as_a_format_that_is_not_understood() {
    let refused = whisper().transcribe(&media("audio/amr", &b"#!AMR\n\x3c\x91"[..]), &Abort::default()).unwrap_err();
    assert_eq!(refused, TranscribeError::Audio(AudioError::Format { format: "amr".to_owned() }));
}

#[test]
fn a_breath_is_nothing_said() {
    let samples = vec![0.1; RATE_HZ as usize / 20];
    let heard = whisper().transcribe(&media("audio/wav", wav(RATE_HZ, 1, &samples)), &Abort::default()).unwrap();
    assert_eq!((heard.text.as_str(), heard.duration), ("", Duration::from_millis(50)));
}

#[test]
fn what_is_too_long_is_refused_before_it_is_decoded() {
    let whisper = Whisper::open(Options { longest: Duration::from_secs(2), ..Options::new(common::model()) }).unwrap();
    let refused = whisper.transcribe(&file("note-10.ogg"), &Abort::default()).unwrap_err();
    assert_eq!(refused, TranscribeError::Audio(AudioError::TooLong { seconds_max: 2 }));
    assert!(whisper.transcribe(&file("note-01.ogg"), &Abort::default()).is_ok());
}

#[test]
fn a_raised_flag_ends_a_long_note_early() {
    let whisper = whisper();
    let long = vec![0.01f32; RATE_HZ as usize * 290];
    let note = media("audio/wav", wav(RATE_HZ, 1, &long));
    let begun = Instant::now();
    assert_eq!(whisper.transcribe(&note, &Abort::default()).unwrap().text, "");
    let whole = begun.elapsed();
    let abort = Abort::default();
    let begun = Instant::now();
    let aborted = std::thread::scope(|scope| {
        let job = scope.spawn(|| whisper.transcribe(&note, &abort));
        std::thread::park_timeout(whole / 10);
        abort.raise();
        job.join().unwrap()
    });
    assert_eq!(aborted, Err(TranscribeError::Audio(AudioError::Aborted)));
    assert!(begun.elapsed() < whole * 3 / 4, "{:?} of {whole:?}", begun.elapsed());
    // The next note is not disturbed by what was given up.
    let heard = whisper.transcribe(&file("note-01.ogg"), &Abort::default()).unwrap();
    assert_eq!(heard.text, "see you on saturday");
}
