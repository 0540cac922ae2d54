//! Whatever a stranger sends ends in sound or in a typed error: no panic, no unbounded memory.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::ogg::{Note, repaired};
use common::{MINUTE, decoded, file, other_format, wav};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::Abort;
use greenroom_transcription::decode::decode;
use greenroom_transcription::sound::{RATE_HZ, Sound};
use proptest::prelude::*;
use std::time::Duration;

/// How many recordings there are in the corpus.
const CORPUS: usize = 13;

/// Recordings of every kind that is decoded.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let mut corpus = Vec::new();
    for name in ["note-01.ogg", "silence.ogg"] {
        corpus.push((name.to_owned(), file(name).bytes.to_vec()));
    }
    for name in [
        "note-05.mp3",
        "note-05.m4a",
        "note-05.aac",
        "note-05-vorbis.ogg",
        "note-05.webm",
        "note-05.mkv",
        "note-05-opus.mp4",
        "note-05-fragments.mp4",
    ] {
        corpus.push((name.to_owned(), other_format(name)));
    }
    let note = Note::of(&file("note-01.ogg").bytes);
    corpus.push(("note-01.caf".to_owned(), common::caf(&note.packets)));
    corpus.push(("two notes".to_owned(), [note.file(5, |packets| packets * 960), note.stream(8, 50, |_| 0)].concat()));
    let tone: Vec<f32> = (0..20_000).map(|n| (n as f32 * 0.05).sin() * 0.4).collect();
    corpus.push(("stereo.wav".to_owned(), wav(44_100, 2, &tone)));
    corpus
}

/// What must hold for any outcome.
fn is_sound(outcome: &Result<Sound, AudioError>) -> bool {
    match outcome {
        Ok(sound) => sound.duration() <= MINUTE && sound.samples().iter().all(|sample| sample.is_finite()),
        Err(AudioError::Damaged { reason }) => !reason.to_string().is_empty(),
        Err(AudioError::Format { format }) => !format.is_empty(),
        Err(AudioError::TooLong { seconds_max }) => *seconds_max == MINUTE.as_secs(),
        Err(AudioError::Aborted) => false,
    }
}

#[test]
fn every_recording_of_the_corpus_decodes() {
    assert_eq!(corpus().len(), CORPUS);
    for (name, bytes) in corpus() {
        let sound = decoded(bytes.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(sound.duration() > Duration::from_millis(200), "{name}: {sound:?}");
        assert_eq!(repaired(bytes.clone()), bytes, "{name}: a sound checksum is left as it is");
    }
}

#[test]
fn every_truncation_ends_in_sound_or_in_an_error() {
    for (name, bytes) in corpus() {
        // All short ones, where the heads are, and then some.
        let lengths = (0..bytes.len().min(400)).chain((400..bytes.len()).step_by(bytes.len() / 60 + 1));
        for length in lengths {
            let outcome = decoded(bytes[..length].to_vec());
            assert!(is_sound(&outcome), "{name} cut to {length}: {outcome:?}");
        }
    }
}

proptest! {
    // So many in every run; PROPTEST_CASES sets another number.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn mutated_recordings_end_in_sound_or_in_an_error(
        which in 0usize..CORPUS,
        changes in prop::collection::vec((0.0f64..1.0, any::<u8>(), 0u8..4), 1..12),
        near_the_head in any::<bool>(),
        with_checksums in any::<bool>(),
    ) {
        let (name, mut bytes) = corpus().swap_remove(which);
        for (place, value, how) in changes {
            let reach = if near_the_head { bytes.len().min(600) } else { bytes.len() };
            let at = (place * reach as f64) as usize;
            match how {
                0 => bytes[at] = value,
                1 => bytes[at] ^= 1 << (value % 8),
                // A length or a count of the largest size.
                2 => for byte in bytes.iter_mut().skip(at).take(4) { *byte = 0xff },
                _ => { bytes.remove(at); }
            }
        }
        let bytes = if with_checksums { repaired(bytes) } else { bytes };
        let outcome = decoded(bytes);
        prop_assert!(is_sound(&outcome), "{}: {:?}", name, outcome);
    }

    #[test]
    fn noise_behind_a_good_beginning_ends_in_sound_or_in_an_error(
        which in 0usize..CORPUS,
        keep in 0usize..2_000,
        noise in prop::collection::vec(any::<u8>(), 0..3_000),
    ) {
        let (_, mut bytes) = corpus().swap_remove(which);
        bytes.truncate(keep);
        bytes.extend(noise);
        let outcome = decoded(repaired(bytes));
        prop_assert!(is_sound(&outcome), "{:?}", outcome);
    }
}

fn ogg_of(packets: &[&[u8]]) -> Vec<u8> {
    let mut writer = ogg::PacketWriter::new(std::io::Cursor::new(Vec::new()));
    for (place, packet) in packets.iter().enumerate() {
        let end = if place + 1 == packets.len() {
            ogg::PacketWriteEndInfo::EndStream
        } else {
            ogg::PacketWriteEndInfo::EndPage
        };
        writer.write_packet(packet.to_vec(), 7, end, 960 * place as u64).unwrap();
    }
    writer.into_inner().into_inner()
}

const HEAD: &[u8] = b"OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00";

#[test]
fn a_small_file_that_claims_hours_is_refused_before_it_is_decoded() {
    // Each packet is two bytes and claims 120 ms: 16,000 of them are half an hour in 500 KB.
    let packets: Vec<&[u8]> =
        [HEAD, b"OpusTags\0\0\0\0\0\0\0\0"].into_iter().chain((0..16_000).map(|_| &[0x1b, 2][..])).collect();
    let bomb = ogg_of(&packets);
    let begun = std::time::Instant::now();
    assert_eq!(decoded(bomb).unwrap_err(), AudioError::TooLong { seconds_max: MINUTE.as_secs() });
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn a_wave_file_that_claims_gigabytes_is_what_it_has() {
    let mut bytes = wav(8_000, 1, &vec![0.1; 8_000]);
    bytes[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let outcome = decoded(bytes);
    assert!(is_sound(&outcome), "{outcome:?}");
}

#[test]
fn sound_that_is_too_loud_or_no_number_stays_within_bounds() {
    // 32-bit floats: infinity, not a number, and far too loud.
    let values = [f32::INFINITY, f32::NAN, 1.0e30, -1.0e30, 0.5];
    let data: Vec<u8> = (0..8_000).flat_map(|n| values[n % values.len()].to_le_bytes()).collect();
    let mut wave = wav(RATE_HZ, 1, &[]);
    wave[20..22].copy_from_slice(&3u16.to_le_bytes());
    wave[28..32].copy_from_slice(&(RATE_HZ * 4).to_le_bytes());
    wave[32..36].copy_from_slice(&[4, 0, 32, 0]);
    wave[40..44].copy_from_slice(&(data.len() as u32).to_le_bytes());
    wave[4..8].copy_from_slice(&(36 + data.len() as u32).to_le_bytes());
    wave.extend(data);
    let sound = decoded(wave).unwrap();
    assert!(sound.samples().iter().all(|sample| (-1.0..=1.0).contains(sample)), "bounded");
}

#[test]
fn a_file_of_false_pages_and_one_of_empty_packets_are_refused_soon() {
    // 16 MB, as much as is fetched: beginnings of pages that claim 64 KB each, and packets without a byte.
    let beginning = [b"OggS".as_slice(), &[0; 22], &[255], &[255; 255], b"OpusHead"].concat();
    let empty = [b"OggS".as_slice(), &[0; 10], &[7], &[0; 11], &[255], &[0; 255]].concat();
    let size = limits::VOICE_BYTES_MAX as usize;
    for part in [beginning, empty] {
        let note = Note::of(&file("note-01.ogg").bytes).file(50, |_| 0);
        let bytes = [note, part.repeat(size / part.len())].concat();
        let begun = std::time::Instant::now();
        let outcome = decoded(repaired(bytes));
        assert!(is_sound(&outcome), "{outcome:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_raised_flag_ends_decoding() {
    let abort = Abort::default();
    abort.raise();
    for (name, bytes) in corpus() {
        let audio = Media { mime: String::new(), bytes: bytes.into() };
        assert_eq!(decode(&audio, MINUTE, &abort).unwrap_err(), AudioError::Aborted, "{name}");
    }
}
