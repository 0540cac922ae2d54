//! The program's output, line by line, within limits.

use crate::limits::{LOG_LINE_BYTES_MAX, LOG_LINES_MAX, LOG_WINDOW};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::text;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A line of output, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// All of it.
    Whole(Vec<u8>),
    /// What was there when the output ended in the middle of a line.
    Half(Vec<u8>),
    /// It is longer than is read; this is its beginning, and the rest follows.
    TooLong(Vec<u8>),
}

/// The next line; `None` at the end. An output that fails has ended.
pub(crate) async fn next(reader: &mut (impl AsyncBufRead + Unpin), bytes_max: usize) -> Option<Line> {
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
pub(crate) async fn hand_on(mut reader: impl AsyncBufRead + Unpin, bytes_max: usize, to: mpsc::Sender<Line>) {
    while let Some(line) = next(&mut reader, bytes_max).await {
        let last = matches!(line, Line::TooLong(_));
        if to.send(line).await.is_err() || last {
            return;
        }
    }
}

/// Passes its log on: each line made safe to show, and not more of them than a person reads.
pub(crate) async fn log(mut reader: impl AsyncBufRead + Unpin, assistant: AssistantName) {
    let mut allowance = Allowance::new(Instant::now());
    while let Some(Line::Whole(line) | Line::Half(line) | Line::TooLong(line)) =
        next(&mut reader, LOG_LINE_BYTES_MAX).await
    {
        let (passes, left_out) = allowance.take(Instant::now());
        if left_out > 0 {
            tracing::warn!(%assistant, lines = left_out, "the program logged more than is shown");
        }
        if passes {
            let line = String::from_utf8_lossy(&line);
            tracing::info!(%assistant, "the program says: {}", text::one_line(&line));
        }
    }
}

/// How many lines of its log are passed on.
struct Allowance {
    since: Instant,
    passed: u32,
    left_out: u32,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { since: now, passed: 0, left_out: 0 }
    }

    /// Whether one more line passes, and how many were left out in a window that is over.
    fn take(&mut self, now: Instant) -> (bool, u32) {
        let mut left_out = 0;
        if now.duration_since(self.since) >= LOG_WINDOW {
            left_out = self.left_out;
            *self = Self::new(now);
        }
        if self.passed < LOG_LINES_MAX {
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

    #[test]
    fn a_flood_is_counted_and_a_quiet_program_is_not_held_up() {
        let begin = Instant::now();
        let mut allowance = Allowance::new(begin);
        let passed = (0..1_000).filter(|_| allowance.take(begin).0).count();
        assert_eq!(passed, LOG_LINES_MAX as usize);
        assert_eq!(allowance.take(begin + LOG_WINDOW), (true, 1_000 - LOG_LINES_MAX));
        assert_eq!(allowance.take(begin + LOG_WINDOW), (true, 0));
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
