//! What a file says about its own length never makes it shorter.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::ogg::{Note, POSITIONS};
use common::{decoded, file, media, whisper};
use greenroom_contract::transcriber::{Abort, Transcriber};
use greenroom_transcription::sound::Sound;
use proptest::prelude::*;

/// Positions that say nothing.
const UNKNOWN: u64 = u64::MAX;
/// Samples of 120 ms, the longest packet there is.
const PACKET_MAX: usize = 1_920;

fn note() -> Note {
    Note::of(&file("note-05.ogg").bytes)
}

fn sound(file: Vec<u8>) -> Sound {
    decoded(file).unwrap()
}

#[test]
fn a_note_is_heard_to_its_end_whatever_its_positions_count() {
    let whisper = whisper();
    let (single, threes) = (note(), note().in_threes());
    let spoken = |file: Vec<u8>| whisper.transcribe(&media("audio/ogg", file), &Abort::default()).unwrap().text;
    for (what, note, a_packet) in [
        // As browsers' notes become when they are put into Ogg by another program.
        ("20 ms for three frames of 20 ms", &threes, 960),
        ("the rate of the encoder", &single, 320),
        ("milliseconds", &single, 20),
        ("packets", &single, 1),
        ("nothing", &single, 0),
        ("far too much", &single, 1 << 40),
    ] {
        for on_a_page in [1, 3, 10, 50, 200] {
            let file = note.file(on_a_page, |packets| packets * a_packet);
            let expected = note.file(on_a_page, |_| UNKNOWN);
            assert_eq!(sound(file.clone()).samples(), sound(expected).samples(), "{what}, {on_a_page} on a page");
            if on_a_page == 10 {
                assert_eq!(spoken(file), "how much is the blue phone", "{what}");
            }
        }
    }
}

#[test]
fn the_end_that_the_last_page_leaves_out_is_left_out() {
    let note = note();
    let whole = sound(note.file(10, |_| UNKNOWN)).samples().len();
    let last = note.packets.len() as u64;
    for (on_a_page, surplus) in [(10, 0), (10, 1), (10, 600), (10, 959), (100, 300), (200, 300), (7, 960), (7, 1_900)] {
        // A recording that was cut out of a longer one counts from where it was.
        for begin in [0, 96_000] {
            let position = |packets| begin + packets * POSITIONS - if packets == last { surplus } else { 0 };
            let left = whole - sound(note.file(on_a_page, position)).samples().len();
            // With everything on one page nothing shows where it began.
            let expected = if on_a_page >= 100 && begin > 0 { 0 } else { surplus as usize / 3 };
            assert_eq!(left, expected, "{on_a_page} on a page, {surplus} too many, from {begin}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_position_and_no_beginning_shortens_the_sound(
        on_a_page in 1usize..120,
        positions in prop::collection::vec(prop_oneof![
            any::<u64>(),
            0u64..200_000,
            Just(UNKNOWN),
            Just(0),
        ], 130),
        right_until in 0usize..130,
        skip in any::<u16>(),
        threes in any::<bool>(),
    ) {
        let mut note = if threes { note().in_threes() } else { note() };
        note.head[10..12].fill(0);
        let whole = sound(note.file(on_a_page, |_| UNKNOWN));
        note.head[10..12].copy_from_slice(&skip.to_le_bytes());
        let right = if threes { POSITIONS * 3 } else { POSITIONS };
        let position = |packets: u64| {
            if (packets as usize) < right_until { packets * right } else { positions[packets as usize % 130] }
        };
        let said = sound(note.file(on_a_page, position));
        let skipped = whole.samples().len() - sound(note.file(on_a_page, |_| UNKNOWN)).samples().len();
        prop_assert!(skipped <= PACKET_MAX, "{} skipped", skipped);
        let left_out = whole.samples().len() - skipped - said.samples().len();
        prop_assert!(left_out <= PACKET_MAX, "{} left out", left_out);
        prop_assert_eq!(said.samples(), &whole.samples()[skipped..whole.samples().len() - left_out]);
    }
}
