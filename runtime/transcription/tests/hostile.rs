//! Whatever a stranger sends ends in sound or in a typed error: no panic, no unbounded memory.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::{MINUTE, file, fixture, media, wav};
use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::Abort;
use greenroom_transcription::decode::decode;
use greenroom_transcription::sound::{RATE_HZ, Sound};
use proptest::prelude::*;
use std::time::Duration;

/// Recordings of every kind that is decoded.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let mut corpus = Vec::new();
    for name in ["note-01.ogg", "silence.ogg"] {
        corpus.push((name.to_owned(), file(name).bytes.to_vec()));
    }
    for name in ["note-05.mp3", "note-05.m4a", "note-05.aac", "note-05-vorbis.ogg"] {
        corpus.push((name.to_owned(), std::fs::read(fixture("samples/formats").join(name)).unwrap()));
    }
    let tone: Vec<f32> = (0..20_000).map(|n| (n as f32 * 0.05).sin() * 0.4).collect();
    corpus.push(("stereo.wav".to_owned(), wav(44_100, 2, &tone)));
    corpus
}

fn decoded(bytes: Vec<u8>) -> Result<Sound, AudioError> {
    decode(&media("audio/ogg", bytes), MINUTE, &Abort::default())
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

/// Sets the checksums of all pages right, so that damage gets behind them.
fn repaired(mut ogg: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while at + 27 <= ogg.len() && ogg[at..].starts_with(b"OggS") {
        let segments = usize::from(ogg[at + 26]);
        let Some(lengths) = ogg.get(at + 27..at + 27 + segments) else { break };
        let end = at + 27 + segments + lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
        if end > ogg.len() {
            break;
        }
        ogg[at + 22..at + 26].fill(0);
        let mut sum: u32 = 0;
        for byte in &ogg[at..end] {
            sum ^= u32::from(*byte) << 24;
            for _ in 0..8 {
                sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 };
            }
        }
        ogg[at + 22..at + 26].copy_from_slice(&sum.to_le_bytes());
        at = end;
    }
    ogg
}

#[test]
fn every_recording_of_the_corpus_decodes() {
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
        which in 0usize..7,
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
        which in 0usize..7,
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
fn the_positions_of_the_pages_are_not_trusted() {
    let whole = file("note-01.ogg").bytes.to_vec();
    let length = decoded(whole.clone()).unwrap().samples().len();
    for position in [0, 1, u64::MAX, u64::MAX - 1, 1 << 60, 48_000] {
        let mut bytes = whole.clone();
        let last = bytes.windows(4).rposition(|part| part == b"OggS").unwrap();
        bytes[last + 6..last + 14].copy_from_slice(&position.to_le_bytes());
        let sound = decoded(repaired(bytes)).unwrap();
        // It may be cut shorter, but there is never more than the packets hold.
        assert!(sound.samples().len() <= length + 2_000, "{position}: {sound:?}");
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
