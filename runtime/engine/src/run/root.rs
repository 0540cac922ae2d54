//! The root of the tree. Starts consumers before producers, stops in reverse; its failure ends the
//! engine, and the process with it.

use crate::accounts::Accounts;
use crate::assistants::Assistants;
use crate::context::{Context, Supervisors};
use crate::conversations::Conversations;
use crate::decide::restart::{Restart, Restarts};
use crate::mailbox::conversations::ConversationsMsg;
use crate::mailbox::sessions::ChannelsMsg;
use crate::run::handle::{Drained, EndReason, EngineHandle};
use crate::run::service::Service;
use crate::sessions::Channels;
use crate::supervision::isolate;
use crate::voice::transcriptions::Transcriptions;
use greenroom_contract::limits;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

pub(crate) enum RootMsg {
    /// Stop taking, let running work finish up to this long, then end.
    Drain(Duration),
    /// Running work has finished, or its time is over.
    Drained(EndReason),
    /// Every input came to its end and everything was answered and sent.
    Finished,
    /// A service ended by itself.
    ServiceEnded { service: Arc<dyn Service>, reason: String },
    /// It comes back.
    Restart(Arc<dyn Service>),
    /// Tell which services there are, and how often each one was started again.
    Describe(oneshot::Sender<Vec<(&'static str, u64)>>),
}

pub(crate) struct Root;

pub(crate) struct RootArguments {
    pub(crate) context: Arc<Context>,
    pub(crate) services: Vec<Arc<dyn Service>>,
    pub(crate) ended: watch::Sender<Option<EndReason>>,
    pub(crate) handle: EngineHandle,
}

pub(crate) struct RootState {
    context: Arc<Context>,
    services: Vec<Arc<dyn Service>>,
    handle: EngineHandle,
    ended: watch::Sender<Option<EndReason>>,
    /// Ends the services.
    stop: CancellationToken,
    /// In the order of their start.
    children: Vec<ActorCell>,
    restarts: HashMap<&'static str, Restarts>,
    /// How often each service was started again.
    service_restarts: HashMap<&'static str, u64>,
    draining: bool,
}

impl Actor for Root {
    type Msg = RootMsg;
    type State = RootState;
    type Arguments = RootArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<RootMsg>,
        arguments: RootArguments,
    ) -> Result<RootState, ActorProcessingErr> {
        let RootArguments { context, services, ended, handle } = arguments;
        let me = || myself.get_cell();
        let hearing = (Arc::clone(&context.transcriber), context.voice_workers);
        let (transcriptions, _) = Actor::spawn_linked(None, Transcriptions, hearing, me()).await?;
        let (assistants, _) = Actor::spawn_linked(None, Assistants, Arc::clone(&context), me()).await?;
        let (conversations, _) = Actor::spawn_linked(None, Conversations, Arc::clone(&context), me()).await?;
        let (accounts, _) = Actor::spawn_linked(None, Accounts, Arc::clone(&context), me()).await?;
        let (channels, _) = Actor::spawn_linked(None, Channels, Arc::clone(&context), me()).await?;
        let children = vec![
            transcriptions.get_cell(),
            assistants.get_cell(),
            conversations.get_cell(),
            accounts.get_cell(),
            channels.get_cell(),
        ];
        let begin = (conversations.clone(), channels.clone());
        let supervisors = Supervisors { transcriptions, assistants, conversations, accounts, channels };
        if context.supervisors.set(supervisors).is_err() {
            return Err("the supervisors were started twice".into());
        }
        // Only now can everybody reach everybody.
        begin.0.send_message(ConversationsMsg::Begin)?;
        begin.1.send_message(ChannelsMsg::Begin)?;
        let (stop, restarts, service_restarts) = (CancellationToken::new(), HashMap::new(), HashMap::new());
        Ok(RootState { context, services, handle, ended, stop, children, restarts, service_restarts, draining: false })
    }

    async fn post_start(&self, myself: ActorRef<RootMsg>, state: &mut RootState) -> Result<(), ActorProcessingErr> {
        for service in &state.services {
            run_service(service, &state.handle, &state.stop, &myself);
        }
        let context = Arc::clone(&state.context);
        tokio::spawn(async move {
            context.stages.finished.cancelled().await;
            context.activity.settled().await;
            let _ = myself.send_message(RootMsg::Finished);
        });
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<RootMsg>,
        message: RootMsg,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RootMsg::Drain(timeout) => state.drain(&myself, timeout, None),
            RootMsg::Finished => state.drain(&myself, Duration::ZERO, Some(EndReason::Finished)),
            RootMsg::Drained(reason) => {
                state.stop_children().await;
                if let Err(error) = state.context.store.close().await {
                    tracing::warn!(%error, "the store could not be closed in order");
                }
                state.ended.send_replace(Some(reason));
                myself.stop(None);
            }
            RootMsg::ServiceEnded { service, reason } => state.service_ended(&myself, service, &reason),
            RootMsg::Describe(reply) => {
                let restarts = |name| state.service_restarts.get(name).copied().unwrap_or_default();
                let services = state.services.iter().map(|service| (service.name(), restarts(service.name())));
                // Whoever asked may have gone.
                let _ = reply.send(services.collect());
            }
            RootMsg::Restart(service) => {
                if !state.stop.is_cancelled() {
                    run_service(&service, &state.handle, &state.stop, &myself);
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<RootMsg>,
        event: SupervisionEvent,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, error) = event {
            // A supervisor does no risky work, so this is a bug. Nothing is lost: it is in the store.
            tracing::error!(%error, "a supervisor failed: the engine ends");
            state.stop.cancel();
            state.context.stages.draining.cancel();
            state.context.stages.halting.cancel();
            state.context.stages.closing.cancel();
            state.stop_children().await;
            state.ended.send_replace(Some(EndReason::Failed { reason: error.to_string() }));
            myself.stop(None);
        }
        Ok(())
    }
}

impl RootState {
    fn drain(&mut self, myself: &ActorRef<RootMsg>, timeout: Duration, reason: Option<EndReason>) {
        if std::mem::replace(&mut self.draining, true) {
            return;
        }
        self.stop.cancel();
        let context = Arc::clone(&self.context);
        let myself = myself.clone();
        tokio::spawn(async move {
            let drained = wind_down(&context, timeout).await;
            let _ = myself.send_message(RootMsg::Drained(reason.unwrap_or(EndReason::Drained(drained))));
        });
    }

    fn service_ended(&mut self, myself: &ActorRef<RootMsg>, service: Arc<dyn Service>, reason: &str) {
        let name = service.name();
        let (what, now) = (format!("service {name}"), self.context.steady());
        let restarts = self.restarts.entry(name).or_default();
        *self.service_restarts.entry(name).or_default() += 1;
        match self.context.crashes.note(&what, restarts, &reason, now) {
            Restart::Rarely(_) if service.is_vital(&self.handle) => {
                // Better an end that a service manager sees than a bot that lives on and hears nothing.
                let reason = format!("the {name} ended too often and stays down: {reason}");
                self.drain(myself, limits::DRAIN_TIMEOUT, Some(EndReason::ServiceLost { reason }));
            }
            restart => drop(myself.send_after(restart.pause(), move || RootMsg::Restart(service))),
        }
    }

    /// Producers before consumers: the reverse of the start.
    async fn stop_children(&mut self) {
        while let Some(child) = self.children.pop() {
            let stopped = child.stop_and_wait(None, Some(limits::STOP_TIMEOUT)).await;
            if stopped.is_err() {
                child.kill();
            }
        }
    }
}

/// The stages of an orderly end.
async fn wind_down(context: &Context, timeout: Duration) -> Drained {
    let stages = &context.stages;
    stages.draining.cancel();
    let in_time = tokio::time::timeout(timeout, context.activity.settled()).await.is_ok();
    let turns_left = if in_time { 0 } else { context.activity.count() };
    stages.halting.cancel();
    if !in_time {
        // Turns that give up take their attempt back.
        let _ = tokio::time::timeout(limits::STOP_TIMEOUT, context.activity.settled()).await;
    }
    stages.closing.cancel();
    // A connection may have to say goodbye, or to write down where it stopped; an assistant may have to end what it began.
    let ends = async { tokio::join!(context.links.settled(), context.lives.settled()) };
    let _ = tokio::time::timeout(limits::STOP_TIMEOUT, ends).await;
    Drained { turns_left }
}

fn run_service(service: &Arc<dyn Service>, handle: &EngineHandle, stop: &CancellationToken, root: &ActorRef<RootMsg>) {
    let (service, handle, stop, root) = (Arc::clone(service), handle.clone(), stop.clone(), root.clone());
    tokio::spawn(async move {
        let run = isolate(service.name(), service.run(handle, stop.clone())).await;
        if stop.is_cancelled() {
            return;
        }
        let reason = match run {
            Ok(Ok(())) => "it ended".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => panic,
        };
        let _ = root.send_message(RootMsg::ServiceEnded { service, reason });
    });
}
