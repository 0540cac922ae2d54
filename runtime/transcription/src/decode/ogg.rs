//! The recordings in an Ogg file: streams of Opus one after the other, whatever else is in the file.

use super::packet::Head;
use super::pages::{Page, Pages, Piece};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use zeroize::Zeroizing;

/// What the second packet of a stream begins with.
const TAGS: &[u8] = b"OpusTags";

/// One stream of Opus.
pub(super) struct Recording {
    /// Its head, or why that cannot be understood.
    pub(super) head: Result<Head, AudioError>,
    /// The packet of who made it.
    pub(super) tags: Zeroizing<Vec<u8>>,
    pub(super) packets: Vec<Packet>,
    /// Where its pages end.
    pub(super) marks: Vec<Mark>,
    /// Whether the last page that is there says that it is the last one.
    pub(super) ended: bool,
    /// Whether all of it was there and readable.
    pub(super) whole: bool,
}

/// One packet. An empty one was lost, or is none.
pub(super) struct Packet {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Whether it comes from a page with a wrong checksum.
    pub(super) doubtful: bool,
}

/// The end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Packets of the recording up to there.
    pub(super) packets: usize,
    /// Where the stream is there, at 48 kHz, if the page tells.
    pub(super) position: Option<u64>,
}

impl Recording {
    pub(super) fn new(head: Result<Head, AudioError>) -> Self {
        let (tags, packets, marks) = (Zeroizing::default(), Vec::new(), Vec::new());
        Self { head, tags, packets, marks, ended: false, whole: true }
    }

    /// Adds a packet, unless it is the one with the tags.
    pub(super) fn add(&mut self, bytes: &[u8], doubtful: bool) {
        if self.packets.is_empty() && self.tags.is_empty() && bytes.starts_with(TAGS) {
            self.tags = Zeroizing::new(bytes.to_vec());
        } else {
            self.packets.push(Packet { bytes: Zeroizing::new(bytes.to_vec()), doubtful });
        }
    }
}

/// The recordings of a file. They cannot be larger than the file; how many packets there are is limited.
pub(super) fn recordings(file: &[u8]) -> Result<Vec<Recording>, AudioError> {
    let mut reader = Reader::default();
    let mut pages = Pages::new(file);
    for page in pages.by_ref() {
        reader.take(&page)?;
    }
    reader.lose_unfinished();
    if let Some(last) = reader.recordings.last_mut() {
        last.whole &= pages.rest().is_empty();
    }
    Ok(reader.recordings)
}

/// The codec of the first stream whose codec has a name; Opus before all others.
pub(super) fn codec(file: &[u8]) -> Option<Codec> {
    let mut found = None;
    for packet in Pages::new(file).filter_map(|page| page.first_packet()) {
        if Head::begins(packet) || packet.starts_with(TAGS) {
            return Some(Codec::Opus);
        }
        let names: [(&[u8], Codec); 3] =
            [(b"\x01vorbis", Codec::Vorbis), (b"Speex", Codec::Other("speex")), (b"\x7fFLAC", Codec::Other("flac"))];
        let told = names.into_iter().find(|(mark, _)| packet.starts_with(mark));
        found = found.or(told.map(|(_, codec)| codec));
    }
    found
}

/// What is in an Ogg file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Opus,
    Vorbis,
    /// One that is not decoded here.
    Other(&'static str),
}

#[derive(Default)]
struct Reader {
    recordings: Vec<Recording>,
    packets: usize,
    /// The stream of the last recording, and the number of its last page.
    stream: u32,
    number: u32,
    /// A packet that continues on the next page.
    unfinished: Option<(Zeroizing<Vec<u8>>, bool)>,
    /// Whether something could not be read since the last page of this stream.
    damage: bool,
}

impl Reader {
    fn take(&mut self, page: &Page<'_>) -> Result<(), AudioError> {
        self.damage |= page.after_damage;
        let first = page.first_packet().unwrap_or_default();
        if self.begins(page, first) {
            return self.begin(page, first);
        }
        let Some(open) = self.recordings.last_mut().filter(|_| self.stream == page.stream) else { return Ok(()) };
        open.whole &= page.whole && !self.damage;
        // Programs that give all pages one number count nothing.
        let gap = self.damage || (page.number != self.number && page.number != self.number.wrapping_add(1));
        self.add(page, 0, gap)
    }

    /// Whether the page begins a recording: at the beginning of the file, or where another one has
    /// ended. What begins beside another one, such as a second language, is not heard.
    fn begins(&self, page: &Page<'_>, first: &[u8]) -> bool {
        let open = self.recordings.last();
        let free = open.is_none_or(|open| open.ended || !open.packets.is_empty());
        let lost_its_head = first.starts_with(TAGS) && open.is_none_or(|open| open.ended && page.stream != self.stream);
        (Head::begins(first) && free) || lost_its_head
    }

    fn begin(&mut self, page: &Page<'_>, first: &[u8]) -> Result<(), AudioError> {
        self.lose_unfinished();
        self.recordings.retain(|recording| !recording.packets.is_empty());
        if self.recordings.len() >= limits::AUDIO_STREAMS_MAX {
            return Err(super::damaged("too many streams"));
        }
        let has_head = Head::begins(first);
        let head = if has_head { Head::parse(first) } else { Ok(Head::LOST) };
        let whole = has_head && page.whole && !self.damage;
        self.recordings.push(Recording { whole, ..Recording::new(head) });
        self.stream = page.stream;
        self.add(page, usize::from(has_head), false)
    }

    /// Adds the packets of a page but the first ones.
    fn add(&mut self, page: &Page<'_>, skip: usize, gap: bool) -> Result<(), AudioError> {
        if gap || !page.continued() {
            self.lose_unfinished();
        }
        let mut rest_of_lost = page.continued() && self.unfinished.is_none();
        for piece in page.pieces().skip(skip) {
            if std::mem::take(&mut rest_of_lost) {
                // Its beginning, if it was there, was counted when it was lost.
                continue;
            }
            self.piece(piece, !page.whole)?;
        }
        (self.number, self.damage) = (page.number, false);
        if let Some(open) = self.recordings.last_mut() {
            open.marks.push(Mark { packets: open.packets.len(), position: page.position });
            open.ended = page.last();
        }
        Ok(())
    }

    fn piece(&mut self, piece: Piece<'_>, doubtful: bool) -> Result<(), AudioError> {
        let (mut bytes, before) = self.unfinished.take().unwrap_or_default();
        let doubtful = doubtful || before;
        if piece.cut {
            self.unfinished = Some((bytes, doubtful));
        } else if !piece.ends {
            bytes.extend_from_slice(piece.bytes);
            self.unfinished = Some((bytes, doubtful));
        } else if bytes.is_empty() {
            self.push(piece.bytes, doubtful)?;
        } else {
            bytes.extend_from_slice(piece.bytes);
            self.push(&bytes, doubtful)?;
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8], doubtful: bool) -> Result<(), AudioError> {
        self.packets += 1;
        if self.packets > limits::AUDIO_PACKETS_MAX {
            return Err(super::damaged("too many packets"));
        }
        if let Some(open) = self.recordings.last_mut() {
            open.add(bytes, doubtful);
        }
        Ok(())
    }

    /// A packet whose end is missing is lost.
    fn lose_unfinished(&mut self) {
        let lost = self.unfinished.take().is_some();
        if let Some(open) = self.recordings.last_mut().filter(|open| lost && !open.packets.is_empty()) {
            open.whole = false;
            open.add(&[], true);
        }
    }
}
