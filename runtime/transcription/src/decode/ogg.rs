//! The packets of the first logical stream of an Ogg file.

use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use ogg::{OggReadError, PacketReader};
use std::io::Cursor;
use zeroize::Zeroizing;

/// One packet.
pub(super) struct Packet {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// The position at the end of its page, if it is the last one there and the page tells it.
    pub(super) position: Option<u64>,
    /// Whether it is the last one of the stream.
    pub(super) last: bool,
}

/// All packets. They cannot be larger than the file; how many they are is limited.
pub(super) fn packets(file: &[u8]) -> Result<Vec<Packet>, AudioError> {
    let mut reader = PacketReader::new(Cursor::new(file));
    let mut packets = Vec::new();
    let mut stream = None;
    while let Some(packet) = reader.read_packet().map_err(|error| damaged(&error))? {
        // Another stream in the same file is somebody's cover picture or the next song.
        if *stream.get_or_insert(packet.stream_serial()) != packet.stream_serial() {
            continue;
        }
        if packets.len() >= limits::AUDIO_PACKETS_MAX {
            return Err(super::damaged("too many packets"));
        }
        let position = Some(packet.absgp_page()).filter(|position| packet.last_in_page() && *position != u64::MAX);
        let last = packet.last_in_stream();
        packets.push(Packet { bytes: Zeroizing::new(packet.data), position, last });
        if last {
            break;
        }
    }
    Ok(packets)
}

fn damaged(error: &OggReadError) -> AudioError {
    match error {
        OggReadError::ReadError(_) => super::damaged("it ends in the middle"),
        other => super::damaged(other),
    }
}

/// The first packet of a file, which says what the stream is. It always has a page of its own.
pub(super) fn first_packet(file: &[u8]) -> Option<&[u8]> {
    const SEGMENTS_AT: usize = 26;
    let segments = usize::from(*file.get(SEGMENTS_AT)?);
    let lengths = file.get(SEGMENTS_AT + 1..SEGMENTS_AT + 1 + segments)?;
    let end = lengths.iter().position(|length| *length < 255)?;
    let length: usize = lengths[..=end].iter().map(|length| usize::from(*length)).sum();
    let begin = SEGMENTS_AT + 1 + segments;
    file.get(begin..begin + length).filter(|_| file.starts_with(b"OggS"))
}
