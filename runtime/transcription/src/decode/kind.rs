//! What a file really is, whatever its declared type says, and where it begins.

use super::ogg::{self, Codec};
use super::{frames, pages};
use greenroom_contract::limits;

/// What a file is, with its bytes from where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Empty,
    Opus(&'a [u8]),
    Wave(&'a [u8]),
    /// Core Audio Format, Apple's.
    Caf(&'a [u8]),
    /// Matroska and WebM.
    Matroska(&'a [u8]),
    /// Vorbis in Ogg.
    Vorbis(&'a [u8]),
    /// MP3, AAC and MP4.
    Other(&'a [u8]),
    /// Something recognised that is not decoded here.
    Foreign(&'static str),
    Unknown,
}

pub(super) fn kind(file: &[u8]) -> Kind<'_> {
    if file.is_empty() {
        return Kind::Empty;
    }
    let sound = without_tags(file);
    let known = named(sound);
    if known != Kind::Unknown {
        return known;
    }
    let near = &sound[..sound.len().min(limits::AUDIO_BEGINNING_BYTES_MAX)];
    if let Some(at) = frames::first(near) {
        return Kind::Other(&sound[at..]);
    }
    pages::find(near).map_or(Kind::Unknown, |at| inside_ogg(&sound[at..]))
}

/// Passes over what recorders and shops put before the sound: zeros, and ID3.
fn without_tags(file: &[u8]) -> &[u8] {
    let mut rest = file;
    for _ in 0..limits::AUDIO_TAGS_MAX {
        let sound = rest.iter().position(|byte| *byte != 0).unwrap_or(rest.len());
        // The first box of MP4 begins with its length, of which the first bytes are zeros.
        if rest.get(4..8) != Some(b"ftyp") {
            rest = &rest[sound..];
        }
        let Some(behind) = behind_id3(rest) else { break };
        rest = behind;
    }
    rest
}

/// What follows a tag; its length has seven bits in each byte.
fn behind_id3(file: &[u8]) -> Option<&[u8]> {
    let head = file.get(..10).filter(|head| head.starts_with(b"ID3"))?;
    let length = head[6..].iter().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
    let foot = if head[5] & 0x10 == 0 { 0 } else { 10 };
    file.get(10 + length + foot..)
}

/// A kind that begins with its name.
fn named(file: &[u8]) -> Kind<'_> {
    let at = |place: usize, mark: &[u8]| file.get(place..).is_some_and(|rest| rest.starts_with(mark));
    if at(0, pages::MARK) {
        return inside_ogg(file);
    }
    if (at(0, b"RIFF") || at(0, b"RF64")) && at(8, b"WAVE") {
        return Kind::Wave(file);
    }
    // A frame of MPEG audio or AAC begins with eleven bits set, and a few of them may be damaged.
    if at(0, b"\xff") && file.get(1).is_some_and(|second| second & 0xe0 == 0xe0) {
        let near = &file[..file.len().min(limits::AUDIO_BEGINNING_BYTES_MAX)];
        return Kind::Other(&file[frames::first(near).unwrap_or(0)..]);
    }
    let names: [(usize, &[u8], Kind<'_>); 5] = [
        (0, b"#!AMR", Kind::Foreign("amr")),
        (0, b"fLaC", Kind::Foreign("flac")),
        (0, b"caff", Kind::Caf(file)),
        (0, b"\x1a\x45\xdf\xa3", Kind::Matroska(file)),
        (4, b"ftyp", Kind::Other(file)),
    ];
    names.into_iter().find(|(place, mark, _)| at(*place, mark)).map_or(Kind::Unknown, |(_, _, kind)| kind)
}

fn inside_ogg(file: &[u8]) -> Kind<'_> {
    match ogg::codec(file) {
        Some(Codec::Opus) => Kind::Opus(file),
        Some(Codec::Vorbis) => Kind::Vorbis(file),
        Some(Codec::Other(name)) => Kind::Foreign(name),
        None => Kind::Foreign("ogg"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_behind_tags_and_zeros() {
        let tag = b"ID3\x04\0\0\0\0\x01\x02".iter().chain(&[7; 130]).copied().collect::<Vec<u8>>();
        let wave = b"RIFF\0\0\0\0WAVE";
        assert_eq!(kind(wave), Kind::Wave(wave));
        assert_eq!(kind(&[&tag[..], wave].concat()), Kind::Wave(wave));
        assert_eq!(kind(&[&[0; 500], &tag[..], &[0; 3], &tag, wave].concat()), Kind::Wave(wave));
        let mp4 = b"\0\0\0\x20ftypM4A ";
        assert_eq!(kind(&[&tag[..], mp4].concat()), Kind::Other(mp4));
        assert_eq!(kind(b""), Kind::Empty);
        for unknown in [&[0; 100][..], b"<html>", &tag, &tag[..9], b"\0"] {
            assert_eq!(kind(unknown), Kind::Unknown, "{unknown:?}");
        }
    }
}
