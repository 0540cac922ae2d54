//! A connection's bytes, watched: who is late, how much is held, and what is said about a head that is refused.

use super::place::{Place, Stage};
use crate::{errors, limits};
use bytes::{Buf, Bytes};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads and writes, and tells the place what happens.
pub(super) struct Watched<S> {
    stream: S,
    place: Place,
    /// The answer to a head that the HTTP library refused, with our body instead of none.
    complaint: Option<Bytes>,
    is_stalled: bool,
    /// Bytes that were thrown away after the last answer.
    thrown_away: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn new(stream: S, place: Place) -> Self {
        Self { stream, place, complaint: None, is_stalled: false, thrown_away: 0 }
    }

    fn write_complaint(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(complaint) = self.complaint.as_mut().filter(Buf::has_remaining) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, complaint))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            complaint.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads until the peer closes too, so that it sees the answer and no reset.
    fn throw_away(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        while self.thrown_away < limits::LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.thrown_away += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        if read > 0 && self.place.read(read).is_err() {
            self.place.turned_away();
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.complaint.is_some() || self.place.refuses_head() {
            self.complaint.get_or_insert_with(|| errors::instead_of(bytes));
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if written.is_pending() != self.is_stalled {
            self.is_stalled = written.is_pending();
            self.place.stalls(self.is_stalled);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_complaint(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.place.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_complaint(cx))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.place.stage() != Stage::Leaving {
            self.place.leaves();
        }
        self.throw_away(cx)
    }
}
