//! A body in pieces, and how it ends.

use crate::hub::{Flight, Hub};
use crate::limits;
use crate::settings::Pieces;
use axum::body::Body as HttpBody;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Properly.
    Clean,
    /// The connection is cut.
    Cut,
    /// Never; nothing more comes.
    Stuck,
    /// Never; the present line goes on.
    Endless,
}

/// A body that waits to be sent.
#[derive(Debug)]
pub(crate) struct Body {
    pieces: VecDeque<Bytes>,
    end: End,
    pub(crate) pause: Option<Duration>,
}

impl Body {
    /// The events of a stream, or one whole body.
    pub(crate) fn new(texts: Vec<String>, how: Pieces) -> Self {
        let mut pieces = VecDeque::new();
        match how {
            Pieces::Bytes(most) => {
                let mut all = Bytes::from(texts.concat());
                while !all.is_empty() {
                    pieces.push_back(all.split_to(most.clamp(1, all.len())));
                }
            }
            Pieces::Events => pieces.extend(texts.into_iter().map(Bytes::from)),
            Pieces::InsideCharacters => texts.into_iter().for_each(|text| split(text, &mut pieces)),
        }
        Self { pieces, end: End::Clean, pause: None }
    }

    /// Ends it after so many bytes; a body that is shorter ends so after its last byte.
    pub(crate) fn stop(&mut self, bytes: usize, end: End) {
        let mut left = bytes;
        let mut kept = VecDeque::new();
        for piece in self.pieces.drain(..) {
            if left == 0 {
                break;
            }
            let taken = piece.slice(..left.min(piece.len()));
            left -= taken.len();
            kept.push_back(taken);
        }
        self.pieces = kept;
        self.end = end;
    }

    /// Keeps the first event and begins a line that never ends; a whole body is nothing but this.
    pub(crate) fn endless(&mut self, events: bool) {
        self.pieces.truncate(usize::from(events));
        let line: &'static str = if events { "data: {\"id\":\"" } else { "{\"id\":\"" };
        self.pieces.push_back(Bytes::from_static(line.as_bytes()));
        self.end = End::Endless;
    }
}

/// Cuts inside of one text; a long one has more characters of several bytes, and each cut is an HTTP chunk.
const CUTS_MAX: usize = 16;

/// Cuts inside characters of more than one byte.
fn split(text: String, pieces: &mut VecDeque<Bytes>) {
    let wide = text.char_indices().filter(|(_, c)| c.len_utf8() > 1);
    let cuts: Vec<usize> = wide.map(|(at, _)| at + 1).take(CUTS_MAX).collect();
    let mut rest = Bytes::from(text);
    let mut begin = 0;
    for cut in cuts {
        pieces.push_back(rest.split_to(cut - begin));
        begin = cut;
    }
    pieces.push_back(rest);
}

/// A body under way.
struct Sending {
    hub: Arc<Hub>,
    body: Body,
    endless_bytes: usize,
    failed: bool,
    _flight: Flight,
}

pub(crate) fn stream(hub: Arc<Hub>, body: Body, flight: Flight) -> HttpBody {
    let sending = Sending { hub, body, endless_bytes: 0, failed: false, _flight: flight };
    HttpBody::from_stream(futures::stream::unfold(sending, next))
}

async fn next(mut sending: Sending) -> Option<(io::Result<Bytes>, Sending)> {
    if sending.failed {
        return None;
    }
    if let Some(piece) = sending.body.pieces.pop_front() {
        if let Some(time) = sending.body.pause {
            sending.hub.pause(time).await;
        }
        return Some((Ok(piece), sending));
    }
    match sending.body.end {
        End::Clean => return None,
        // What was sent before is to leave first.
        End::Cut => tokio::task::yield_now().await,
        End::Endless if sending.endless_bytes < limits::ENDLESS_BYTES_MAX => {
            // Other tasks get their turn; the client's slowness is what holds this back.
            tokio::task::yield_now().await;
            sending.endless_bytes += limits::ENDLESS_PIECE_BYTES;
            return Some((Ok(Bytes::from_static(&[b'a'; limits::ENDLESS_PIECE_BYTES])), sending));
        }
        End::Stuck | End::Endless => sending.hub.closed().await,
    }
    sending.failed = true;
    Some((Err(io::Error::other("cut on demand")), sending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_inside_characters() {
        let body = Body::new(vec!["Grüße 🙂".into(), "ok".into()], Pieces::InsideCharacters);
        let broken = body.pieces.iter().filter(|piece| std::str::from_utf8(piece).is_err()).count();
        assert!(broken >= 3, "{:?}", body.pieces);
        assert_eq!(body.pieces.iter().flatten().copied().collect::<Vec<u8>>(), "Grüße 🙂ok".as_bytes());
    }

    #[test]
    fn a_body_stops_at_any_byte() {
        for bytes in 0..8 {
            let mut body = Body::new(vec!["äb".into(), "cd".into()], Pieces::InsideCharacters);
            body.stop(bytes, End::Cut);
            assert_eq!(body.pieces.iter().map(Bytes::len).sum::<usize>(), bytes.min(5));
        }
    }
}
