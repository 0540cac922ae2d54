//! The Assistants supervisor and its hosts: concurrency limit, deadline, panic isolation.

use crate::context::{AssistantPart, Context};
use crate::decide::restart::Restart;
use crate::mailbox::assistants::{AssistantsMsg, Request};
use crate::mailbox::attempt_counter::AttemptCounter;
use crate::supervision::{Children, isolate};
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn, TurnFailure};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits;
use greenroom_contract::store::StoreError;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Supervises one host per configured assistant.
pub(crate) struct Assistants;

pub(crate) struct AssistantsState {
    context: Arc<Context>,
    parts: HashMap<AssistantName, Arc<AssistantPart>>,
    hosts: Children<AssistantName, Request>,
}

impl Actor for Assistants {
    type Msg = AssistantsMsg;
    type State = AssistantsState;
    type Arguments = (Arc<Context>, Vec<AssistantPart>);

    async fn pre_start(
        &self,
        myself: ActorRef<AssistantsMsg>,
        (context, parts): Self::Arguments,
    ) -> Result<AssistantsState, ActorProcessingErr> {
        let parts: HashMap<_, _> = parts.into_iter().map(|part| (part.name.clone(), Arc::new(part))).collect();
        let names: Vec<_> = parts.keys().cloned().collect();
        let mut state = AssistantsState { context, parts, hosts: Children::default() };
        for name in names {
            state.spawn(&myself, &name).await?;
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
            AssistantsMsg::Respond { assistant, request } => match state.hosts.find(&assistant) {
                // A host that just crashed drops the request; the asker sees that as a crash.
                Some(host) => drop(host.send_message(request)),
                None => drop(request.reply.send(Err(TurnFailure::Unknown { name: assistant }))),
            },
            AssistantsMsg::Respawn(name) => state.spawn(&myself, &name).await?,
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
            && let Some(name) = state.hosts.failed(who.get_id())
        {
            let (what, now) = (format!("assistant {name}"), state.context.now());
            let restart = state.hosts.crashed(&name, &what, &error, &state.context.crashes, now);
            if let Restart::After(pause) = restart {
                myself.send_after(pause, move || AssistantsMsg::Respawn(name));
            }
        }
        Ok(())
    }
}

impl AssistantsState {
    async fn spawn(
        &mut self,
        myself: &ActorRef<AssistantsMsg>,
        name: &AssistantName,
    ) -> Result<(), ActorProcessingErr> {
        let Some(part) = self.parts.get(name) else { return Ok(()) };
        self.hosts.spawn(name.clone(), AssistantHost, Arc::clone(part), myself.get_cell()).await?;
        Ok(())
    }
}

/// One configured assistant.
struct AssistantHost;

struct HostState {
    part: Arc<AssistantPart>,
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Actor for AssistantHost {
    type Msg = Request;
    type State = HostState;
    type Arguments = Arc<AssistantPart>;

    async fn pre_start(&self, _: ActorRef<Request>, part: Arc<AssistantPart>) -> Result<HostState, ActorProcessingErr> {
        let permits = Arc::new(Semaphore::new(part.turns_max.max(1)));
        Ok(HostState { part, permits, waiting: Arc::default() })
    }

    async fn handle(
        &self,
        _: ActorRef<Request>,
        request: Request,
        state: &mut HostState,
    ) -> Result<(), ActorProcessingErr> {
        if state.waiting.fetch_add(1, Ordering::Relaxed) >= limits::ASSISTANT_QUEUE_MAX {
            state.waiting.fetch_sub(1, Ordering::Relaxed);
            let busy = AssistantError::Retry { reason: "too many turns wait for it".into(), after: None };
            drop(request.reply.send(Err(busy.into())));
            return Ok(());
        }
        let part = Arc::clone(&state.part);
        let permits = Arc::clone(&state.permits);
        let waiting = Arc::clone(&state.waiting);
        tokio::spawn(async move {
            let Request { turn, counter, mut reply } = request;
            let answer = tokio::select! {
                () = reply.closed() => None,
                answer = answer(&part, &permits, &counter, *turn) => Some(answer),
            };
            waiting.fetch_sub(1, Ordering::Relaxed);
            if let Some(answer) = answer {
                // The asker may have gone in this very moment; then nobody needs the answer.
                let _ = reply.send(answer);
            }
        });
        Ok(())
    }
}

async fn answer(
    part: &AssistantPart,
    permits: &Semaphore,
    counter: &AttemptCounter,
    turn: Turn,
) -> Result<Answer, TurnFailure> {
    let _permit = permits.acquire().await;
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
