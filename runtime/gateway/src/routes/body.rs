//! Receives the body of a delivery, which may be a stranger's: in time, in bounds, and without a permit.

use crate::connections::Place;
use crate::errors::Refusal;
use crate::limits;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use greenroom_contract::limits::REQUEST_BYTES_MAX;
use std::future::poll_fn;
use std::pin::Pin;

/// All of a body. Its memory is held at the place until the answer left.
pub(super) async fn receive(headers: &HeaderMap, body: Body, place: &Place) -> Result<Bytes, Refusal> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > REQUEST_BYTES_MAX as u64) {
        return Err(turned_away(place, Refusal::too_large()));
    }
    place.receives();
    let declared = declared.and_then(|declared| usize::try_from(declared).ok());
    let all = tokio::time::timeout(limits::BODY_TIMEOUT, collect(body, declared, place)).await;
    all.unwrap_or_else(|_| {
        let seconds = limits::BODY_TIMEOUT.as_secs();
        let reason = format!("the body did not arrive within {seconds} seconds");
        Err(turned_away(place, Refusal::new(StatusCode::REQUEST_TIMEOUT, reason)))
    })
}

async fn collect(mut body: Body, declared: Option<usize>, place: &Place) -> Result<Bytes, Refusal> {
    let (mut pieces, mut length): (Vec<BytesMut>, usize) = (Vec::new(), 0);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame =
            frame.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the body could not be read to its end"))?;
        let Ok(mut data) = frame.into_data() else { continue };
        if length + data.len() > REQUEST_BYTES_MAX {
            return Err(turned_away(place, Refusal::too_large()));
        }
        while !data.is_empty() {
            if pieces.last().is_none_or(|piece| piece.len() == piece.capacity()) {
                // What is reserved is what is counted: never more than was announced.
                let usual = if pieces.is_empty() { limits::BODY_RESERVED_BYTES } else { limits::BODY_PIECE_BYTES };
                let left = declared.map_or(usual, |declared| declared.saturating_sub(length));
                let reserved = usual.min(left).max(1);
                let library = if pieces.len() == 1 { limits::READ_BUFFER_BYTES } else { 0 };
                place.take(reserved + library).await.map_err(|_| turned_away(place, no_room()))?;
                pieces.push(BytesMut::with_capacity(reserved));
            }
            let Some(piece) = pieces.last_mut() else { continue };
            let taken = data.split_to(data.len().min(piece.capacity() - piece.len()));
            piece.extend_from_slice(&taken);
            length += taken.len();
        }
    }
    if pieces.len() > 1 {
        // For as long as the pieces are put together there are two of each.
        place.take(length).await.map_err(|_| turned_away(place, no_room()))?;
        let mut whole = BytesMut::with_capacity(length);
        for piece in &pieces {
            whole.extend_from_slice(piece);
        }
        return Ok(whole.freeze());
    }
    Ok(pieces.pop().unwrap_or_default().freeze())
}

fn no_room() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many large requests at the same time; try again")
}

fn turned_away(place: &Place, refusal: Refusal) -> Refusal {
    place.turned_away();
    refusal
}
