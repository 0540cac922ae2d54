//! What happens, as it happens: server-sent events.

use super::{State, too_many};
use crate::errors::Refusal;
use crate::limits;
use crate::principal::{Allowed, Gate, Principal, Read};
use crate::view;
use axum::extract::State as Extracted;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event as Line, KeepAlive};
use futures::Stream;
use greenroom_client::EventView;
use greenroom_contract::time::Timestamp;
use greenroom_engine::EngineHandle;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The header with the number of the last event that a client has.
const LAST_EVENT_ID: &str = "last-event-id";

/// Server-sent events about the caller's sessions.
///
/// Each event has a number as its `id`; with it in the header `Last-Event-ID` the stream continues behind it, and begins with
/// an event `gap` if some in between are not kept any more. Without it there is what happens from now on. A comment comes at
/// least every 15 seconds. A stream ends after an hour at most, and when the program stops: connect again. No event holds
/// what people write, nor a code.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", operation_id = "events",
    params(("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, body = EventView, content_type = "text/event-stream")))]
pub(super) async fn stream(
    Allowed(caller, _): Allowed<Read>,
    Extracted(state): Extracted<State>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Line, Infallible>>>, Refusal> {
    let permit = Arc::clone(&state.streams).try_acquire_owned().map_err(|_| too_many(None))?;
    let newest = state.handle.newest_event();
    let now = *newest.borrow();
    // What is not a number was not given here: everything that is kept comes, behind a gap.
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    let resumed = headers.get(LAST_EVENT_ID).map(|id| id.to_str().map_or(0, number));
    let hello = line(&EventView::Hello { version: state.version.to_string(), newest: now });
    // Who has no number yet gets one to continue from.
    let hello = if resumed.is_none() { hello.id(now.to_string()) } else { hello };
    let ends_at = Instant::now() + time_left(&caller, state.clock.now());
    let watching = Watching {
        handle: state.handle.clone(),
        caller,
        cursor: resumed.unwrap_or(now),
        newest,
        stopping: state.stopping.clone(),
        gate: state.gate.clone(),
        ends_at,
        ready: VecDeque::from([hello]),
        _permit: permit,
    };
    let lines = futures::stream::unfold(watching, async |mut watching: Watching| {
        let line = watching.next().await?;
        Some((Ok(line), watching))
    });
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(limits::EVENT_HEARTBEAT_PAUSE)))
}

/// One stream. Holds a place in the log of the engine, and at most one batch of lines.
struct Watching {
    handle: EngineHandle,
    caller: Principal,
    gate: Gate,
    /// The number of the last event that was looked at.
    cursor: u64,
    newest: watch::Receiver<u64>,
    stopping: CancellationToken,
    ends_at: Instant,
    ready: VecDeque<Line>,
    _permit: OwnedSemaphorePermit,
}

impl Watching {
    /// The next line; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            // A log-in that was ended sees nothing more.
            if self.gate.is_revoked(&self.caller) {
                return None;
            }
            // Marked before the look, so that what comes during it is news.
            self.newest.mark_unchanged();
            let caller = &self.caller;
            let page =
                self.handle.events_after(self.cursor, limits::EVENTS_PER_BATCH, |event| caller.sees(&event.owner));
            self.cursor = page.newest;
            if page.gap {
                // Whoever comes back continues behind it, instead of hearing of it each time.
                let gap = line(&EventView::Gap { newest: *self.newest.borrow() });
                self.ready.push_back(gap.id(page.newest.to_string()));
            }
            let known = page.events.iter().filter_map(|event| Some((event.number, view::event(event)?)));
            self.ready.extend(known.map(|(number, event)| line(&event).id(number.to_string())));
            if self.ready.is_empty() {
                self.news().await?;
            }
        }
    }

    /// Waits until there may be more, and a moment longer, so that many events make few wake-ups.
    async fn news(&mut self) -> Option<()> {
        tokio::select! {
            () = self.stopping.cancelled() => return None,
            () = tokio::time::sleep_until(self.ends_at) => return None,
            () = tokio::time::sleep(limits::EVENT_HEARTBEAT_PAUSE) => return Some(()),
            changed = self.newest.changed() => changed.ok()?,
        }
        tokio::select! {
            () = self.stopping.cancelled() => None,
            () = tokio::time::sleep(limits::EVENTS_PAUSE) => Some(()),
        }
    }
}

/// How long a stream of this caller may last: no longer than what proves who they are.
fn time_left(caller: &Principal, now: Timestamp) -> Duration {
    let proof = caller.until.map(|until| until.plus(limits::TOKEN_LEEWAY_MAX).since(now));
    proof.map_or(limits::EVENT_STREAM_TIME_MAX, |proof| proof.min(limits::EVENT_STREAM_TIME_MAX))
}

/// An event without its number.
fn line(event: &EventView) -> Line {
    // Texts and numbers, so it cannot fail.
    let data = serde_json::to_string(event).unwrap_or_default();
    Line::default().event(event.name()).data(data)
}
