//! One turn: a fresh instance, a call, what came of it.

use super::failure::{Failed, Failure, of_error, words};
use super::loaded::Loaded;
use crate::bounds::{Log, LogLine, Meter, Metered, Room};
use crate::calls::{Refusal, Services, TurnState};
use crate::limits::TRANSFER_BYTES_MAX;
use crate::manifest::Asks;
use greenroom_contract::assistant::Bill;
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_documents::{MediaTable, Memory};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use wasmtime::{Store, UpdateDeadline};

/// A turn for a guest.
pub(crate) struct Job {
    /// The name of the plugin, for the log.
    pub(crate) plugin: String,
    /// The document of the turn.
    pub(crate) document: String,
    pub(crate) media: MediaTable,
    pub(crate) memory: Memory,
    pub(crate) services: Arc<Services>,
    /// Until when it is to be answered.
    pub(crate) until: Instant,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) person: Option<PersonId>,
    /// Where it is written what models cost that the guest asks, however its turn ends.
    pub(crate) bill: Bill,
}

/// What came of a turn.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The document of the answer, not looked at yet.
    pub(crate) document: String,
    /// What is remembered, if it was changed.
    pub(crate) memory: Option<Memory>,
    /// The media of the turn, and those that the guest made.
    pub(crate) media: MediaTable,
    pub(crate) log: Vec<LogLine>,
    /// How long it computed.
    pub(crate) own: Duration,
    /// Bytes of linear memory that it had at the end.
    pub(crate) memory_bytes: usize,
}

const MB: usize = 1024 * 1024;

impl Loaded {
    /// Gives a turn to a fresh instance.
    pub(crate) async fn run(&self, job: Job, asks: &Asks) -> Result<Ran, Failed> {
        let until = job.until;
        let waiting = until.saturating_duration_since(Instant::now()) / 2;
        // Its own share first: who waits for that holds up no other plugin.
        let places = async {
            let share = self.share.acquire_many(self.weight).await.ok()?;
            Some((share, self.sandbox.places.acquire_many(self.weight).await.ok()?))
        };
        let Ok(Some(place)) = timeout(waiting, places).await else {
            return Err(Failed { failure: Failure::Busy, away: None, log: Vec::new() });
        };
        let _ticking = self.sandbox.tick();
        let meter = Meter::new(Duration::from_millis(asks.own_ms.into()));
        let (mut store, document) = self.store(job, asks, &meter);
        let called = {
            let call = Box::pin(async {
                let plugin = self.pre.instantiate_async(&mut store).await?;
                plugin.greenroom_plugin_assistant().call_respond(&mut store, &document).await
            });
            timeout_at(until, Metered { meter: Arc::clone(&meter), future: call }).await
        };
        let room = store.data().room.bytes();
        let refused = store.data().room.was_refused();
        let mut state = store.into_data();
        // Only now the instance is gone.
        drop(place);
        let failure = match called {
            Ok(Ok(Ok(document))) => match bounded(document, asks.reply_kb as usize) {
                Ok(document) => {
                    return Ok(Ran {
                        document,
                        memory: state.memory_changed.then(|| std::mem::take(&mut state.memory)),
                        media: std::mem::take(&mut state.media),
                        log: state.log.end(),
                        own: meter.spent(),
                        memory_bytes: room,
                    });
                }
                Err(failure) => failure,
            },
            Ok(Ok(Err(said))) => Failure::Said { words: words(&said) },
            Ok(Err(error)) => of_error(&error, refused, asks.memory_mb as usize, &state.output.text()),
            Err(_) => Failure::TooSlow { ms: meter.spent().as_millis() },
        };
        Err(Failed { failure, away: state.away.take(), log: state.log.end() })
    }

    fn store(&self, job: Job, asks: &Asks, meter: &Arc<Meter>) -> (Store<TurnState>, String) {
        let room = Room::new(asks.memory_mb as usize * MB);
        let mut state = TurnState::new(job.services, room, Log::of(&job.plugin), job.until);
        state.memory = job.memory;
        state.memory_bytes_max = asks.state_kb as usize * 1024;
        state.media = job.media;
        (state.conversation, state.person, state.bill) = (job.conversation, job.person, job.bill);
        let mut store = Store::new(&self.sandbox.engine, state);
        store.limiter(|state| &mut state.room);
        store.set_hostcall_fuel(TRANSFER_BYTES_MAX);
        store.set_epoch_deadline(1);
        let meter = Arc::clone(meter);
        store.epoch_deadline_callback(move |_| {
            if meter.is_over() {
                return Err(Refusal::OwnTime { ms: meter.max().as_millis() }.into());
            }
            // Other turns get their share in between, and a deadline can end this one.
            Ok(UpdateDeadline::Yield(1))
        });
        (store, job.document)
    }
}

fn bounded(document: String, kb_max: usize) -> Result<String, Failure> {
    if document.len() <= kb_max * 1024 {
        return Ok(document);
    }
    Err(Failure::Reply { kb: document.len().div_ceil(1024), max: kb_max })
}
