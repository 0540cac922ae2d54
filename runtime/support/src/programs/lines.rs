//! The program's output, line by line, within limits.

use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A line of output, without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// All of it.
    Whole(Vec<u8>),
    /// What was there when the output ended in the middle of a line.
    Half(Vec<u8>),
    /// It is longer than is read; this is its beginning, and the rest follows.
    TooLong(Vec<u8>),
}

/// The next line; `None` at the end. An output that fails has ended.
pub async fn next(reader: &mut (impl AsyncBufRead + Unpin), bytes_max: usize) -> Option<Line> {
    let mut line = Vec::new();
    let read = reader.take(bytes_max as u64 + 1).read_until(b'\n', &mut line).await;
    if line.is_empty() || (read.is_err() && !line.ends_with(b"\n")) {
        return None;
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
        return Some(Line::Whole(line));
    }
    Some(if line.len() > bytes_max { Line::TooLong(line) } else { Line::Half(line) })
}

/// Hands lines on until the output ends, or a line is too long, or no one takes them any more.
pub async fn hand_on(mut reader: impl AsyncBufRead + Unpin, bytes_max: usize, to: mpsc::Sender<Line>) {
    while let Some(line) = next(&mut reader, bytes_max).await {
        let last = matches!(line, Line::TooLong(_));
        if to.send(line).await.is_err() || last {
            return;
        }
    }
}

/// How much of a log is passed on.
#[derive(Debug, Clone, Copy)]
pub struct LogLimits {
    /// Bytes of one line. What is longer is passed on in pieces.
    pub line_bytes: usize,
    /// Lines in one window; the rest is counted.
    pub lines: u32,
    /// How long a window is.
    pub window: Duration,
}

/// What is passed on of a log.
#[derive(Debug, PartialEq, Eq)]
pub enum Logged<'a> {
    /// A line, or the beginning of a long one, as it was written: not safe to show.
    Line(&'a [u8]),
    /// What follows of a long line.
    Rest(&'a [u8]),
    /// So many lines were left out in a window that is over.
    LeftOut(u32),
}

/// Passes a log on, and not more of it than a person reads, until it ends.
pub async fn log(mut reader: impl AsyncBufRead + Unpin, limits: LogLimits, mut to: impl FnMut(Logged<'_>)) {
    let mut allowance = Allowance::new(Instant::now(), limits);
    let mut is_rest = false;
    while let Some(read) = next(&mut reader, limits.line_bytes).await {
        let was_cut = matches!(read, Line::TooLong(_));
        let (Line::Whole(line) | Line::Half(line) | Line::TooLong(line)) = read;
        let (passes, left_out) = allowance.take(Instant::now());
        if left_out > 0 {
            to(Logged::LeftOut(left_out));
        }
        if passes {
            to(if is_rest { Logged::Rest(&line) } else { Logged::Line(&line) });
        }
        is_rest = was_cut;
    }
}

/// How many lines of its log are passed on.
struct Allowance {
    limits: LogLimits,
    since: Instant,
    passed: u32,
    left_out: u32,
}

impl Allowance {
    fn new(now: Instant, limits: LogLimits) -> Self {
        Self { limits, since: now, passed: 0, left_out: 0 }
    }

    /// Whether one more line passes, and how many were left out in a window that is over.
    fn take(&mut self, now: Instant) -> (bool, u32) {
        let mut left_out = 0;
        if now.duration_since(self.since) >= self.limits.window {
            left_out = self.left_out;
            *self = Self::new(now, self.limits);
        }
        if self.passed < self.limits.lines {
            self.passed += 1;
            (true, left_out)
        } else {
            self.left_out += 1;
            (false, left_out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn all(mut output: &[u8], bytes_max: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(line) = next(&mut output, bytes_max).await {
            lines.push(line);
        }
        lines
    }

    #[tokio::test]
    async fn lines_end_where_they_end() {
        let whole = |text: &str| Line::Whole(text.into());
        assert_eq!(all(b"", 9).await, []);
        assert_eq!(all(b"a\n\nb\r\n", 9).await, [whole("a"), whole(""), whole("b")]);
        assert_eq!(all(b"a\nhalf", 9).await, [whole("a"), Line::Half("half".into())]);
        assert_eq!(all(b"123\n", 3).await, [whole("123")]);
        assert_eq!(all(b"12345\n", 3).await, [Line::TooLong("1234".into()), whole("5")]);
    }

    #[tokio::test]
    async fn the_rest_of_a_long_line_is_told_apart() {
        let limits = LogLimits { line_bytes: 3, lines: 9, window: Duration::from_secs(10) };
        let mut logged = Vec::new();
        let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
        let note = |line: Logged<'_>| match line {
            Logged::Line(line) => logged.push((text(line), false)),
            Logged::Rest(line) => logged.push((text(line), true)),
            Logged::LeftOut(_) => {}
        };
        log(&b"abcdefghij\nabc\n"[..], limits, note).await;
        let expected = [("abcd", false), ("efgh", true), ("ij", true), ("abc", false)];
        assert_eq!(logged, expected.map(|(line, is_rest)| (line.to_owned(), is_rest)));
    }

    #[test]
    fn a_flood_is_counted_and_a_quiet_program_is_not_held_up() {
        let limits = LogLimits { line_bytes: 9, lines: 200, window: Duration::from_secs(10) };
        let begin = Instant::now();
        let mut allowance = Allowance::new(begin, limits);
        let passed = (0..1_000).filter(|_| allowance.take(begin).0).count();
        assert_eq!(passed, 200);
        assert_eq!(allowance.take(begin + limits.window), (true, 800));
        assert_eq!(allowance.take(begin + limits.window), (true, 0));
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_allowed_and_nothing_is_lost(output in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), bytes_max in 1..20_usize) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let lines = runtime.block_on(all(&output, bytes_max));
            let mut bytes = 0;
            for line in &lines {
                let (Line::Whole(line) | Line::Half(line) | Line::TooLong(line)) = line;
                prop_assert!(line.len() <= bytes_max + 1);
                bytes += line.len();
            }
            let ends = output.iter().filter(|byte| **byte == b'\n' || **byte == b'\r').count();
            prop_assert!(bytes <= output.len() && bytes + ends >= output.len());
        }
    }
}
