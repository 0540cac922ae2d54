//! The pages of an Ogg file (RFC 3533), as many of them as can be read.
//!
//! What is damaged is left out, up to the next page: one bad spot costs what it hit and nothing else.

use greenroom_contract::limits;

/// What every page begins with.
pub(super) const MARK: &[u8] = b"OggS";
/// Bytes before the lengths of the segments.
const FIXED: usize = 27;

/// One page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    /// Which of the streams in the file it belongs to.
    pub(super) stream: u32,
    /// Its number in the stream.
    pub(super) number: u32,
    /// Where the stream is at its end; `None` if no packet ends in it.
    pub(super) position: Option<u64>,
    /// Whether all of it is there, with the right checksum.
    pub(super) whole: bool,
    /// Whether something before it could not be read.
    pub(super) after_damage: bool,
    /// The bytes before the segments.
    fixed: &'a [u8],
    segments: &'a [u8],
    body: &'a [u8],
}

/// Bytes of a packet in one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether the packet ends here.
    pub(super) ends: bool,
    /// Whether the file ended before it did.
    pub(super) cut: bool,
}

impl<'a> Page<'a> {
    /// Whether it begins with the rest of a packet of the page before.
    pub(super) fn continued(&self) -> bool {
        self.fixed[5] & 1 != 0
    }

    /// Whether it says that it is the last one.
    pub(super) fn last(&self) -> bool {
        self.fixed[5] & 4 != 0
    }

    /// What is in it, packet by packet.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'a>> {
        let (mut segments, mut body) = (self.segments, self.body);
        std::iter::from_fn(move || {
            let end = segments.iter().position(|length| *length < 255);
            let (mine, rest) = segments.split_at(end.map_or(segments.len(), |end| end + 1));
            let length: usize = mine.iter().copied().map(usize::from).sum();
            segments = rest;
            let (bytes, left) = body.split_at(length.min(body.len()));
            body = left;
            (!mine.is_empty()).then_some(Piece { bytes, ends: end.is_some(), cut: bytes.len() < length })
        })
    }

    /// The first packet, as far as it is in this page.
    pub(super) fn first_packet(&self) -> Option<&'a [u8]> {
        self.pieces().next().filter(|_| !self.continued()).map(|piece| piece.bytes)
    }

    /// Adds the page to a file, with the packets of which nothing is missing and with the right checksum.
    pub(super) fn write(&self, file: &mut Vec<u8>) {
        let (begin, mut body, mut segments) = (file.len(), self.body.len(), self.segments.len());
        if let Some(cut) = self.pieces().find(|piece| piece.cut) {
            body -= cut.bytes.len();
            let whole = self.pieces().take_while(|piece| !piece.cut);
            segments = whole.map(|piece| piece.bytes.len() / 255 + usize::from(piece.ends)).sum();
        }
        file.extend_from_slice(&self.fixed[..FIXED - 1]);
        file.push(segments as u8);
        file.extend_from_slice(&self.segments[..segments]);
        file.extend_from_slice(&self.body[..body]);
        let sum = checksum(&file[begin..]);
        file[begin + 22..begin + 26].copy_from_slice(&sum.to_le_bytes());
    }

    /// Reads the page at a place, and where it ends; `None` if there is none that makes sense.
    fn read(file: &'a [u8], at: usize) -> Option<(Self, usize)> {
        let rest = file.get(at..).filter(|rest| rest.starts_with(MARK))?;
        let fixed = rest.get(..FIXED).filter(|fixed| fixed[4] == 0)?;
        let segments = rest.get(FIXED..FIXED + usize::from(fixed[26]))?;
        let begin = FIXED + segments.len();
        let length = begin + segments.iter().copied().map(usize::from).sum::<usize>();
        let bytes = &rest[..length.min(rest.len())];
        let cut = bytes.len() < length;
        let whole = !cut && checksum(bytes) == number(fixed, 22);
        // A wrong length reaches into other pages, a wrong checksum alone does not.
        let beside_the_next = if cut { find(&bytes[begin..]).is_none() } else { begins_or_ends(&rest[length..]) };
        let position = u64::from(number(fixed, 6)) | u64::from(number(fixed, 10)) << 32;
        let page = Self {
            stream: number(fixed, 14),
            number: number(fixed, 18),
            position: Some(position).filter(|position| *position != u64::MAX),
            whole,
            after_damage: false,
            fixed,
            segments,
            body: &bytes[begin..],
        };
        (whole || beside_the_next).then_some((page, at + bytes.len()))
    }
}

/// The pages of a file, one after the other.
pub(super) struct Pages<'a> {
    file: &'a [u8],
    at: usize,
    unreadable: usize,
}

impl<'a> Pages<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { file, at: 0, unreadable: 0 }
    }

    /// What is behind the last page that could be read.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.file[self.at.min(self.file.len())..]
    }
}

impl<'a> Iterator for Pages<'a> {
    type Item = Page<'a>;

    fn next(&mut self) -> Option<Page<'a>> {
        let mut after_damage = false;
        // Each try costs a checksum, so that a file full of false beginnings would take long.
        while self.unreadable < limits::AUDIO_PAGES_UNREADABLE_MAX {
            if let Some((page, end)) = Page::read(self.file, self.at) {
                self.at = end;
                return Some(Page { after_damage, ..page });
            }
            self.unreadable += usize::from(self.file.get(self.at..)?.starts_with(MARK));
            after_damage = true;
            self.at += 1 + find(self.file.get(self.at + 1..)?)?;
        }
        None
    }
}

fn begins_or_ends(rest: &[u8]) -> bool {
    rest.is_empty() || rest.starts_with(MARK)
}

/// Where the next page may begin.
pub(super) fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|part| part == MARK)
}

fn number(fixed: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]])
}

/// The checksum of a page, as if the place of the checksum held zeros.
fn checksum(page: &[u8]) -> u32 {
    page.iter().enumerate().fold(0, |sum, (place, byte)| {
        let byte = if (22..26).contains(&place) { 0 } else { *byte };
        (sum << 8) ^ SUMS[usize::from((sum >> 24) as u8 ^ byte)]
    })
}

/// The checksums of all bytes.
static SUMS: [u32; 256] = {
    let mut sums = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = ((byte as u32) << 24, 0);
        while bit < 8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 };
            bit += 1;
        }
        sums[byte] = sum;
        byte += 1;
    }
    sums
};

#[cfg(test)]
mod tests {
    use super::*;
    use ogg::{PacketWriteEndInfo, PacketWriter};
    use std::io::Cursor;

    /// Pages with these packets, as another library writes them.
    fn file(pages: &[&[&[u8]]]) -> Vec<u8> {
        let mut writer = PacketWriter::new(Cursor::new(Vec::new()));
        for page in pages {
            for (place, packet) in page.iter().enumerate() {
                let last = place + 1 == page.len();
                let end = if last { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
                writer.write_packet(packet.to_vec(), 7, end, 5).unwrap();
            }
        }
        writer.into_inner().into_inner()
    }

    fn lengths(file: &[u8]) -> Vec<Vec<usize>> {
        Pages::new(file).map(|page| page.pieces().map(|piece| piece.bytes.len()).collect()).collect()
    }

    #[test]
    fn pages_of_another_library_are_read() {
        let long = vec![1; 70_000];
        let file = file(&[&[b"head"], &[b"a", b"", b"bcd"], &[&long]]);
        assert!(Pages::new(&file).all(|page| page.whole && !page.after_damage && page.stream == 7));
        // 65,025 bytes fit into a page.
        assert_eq!(lengths(&file), [vec![4], vec![1, 0, 3], vec![65_025], vec![4_975]]);
        let ends: Vec<_> = Pages::new(&file).map(|page| (page.continued(), page.position)).collect();
        assert_eq!(ends, [(false, Some(5)), (false, Some(5)), (false, None), (true, Some(5))]);
    }

    #[test]
    fn a_page_that_cannot_be_read_costs_itself_only() {
        let whole = file(&[&[b"head"], &[&[1; 100], &[2; 100]], &[b"end"]]);
        let second = 1 + find(&whole[1..]).unwrap();
        let change = |at: usize, value: u8| {
            let mut file = whole.clone();
            file[second + at] = value;
            file
        };
        // Its mark, its version, and how long it is.
        for damaged in [change(0, b'X'), change(4, 9), change(27, 101), change(27, 99)] {
            let found: Vec<_> = Pages::new(&damaged).map(|page| page.after_damage).collect();
            assert_eq!(found, [false, true], "{:?}", lengths(&damaged));
        }
        // Damage to the sound alone leaves the lengths as they are.
        let found: Vec<_> = Pages::new(&change(60, 9)).map(|page| page.whole).collect();
        assert_eq!(found, [true, false, true]);
        // The end is missing.
        let pieces: Vec<_> = Pages::new(&whole[..second + 150]).last().unwrap().pieces().collect();
        assert_eq!((pieces.len(), pieces[0].cut, pieces[1].cut, pieces[1].bytes.len()), (2, false, true, 21));
    }

    #[test]
    fn pages_are_written_as_they_were_read_without_what_is_missing() {
        let whole = file(&[&[b"head"], &[&[1; 300], &[2; 510], &[3; 10]]]);
        let written = |file: &[u8]| {
            let mut written = Vec::new();
            Pages::new(file).for_each(|page| page.write(&mut written));
            written
        };
        assert_eq!(written(&whole), whole);
        for (missing, lengths_left) in [(1, vec![300, 510]), (10, vec![300, 510]), (11, vec![300]), (521, vec![])] {
            let cut = written(&whole[..whole.len() - missing]);
            assert!(Pages::new(&cut).all(|page| page.whole), "{missing}");
            assert_eq!(lengths(&cut), [vec![4], lengths_left], "{missing}");
        }
        let mut damaged = whole.clone();
        damaged[whole.len() - 1] = 4;
        assert!(Pages::new(&written(&damaged)).all(|page| page.whole));
    }

    #[test]
    fn false_beginnings_are_given_up_soon() {
        let mut page = [b"OggS".as_slice(), &[0; 22], &[255], &[255; 255]].concat();
        page.push(1);
        let mut pages = Pages::new(&[]);
        let file = page.repeat(60_000);
        pages.file = &file;
        assert!(pages.next().is_none() && pages.unreadable == limits::AUDIO_PAGES_UNREADABLE_MAX);
    }
}
