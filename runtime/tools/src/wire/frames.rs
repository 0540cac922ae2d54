//! Bytes to lines, within limits, in pieces as they come. Pure.

use crate::limits::{ID_SOUGHT_BYTES_MAX, LINE_BYTES_MAX, LINE_SKIPPED_BYTES_MAX};

/// What the bytes so far say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole line, without its end.
    Line(Vec<u8>),
    /// A line is longer than is read; this is its beginning. It is passed over.
    TooLong(Vec<u8>),
    /// Such a line is over; this is its end.
    TooLongEnds(Vec<u8>),
    /// Such a line does not end.
    Endless,
}

/// Lines in the making.
#[derive(Debug)]
pub(crate) struct Frames {
    line: Vec<u8>,
    /// The line is too long: bytes that were passed over, and the last of them.
    skipped: Option<(usize, Vec<u8>)>,
    line_bytes_max: usize,
    skipped_bytes_max: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self::within(LINE_BYTES_MAX, LINE_SKIPPED_BYTES_MAX)
    }
}

impl Frames {
    fn within(line_bytes_max: usize, skipped_bytes_max: usize) -> Self {
        Self { line: Vec::new(), skipped: None, line_bytes_max, skipped_bytes_max }
    }

    /// Takes bytes, up to the end of a line at most: how many, and what they say.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, Option<Frame>) {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        let used = piece.len() + usize::from(end.is_some());
        let frame = match &mut self.skipped {
            Some((skipped, last)) => {
                *skipped += piece.len();
                last.extend_from_slice(&piece[piece.len().saturating_sub(ID_SOUGHT_BYTES_MAX)..]);
                last.drain(..last.len().saturating_sub(ID_SOUGHT_BYTES_MAX));
                if end.is_some() {
                    let last = std::mem::take(last);
                    self.skipped = None;
                    Some(Frame::TooLongEnds(last))
                } else {
                    (*skipped > self.skipped_bytes_max).then_some(Frame::Endless)
                }
            }
            None if self.line.len() + piece.len() > self.line_bytes_max => {
                let begin = std::mem::take(&mut self.line);
                // What is here of this line is looked at once more, as a part of what is passed over.
                let mut begin = if begin.is_empty() { piece.to_vec() } else { begin };
                self.skipped = Some((0, begin[begin.len().saturating_sub(ID_SOUGHT_BYTES_MAX)..].to_vec()));
                begin.truncate(ID_SOUGHT_BYTES_MAX);
                return (0, Some(Frame::TooLong(begin)));
            }
            None => {
                self.line.extend_from_slice(piece);
                end.map(|_| Frame::Line(self.whole()))
            }
        };
        (used, frame)
    }

    fn whole(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.line);
        line.pop_if(|last| *last == b'\r');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(pieces: &[&[u8]], line_bytes_max: usize) -> Vec<Frame> {
        let (mut frames, mut found) = (Frames::within(line_bytes_max, 1_000), Vec::new());
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let (used, frame) = frames.take(rest);
                rest = &rest[used..];
                found.extend(frame);
            }
        }
        found
    }

    fn line(text: &str) -> Frame {
        Frame::Line(text.into())
    }

    #[test]
    fn lines_come_in_pieces() {
        assert_eq!(all(&[b"a", b"b\nc\r\n\nd"], 9), [line("ab"), line("c"), line("")]);
        assert_eq!(all(&[b"123\n", b"half"], 3), [line("123"), Frame::TooLong("half".into())]);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_and_the_next_one_is_read() {
        for pieces in
            [&[&b"12345\nab\n"[..]][..], &[b"12", b"345", b"\nab\n"], &[b"1", b"2", b"3", b"4", b"5", b"\n", b"ab\n"]]
        {
            let found = all(pieces, 3);
            assert!(matches!(&found[0], Frame::TooLong(begin) if b"12345".starts_with(begin)), "{found:?}");
            assert!(matches!(&found[1], Frame::TooLongEnds(end) if end.ends_with(b"5")), "{found:?}");
            assert_eq!(found[2..], [line("ab")]);
        }
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let piece = [b'x'; 100];
        let found = all(&[&piece[..]; 12], 3);
        assert!(found.contains(&Frame::Endless), "{found:?}");
    }

    proptest! {
        /// However the bytes are cut into pieces, the lines within the limit are those that are there.
        #[test]
        fn pieces_make_no_difference(lines in prop::collection::vec("[ab]{0,6}", 0..12), cuts in prop::collection::vec(1..9_usize, 1..20)) {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            let (mut pieces, mut rest, mut cuts) = (Vec::new(), text.as_bytes(), cuts.into_iter().cycle());
            while !rest.is_empty() {
                let at = cuts.next().unwrap_or(1).min(rest.len());
                pieces.push(&rest[..at]);
                rest = &rest[at..];
            }
            let found: Vec<Frame> = all(&pieces, 4).into_iter().filter(|frame| matches!(frame, Frame::Line(_))).collect();
            let expected: Vec<Frame> = lines.iter().filter(|line| line.len() <= 4).map(|text| line(text)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
