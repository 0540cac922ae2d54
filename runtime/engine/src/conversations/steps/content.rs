//! From a stored message to what an assistant sees: pictures and documents fetched, voice notes heard, all in
//! memory, and only after admission.

mod fetched;

use super::{Draft, Ending, Pause, Step, StepOutcome};
use crate::conversations::order::group;
use crate::decide::notices::Notice;
use crate::mailbox::voice::{Heard, IntakeError};
use async_trait::async_trait;
use greenroom_contract::assistant::{Content, Quoted, TurnMessage};
use greenroom_contract::audio::AudioError;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::message::{Body, Inbound, MediaRef, Quote};
use greenroom_contract::store::{Entry, EntryKind, Outcome};
use greenroom_contract::text::is_blank;
use greenroom_contract::trace::{Decision, Ignored};
use greenroom_contract::transcriber::{TranscribeError, Transcript};
use std::sync::Arc;

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
            let taken = take(draft, &inbound.body).await;
            match taken {
                Taken::Content(content, decision) => {
                    if let Some(what) = decision {
                        draft.note(what);
                    }
                    draft.messages.push(turn_message(inbound, content));
                }
                Taken::Later { reason } => {
                    let goes_without = holds_back_words(draft, entry, &inbound.body).await;
                    if !goes_without && let Some(pause) = pause(draft, entry, &reason) {
                        return Ending::from(pause).into();
                    }
                    draft.note(Decision::NotTaken { reason });
                    if goes_without {
                        draft.aside = Some(too_late(&inbound.body));
                    }
                    refused = Some(refusal(too_late(&inbound.body)));
                }
                Taken::NoRoom { reason } => {
                    tracing::info!(conversation = %entry.conversation, %reason, "a message cannot be prepared yet");
                    return Ending::from(Pause::For(limits::TURN_RETRY_PAUSE)).into();
                }
                Taken::NothingSaid(decision) => {
                    draft.note(decision);
                    refused = Some(nothing_said(entry.route().kind.is_group()));
                }
                Taken::Ignore(reason) => refused = Some(Ending::Stay(reason)),
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

/// Fetches what the one who is asked now looks at, and the one who was asked before did not. What cannot be fetched is left
/// out as before: the turn is under way.
pub(crate) async fn complete(draft: &mut Draft<'_>, messages: &mut [TurnMessage]) {
    for entry in draft.rows() {
        let EntryKind::Message(inbound) = &entry.kind else { continue };
        let has_none = |content: &Content| {
            matches!(content, Content::Image { media: None, .. } | Content::Document { media: None, .. })
        };
        let is_missing =
            |message: &&mut TurnMessage| message.message == inbound.key.message && has_none(&message.content);
        let Some(message) = messages.iter_mut().find(is_missing) else { continue };
        match take(draft, &inbound.body).await {
            Taken::Content(content, decision) => {
                message.content = content;
                if let Some(what) = decision {
                    draft.note(what);
                }
            }
            Taken::Later { reason } | Taken::NoRoom { reason } => draft.note(Decision::NotTaken { reason }),
            Taken::Notice(_, decision) | Taken::NothingSaid(decision) => draft.note(decision),
            Taken::Ignore(_) => {}
        }
    }
}

fn refusal(notice: Notice) -> Ending {
    Ending::Refuse { notice, outcome: Outcome::Answered }
}

/// What follows a voice note in which no words were found. In a direct chat the person waits for an answer; in
/// a group it would only disturb.
fn nothing_said(in_group: bool) -> Ending {
    if in_group {
        Ending::Stay(Ignored::NothingSaid)
    } else {
        Ending::Refuse { notice: Notice::NothingSaid, outcome: Outcome::Ignored(Ignored::NothingSaid) }
    }
}

/// How long to wait for better weather; `None` if that was long enough. Time without a connection
/// does not count: nothing could have been fetched.
fn pause(draft: &Draft<'_>, entry: &Entry, reason: &str) -> Option<Pause> {
    tracing::info!(conversation = %entry.conversation, %reason, "a message cannot be prepared yet");
    if !draft.card.is_connected_or_awaited() {
        return Some(Pause::UntilConnected);
    }
    let vitals = draft.card.vitals.lock().clone();
    // The clock may have been moved since it was accepted; how long it has been connected is certain.
    let (now, connected) = (draft.context.now(), vitals.since_instant.elapsed());
    let age = if now < entry.accepted_at { connected } else { connected.min(now.since(entry.accepted_at)) };
    let pause = (age / 2).clamp(limits::TURN_RETRY_PAUSE, limits::RESTART_PAUSE_MAX);
    (age < limits::INTAKE_AGE_MAX).then_some(Pause::For(pause))
}

/// Whether a picture or a document that cannot be fetched now would hold back words, of the same turn or behind it. They are answered
/// without it.
async fn holds_back_words(draft: &Draft<'_>, entry: &Entry, body: &Body) -> bool {
    let says_words = |row: &Entry| match &row.kind {
        EntryKind::Message(inbound) => row.sequence != entry.sequence && matches!(inbound.body, Body::Text(_)),
        EntryKind::Wake { .. } => false,
    };
    if !matches!(body, Body::Image { .. } | Body::Document { .. }) {
        return false;
    }
    if draft.rows().iter().any(says_words) {
        return true;
    }
    let waiting = draft.context.store.waiting(entry.conversation, limits::ROWS_PER_TURN_MAX).await;
    waiting.is_ok_and(|rows| rows.iter().any(says_words))
}

/// What is said about something that could not be fetched for long.
fn too_late(body: &Body) -> Notice {
    match body {
        Body::Voice { .. } => Notice::NotHeard,
        Body::Document { .. } => Notice::NotOpened,
        _ => Notice::NotSeen,
    }
}

fn turn_message(inbound: &Inbound, content: Content) -> TurnMessage {
    TurnMessage {
        message: inbound.key.message.clone(),
        sent_at: inbound.sent_at,
        quote: inbound.quote.clone().map(quoted),
        content,
    }
}

/// What the network tells of a quoted message.
fn quoted(quote: Quote) -> Quoted {
    let Quote { message, sender, text } = quote;
    Quoted { claimed: text.is_some(), ours: false, message, sender, text }
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
    /// It was heard, and there are no words in it.
    NothingSaid(Decision),
    /// It needs no answer.
    Ignore(Ignored),
    /// It cannot be taken in; the person gets a kind sentence.
    Notice(Notice, Decision),
    /// It may work later: weather, which counts no attempt.
    Later { reason: String },
    /// There is no room for it now.
    NoRoom { reason: String },
}

/// Takes a body in.
async fn take(draft: &mut Draft<'_>, body: &Body) -> Taken {
    match body {
        Body::Text(text) => Taken::Content(Content::Text(text.clone()), None),
        Body::Image { media, caption } if draft.needs().images => fetched::picture(draft, media, caption.clone()).await,
        Body::Image { caption, .. } => Taken::Content(Content::Image { media: None, caption: caption.clone() }, None),
        Body::Voice { media, .. } => voice(draft, media).await,
        Body::Choice { id, title } => Taken::Content(Content::Choice { id: id.clone(), title: title.clone() }, None),
        Body::Document { media, name, caption } if draft.needs().documents => {
            fetched::document(draft, media, name.clone(), caption.clone()).await
        }
        Body::Document { name, caption, .. } => {
            Taken::Content(Content::Document { media: None, name: name.clone(), caption: caption.clone() }, None)
        }
        Body::Location(location) => Taken::Content(Content::Location(location.clone()), None),
        Body::Contacts(contacts) => Taken::Content(Content::Contacts(contacts.clone()), None),
        Body::Reaction { to, emoji } => {
            Taken::Content(Content::Reaction { to: to.clone(), emoji: emoji.clone() }, None)
        }
        Body::Unsupported { kind, caption } => unsupported(kind, caption.as_deref()),
        Body::Unreadable(what) => {
            Taken::Notice(Notice::Unreadable(*what), Decision::NotTaken { reason: what.to_string() })
        }
        // The gate ends it before.
        Body::Event { kind } => Taken::Ignore(Ignored::Event { kind: kind.clone() }),
    }
}

fn unsupported(kind: &str, caption: Option<&str>) -> Taken {
    let kind = kind.to_owned();
    if let Some(caption) = caption.filter(|caption| !is_blank(caption)) {
        return Taken::Content(Content::Unsupported { kind, caption: caption.to_owned() }, None);
    }
    let step = Decision::NotTaken { reason: format!("a {kind} without words") };
    Taken::Notice(Notice::Unsupported(kind), step)
}

/// A voice note costs more than everything else, so it counts for the rates when it begins to be heard, whatever it says.
async fn voice(draft: &mut Draft<'_>, media: &MediaRef) -> Taken {
    let (context, first) = (Arc::clone(draft.context), draft.first());
    let (person, group) = (first.person, group(first));
    draft.counter.when_counted(move || context.books.rates.lock().count(person, group, context.steady()));
    match draft.context.hear(draft.card, media, &draft.counter).await {
        Ok(Heard { transcript, took }) => heard(transcript, took.as_millis() as u64),
        Err(error) => not_heard(&error),
    }
}

fn heard(transcript: Transcript, took_ms: u64) -> Taken {
    let step = Decision::Heard { took_ms, chars: transcript.text.chars().count() };
    if is_blank(&transcript.text) {
        Taken::NothingSaid(step)
    } else {
        Taken::Content(Content::Voice(transcript), Some(step))
    }
}

fn not_heard(error: &IntakeError) -> Taken {
    let notice = match error {
        IntakeError::Busy => return later(error.to_string()),
        IntakeError::Retry(reason) => return later(reason.clone()),
        IntakeError::Lost(_) | IntakeError::TooLarge { .. } => Notice::NotHeard,
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
