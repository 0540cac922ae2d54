//! The Channels supervisor: an address book of sessions, one per account.

mod pump;
mod send;
mod session;
mod shelf;
mod typing;

use crate::activity::Busy;
use crate::health::LinkStatus;
use crate::restart::{Restart, Restarts};
use crate::world::World;
use greenroom_contract::ids::{AccountId, ConversationId, MessageId};
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{ParcelKey, PendingParcel};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use session::{Session, SessionMsg};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) enum ChannelsMsg {
    /// The whole tree stands: connect.
    Begin,
    /// The network accepts this account.
    Connected(AccountId),
    /// Parcels were put into the outbox.
    Posted { account: AccountId, parcels: Vec<PendingParcel>, busy: Busy },
    /// Something became of a parcel.
    Evidence(ParcelKey),
    /// The person of this conversation wrote, and a send may wait for that.
    Opened { account: AccountId, conversation: ConversationId },
    /// Parcels may be in the outbox that nobody was told of.
    RescanAll,
    /// Show, or go on showing, that an answer is prepared.
    Typing { route: Route, message: Option<MessageId> },
    /// Stop showing it.
    Paused { route: Route },
    /// The input of this account came to its end.
    Finished(AccountId),
    /// A crashed session comes back.
    Respawn(AccountId),
}

pub(crate) struct Channels;

pub(crate) struct ChannelsState {
    world: Arc<World>,
    sessions: HashMap<AccountId, ActorRef<SessionMsg>>,
    by_actor: HashMap<ActorId, AccountId>,
    restarts: HashMap<AccountId, Restarts>,
    finished: HashSet<AccountId>,
}

impl Actor for Channels {
    type Msg = ChannelsMsg;
    type State = ChannelsState;
    type Arguments = Arc<World>;

    async fn pre_start(
        &self,
        _: ActorRef<ChannelsMsg>,
        world: Arc<World>,
    ) -> Result<ChannelsState, ActorProcessingErr> {
        Ok(ChannelsState {
            world,
            sessions: HashMap::new(),
            by_actor: HashMap::new(),
            restarts: HashMap::new(),
            finished: HashSet::new(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<ChannelsMsg>,
        message: ChannelsMsg,
        state: &mut ChannelsState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ChannelsMsg::Begin => {
                let accounts: Vec<AccountId> = state.world.accounts.read().keys().cloned().collect();
                for account in accounts {
                    state.spawn(&myself, &account).await?;
                }
            }
            ChannelsMsg::Connected(account) => state.tell(&account, SessionMsg::Connected),
            ChannelsMsg::Posted { account, parcels, busy } => {
                state.tell(&account, SessionMsg::Posted { parcels, busy });
            }
            ChannelsMsg::Evidence(key) => state.tell(&key.account.clone(), SessionMsg::Evidence(key)),
            ChannelsMsg::Opened { account, conversation } => state.tell(&account, SessionMsg::Opened(conversation)),
            ChannelsMsg::RescanAll => {
                for session in state.sessions.values() {
                    let _ = session.send_message(SessionMsg::Rescan);
                }
            }
            ChannelsMsg::Typing { route, message } => {
                state.tell(&route.account.clone(), SessionMsg::Typing { route, message });
            }
            ChannelsMsg::Paused { route } => state.tell(&route.account.clone(), SessionMsg::Paused { route }),
            ChannelsMsg::Finished(account) => state.finished(account),
            ChannelsMsg::Respawn(account) => state.spawn(&myself, &account).await?,
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ChannelsMsg>,
        event: SupervisionEvent,
        state: &mut ChannelsState,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, error) = event
            && let Some(account) = state.by_actor.remove(&who.get_id())
        {
            state.crashed(&myself, account, &error);
        }
        Ok(())
    }
}

impl ChannelsState {
    /// A message to a session that just crashed is lost; its successor scans the outbox.
    fn tell(&self, account: &AccountId, message: SessionMsg) {
        if let Some(session) = self.sessions.get(account) {
            let _ = session.send_message(message);
        }
    }

    async fn spawn(&mut self, myself: &ActorRef<ChannelsMsg>, account: &AccountId) -> Result<(), ActorProcessingErr> {
        let Some(card) = self.world.account(account) else { return Ok(()) };
        let arguments = (Arc::clone(&self.world), card);
        let (session, _) = Actor::spawn_linked(None, Session, arguments, myself.get_cell()).await?;
        self.by_actor.insert(session.get_id(), account.clone());
        self.sessions.insert(account.clone(), session);
        Ok(())
    }

    fn crashed(&mut self, myself: &ActorRef<ChannelsMsg>, account: AccountId, error: &ActorProcessingErr) {
        self.sessions.remove(&account);
        self.world.count_restart();
        let now = self.world.now();
        let restart = self.restarts.entry(account.clone()).or_default().crashed(now);
        if let Some(card) = self.world.account(&account) {
            let reason = error.to_string();
            card.show(LinkStatus::Failed { reason }, now);
        }
        match restart {
            Restart::After(pause) => {
                tracing::error!(%account, %error, "a session crashed and is restarted");
                myself.send_after(pause, move || ChannelsMsg::Respawn(account));
            }
            Restart::GiveUp => {
                tracing::error!(%account, %error, "a session crashed too often");
                self.world.given_up.lock().insert(format!("session {account}"), error.to_string());
            }
        }
    }

    /// When every channel's input came to its end there is nothing left to wait for.
    fn finished(&mut self, account: AccountId) {
        self.finished.insert(account);
        let accounts = self.world.accounts.read();
        let all = self.world.channels.keys().all(|channel| {
            let mut of_channel = accounts.values().filter(|card| card.channel.name == *channel).peekable();
            of_channel.peek().is_some() && of_channel.all(|card| self.finished.contains(card.id()))
        });
        if all {
            self.world.stages.finished.cancel();
        }
    }
}
