//! The Channels supervisor: an address book of sessions, one per account. It alone writes accounts.

mod effects;
mod outbox_sender;
mod registrar;
mod send;
mod send_queue;
mod session;
mod typing;

use crate::accounts::state_writer::StateWriter;
use crate::context::Context;
use crate::decide::login_end::LoginEnd;
use crate::decide::restart::Restart;
use crate::decide::status::AccountStatus;
use crate::mailbox::accounts::OutcomeSender;
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg};
use crate::supervision::Children;
use greenroom_contract::ids::{AccountId, OwnerId};
use greenroom_contract::store::AccountState;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use session::Session;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) struct Channels;

pub(crate) struct ChannelsState {
    context: Arc<Context>,
    sessions: Children<AccountId, SessionMsg>,
    finished: HashSet<AccountId>,
    state_writer: StateWriter,
    /// Owners of accounts that are just being made: they take a place already.
    places: Vec<OwnerId>,
    /// Accounts that the store is just asked to change.
    changing: HashSet<AccountId>,
    /// Who waits for the end of a linking run.
    cancelling: HashMap<AccountId, Vec<OutcomeSender>>,
}

impl Actor for Channels {
    type Msg = ChannelsMsg;
    type State = ChannelsState;
    type Arguments = Arc<Context>;

    async fn pre_start(
        &self,
        _: ActorRef<ChannelsMsg>,
        context: Arc<Context>,
    ) -> Result<ChannelsState, ActorProcessingErr> {
        Ok(ChannelsState {
            context,
            sessions: Children::default(),
            finished: HashSet::new(),
            state_writer: StateWriter::default(),
            places: Vec::new(),
            changing: HashSet::new(),
            cancelling: HashMap::new(),
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
                let accounts: Vec<AccountId> = state.context.accounts.read().keys().cloned().collect();
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
                for (_, session) in state.sessions.iter() {
                    let _ = session.send_message(SessionMsg::Rescan);
                }
            }
            ChannelsMsg::Typing { route, message } => {
                state.tell(&route.account.clone(), SessionMsg::Typing { route, message });
            }
            ChannelsMsg::Paused { route } => state.tell(&route.account.clone(), SessionMsg::Paused { route }),
            ChannelsMsg::Finished(account) => state.finished(account),
            // Somebody may have been faster.
            ChannelsMsg::Respawn(account) if state.sessions.contains(&account) => {}
            ChannelsMsg::Respawn(account) => state.spawn(&myself, &account).await?,
            ChannelsMsg::Link { request, reply } => state.link(&myself, request, reply),
            ChannelsMsg::LinkPrepared(prepared) => state.link_prepared(&myself, *prepared).await?,
            ChannelsMsg::Request { account, owner, request, reply } => {
                state.request(&myself, (account, owner), request, reply).await?;
            }
            ChannelsMsg::LoginEnded { account, end } => state.login_ended(&myself, account, &end),
            ChannelsMsg::Set { account, change } => state.set(&myself, account, change),
            ChannelsMsg::Written { account, result } => {
                let context = Arc::clone(&state.context);
                let then = state.state_writer.written(&context, &myself, &account, result);
                state.follow(&account, then);
            }
            ChannelsMsg::WriteAgain(account) => {
                let context = Arc::clone(&state.context);
                state.state_writer.go_on(&context, &myself, account);
            }
            ChannelsMsg::Forgotten { account, result, reply } => state.forgotten(&account, result, reply),
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
            && let Some(account) = state.sessions.failed(who.get_id())
        {
            state.crashed(&myself, account, &error);
        }
        Ok(())
    }
}

/// What is shown of a session that was given up.
fn session_name(account: &AccountId) -> String {
    format!("session {account}")
}

impl ChannelsState {
    /// A message to a session that just crashed is lost; its successor scans the outbox.
    fn tell(&self, account: &AccountId, message: SessionMsg) {
        if let Some(session) = self.sessions.find(account) {
            let _ = session.send_message(message);
        }
    }

    async fn spawn(&mut self, myself: &ActorRef<ChannelsMsg>, account: &AccountId) -> Result<(), ActorProcessingErr> {
        let Some(card) = self.context.account(account) else { return Ok(()) };
        let arguments = (Arc::clone(&self.context), card);
        Ok(self.sessions.spawn(account.clone(), Session, arguments, myself.get_cell()).await?)
    }

    fn crashed(&mut self, myself: &ActorRef<ChannelsMsg>, account: AccountId, error: &ActorProcessingErr) {
        self.sessions.remove(&account);
        let now = self.context.now();
        let restart = self.sessions.crashed(&account, &session_name(&account), error, &self.context.crashes, now);
        if let Some(card) = self.context.account(&account) {
            let reason = error.to_string();
            card.show(AccountStatus::Failed { reason }, now);
            let row = card.row();
            if row.configured_key.is_none() && row.state == AccountState::Pending {
                // Its linking run ended with it.
                let next = "link again".to_owned();
                let end = LoginEnd::Failed { reason: "linking was interrupted by a crash".to_owned(), next };
                self.login_ended(myself, account.clone(), &end);
            }
        }
        if let Restart::After(pause) = restart {
            myself.send_after(pause, move || ChannelsMsg::Respawn(account));
        }
    }

    /// When every channel's input came to its end there is nothing left to wait for.
    fn finished(&mut self, account: AccountId) {
        self.finished.insert(account);
        let accounts = self.context.accounts.read();
        let all = self.context.channels.keys().all(|channel| {
            let mut of_channel = accounts.values().filter(|card| card.channel.name == *channel).peekable();
            of_channel.peek().is_some() && of_channel.all(|card| self.finished.contains(card.id()))
        });
        if all {
            self.context.stages.finished.cancel();
        }
    }
}
