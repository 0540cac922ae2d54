//! A bad spot in a note costs what it hit, and the rest is heard.
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

mod common;

use common::ogg::{Note, POSITIONS, page, pages};
use common::{decoded, file, media, whisper};
use greenroom_contract::audio::AudioError;
use greenroom_contract::transcriber::{Abort, Transcriber};
use proptest::prelude::*;

const ON_A_PAGE: usize = 10;
/// Samples of one packet, and of one page.
const PACKET: usize = 320;
const PAGE: usize = PACKET * ON_A_PAGE;
const WORDS: &str = "how much is the blue phone";

fn note() -> Note {
    Note::of(&file("note-05.ogg").bytes)
}

fn right(packets: u64) -> u64 {
    packets * POSITIONS
}

fn length(file: Vec<u8>) -> usize {
    decoded(file).unwrap_or_else(|error| panic!("{error}")).samples().len()
}

fn words(file: Vec<u8>) -> String {
    whisper().transcribe(&media("audio/ogg", file), &Abort::default()).unwrap().text
}

/// What is done to a packet.
type Harm = fn(&mut Vec<u8>);
/// What is done to a file, where a page of it begins and ends.
type HarmAt = fn(&mut Vec<u8>, usize, usize);

/// What happens to packets.
const PACKETS: [(&str, Harm); 6] = [
    ("empty", Vec::clear),
    ("of an impossible length", |packet| packet[..2].copy_from_slice(&[0xff, 0xff])),
    ("cut to its first byte of two", |packet| {
        packet.truncate(1);
        packet[0] |= 3;
    }),
    ("of frames that are not there", |packet| *packet = vec![packet[0] | 3, 0x83, 200, 200, 1]),
    ("zeros", |packet| packet.fill(0)),
    ("noise", |packet| packet.iter_mut().enumerate().for_each(|(place, byte)| *byte ^= (place * 37 + 9) as u8)),
];

#[test]
fn a_bad_packet_is_a_lost_frame_wherever_it_is() {
    let whole = length(note().file(ON_A_PAGE, right));
    for (what, damage) in PACKETS {
        for at in (0..note().packets.len()).step_by(8).chain([1, 119, 120]) {
            let mut note = note();
            damage(&mut note.packets[at]);
            let damaged = length(note.file(ON_A_PAGE, right));
            // Noise may claim to be as short or as long as a packet can be.
            let noise = matches!(what, "noise" | "zeros");
            let (shortest, longest) = if noise { (40, 1_920) } else { (PACKET, PACKET) };
            assert!(
                (whole - PACKET + shortest..=whole - PACKET + longest).contains(&damaged),
                "{what} at {at}: {damaged} of {whole}"
            );
        }
        let mut note = note();
        damage(&mut note.packets[60]);
        assert_eq!(words(note.file(ON_A_PAGE, right)), WORDS, "{what}");
    }
}

#[test]
fn a_note_that_ends_with_an_empty_packet_is_heard() {
    // As small devices and some players end their recordings.
    let whole = length(note().file(ON_A_PAGE, right));
    let mut note = note();
    note.packets.push(Vec::new());
    assert!((whole..=whole + PACKET).contains(&length(note.file(ON_A_PAGE, right))));
    assert_eq!(words(note.file(1, right)), WORDS);
    // A last page with nothing on it at all.
    let mut file = note.file(ON_A_PAGE, right);
    file.extend(page(7, 30, 4, 0, &[]));
    assert_eq!(words(file), WORDS);
}

/// What happens to pages; each is given the file and where the page begins and ends.
const PAGES: [(&str, HarmAt); 8] = [
    ("a wrong checksum", |file, at, _| file[at + 22] ^= 1),
    ("one bit", |file, at, _| file[at + 40] ^= 4),
    ("no mark", |file, at, _| file[at] = b'X'),
    ("another version", |file, at, _| file[at + 4] = 1),
    ("more lengths than there are", |file, at, _| file[at + 26] = 255),
    ("a length that is too long", |file, at, _| file[at + 27] = 254),
    ("overwritten", |file, at, end| file[at..end].fill(0x55)),
    ("missing", |file, at, end| drop(file.drain(at..end))),
];

#[test]
fn an_unreadable_page_costs_itself_and_no_more() {
    let sound_file = note().file(ON_A_PAGE, right);
    let whole = length(sound_file.clone());
    let mut places = pages(&sound_file);
    places.push(sound_file.len());
    for (what, damage) in PAGES {
        for number in 2..places.len() - 1 {
            let mut file = sound_file.clone();
            damage(&mut file, places[number], places[number + 1]);
            let damaged = length(file);
            let least = if number < 4 && matches!(what, "a wrong checksum" | "one bit") { whole } else { whole - PAGE };
            assert!((least..=whole).contains(&damaged), "{what} on page {number}: {damaged} of {whole}");
        }
    }
    for (what, damage) in &PAGES[..2] {
        let mut file = sound_file.clone();
        damage(&mut file, places[6], places[7]);
        assert_eq!(words(file), WORDS, "{what}");
    }
}

#[test]
fn a_damaged_beginning_costs_nothing_of_what_was_said() {
    let sound_file = note().file(ON_A_PAGE, right);
    let whole = length(sound_file.clone());
    let places = pages(&sound_file);
    for (what, damage) in PAGES {
        for number in 0..2 {
            let mut file = sound_file.clone();
            damage(&mut file, places[number], places[number + 1]);
            // Without its head it is not known how much silence there is before the sound.
            let length = length(file);
            assert!(
                (whole - PACKET..=whole + PACKET).contains(&length),
                "{what} on page {number}: {length} of {whole}"
            );
        }
    }
}

#[test]
fn a_note_that_ends_early_is_what_is_there() {
    let file = note().file(ON_A_PAGE, right);
    let whole = length(file.clone());
    let begin = pages(&file)[2];
    let mut before = 0;
    for cut in (begin + 100..file.len()).step_by(97) {
        let Ok(sound) = decoded(file[..cut].to_vec()) else { panic!("cut to {cut}") };
        let length = sound.samples().len();
        let share = (cut - begin) as f64 / (file.len() - begin) as f64 * whole as f64;
        assert!(length >= before && length as f64 > share - 2.0 * PAGE as f64, "cut to {cut}: {length}, {share}");
        before = length;
    }
    assert_eq!(length(file[..file.len() - 1].to_vec()) / PACKET, whole / PACKET);
    assert_eq!(words(file[..file.len() - 1].to_vec()), WORDS);
}

#[test]
fn a_packet_over_two_pages_is_whole_or_lost() {
    let note = note();
    let whole = length(note.file(ON_A_PAGE, right));
    // Padding makes one packet longer than a page of 255 lengths.
    let mut long = note.packets[60].clone();
    let frame = long.split_off(1);
    let padding = 70_000usize;
    let packet =
        [vec![long[0] | 3, 0x41], vec![255; padding / 254], vec![0], frame, vec![0; padding / 254 * 254]].concat();
    let mut with = note.clone();
    with.packets[60] = packet;
    let mut writer = ogg::PacketWriter::new(std::io::Cursor::new(Vec::new()));
    let all = [vec![with.head.clone(), with.tags.clone()], with.packets.clone()].concat();
    for (place, packet) in all.iter().enumerate() {
        let end = match place {
            0 | 1 => ogg::PacketWriteEndInfo::EndPage,
            last if last + 1 == all.len() => ogg::PacketWriteEndInfo::EndStream,
            _ => ogg::PacketWriteEndInfo::NormalPacket,
        };
        writer.write_packet(packet.clone(), 7, end, right(place.saturating_sub(1) as u64)).unwrap();
    }
    let file = writer.into_inner().into_inner();
    assert_eq!(length(file.clone()), whole);
    let places = pages(&file);
    assert!(places.len() == 4, "the packet is on two pages");
    let without = [&file[..places[2]], &file[places[3]..]].concat();
    assert!(length(without) > whole / 3, "what came behind the lost beginning is heard");
}

#[test]
fn what_is_mostly_gone_is_damaged() {
    for (what, damage) in &PACKETS[..4] {
        let mut note = note();
        note.packets.iter_mut().step_by(3).for_each(damage);
        assert!(decoded(note.file(ON_A_PAGE, right)).is_ok(), "a third is {what}");
        note.packets = self::note().packets;
        note.packets[..80].iter_mut().for_each(damage);
        let refused = decoded(note.file(ON_A_PAGE, right)).unwrap_err();
        assert!(matches!(refused, AudioError::Damaged { .. }), "two thirds are {what}: {refused:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Anywhere behind the head.
    #[test]
    fn one_bad_spot_costs_two_pages_at_most(
        place in 0.0f64..1.0,
        noise in prop::collection::vec(any::<u8>(), 1..60),
        insert in any::<bool>(),
    ) {
        let mut file = note().file(ON_A_PAGE, right);
        let whole = length(file.clone());
        let begin = pages(&file)[2];
        let at = begin + ((file.len() - begin - 60) as f64 * place) as usize;
        let until = if insert { at } else { at + noise.len() };
        file.splice(at..until, noise);
        let damaged = length(file);
        prop_assert!((whole - 2 * PAGE - PACKET..=whole).contains(&damaged), "{} of {}", damaged, whole);
    }

    /// In pages with the right checksum.
    #[test]
    fn one_bad_packet_costs_itself(
        at in 0usize..121,
        from in 0usize..30,
        noise in prop::collection::vec(any::<u8>(), 1..60),
        insert in any::<bool>(),
    ) {
        let whole = length(note().file(ON_A_PAGE, right));
        let mut note = note();
        let packet = &mut note.packets[at];
        let from = from.min(packet.len());
        let until = if insert { from } else { (from + noise.len()).min(packet.len()) };
        packet.splice(from..until, noise);
        let damaged = length(note.file(ON_A_PAGE, right));
        prop_assert!((whole - PACKET..=whole + 1_920).contains(&damaged), "{} of {}", damaged, whole);
    }
}
