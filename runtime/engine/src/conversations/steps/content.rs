//! From a stored message to what an assistant sees: pictures fetched, voice notes heard, all in
//! memory, and only after admission.

use crate::context::{AccountCard, Context};
use crate::decide::notices::Notice;
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::mailbox::voice::{Heard, IntakeError};
use crate::voice::fetch::fetch;
use greenroom_contract::assistant::{Content, Needs};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, MediaRef};
use greenroom_contract::trace::{Decision, Ignored};
use greenroom_contract::transcriber::{TranscribeError, Transcript};
use std::sync::Arc;

/// What became of one message's body.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It can be answered.
    Content(Content, Option<Decision>),
    /// There is nothing to answer.
    Ignore(Ignored, Option<Decision>),
    /// It cannot be taken in; the person gets a kind sentence.
    Notice(Notice, Decision),
    /// It may work later: weather, which counts no attempt.
    Later { reason: String },
}

/// Takes a body in.
pub(crate) async fn take(
    context: &Context,
    card: &AccountCard,
    body: &Body,
    needs: Needs,
    counter: &Arc<AttemptCounter>,
) -> Taken {
    match body {
        Body::Text(text) => Taken::Content(Content::Text(text.clone()), None),
        Body::Image { media, caption } if needs.images => image(card, media, caption.clone(), counter).await,
        Body::Image { caption, .. } => Taken::Content(Content::Image { media: None, caption: caption.clone() }, None),
        Body::Voice { media, .. } => voice(context, card, media, counter).await,
        Body::Reaction { to, emoji } => {
            Taken::Content(Content::Reaction { to: to.clone(), emoji: emoji.clone() }, None)
        }
        Body::Unsupported { kind, caption } => unsupported(kind, caption.as_deref()),
    }
}

fn unsupported(kind: &str, caption: Option<&str>) -> Taken {
    let kind = kind.to_owned();
    if let Some(caption) = caption.filter(|caption| !caption.trim().is_empty()) {
        return Taken::Content(Content::Unsupported { kind, caption: caption.to_owned() }, None);
    }
    let step = Decision::NotTaken { reason: format!("a {kind} without words") };
    Taken::Notice(Notice::Unsupported(kind), step)
}

async fn image(card: &AccountCard, media: &MediaRef, caption: Option<String>, counter: &AttemptCounter) -> Taken {
    let link = card.link.lock().clone();
    let Some(link) = link else { return later("not connected".to_owned()) };
    if let Err(error) = counter.count().await {
        return later(error.to_string());
    }
    match fetch(link.as_ref(), media, limits::IMAGE_BYTES_MAX).await {
        Ok(media) => Taken::Content(Content::Image { media: Some(media), caption }, None),
        Err(IntakeError::Retry(reason)) => later(reason),
        Err(error) => {
            let step = Decision::NotTaken { reason: format!("picture: {error}") };
            let has_words = caption.as_deref().is_some_and(|caption| !caption.trim().is_empty());
            if has_words {
                Taken::Content(Content::Image { media: None, caption }, Some(step))
            } else {
                Taken::Notice(Notice::NotSeen, step)
            }
        }
    }
}

async fn voice(context: &Context, card: &AccountCard, media: &MediaRef, counter: &Arc<AttemptCounter>) -> Taken {
    match context.hear(card, media, counter).await {
        Ok(Heard { transcript, took }) => heard(transcript, took.as_millis() as u64),
        Err(error) => not_heard(&error),
    }
}

fn heard(transcript: Transcript, took_ms: u64) -> Taken {
    let step = Some(Decision::Heard { took_ms, chars: transcript.text.chars().count() });
    if transcript.text.trim().is_empty() {
        Taken::Ignore(Ignored::NothingSaid, step)
    } else {
        Taken::Content(Content::Voice(transcript), step)
    }
}

fn not_heard(error: &IntakeError) -> Taken {
    let notice = match error {
        IntakeError::Busy => return later(error.to_string()),
        IntakeError::Retry(reason) => return later(reason.clone()),
        IntakeError::Lost(_) => Notice::NotHeard,
        IntakeError::Refused(refusal) => match refusal {
            TranscribeError::NotReady { .. } => Notice::CannotHearYet,
            TranscribeError::Audio(AudioError::TooLong { .. }) => Notice::VoiceTooLong,
            TranscribeError::Audio(AudioError::Format { .. }) => Notice::VoiceFormat,
            TranscribeError::Audio(AudioError::Damaged { .. } | AudioError::Aborted)
            | TranscribeError::Failed { .. } => Notice::NotHeard,
        },
    };
    Taken::Notice(notice, Decision::NotTaken { reason: format!("voice note: {error}") })
}

fn later(reason: String) -> Taken {
    Taken::Later { reason }
}
