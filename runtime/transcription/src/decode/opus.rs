//! Ogg/Opus, the format of voice notes.
//!
//! Opus decodes to any of its rates by itself, so nothing is resampled. How long the file is stands
//! in the first byte of each packet, so it is known before anything is decoded.

use super::ogg::{self, Packet};
use crate::sound::{RATE_HZ, Sound, duration};
use greenroom_contract::audio::AudioError;
use greenroom_contract::transcriber::Abort;
use ropus::{Channels, DecodeMode, Decoder};
use std::time::Duration;
use zeroize::Zeroizing;

/// Samples of the longest packet, 120 ms.
const PACKET_SAMPLES: usize = RATE_HZ as usize * 120 / 1_000;
/// Positions count at 48 kHz, whatever the encoder was given.
const POSITIONS_PER_SAMPLE: u64 = 48_000 / RATE_HZ as u64;

/// What the first packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) channels: u8,
    /// Positions to leave out at the beginning.
    skip: u16,
    /// In 256ths of a decibel.
    gain: i16,
}

impl Head {
    pub(super) fn parse(packet: &[u8]) -> Result<Self, AudioError> {
        let fields: &[u8; 19] = packet
            .get(..19)
            .and_then(|fields| fields.try_into().ok())
            .filter(|fields: &&[u8; 19]| fields.starts_with(b"OpusHead"))
            .ok_or_else(|| super::damaged("the head of the stream is too short"))?;
        let (version, channels, mapping) = (fields[8], fields[9], fields[18]);
        if version >= 16 || mapping != 0 || !(1..=2).contains(&channels) {
            return Err(super::not_understood(format!("opus with {channels} channels")));
        }
        let number = |at: usize| u16::from_le_bytes([fields[at], fields[at + 1]]);
        Ok(Self { channels, skip: number(10), gain: number(16).cast_signed() })
    }
}

pub(super) fn decode(file: &[u8], longest: Duration, abort: &Abort) -> Result<Sound, AudioError> {
    let packets = ogg::packets(file)?;
    let head = Head::parse(&packets.first().ok_or_else(|| super::damaged("it has no packets"))?.bytes)?;
    // The second packet holds tags.
    let audio = packets.get(2..).unwrap_or_default();
    let mut total: u64 = 0;
    for packet in audio {
        total += u64::from(samples_of(&packet.bytes)?);
    }
    if duration(total) > longest + Duration::from_millis(u64::from(head.skip) / 48) {
        return Err(super::too_long(longest));
    }
    let mut sound = Sound::with_capacity(total as usize);
    decode_packets(audio, head, &mut sound, abort)?;
    let skip = u64::from(head.skip) / POSITIONS_PER_SAMPLE;
    sound.trim(skip as usize, kept(audio, u64::from(head.skip)).unwrap_or(total) as usize);
    if sound.duration() > longest {
        return Err(super::too_long(longest));
    }
    Ok(sound)
}

fn decode_packets(audio: &[Packet], head: Head, sound: &mut Sound, abort: &Abort) -> Result<(), AudioError> {
    let mut decoder = Decoder::new(RATE_HZ, Channels::Mono).map_err(super::damaged)?;
    if head.gain != 0 {
        decoder.set_gain(i32::from(head.gain)).map_err(super::damaged)?;
    }
    let mut piece = Zeroizing::new([0.0f32; PACKET_SAMPLES]);
    for packet in audio {
        if abort.is_raised() {
            return Err(AudioError::Aborted);
        }
        let samples = decoder
            .decode_float(&packet.bytes, &mut piece[..], DecodeMode::Normal)
            .map_err(|error| super::damaged(format!("a packet cannot be decoded: {error}")))?;
        sound.extend(&piece[..samples.min(PACKET_SAMPLES)]);
    }
    Ok(())
}

/// How many samples remain between the skipped beginning and the end that the last page names;
/// `None` if the pages do not tell.
fn kept(audio: &[Packet], skip: u64) -> Option<u64> {
    let end = audio.iter().rev().find_map(|packet| packet.position)?;
    let first = audio.iter().position(|packet| packet.position.is_some())?;
    let mut first_page = 0;
    for packet in &audio[..=first] {
        first_page += u64::from(samples_of(&packet.bytes).ok()?) * POSITIONS_PER_SAMPLE;
    }
    // A stream that was cut out of a longer one does not begin at zero. A last page may end before
    // its packets do, and so may a first page that is the last one too.
    let begin = audio[first].position?.saturating_sub(first_page);
    let begin = if audio[first].last { 0 } else { begin };
    Some(end.checked_sub(begin + skip)? / POSITIONS_PER_SAMPLE)
}

/// How many samples a packet becomes, by its first bytes alone (RFC 6716, section 3.1).
fn samples_of(packet: &[u8]) -> Result<u32, AudioError> {
    let first = *packet.first().ok_or_else(|| super::damaged("an empty packet"))?;
    let configuration = first >> 3;
    let frame = match configuration {
        0..=11 => [160, 320, 640, 960][usize::from(configuration & 3)],
        12..=15 => [160, 320][usize::from(configuration & 1)],
        _ => [40, 80, 160, 320][usize::from(configuration & 3)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1).ok_or_else(|| super::damaged("a packet is too short"))? & 0x3f),
    };
    let samples = frame * frames;
    if frames == 0 || samples > PACKET_SAMPLES as u32 {
        return Err(super::damaged("a packet of an impossible length"));
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_packet_stands_in_its_first_bytes() {
        // SILK 60 ms, hybrid 20 ms, CELT 2.5 ms; one, two, and counted frames.
        assert_eq!(samples_of(&[3 << 3]), Ok(960));
        assert_eq!(samples_of(&[13 << 3 | 1]), Ok(640));
        assert_eq!(samples_of(&[16 << 3 | 3, 48]), Ok(1_920));
        for bad in [&[][..], &[3], &[3 << 3 | 3, 3], &[16 << 3 | 3, 0]] {
            assert!(samples_of(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_head_is_checked() {
        let mut head = *b"OpusHead\x01\x01\x38\x01\x80\x3e\x00\x00\x00\x01\x00";
        assert_eq!(Head::parse(&head), Ok(Head { channels: 1, skip: 312, gain: 256 }));
        assert!(Head::parse(&head[..18]).is_err());
        head[9] = 6;
        assert!(matches!(Head::parse(&head), Err(AudioError::Format { .. })));
    }
}
