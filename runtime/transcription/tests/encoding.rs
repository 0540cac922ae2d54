//! What an assistant says in any format leaves as a voice note.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::ogg::Note;
use common::{MINUTE, file, fixture, media, samples, wav, whisper};
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

/// What a note is made of, as phones look at it.
fn look(bytes: &[u8]) -> Note {
    let note = Note::of(bytes);
    let head = &note.head;
    assert_eq!((head[8], head[9], head[18]), (1, 1, 0), "version, channels, mapping");
    assert_eq!(head[12..16], RATE_HZ.to_le_bytes());
    assert_eq!(note.tags, b"OpusTags\x08\0\0\0WhatsApp\0\0\0\0");
    for packet in &note.packets {
        // Configuration 9 is speech of 16 kHz in frames of 20 ms; three of them, each with a length of its own or not.
        assert_eq!((packet[0], packet[1] & 0x3f), (9 << 3 | 3, 3), "of {} packets", note.packets.len());
    }
    note
}

#[test]
fn notes_look_like_those_of_the_application_itself() {
    let note = Opus.encode(&media("audio/wav", wav(44_100, 2, &tone(88_200))), &Abort::default()).unwrap();
    assert_eq!(look(&note.media.bytes).packets.len(), 17);
    assert_eq!(note.sound.duration, Duration::from_secs(1));
    for name in samples().iter().map(|sample| &sample.file) {
        let sound = decode(&file(name), MINUTE, &Abort::default()).unwrap();
        let packets = look(&encode::encode(&sound, &Abort::default()).unwrap()).packets.len();
        // The encoder is late by 104 samples.
        assert_eq!(packets, (sound.samples().len() + 104).div_ceil(960), "{name}");
    }
}

#[test]
fn only_a_note_that_looks_so_leaves_as_it_came() {
    let sent = |bytes: Vec<u8>| Opus.encode(&media("audio/ogg", bytes), &Abort::default()).unwrap().media.bytes;
    let sound = decode(&file("note-02.ogg"), MINUTE, &Abort::default()).unwrap();
    let native = encode::encode(&sound, &Abort::default()).unwrap().to_vec();
    assert_eq!(sent(native.clone()), native);

    let (note, positions) = (Note::of(&native), |packets| packets * 2_880);
    let changed = |change: fn(&mut Note)| {
        let mut note = note.clone();
        change(&mut note);
        note.file(17, positions)
    };
    assert_eq!(sent(changed(|_| ())), changed(|_| ()), "how many packets are on a page does not matter");
    for (what, other) in [
        ("packets of one frame", file("note-02.ogg").bytes.to_vec()),
        ("another rate", changed(|note| note.head[12..16].copy_from_slice(&48_000u32.to_le_bytes()))),
        ("two channels", changed(|note| note.head[9] = 2)),
        ("another name", changed(|note| note.tags[12] = b'w')),
        ("no name", changed(|note| note.tags.truncate(8))),
        ("an empty packet", changed(|note| note.packets[9].clear())),
        ("something before it", [&[0; 4][..], &native].concat()),
        ("something behind it", [&native[..], &[1; 40]].concat()),
        ("two notes", native.repeat(2)),
        ("an early end", native[..native.len() - 1].to_vec()),
    ] {
        let encoded = sent(other.clone());
        assert_ne!(encoded, other, "{what}");
        look(&encoded);
    }
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

    /// The frames of a packet must be of one kind, whatever is in them.
    #[test]
    fn every_sound_can_be_encoded(
        parts in prop::collection::vec((0u8..5, 0.0f32..1.5, 1usize..4_000, any::<u32>()), 1..12),
    ) {
        let mut sound = Sound::default();
        for (kind, loud, length, seed) in parts {
            let mut noise = seed;
            let part: Vec<f32> = (0..length).map(|n| loud * match kind {
                0 => 0.0,
                1 => (n as f32 * (seed % 1_000) as f32 * 0.003).sin(),
                2 => {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    noise as f32 / u32::MAX as f32 * 2.0 - 1.0
                }
                3 => if n % 100 < 50 { 1.0 } else { -1.0 },
                _ => if n % 977 == 0 { 1.0 } else { 0.0 },
            }).collect();
            sound.extend(&part);
        }
        look(&encode::encode(&sound, &Abort::default()).unwrap());
    }
}
