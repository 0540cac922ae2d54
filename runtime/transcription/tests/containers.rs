//! Sound is heard in whatever file it comes.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::ogg::{Note, POSITIONS, page, pages, repaired};
use common::{caf, decoded, file, media, other_format, wav, whisper};
use greenroom_contract::audio::AudioError;
use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_transcription::sound::RATE_HZ;

const WORDS: &str = "how much is the blue phone";

fn note() -> Note {
    Note::of(&file("note-05.ogg").bytes)
}

fn right(packets: u64) -> u64 {
    packets * POSITIONS
}

fn ogg() -> Vec<u8> {
    file("note-05.ogg").bytes.to_vec()
}

#[track_caller]
fn hears(what: &str, file: impl Into<Vec<u8>>, words: &str) {
    let heard = whisper().transcribe(&media("audio/ogg", file.into()), &Abort::default());
    let heard = heard.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(heard.text, words, "{what}, {:?}", heard.duration);
}

#[test]
fn opus_is_heard_in_every_container() {
    let length = decoded(ogg()).unwrap().samples().len();
    for (what, bytes) in [
        // As browsers record: nothing says how long it is.
        ("WebM", other_format("note-05.webm")),
        ("Matroska", other_format("note-05.mkv")),
        ("MP4", other_format("note-05-opus.mp4")),
        ("MP4 in fragments", other_format("note-05-fragments.mp4")),
        ("CAF", caf(&note().packets)),
    ] {
        let sound = decoded(bytes.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(sound.samples().len().abs_diff(length) <= 640, "{what}: {sound:?}");
        hears(what, bytes, WORDS);
    }
}

#[test]
fn a_container_that_ends_early_is_what_is_there() {
    let length = decoded(ogg()).unwrap().samples().len();
    let wave = wav(RATE_HZ, 1, decoded(ogg()).unwrap().samples());
    for (what, bytes) in [
        ("WebM", other_format("note-05.webm")),
        ("Matroska", other_format("note-05.mkv")),
        ("MP4 in fragments", other_format("note-05-fragments.mp4")),
        ("CAF", caf(&note().packets)),
        ("MP3", other_format("note-05.mp3")),
        ("AAC", other_format("note-05.aac")),
        ("Vorbis", other_format("note-05-vorbis.ogg")),
        ("WAV", wave),
    ] {
        let sound = decoded(bytes[..bytes.len() * 3 / 4].to_vec()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(sound.samples().len() > length / 2, "{what}: {sound:?}");
        let sound = decoded(bytes[..bytes.len() - 1].to_vec()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(sound.samples().len() > length * 3 / 4, "{what}: {sound:?}");
    }
}

#[test]
fn one_stream_of_opus_is_heard_in_every_mapping_of_channels() {
    for (channels, coupled) in [(1, 0), (2, 1)] {
        for family in [1, 2, 255] {
            let mut note = note();
            (note.head[9], note.head[18]) = (channels, family);
            note.head.extend([1, coupled, 0, 0]);
            hears(&format!("family {family}, {channels} channels"), note.file(50, right), WORDS);
        }
    }
}

#[test]
fn recordings_behind_each_other_are_one() {
    let first = Note::of(&file("note-01.ogg").bytes);
    let whole = decoded(first.file(50, right)).unwrap().samples().len() + decoded(ogg()).unwrap().samples().len();
    let both = [first.stream(1, 50, right), note().stream(2, 50, right)].concat();
    assert_eq!(decoded(both.clone()).unwrap().samples().len(), whole + 13, "what the end of a note left out is kept");
    let (sound, one) = (decoded(both).unwrap(), decoded(first.file(50, right)).unwrap());
    let (begin, end) = sound.samples().split_at(one.samples().len());
    assert!(begin == one.samples() && end[..30_000] == decoded(ogg()).unwrap().samples()[..30_000]);
    // The same name again, and a first one without its mark of the end.
    let mut open = first.stream(2, 50, right);
    let last = *pages(&open).last().unwrap();
    open[last + 5] = 0;
    let open = [repaired(open), note().stream(2, 50, right)].concat();
    assert_eq!(decoded(open).unwrap().samples().len(), whole + 13);
    let vorbis = other_format("note-05-vorbis.ogg");
    let single = decoded(vorbis.clone()).unwrap().samples().len();
    let twice = decoded([vorbis.clone(), vorbis].concat()).unwrap().samples().len();
    assert!(twice.abs_diff(2 * single) < 2_000, "{twice} of twice {single}");
}

#[test]
fn a_stream_beside_the_sound_is_passed_over() {
    // Ogg Skeleton, a picture, and a second recording that begins at the same time.
    let sound = note().stream(7, 10, right);
    let places = pages(&sound);
    let skeleton = [
        page(1, 0, 2, 0, &[b"fishead\0\x03\0\0\0"]),
        sound[..places[1]].to_vec(),
        page(9, 0, 2, 0, &[&note().head]),
        page(1, 1, 0, 0, &[b"fisbone\0\0\0"]),
        sound[places[1]..places[4]].to_vec(),
        page(9, 1, 0, 0, &[b"OpusTags\0\0\0\0\0\0\0\0"]),
        page(9, 2, 4, 960, &[&note().packets[60]]),
        page(1, 2, 4, 0, &[b""]),
        sound[places[4]..].to_vec(),
    ];
    hears("beside others", skeleton.concat(), WORDS);
}

#[test]
fn a_recording_is_found_behind_what_stands_before_it() {
    let tag = |size: usize| {
        [b"ID3\x04\0\0".as_slice(), &[0, 0, (size >> 7) as u8, size as u8 & 0x7f], &vec![7; size]].concat()
    };
    let vorbis = other_format("note-05-vorbis.ogg");
    let (mp3, aac) = (other_format("note-05.mp3"), other_format("note-05.aac"));
    for (what, before, sound) in [
        ("ID3 before Ogg", tag(300), ogg()),
        ("ID3 before Vorbis", tag(300), vorbis),
        ("ID3 before MP3", tag(300), mp3.clone()),
        ("two tags before AAC", [tag(20), tag(500)].concat(), aac.clone()),
        ("ID3 before WebM", tag(300), other_format("note-05.webm")),
        ("zeros before Ogg", vec![0; 4_000], ogg()),
        ("zeros before MP3", vec![0; 4_000], mp3.clone()),
        ("a line before Ogg", b"content-type: audio/ogg\r\n\r\n".to_vec(), ogg()),
        ("the middle of a frame before MP3", mp3[mp3.len() / 2..mp3.len() / 2 + 100].to_vec(), mp3.clone()),
        ("the middle of a frame before AAC", aac[500..600].to_vec(), aac.clone()),
    ] {
        hears(what, [before, sound].concat(), WORDS);
    }
}

#[test]
fn a_file_from_the_middle_of_a_recording_is_heard() {
    for name in ["note-05.mp3", "note-05.aac"] {
        let bytes = other_format(name);
        let whole = decoded(bytes.clone()).unwrap().samples().len();
        for begin in [1, 37, 1_001, bytes.len() / 4] {
            let sound = decoded(bytes[begin..].to_vec()).unwrap_or_else(|error| panic!("{name} from {begin}: {error}"));
            assert!(sound.samples().len() > whole * 2 / 3, "{name} from {begin}: {sound:?}");
        }
    }
}

#[test]
fn a_wave_file_without_lengths_is_what_it_has() {
    let samples = decoded(ogg()).unwrap().samples().to_vec();
    for (file_length, data_length) in [(0, 0), (u32::MAX, u32::MAX), (36, 0), (0, u32::MAX), (u32::MAX, 0)] {
        let mut wave = wav(RATE_HZ, 1, &samples);
        wave[4..8].copy_from_slice(&u32::to_le_bytes(file_length));
        wave[40..44].copy_from_slice(&u32::to_le_bytes(data_length));
        let sound = decoded(wave.clone()).unwrap_or_else(|error| panic!("{file_length}, {data_length}: {error}"));
        assert_eq!(sound.samples().len(), samples.len(), "{file_length}, {data_length}");
        hears("no lengths", wave, WORDS);
    }
}

#[test]
fn a_bad_spot_in_any_container_costs_what_it_hit() {
    for (what, bytes) in [
        ("WebM", other_format("note-05.webm")),
        ("Matroska", other_format("note-05.mkv")),
        ("MP4", other_format("note-05-opus.mp4")),
        ("MP4 in fragments", other_format("note-05-fragments.mp4")),
        ("CAF", caf(&note().packets)),
        ("Vorbis", other_format("note-05-vorbis.ogg")),
        ("MP3", other_format("note-05.mp3")),
        ("AAC", other_format("note-05.aac")),
    ] {
        let whole = decoded(bytes.clone()).unwrap().samples().len();
        for place in [40, 60, 80] {
            let mut bytes = bytes.clone();
            let at = bytes.len() * place / 100;
            bytes[at..at + 8].iter_mut().for_each(|byte| *byte ^= 0x5a);
            let sound = decoded(bytes).unwrap_or_else(|error| panic!("{what} at {place} %: {error}"));
            let least = whole * place / 100 - 6_400;
            assert!(sound.samples().len() > least, "{what} at {place} %: {sound:?} of {whole}");
        }
    }
}

#[test]
fn an_empty_file_is_called_empty() {
    let refused = decoded(Vec::new()).unwrap_err();
    assert_eq!(refused, AudioError::Damaged { reason: "the file is empty".into() });
}
