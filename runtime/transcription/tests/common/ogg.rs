//! Ogg files taken apart and put together again, as recorders, browsers and bad networks do.

use std::io::Cursor;

/// A file with Opus, taken apart.
#[derive(Clone)]
pub struct Note {
    pub head: Vec<u8>,
    pub tags: Vec<u8>,
    pub packets: Vec<Vec<u8>>,
}

/// Samples at 48 kHz of one packet of the recordings here, which are all of 20 ms.
pub const POSITIONS: u64 = 960;

impl Note {
    pub fn of(file: &[u8]) -> Self {
        let mut reader = ogg::PacketReader::new(Cursor::new(file));
        let mut packets = Vec::new();
        while let Some(packet) = reader.read_packet().unwrap() {
            packets.push(packet.data);
        }
        let audio = packets.split_off(2);
        Self { tags: packets.pop().unwrap(), head: packets.pop().unwrap(), packets: audio }
    }

    /// With three frames in each packet, as phones record.
    pub fn in_threes(&self) -> Self {
        let joined = self.packets.chunks_exact(3).filter_map(|frames| {
            let mut joined = ropus::OpusRepacketizer::new();
            let fit = frames.iter().all(|frame| joined.cat(frame, i32::try_from(frame.len()).unwrap()) == 0);
            let mut packet = vec![0; 4_000];
            let length = joined.out(&mut packet, 4_000);
            fit.then(|| packet[..length as usize].to_vec())
        });
        Self { packets: joined.collect(), ..self.clone() }
    }

    /// The file with so many packets on a page, the positions that `position` gives for so many packets,
    /// and the mark of the end.
    pub fn file(&self, on_a_page: usize, position: impl Fn(u64) -> u64) -> Vec<u8> {
        self.stream(7, on_a_page, position)
    }

    /// As [`Self::file`], with a name for the stream.
    pub fn stream(&self, name: u32, on_a_page: usize, position: impl Fn(u64) -> u64) -> Vec<u8> {
        let mut pages = vec![page(name, 0, 2, 0, &[&self.head[..]]), page(name, 1, 0, 0, &[&self.tags[..]])];
        let count = self.packets.len().div_ceil(on_a_page);
        for (number, packets) in self.packets.chunks(on_a_page).enumerate() {
            let until = (number * on_a_page + packets.len()) as u64;
            let flags = if number + 1 == count { 4 } else { 0 };
            let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
            pages.push(page(name, number as u32 + 2, flags, position(until), &packets));
        }
        pages.concat()
    }
}

/// One page with whole packets.
pub fn page(stream: u32, number: u32, flags: u8, position: u64, packets: &[&[u8]]) -> Vec<u8> {
    let mut segments = Vec::new();
    for packet in packets {
        segments.extend(std::iter::repeat_n(255, packet.len() / 255));
        segments.push((packet.len() % 255) as u8);
    }
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(position.to_le_bytes());
    page.extend(stream.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(segments.len()).unwrap());
    page.extend(segments);
    page.extend(packets.concat());
    repaired(page)
}

/// Where the pages of a sound file begin.
pub fn pages(file: &[u8]) -> Vec<usize> {
    (0..file.len().saturating_sub(3)).filter(|at| file[*at..].starts_with(b"OggS")).collect()
}

/// Sets the checksums of all pages right, so that damage gets behind them.
pub fn repaired(mut ogg: Vec<u8>) -> Vec<u8> {
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
