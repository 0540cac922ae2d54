//! What a guest writes to standard output and error: the last of it is kept, and nothing it writes ends it.

use crate::limits::OUTPUT_BYTES_MAX;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes that may be written at once.
const PERMIT_BYTES: usize = OUTPUT_BYTES_MAX;

/// The end of what was written. A runtime says at the end why it broke off, so the end is what is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// What was written, as far as it is kept.
    pub(crate) fn text(&self) -> String {
        self.0.lock().map(|kept| String::from_utf8_lossy(&kept).into_owned()).unwrap_or_default()
    }

    fn take(&self, bytes: &[u8]) {
        let Ok(mut kept) = self.0.lock() else { return };
        let bytes = &bytes[bytes.len().saturating_sub(OUTPUT_BYTES_MAX)..];
        let over = (kept.len() + bytes.len()).saturating_sub(OUTPUT_BYTES_MAX);
        kept.drain(..over);
        kept.extend_from_slice(bytes);
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_no_more() {
        let output = Output::default();
        for _ in 0..100 {
            output.take(&[b'a'; 1000]);
        }
        output.take(b"the reason");
        let text = output.text();
        assert!(text.len() == OUTPUT_BYTES_MAX && text.ends_with("the reason"));
        output.take(&vec![b'b'; OUTPUT_BYTES_MAX * 3]);
        assert_eq!(output.text(), "b".repeat(OUTPUT_BYTES_MAX));
    }
}
