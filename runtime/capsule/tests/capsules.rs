//! A capsule comes back as it was, or not at all.

// A test that cannot go on may panic anywhere, in its helpers too.
#![allow(clippy::unwrap_used)]

use greenroom_capsule::keys::generate;
use greenroom_capsule::writer::unlocked;
use greenroom_capsule::{CapsuleError, CapsuleReader, CapsuleWriter, Entry, Header, Key, Lock, Totals, limits};
use greenroom_contract::secret::Secret;
use greenroom_contract::store::StoredRow as Row;
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::Read;
use zeroize::Zeroizing;

fn header() -> Header {
    Header { made_at_ms: 7, made_by: "0.1.0".into(), instance: "ab".into(), schema: 2, fence: 9, moved: true }
}

fn row(number: u8, value: Vec<u8>) -> Row {
    Row { key: vec![b'v', number], sealed: number % 2 == 1, as_stored: false, value: Zeroizing::new(value) }
}

fn rows() -> Vec<Row> {
    (0..3).map(|number| row(number, vec![number; usize::from(number) * 20])).collect()
}

fn pair() -> (Lock, Key) {
    let (public, secret) = generate();
    (Lock::recipients(&[public]).unwrap(), Key::identities(&secret).unwrap())
}

fn written(lock: &Lock, rows: &[Row]) -> Vec<u8> {
    let mut writer = CapsuleWriter::new(Vec::new(), lock, &header()).unwrap();
    writer.file("greenroom.toml", b"[store]\n").unwrap();
    for row in rows {
        writer.row(row).unwrap();
    }
    let (file, totals) = writer.finish().unwrap();
    assert_eq!(totals, Totals { files: 1, rows: rows.len() as u64 });
    file
}

/// Everything in it, and only if its end fits.
fn all<R: Read>(mut reader: CapsuleReader<R>) -> Result<(Header, Vec<Entry>), CapsuleError> {
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push(entry);
    }
    Ok((reader.header().clone(), entries))
}

fn read(file: &[u8], key: &Key) -> Result<(Header, Vec<Entry>), CapsuleError> {
    all(CapsuleReader::open(file, key)?)
}

fn expected(rows: &[Row]) -> Vec<Entry> {
    let config = Entry::File { name: "greenroom.toml".into(), bytes: Zeroizing::new(b"[store]\n".to_vec()) };
    std::iter::once(config).chain(rows.iter().cloned().map(Entry::Row)).collect()
}

#[test]
fn what_was_put_in_comes_back_for_whoever_has_the_key_and_for_no_other() {
    let (lock, key) = pair();
    let file = written(&lock, &rows());
    assert_eq!(read(&file, &key).unwrap(), (header(), expected(&rows())));
    assert!(matches!(read(&file, &pair().1), Err(CapsuleError::NotOpened)));
    let phrase = |text: &str| Key::passphrase(&Secret::new(text));
    assert!(matches!(read(&file, &phrase("correct horse battery")), Err(CapsuleError::NotOpened)));
}

#[test]
fn a_passphrase_opens_what_it_locked_and_is_in_no_message() {
    let secret = Secret::new("correct horse battery");
    let lock = Lock::passphrase(&secret).unwrap();
    let file = written(&lock, &rows());
    assert_eq!(read(&file, &Key::passphrase(&secret)).unwrap().1, expected(&rows()));
    let wrong = read(&file, &Key::passphrase(&Secret::new("correct horse staple"))).unwrap_err();
    assert!(matches!(wrong, CapsuleError::NotOpened));
    let said = format!("{wrong} {wrong:?} {lock:?} {:?}", Key::passphrase(&secret));
    assert!(!said.contains("horse"), "{said}");
    assert!(matches!(Lock::passphrase(&Secret::new("short")), Err(CapsuleError::WeakPassphrase(_))));
}

#[test]
fn a_file_that_was_cut_anywhere_is_refused() {
    let (lock, key) = pair();
    let file = written(&lock, &rows());
    for length in 0..file.len() {
        let cut = read(&file[..length], &key);
        assert!(cut.is_err(), "{length} of {} bytes were taken for the whole", file.len());
    }
    let longer = [file.as_slice(), b"x"].concat();
    assert!(read(&longer, &key).is_err(), "what follows the end was passed over");
}

#[test]
fn a_bit_that_was_flipped_anywhere_is_noticed() {
    let (lock, key) = pair();
    let file = written(&lock, &rows());
    for at in 0..file.len() {
        let mut flipped = file.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(read(&flipped, &key).is_err(), "bit {} of byte {at}", at % 8);
    }
}

#[test]
fn a_cut_at_an_edge_of_the_encryption_is_refused_in_a_long_file() {
    let (lock, key) = pair();
    let long: Vec<Row> = (0..40).map(|number| row(number, vec![number; 9_000])).collect();
    let file = written(&lock, &long);
    assert!(file.len() > 5 * 65_552, "it has several parts");
    assert_eq!(read(&file, &key).unwrap().1, expected(&long));
    let first = file.len() % 65_552;
    for edge in (0..5).map(|part| first + part * 65_552) {
        for length in edge.saturating_sub(20)..(edge + 20).min(file.len() - 1) {
            assert!(read(&file[..length], &key).is_err(), "{length}");
        }
    }
}

#[test]
fn the_age_program_can_open_one() {
    // The library decrypts it without this crate: what is inside begins as documented.
    let identity = age::x25519::Identity::generate();
    let lock = Lock::recipients(&[identity.to_public().to_string()]).unwrap();
    let inside = age::decrypt(&identity, &written(&lock, &rows())).unwrap();
    assert!(inside.starts_with(b"greenroom capsule\n\x00\x01H"));
}

#[test]
fn a_newer_version_and_names_that_lead_elsewhere_are_refused() {
    let inside = unlocked(&header(), &[], &rows()).unwrap();
    let mut newer = inside.clone();
    newer[18..20].copy_from_slice(&2_u16.to_be_bytes());
    let opened = CapsuleReader::of_unlocked(newer.as_slice()).map(|_| ());
    assert!(matches!(opened, Err(CapsuleError::Newer(2))), "{opened:?}");
    for name in ["../x", "/etc/passwd", "a/../b", "", "a//b", "c:\\x", "a\\..\\b", "."] {
        let inside = unlocked(&header(), &[(name, b"x")], &[]).unwrap();
        let taken = all(CapsuleReader::of_unlocked(inside.as_slice()).unwrap());
        assert!(matches!(taken, Err(CapsuleError::Damaged(_))), "{name:?}: {taken:?}");
    }
}

#[test]
fn a_length_that_promises_much_takes_no_memory() {
    let mut inside = unlocked(&header(), &[], &[]).unwrap();
    let end = inside.iter().rposition(|byte| *byte == b'E').unwrap();
    inside.truncate(end);
    inside.push(b'R');
    inside.extend_from_slice(&u32::try_from(limits::FRAME_BYTES_MAX).unwrap().to_be_bytes());
    inside.extend_from_slice(&[0; 100]);
    assert!(matches!(all(CapsuleReader::of_unlocked(inside.as_slice()).unwrap()), Err(CapsuleError::Damaged(_))));
    inside.truncate(end + 1);
    inside.extend_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(all(CapsuleReader::of_unlocked(inside.as_slice()).unwrap()), Err(CapsuleError::Damaged(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rows_come_back(
        rows in vec((vec(any::<u8>(), 0..300), any::<bool>(), any::<bool>(), vec(any::<u8>(), 0..5_000)), 0..20),
    ) {
        let rows: Vec<Row> = rows
            .into_iter()
            .map(|(key, sealed, as_stored, value)| Row { key, sealed, as_stored, value: Zeroizing::new(value) })
            .collect();
        let (lock, key) = pair();
        prop_assert_eq!(read(&written(&lock, &rows), &key).unwrap().1, expected(&rows));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..600)) {
        let (_, key) = pair();
        prop_assert!(read(&bytes, &key).is_err());
        if let Ok(reader) = CapsuleReader::of_unlocked(bytes.as_slice()) {
            let _ = all(reader);
        }
        // Behind a right beginning.
        let mut inside = unlocked(&header(), &[], &[]).unwrap();
        inside.truncate(inside.len() - 2);
        inside.extend_from_slice(&bytes);
        let _ = all(CapsuleReader::of_unlocked(inside.as_slice()).unwrap());
    }
}
