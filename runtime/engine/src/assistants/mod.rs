//! The Assistants supervisor and its hosts: concurrency limit, deadline, panic isolation, and the life of each assistant
//! beside its turns.

mod life;

use crate::context::Context;
use crate::decide::blueprint::{AssistantPart, Change};
use crate::mailbox::assistants::{AssistantsMsg, HostMsg, Request};
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::supervision::{Children, Describing, isolate};
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, TurnFailure};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::DropGuard;
use tracing::Instrument as _;

/// Supervises one host per assistant: those of the blueprint that holds, and those before for as long as a turn holds
/// on to them.
pub(crate) struct Assistants;

pub(crate) struct AssistantsState {
    context: Arc<Context>,
    hosts: Children<HostKey, HostMsg>,
    /// How many turns each host has taken and not answered.
    waiting: HashMap<HostKey, Arc<AtomicUsize>>,
    /// Whether replaced or removed assistants are looked for.
    sweeping: bool,
}

/// Which assistant a host runs: this very one, whatever is called like it later.
#[derive(Clone)]
struct HostKey {
    name: AssistantName,
    part: Weak<AssistantPart>,
}

impl HostKey {
    fn of(part: &Arc<AssistantPart>) -> Self {
        Self { name: part.name.clone(), part: Arc::downgrade(part) }
    }

    /// As health calls it.
    fn what(&self) -> String {
        what(&self.name)
    }
}

fn what(name: &AssistantName) -> String {
    format!("assistant {name}")
}

impl PartialEq for HostKey {
    fn eq(&self, other: &Self) -> bool {
        self.part.ptr_eq(&other.part)
    }
}

impl Eq for HostKey {}

impl Hash for HostKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.part.as_ptr().hash(state);
    }
}

impl Actor for Assistants {
    type Msg = AssistantsMsg;
    type State = AssistantsState;
    type Arguments = Arc<Context>;

    async fn pre_start(
        &self,
        myself: ActorRef<AssistantsMsg>,
        context: Arc<Context>,
    ) -> Result<AssistantsState, ActorProcessingErr> {
        let blueprint = Arc::clone(&context.wiring.load().blueprint);
        let mut state =
            AssistantsState { context, hosts: Children::default(), waiting: HashMap::new(), sweeping: false };
        for part in blueprint.assistant_parts() {
            state.spawn(&myself, part).await?;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<AssistantsMsg>,
        message: AssistantsMsg,
        state: &mut AssistantsState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AssistantsMsg::Respond { assistant, request } => {
                state.tell(&myself, &assistant, HostMsg::Respond(request)).await?;
            }
            AssistantsMsg::Reserve { assistant, reply } => {
                state.tell(&myself, &assistant, HostMsg::Reserve(reply)).await?;
            }
            AssistantsMsg::Respawn(part) => {
                if let Some(part) = part.upgrade() {
                    state.spawn(&myself, &part).await?;
                }
            }
            AssistantsMsg::Reconfigure(change) => match change {
                Change::AssistantAdded(part) if !state.hosts.contains(&HostKey::of(&part)) => {
                    state.spawn(&myself, &part).await?;
                }
                Change::AssistantReplaced(part) => {
                    state.gone(&part.name);
                    if !state.hosts.contains(&HostKey::of(&part)) {
                        state.spawn(&myself, &part).await?;
                    }
                    state.sweep_later(&myself);
                }
                Change::AssistantRemoved(name) => {
                    state.gone(&name);
                    state.sweep_later(&myself);
                }
                _ => {}
            },
            AssistantsMsg::Describe(reply) => state.describe(reply),
            AssistantsMsg::Sweep => state.sweep(&myself),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<AssistantsMsg>,
        event: SupervisionEvent,
        state: &mut AssistantsState,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, error) = event
            && let Some(key) = state.hosts.failed(who.get_id())
        {
            let now = state.context.steady();
            let restart = state.hosts.crashed(&key, &key.what(), &error, &state.context.crashes, now);
            myself.send_after(restart.pause(), move || AssistantsMsg::Respawn(key.part));
        }
        Ok(())
    }
}

impl AssistantsState {
    fn describe(&self, reply: Describing) {
        let waiting = |key: &HostKey| Some(self.waiting.get(key)?.load(Ordering::Relaxed) as u64);
        // Whoever asked may have gone.
        let _ = reply.send(self.hosts.described("assistant", |key| key.name.to_string(), waiting));
    }

    async fn tell(
        &mut self,
        myself: &ActorRef<AssistantsMsg>,
        assistant: &Arc<AssistantPart>,
        message: HostMsg,
    ) -> Result<(), ActorProcessingErr> {
        // The turn may have been faster than the news of its assistant, or slower than its end.
        if !self.hosts.contains(&HostKey::of(assistant)) {
            self.spawn(myself, assistant).await?;
            self.sweep_later(myself);
        }
        // A host that just crashed drops the request; the asker sees that as a crash.
        if let Some(host) = self.hosts.find(&HostKey::of(assistant)) {
            drop(host.send_message(message));
        }
        Ok(())
    }

    async fn spawn(
        &mut self,
        myself: &ActorRef<AssistantsMsg>,
        part: &Arc<AssistantPart>,
    ) -> Result<(), ActorProcessingErr> {
        // Of an earlier host of this assistant nothing waits any more.
        let waiting = Arc::default();
        self.waiting.insert(HostKey::of(part), Arc::clone(&waiting));
        let arguments = (Arc::clone(&self.context), Arc::clone(part), waiting);
        self.hosts.spawn(HostKey::of(part), AssistantHost, arguments, myself.get_cell()).await?;
        Ok(())
    }

    /// An assistant of this name is not the one any more that crashed, or that turns wait for.
    fn gone(&self, name: &AssistantName) {
        self.context.crashes.forget(&what(name));
        self.context.crashes.forget(&life::what(name));
        self.context.books.away.lock().back(name);
    }

    /// Lets hosts go that no turn can reach any more: of those only the host itself holds the assistant.
    fn sweep(&mut self, myself: &ActorRef<AssistantsMsg>) {
        self.sweeping = false;
        let blueprint = Arc::clone(&self.context.wiring.load().blueprint);
        let holds = |key: &HostKey| blueprint.assistant(&key.name).is_some_and(|part| HostKey::of(part) == *key);
        let earlier: Vec<HostKey> = self.hosts.iter().map(|(key, _)| key).filter(|key| !holds(key)).cloned().collect();
        let (idle, busy): (Vec<_>, Vec<_>) = earlier.into_iter().partition(|key| key.part.strong_count() <= 1);
        for key in idle {
            self.hosts.forgive(&key);
            self.waiting.remove(&key);
            if let Some(host) = self.hosts.remove(&key) {
                tracing::debug!(assistant = %key.name, "the last turn of an earlier assistant ended");
                host.stop(None);
            }
        }
        if !busy.is_empty() {
            self.sweep_later(myself);
        }
    }

    fn sweep_later(&mut self, myself: &ActorRef<AssistantsMsg>) {
        if !std::mem::replace(&mut self.sweeping, true) {
            myself.send_after(limits::EARLIER_PARTS_PAUSE, || AssistantsMsg::Sweep);
        }
    }
}

/// One configured assistant.
struct AssistantHost;

struct HostState {
    part: Arc<AssistantPart>,
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// Ends the life of the assistant when the host ends, however it does.
    _life: DropGuard,
}

impl Actor for AssistantHost {
    type Msg = HostMsg;
    type State = HostState;
    type Arguments = (Arc<Context>, Arc<AssistantPart>, Arc<AtomicUsize>);

    async fn pre_start(
        &self,
        _: ActorRef<HostMsg>,
        (context, part, waiting): Self::Arguments,
    ) -> Result<HostState, ActorProcessingErr> {
        let permits = Arc::new(Semaphore::new(part.turns_max.max(1)));
        let life = life::begin(&context, &part);
        Ok(HostState { part, permits, waiting, _life: life })
    }

    async fn handle(
        &self,
        _: ActorRef<HostMsg>,
        message: HostMsg,
        state: &mut HostState,
    ) -> Result<(), ActorProcessingErr> {
        let is_full = state.waiting.fetch_add(1, Ordering::Relaxed) >= limits::ASSISTANT_QUEUE_MAX;
        let waiting = Waiting(Arc::clone(&state.waiting));
        match message {
            HostMsg::Respond(request) if is_full => {
                let busy = AssistantError::Retry { reason: "too many turns wait for it".into(), after: None };
                drop(request.reply.send(Err(busy.into())));
            }
            HostMsg::Respond(request) => {
                let (part, permits) = (Arc::clone(&state.part), Arc::clone(&state.permits));
                let span = tracing::info_span!(parent: &request.span, "assistant", name = %part.name);
                tokio::spawn(async move { respond_to(&part, permits, request, waiting).await }.instrument(span));
            }
            // Whoever asked sees that there is no place.
            HostMsg::Reserve(_) if is_full => {}
            HostMsg::Reserve(reply) => {
                let permits = Arc::clone(&state.permits);
                tokio::spawn(async move { reserve(permits, reply, waiting).await });
            }
        }
        Ok(())
    }
}

/// Counts one that waits, as long as it lives.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn reserve(permits: Arc<Semaphore>, mut reply: oneshot::Sender<OwnedSemaphorePermit>, _waiting: Waiting) {
    let place = tokio::select! {
        () = reply.closed() => None,
        place = permits.acquire_owned() => place.ok(),
    };
    if let Some(place) = place {
        // If the asker has gone in this very moment the place is free again.
        let _ = reply.send(place);
    }
}

async fn respond_to(part: &AssistantPart, permits: Arc<Semaphore>, request: Request, _waiting: Waiting) {
    let Request { turn, counter, place, mut reply, .. } = request;
    let answer = tokio::select! {
        () = reply.closed() => None,
        answer = answer(part, permits, place, &counter, *turn) => Some(answer),
    };
    if let Some(answer) = answer {
        // The asker may have gone in this very moment; then nobody needs the answer.
        let _ = reply.send(answer);
    }
}

async fn answer(
    part: &AssistantPart,
    permits: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
    counter: &AttemptCounter,
    turn: Turn,
) -> Result<Answer, TurnFailure> {
    let _place = match place {
        Some(place) => Some(place),
        None => permits.acquire_owned().await.ok(),
    };
    let uncounted = |error: StoreError| AssistantError::Retry { reason: error.into(), after: None };
    counter.count().await.map_err(uncounted)?;
    respond(part.assistant.as_ref(), turn, part.timeout).await
}

/// Runs the assistant with a deadline; a panic becomes a value.
async fn respond(assistant: &dyn Assistant, turn: Turn, timeout: Duration) -> Result<Answer, TurnFailure> {
    // The call itself may panic before it returns a future, so it is made inside one.
    let run = isolate("assistant", async move { assistant.respond(turn).await });
    match tokio::time::timeout(timeout, run).await {
        Ok(Ok(answer)) => Ok(answer?),
        Ok(Err(reason)) => Err(TurnFailure::Crashed { reason }),
        Err(_) => Err(TurnFailure::TimedOut { seconds: timeout.as_secs() }),
    }
}
