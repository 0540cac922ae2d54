//! Lines from a reader that cannot be waited for, such as standard input.
//!
//! A read of a terminal blocks until somebody types, and cannot be cancelled. So a thread of its own
//! reads, and hands lines over a bounded queue; the thread ends with the input or the process.

use greenroom_contract::limits;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// One reader, to be asked for lines by one link at a time.
pub(crate) struct Input {
    reader: Mutex<Option<Box<dyn Read + Send>>>,
    lines: tokio::sync::Mutex<Option<mpsc::Receiver<String>>>,
}

impl Input {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader: Mutex::new(Some(reader)), lines: tokio::sync::Mutex::new(None) }
    }

    /// The next line; `None` at the end of the input. Cancelling it loses no line.
    pub(crate) async fn line(&self) -> Option<String> {
        let mut lines = self.lines.lock().await;
        if lines.is_none() {
            *lines = Some(self.start());
        }
        lines.as_mut()?.recv().await
    }

    fn start(&self) -> mpsc::Receiver<String> {
        let (sender, receiver) = mpsc::channel(limits::CONSOLE_LINES_MAX);
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            let started = std::thread::Builder::new().name("console".to_owned()).spawn(move || read(reader, &sender));
            if let Err(error) = started {
                tracing::error!(%error, "the thread that reads the console did not start");
            }
        }
        receiver
    }
}

fn read(reader: Box<dyn Read + Send>, sender: &mpsc::Sender<String>) {
    let mut reader = BufReader::new(reader);
    while let Some(line) = next(&mut reader) {
        if sender.blocking_send(line).is_err() {
            return;
        }
    }
}

/// One line, at most as long as a message may be; the rest of a longer one becomes the next line.
/// Bytes that are not UTF-8 are replaced.
fn next(reader: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    let read = reader.take(limits::TEXT_BYTES_MAX as u64).read_until(b'\n', &mut bytes);
    match read {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn lines_are_bounded_and_bad_bytes_are_replaced() {
        let mut bytes = b"one\r\n\xfftwo\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', limits::TEXT_BYTES_MAX + 1));
        let mut reader = Cursor::new(bytes);
        assert_eq!(next(&mut reader).as_deref(), Some("one"));
        assert_eq!(next(&mut reader).as_deref(), Some("\u{fffd}two"));
        assert_eq!(next(&mut reader).map(|line| line.len()), Some(limits::TEXT_BYTES_MAX));
        assert_eq!(next(&mut reader).as_deref(), Some("x"));
        assert_eq!(next(&mut reader), None);
    }

    #[tokio::test]
    async fn more_lines_than_the_queue_holds_all_arrive() {
        let text = (0..100).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
        let input = Input::new(Box::new(Cursor::new(text)));
        for number in 0..100 {
            assert_eq!(input.line().await, Some(number.to_string()));
        }
        assert_eq!(input.line().await, None);
    }
}
