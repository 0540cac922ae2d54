//! From a stored message to what an assistant sees: pictures fetched, voice notes heard, all in
//! memory, and only after admission.

use super::{Draft, Ending, Step, StepOutcome};
use crate::context::{AccountCard, Context};
use crate::decide::notices::Notice;
use crate::decide::status::AccountStatus;
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::mailbox::voice::{Heard, IntakeError};
use crate::voice::fetch::fetch;
use async_trait::async_trait;
use greenroom_contract::assistant::{Content, Needs, TurnMessage};
use greenroom_contract::audio::AudioError;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Inbound, MediaRef};
use greenroom_contract::store::{Counted, Entry, EntryKind, Outcome};
use greenroom_contract::trace::{Decision, Ignored};
use greenroom_contract::transcriber::{TranscribeError, Transcript};
use std::sync::Arc;
use std::time::Duration;

/// Fetches and hears. Rows that cannot be taken in are left out, unless none remains; then the first of
/// them is settled without an answer.
pub(super) struct Contents;

#[async_trait]
impl Step for Contents {
    async fn apply(&self, draft: &mut Draft<'_>) -> StepOutcome {
        let mut refused = None;
        for entry in draft.rows() {
            let inbound = match &entry.kind {
                EntryKind::Message(inbound) => inbound,
                EntryKind::Wake { token, .. } => {
                    draft.messages.push(wake_message(entry, token));
                    continue;
                }
            };
            let taken = take(draft.context, draft.card, &inbound.body, draft.needs(), &draft.counter).await;
            match taken {
                Taken::Content(content, decision) => {
                    if let Some(what) = decision {
                        draft.note(what);
                    }
                    draft.messages.push(turn_message(inbound, content));
                }
                Taken::Later { reason } => {
                    if let Some(after) = pause(draft, entry, &reason) {
                        return Ending::Again { after, attempt: Counted::No }.into();
                    }
                    draft.note(Decision::NotTaken { reason });
                    refused = Some(refusal(too_late(&inbound.body)));
                }
                Taken::Ignore(reason, decision) => {
                    if let Some(what) = decision {
                        draft.note(what);
                    }
                    refused = Some(Ending::Stay(reason));
                }
                Taken::Notice(notice, decision) => {
                    draft.note(decision);
                    refused = Some(refusal(notice));
                }
            }
        }
        match refused {
            // What cannot be heard does not call the bot either, and nothing may show that it was tried.
            Some(_) if draft.messages.is_empty() && draft.listens => Ending::Stay(Ignored::NotAddressed).into(),
            Some(refused) if draft.messages.is_empty() => refused.into(),
            _ => StepOutcome::Continue,
        }
    }
}

fn refusal(notice: Notice) -> Ending {
    Ending::Refuse { notice, outcome: Outcome::Answered }
}

/// How long to wait for better weather; `None` if that was long enough. Time without a connection
/// does not count: nothing could have been fetched.
fn pause(draft: &Draft<'_>, entry: &Entry, reason: &str) -> Option<Duration> {
    tracing::info!(conversation = %entry.conversation, %reason, "a message cannot be prepared yet");
    let vitals = draft.card.vitals.lock().clone();
    if vitals.status != AccountStatus::Connected {
        return Some(limits::TURN_RETRY_PAUSE);
    }
    // The clock may have been moved since it was accepted; how long it has been connected is certain.
    let (now, connected) = (draft.context.now(), vitals.since_instant.elapsed());
    let age = if now < entry.accepted_at { connected } else { connected.min(now.since(entry.accepted_at)) };
    let pause = (age / 2).clamp(limits::TURN_RETRY_PAUSE, limits::RESTART_PAUSE_MAX);
    (age < limits::INTAKE_AGE_MAX).then_some(pause)
}

/// What is said about something that could not be fetched for long.
fn too_late(body: &Body) -> Notice {
    if matches!(body, Body::Voice { .. }) { Notice::NotHeard } else { Notice::NotSeen }
}

fn turn_message(inbound: &Inbound, content: Content) -> TurnMessage {
    TurnMessage {
        message: inbound.key.message.clone(),
        sent_at: inbound.sent_at,
        quote: inbound.quote.clone(),
        content,
    }
}

fn wake_message(entry: &Entry, token: &str) -> TurnMessage {
    // A wake-up has no message on the network; its row names it.
    let message = MessageId::new(format!("wake-{}", entry.sequence)).expect("a short text is a valid id");
    TurnMessage { message, sent_at: entry.accepted_at, quote: None, content: Content::Wake { token: token.to_owned() } }
}

/// What became of one message's body.
#[derive(Debug)]
enum Taken {
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
async fn take(
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
