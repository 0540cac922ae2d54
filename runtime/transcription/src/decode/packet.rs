//! What the packets of Opus say about themselves (RFC 6716, section 3.1, and RFC 7845, section 5.1).

use crate::sound::RATE_HZ;
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;

/// Samples of the longest packet, 120 ms.
pub(super) const LONGEST_SAMPLES: usize = RATE_HZ as usize * 120 / 1_000;
/// Positions count at 48 kHz, whatever the encoder was given.
pub(super) const POSITIONS_PER_SAMPLE: u64 = 48_000 / RATE_HZ as u64;

/// What the first packet of a stream says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) channels: u8,
    /// Positions to leave out at the beginning.
    skip: u16,
    /// The rate of what was encoded, in hertz: for information only.
    pub(super) rate_hz: u32,
    /// In 256ths of a decibel.
    pub(super) gain: i16,
}

impl Head {
    /// For streams whose head is lost.
    pub(super) const LOST: Self = Self { channels: 1, skip: 0, rate_hz: 0, gain: 0 };
    const MARK: &'static [u8] = b"OpusHead";

    pub(super) fn begins(packet: &[u8]) -> bool {
        packet.starts_with(Self::MARK)
    }

    pub(super) fn parse(packet: &[u8]) -> Result<Self, AudioError> {
        let fields: &[u8; 19] = packet
            .get(..19)
            .and_then(|fields| fields.try_into().ok())
            .filter(|fields: &&[u8; 19]| Self::begins(*fields))
            .ok_or_else(|| super::damaged("the head of the stream is too short"))?;
        let (version, channels, mapping) = (fields[8], fields[9], fields[18]);
        // Every mapping but the first has a table, which begins with the number of streams in a packet.
        let streams = if mapping == 0 { 1 } else { packet.get(19).copied().unwrap_or(1) };
        if version >= 16 || streams != 1 || !(1..=2).contains(&channels) {
            let what = format!("opus with {channels} channels in {streams} streams, version {version}");
            return Err(super::not_understood(what));
        }
        // MP4 has the same fields, of version 0 and the other way round.
        let two = |at: usize| {
            let bytes = [fields[at], fields[at + 1]];
            if version == 0 { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
        };
        let rate_hz = u32::from_le_bytes([fields[12], fields[13], fields[14], fields[15]]);
        Ok(Self { channels, skip: two(10), rate_hz, gain: two(16).cast_signed() })
    }

    /// Samples to leave out at the beginning.
    pub(super) fn skipped_samples(self) -> usize {
        let believable = if self.skip <= limits::OPUS_SKIP_POSITIONS_MAX { self.skip } else { 0 };
        usize::from(believable) / POSITIONS_PER_SAMPLE as usize
    }
}

/// How many samples a packet becomes, by its first bytes alone; `None` for what no encoder makes.
pub(super) fn samples_of(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let configuration = usize::from(first >> 3);
    let frame = match configuration {
        0..=11 => [160, 320, 640, 960][configuration & 3],
        12..=15 => [160, 320][configuration & 1],
        _ => [40, 80, 160, 320][configuration & 3],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 0x3f),
    };
    Some(frame * frames).filter(|samples| (1..=LONGEST_SAMPLES).contains(samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_packet_is_in_its_first_bytes() {
        // SILK 60 ms, hybrid 20 ms, CELT 2.5 ms; one, two, and counted frames.
        assert_eq!(samples_of(&[3 << 3]), Some(960));
        assert_eq!(samples_of(&[13 << 3 | 1]), Some(640));
        assert_eq!(samples_of(&[16 << 3 | 3, 48]), Some(1_920));
        for bad in [&[][..], &[3], &[3 << 3 | 3, 3], &[16 << 3 | 3, 0]] {
            assert_eq!(samples_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_head_is_checked() {
        let mut head = *b"OpusHead\x01\x01\x38\x01\x80\x3e\x00\x00\x00\x01\x00";
        let expected = Head { channels: 1, skip: 312, rate_hz: 16_000, gain: 256 };
        assert_eq!(Head::parse(&head), Ok(expected));
        assert_eq!(expected.skipped_samples(), 104);
        assert!(Head::parse(&head[..18]).is_err());
        head[9] = 6;
        assert!(matches!(Head::parse(&head), Err(AudioError::Format { .. })));
    }

    #[test]
    fn one_stream_is_understood_in_every_mapping() {
        let mono = b"OpusHead\x01\x01\x38\x01\x80\x3e\x00\x00\x00\x00\x01\x01\x00\x00";
        assert!(Head::parse(mono).is_ok());
        assert!(Head::parse(&mono[..19]).is_ok());
        let two = b"OpusHead\x01\x02\x38\x01\x80\x3e\x00\x00\x00\x00\x01\x02\x00\x00\x01";
        assert!(matches!(Head::parse(two), Err(AudioError::Format { .. })));
    }

    #[test]
    fn the_head_of_mp4_is_the_other_way_round() {
        let head = Head::parse(b"OpusHead\x00\x01\x01\x38\x00\x00\x3e\x80\x01\x00\x00").unwrap();
        assert_eq!((head.skip, head.gain), (312, 256));
    }

    #[test]
    fn a_beginning_of_more_than_a_packet_is_not_left_out() {
        let skipping = |skip| Head { skip, ..Head::LOST }.skipped_samples();
        assert_eq!((skipping(3_840), skipping(5_760), skipping(5_761), skipping(u16::MAX)), (1_280, 1_920, 0, 0));
    }
}
