//! What a model wants called, called.

use super::asked::Asked;
use super::house;
use super::progress::Progress;
use crate::limits::{
    CALLS_IN_FLIGHT_MAX, CALLS_PER_ROUND_MAX, CONFIRMED_CALLS_MAX, TOOL_ARGUMENTS_BYTES_MAX, TOOL_OUTPUT_BYTES_MAX,
};
use crate::prompt::label;
use crate::tools::catalog::Entry;
use crate::tools::house as own;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use greenroom_contract::assistant::{AssistantError, Note};
use greenroom_contract::model::{ToolCall, ToolOutput};
use greenroom_contract::text::bounded;
use greenroom_contract::tools::{Calling, ToolError, ToolReturn};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A call that is under way, or is to be.
struct Ready<'a> {
    at: usize,
    entry: &'a Entry,
    call: ToolCall,
}

/// The calls that a person has to agree to first.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Their places in the last round.
    pub(super) at: Vec<usize>,
    /// Whether one of them may have been made already, by a process that is gone.
    pub(super) in_doubt: bool,
}

/// What a person agreed to.
#[derive(Debug)]
pub(super) struct Confirmed {
    /// The place of the round whose calls waited.
    pub(super) round: usize,
    /// Which tools they were told, by the ids of the calls.
    pub(super) paths: Vec<(String, String)>,
}

impl Confirmed {
    /// Whether this is the tool that the person was asked about.
    fn is_of(&self, call: &ToolCall, entry: &Entry) -> bool {
        let path = self.paths.iter().find(|(id, _)| *id == call.id);
        path.is_none_or(|(_, path)| *path == entry.path())
    }
}

/// Makes the calls of the last round that have no output yet. Returns those that a person has to agree to first; they are not
/// made.
///
/// # Errors
/// It cannot be written down now that one begins which must not be made twice: none of them was made.
pub(super) async fn made(
    asked: &Asked<'_>,
    progress: &mut Progress,
    confirmed: Option<&Confirmed>,
    until: Instant,
) -> Result<Waiting, AssistantError> {
    let Some(round) = progress.open_round().cloned() else { return Ok(Waiting::default()) };
    let offered = asked.tools(progress);
    let (mut ready, mut waiting) = (Vec::new(), Waiting::default());
    for (at, call) in round.said.calls.iter().enumerate() {
        if round.outputs.get(at).is_none_or(Option::is_some) {
            continue;
        }
        let was_begun = round.begun.get(at).copied().unwrap_or_default();
        let failed = match refused(at, call, was_begun) {
            Some(why) => why,
            None if own::is_one(&call.name) && offered.iter().any(|spec| spec.name == call.name) => {
                let done = house::run(call, asked.turn, progress, &asked.llm.config.hand_over_to);
                let bytes = done.as_ref().unwrap_or_else(|why| why).len();
                let failed = done.is_err().then(|| "the arguments are wrong".to_owned());
                note(progress, call.name.clone(), Duration::ZERO, call, bytes, failed);
                let is_failed = done.is_err();
                end(progress, at, output(call, done.unwrap_or_else(|why| why), is_failed));
                continue;
            }
            None => match asked.catalog.find(&call.name) {
                None => "there is no tool of this name".to_owned(),
                Some(entry) if confirmed.is_some_and(|confirmed| !confirmed.is_of(call, entry)) => {
                    "the tool that the person agreed to is not there any more".to_owned()
                }
                Some(entry) if asks(entry, confirmed.is_some()) || in_doubt(asked, entry) => {
                    if waiting.at.len() < CONFIRMED_CALLS_MAX {
                        waiting.at.push(at);
                        waiting.in_doubt |= !asks(entry, confirmed.is_some());
                        continue;
                    }
                    "the person has to agree to this, and cannot be asked about so many calls in one go".to_owned()
                }
                Some(entry) => {
                    ready.push(Ready { at, entry, call: call.clone() });
                    continue;
                }
            },
        };
        note(progress, "unknown".to_owned(), Duration::ZERO, call, failed.len(), Some("it was not called".to_owned()));
        end(progress, at, output(call, failed, true));
    }
    // The process may end in the middle of a call: the next one has to know that there may have been one.
    if ready.iter().any(|one| !one.entry.offer.repeatable) {
        let begun = asked.turn.acting.begin().await;
        begun.map_err(|reason| AssistantError::Unavailable { reason, after: None })?;
    }
    run(asked, progress, ready, until).await;
    Ok(waiting)
}

/// Whether a person has to agree to a call of this tool, and has not.
fn asks(entry: &Entry, is_confirmed: bool) -> bool {
    entry.offer.confirm && !is_confirmed
}

/// Whether a call of this tool may be a second one, and two of them do more than one. Whatever was agreed to, it was agreed to
/// one of them.
fn in_doubt(asked: &Asked<'_>, entry: &Entry) -> bool {
    asked.is_doubtful && !entry.offer.repeatable
}

/// Why a call is not made, whichever tool it is.
fn refused(at: usize, call: &ToolCall, was_begun: bool) -> Option<String> {
    if was_begun {
        Some("it is not known what became of this call; it is not made a second time".to_owned())
    } else if at >= CALLS_PER_ROUND_MAX {
        Some("these are too many calls in one go".to_owned())
    } else if !call.arguments.is_object() && !call.arguments.is_null() {
        Some("the arguments are not an object".to_owned())
    } else if call.arguments.to_string().len() > TOOL_ARGUMENTS_BYTES_MAX {
        Some("the arguments are too large".to_owned())
    } else {
        None
    }
}

async fn run(asked: &Asked<'_>, progress: &mut Progress, ready: Vec<Ready<'_>>, until: Instant) {
    let (turn, person, conversation) = (asked.turn.id, asked.turn.person, asked.turn.conversation);
    for one in &ready {
        if let Some(begun) = progress.rounds.last_mut().and_then(|round| round.begun.get_mut(one.at)) {
            *begun = true;
        }
    }
    let calls = ready.into_iter().map(|one| -> BoxFuture<'_, _> {
        async move {
            let begin = Instant::now();
            let within = until.saturating_duration_since(begin);
            let calling = Calling { turn, person, conversation, within };
            let wanted = one.entry.call(&one.call);
            let unclear = || ToolError::Unclear {
                server: one.entry.server.name().to_string(),
                what: "it did not end in time".to_owned(),
            };
            let called = timeout(within, one.entry.server.call(&wanted, calling)).await;
            (one, begin.elapsed(), called.unwrap_or_else(|_| Err(unclear())))
        }
        .boxed()
    });
    let calls: Vec<_> = calls.collect();
    let mut calls = stream::iter(calls).buffer_unordered(CALLS_IN_FLIGHT_MAX);
    // Each is noted when it ends: what is given up in the middle keeps those that did.
    while let Some((one, took, became)) = calls.next().await {
        let failed = match &became {
            Ok(returned) => returned.failed.then(|| "the tool reported a failure".to_owned()),
            Err(ToolError::Refused { .. }) => Some("its server refused the call".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        let bytes = became.as_ref().map_or(0, size);
        note(progress, one.entry.path(), took, &one.call, bytes, failed);
        let output = match became {
            Ok(returned) => {
                let failed = returned.failed;
                output(&one.call, words(progress, returned), failed)
            }
            Err(error) => output(&one.call, error.to_string(), true),
        };
        end(progress, one.at, output);
    }
}

/// The words of a return, with the numbers of what came with them.
fn words(progress: &mut Progress, returned: ToolReturn) -> String {
    let mut text = bounded(&returned.text, TOOL_OUTPUT_BYTES_MAX);
    for file in returned.media {
        let (mime, bytes) = (label(&file.media.mime, 40), file.media.bytes.len());
        let name = file.name.as_deref().map(|name| format!(", {}", label(name, 80))).unwrap_or_default();
        let line = match progress.keep(file) {
            Some(number) => format!("\n(file {number}: {mime}{name}, {bytes} bytes)"),
            None => format!("\n(a file that is too much to keep: {mime}{name}, {bytes} bytes)"),
        };
        text.push_str(&line);
    }
    text
}

fn size(returned: &ToolReturn) -> usize {
    returned.text.len() + returned.media.iter().map(|file| file.media.bytes.len()).sum::<usize>()
}

fn output(call: &ToolCall, text: String, failed: bool) -> ToolOutput {
    ToolOutput { call: call.id.clone(), name: call.name.clone(), text, failed }
}

fn end(progress: &mut Progress, at: usize, output: ToolOutput) {
    if let Some(place) = progress.rounds.last_mut().and_then(|round| round.outputs.get_mut(at)) {
        *place = Some(output);
    }
}

#[allow(clippy::similar_names, reason = "each is the word for it")]
fn note(
    progress: &mut Progress,
    tool: String,
    took: Duration,
    call: &ToolCall,
    bytes_out: usize,
    failed: Option<String>,
) {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    progress.called(Note::Called {
        tool,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        bytes_in: number(call.arguments.to_string().len()),
        bytes_out: number(bytes_out),
        failed,
    });
}

/// Ends the calls of the last round that wait, without making them.
pub(super) fn left(progress: &mut Progress, why: &str) {
    let Some(round) = progress.open_round() else { return };
    for (call, place) in round.said.calls.iter().zip(&mut round.outputs) {
        if place.is_none() {
            *place = Some(output(call, why.to_owned(), true));
        }
    }
}
