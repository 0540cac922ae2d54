//! Pictures and documents, fetched into memory within the room that there is.

use super::{Taken, later};
use crate::context::Context;
use crate::conversations::steps::Draft;
use crate::decide::notices::Notice;
use crate::decide::picture as opening;
use crate::mailbox::voice::IntakeError;
use crate::voice::fetch::fetch;
use greenroom_contract::assistant::Content;
use greenroom_contract::limits;
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::text::is_blank;
use greenroom_contract::trace::Decision;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// A picture; without it the words below it, if there are any.
pub(super) async fn picture(draft: &mut Draft<'_>, media: &MediaRef, caption: Option<String>) -> Taken {
    let fetched = match fetched(draft, media, limits::IMAGE_BYTES_MAX).await {
        Ok(fetched) => fetched,
        Err(taken) => return taken,
    };
    let opened =
        fetched.and_then(|media| opening::opened(media).map_err(|reason| IntakeError::Lost(reason.to_string())));
    match opened {
        Ok(media) => Taken::Content(Content::Image { media: Some(media), caption }, None),
        Err(IntakeError::Retry(reason)) => later(reason),
        Err(error) => {
            let step = Decision::NotTaken { reason: format!("picture: {error}") };
            if has_words(caption.as_deref()) {
                Taken::Content(Content::Image { media: None, caption }, Some(step))
            } else {
                Taken::Notice(Notice::NotSeen, step)
            }
        }
    }
}

/// A document; without it the words below it, if there are any, and a sentence beside the answer that says so.
pub(super) async fn document(
    draft: &mut Draft<'_>,
    media: &MediaRef,
    name: Option<String>,
    caption: Option<String>,
) -> Taken {
    let fetched = match fetched(draft, media, limits::DOCUMENT_BYTES_MAX).await {
        Ok(fetched) => fetched,
        Err(taken) => return taken,
    };
    let has_bytes = |media: &Media| !media.bytes.is_empty();
    match fetched.and_then(|media| {
        has_bytes(&media).then_some(media).ok_or_else(|| IntakeError::Lost("it has 0 bytes".to_owned()))
    }) {
        Ok(media) => Taken::Content(Content::Document { media: Some(media), name, caption }, None),
        Err(IntakeError::Retry(reason)) => later(reason),
        Err(error) => {
            let step = Decision::NotTaken { reason: format!("document: {error}") };
            let too_large = matches!(error, IntakeError::TooLarge { .. });
            let notice = if too_large { Notice::DocumentTooLarge } else { Notice::NotOpened };
            if !has_words(caption.as_deref()) {
                return Taken::Notice(notice, step);
            }
            draft.aside = Some(notice);
            Taken::Content(Content::Document { media: None, name, caption }, Some(step))
        }
    }
}

fn has_words(caption: Option<&str>) -> bool {
    caption.is_some_and(|caption| !is_blank(caption))
}

/// A medium is held in memory until its assistant was asked, so a place there comes first, then room, then the medium.
/// Whoever waits for them has tried nothing: that is the outer error.
async fn fetched(draft: &mut Draft<'_>, media: &MediaRef, bytes_max: u64) -> Result<Result<Media, IntakeError>, Taken> {
    let link = draft.card.link.lock().clone();
    let Some(link) = link else { return Err(later("not connected".to_owned())) };
    if draft.place.is_none()
        && let Some(assistant) = draft.wiring.blueprint.assistant(&draft.assistant)
    {
        draft.place = draft.context.reserve(assistant).await;
        if draft.place.is_none() {
            return Err(Taken::NoRoom { reason: "too many turns wait for its assistant".to_owned() });
        }
    }
    let Some(mut room) = room(draft.context, bytes_max).await else {
        return Err(Taken::NoRoom { reason: "the media of other turns take all the room".to_owned() });
    };
    if let Err(error) = draft.counter.count().await {
        return Err(later(error.to_string()));
    }
    let fetched = fetch(link.as_ref(), media, bytes_max).await;
    let held = fetched.as_ref().map_or(0, |media| kib(media.bytes.len() as u64));
    drop(room.split(room.num_permits().saturating_sub(held as usize)));
    draft.media_room.push(room);
    Ok(fetched)
}

/// Room for the largest medium. Not for ever: those who hold it may wait for a place that the one who asks has.
async fn room(context: &Context, bytes_max: u64) -> Option<OwnedSemaphorePermit> {
    let room = Arc::clone(&context.media_room).acquire_many_owned(kib(bytes_max));
    tokio::time::timeout(limits::FETCH_TIMEOUT, room).await.ok()?.ok()
}

fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}
