//! The Channels supervisor: an address book of sessions, one per account. What an account is, is decided and
//! written down by [`crate::accounts`].

mod alarm;
mod directory;
mod effects;
mod handed;
mod outbox_sender;
mod outdated;
mod retiring;
mod send;
mod send_queue;
mod session;
mod typing;

use crate::context::{AccountCard, Context};
use crate::decide::linking_rules;
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use crate::mailbox::accounts::{AccountsMsg, OutcomeSender};
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg};
use crate::supervision::{Children, Describing};
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::MergedConversation;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use retiring::Retiring;
use session::Session;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) struct Channels;

pub(crate) struct ChannelsState {
    context: Arc<Context>,
    sessions: Children<AccountId, SessionMsg>,
    /// The account of each session, as it was when the session began.
    cards: HashMap<AccountId, Arc<AccountCard>>,
    /// Sessions that end because another blueprint holds.
    retiring: Retiring,
    finished: HashSet<AccountId>,
    /// The last linking run that the present session of an account was told to begin.
    linking: HashMap<AccountId, u64>,
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
            cards: HashMap::new(),
            retiring: Retiring::default(),
            finished: HashSet::new(),
            linking: HashMap::new(),
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
            ChannelsMsg::Merged(MergedConversation { account, kept, gone }) => {
                state.tell(&account, SessionMsg::Merged { kept, gone });
            }
            ChannelsMsg::Opened { account, conversation } => state.tell(&account, SessionMsg::Opened(conversation)),
            ChannelsMsg::RescanAll => state.tell_all(|| SessionMsg::Rescan),
            ChannelsMsg::ClockMoved => state.tell_all(|| SessionMsg::ClockMoved),
            ChannelsMsg::Typing { route, message, person } => {
                state.tell(&route.account.clone(), SessionMsg::Typing { route, message, person });
            }
            ChannelsMsg::Paused { route } => state.tell(&route.account.clone(), SessionMsg::Paused { route }),
            ChannelsMsg::Finished(account) => state.finished(account),
            // A request may have been faster.
            ChannelsMsg::Respawn(account) if state.sessions.contains(&account) => {}
            ChannelsMsg::Respawn(account) => state.spawn(&myself, &account).await?,
            // Its successor takes it.
            message @ (ChannelsMsg::Link { .. } | ChannelsMsg::Restart { .. }) if state.retiring.delays(&message) => {
                state.retiring.delay(message);
            }
            ChannelsMsg::Link { account, linking, method, keys } => {
                if !state.sessions.contains(&account) {
                    state.spawn(&myself, &account).await?;
                }
                state.linking.insert(account.clone(), linking);
                state.tell(&account, SessionMsg::Link { method, keys });
            }
            ChannelsMsg::Tell { account, message } => state.tell(&account, message),
            ChannelsMsg::Restart { account, reply } => state.restart(&myself, &account, reply).await?,
            ChannelsMsg::Unlink { account, reply } => state.unlink(&account, reply),
            ChannelsMsg::Remove { account, reply } => state.remove(&account, reply),
            ChannelsMsg::Describe(reply) => state.describe(reply),
            ChannelsMsg::Reconfigure(change) => state.reconfigure(&myself, &change).await?,
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ChannelsMsg>,
        event: SupervisionEvent,
        state: &mut ChannelsState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => {
                if let Some(account) = state.sessions.failed(who.get_id()) {
                    state.crashed(&myself, account, &error);
                } else {
                    state.retired(&myself, who.get_id()).await?;
                }
            }
            SupervisionEvent::ActorTerminated(who, ..) => state.retired(&myself, who.get_id()).await?,
            _ => {}
        }
        Ok(())
    }
}

/// What is shown of a session that was given up.
fn session_name(account: &AccountId) -> String {
    format!("session {account}")
}

impl ChannelsState {
    fn describe(&self, reply: Describing) {
        let waiting = |account: &AccountId| Some(self.cards.get(account)?.vitals.lock().outbox_waiting as u64);
        // Whoever asked may have gone.
        let _ = reply.send(self.sessions.described("session", ToString::to_string, waiting));
    }

    /// A message to a session that just crashed is lost; its successor scans the outbox.
    fn tell(&self, account: &AccountId, message: SessionMsg) {
        if let Some(session) = self.sessions.find(account) {
            let _ = session.send_message(message);
        }
    }

    fn tell_all(&self, message: impl Fn() -> SessionMsg) {
        for (_, session) in self.sessions.iter() {
            let _ = session.send_message(message());
        }
    }

    async fn spawn(&mut self, myself: &ActorRef<ChannelsMsg>, account: &AccountId) -> Result<(), ActorProcessingErr> {
        let Some(card) = self.context.account(account) else { return Ok(()) };
        // One session of an account at a time: this one begins when the other has ended.
        if self.retiring.contains(account) {
            return Ok(());
        }
        self.cards.insert(account.clone(), Arc::clone(&card));
        let arguments = (Arc::clone(&self.context), card);
        Ok(self.sessions.spawn(account.clone(), Session, arguments, myself.get_cell()).await?)
    }

    fn crashed(&mut self, myself: &ActorRef<ChannelsMsg>, account: AccountId, error: &ActorProcessingErr) {
        self.sessions.lost(&account);
        let (name, steady) = (session_name(&account), self.context.steady());
        let restart = self.sessions.crashed(&account, &name, error, &self.context.crashes, steady);
        if let Some(card) = self.context.account(&account)
            && linking_rules::connects(&card.row())
        {
            card.show(AccountStatus::Failed { reason: error.to_string() }, self.context.now());
        }
        // Of an account that is being linked the Accounts actor shows what became of that.
        if let Some(linking) = self.linking.remove(&account) {
            self.context.tell_accounts(AccountsMsg::SessionGone {
                account: account.clone(),
                linking,
                reason: "linking was interrupted by a crash",
            });
        }
        myself.send_after(restart.pause(), move || ChannelsMsg::Respawn(account));
    }

    /// Asks for a fresh connection; a session that was given up begins again.
    async fn restart(
        &mut self,
        myself: &ActorRef<ChannelsMsg>,
        account: &AccountId,
        reply: OutcomeSender,
    ) -> Result<(), ActorProcessingErr> {
        if self.sessions.contains(account) {
            self.tell(account, SessionMsg::Restart);
        } else {
            self.forgive(account);
            self.spawn(myself, account).await?;
        }
        let _ = reply.send(Ok(()));
        Ok(())
    }

    fn unlink(&self, account: &AccountId, reply: OutcomeSender) {
        if self.sessions.contains(account) {
            return self.tell(account, SessionMsg::Logout(reply));
        }
        let reason = "its session crashed; reconnect it first".to_owned();
        let _ = reply.send(Err(LinkRefused::Unreachable { reason }));
    }

    fn remove(&mut self, account: &AccountId, reply: OutcomeSender) {
        self.forgive(account);
        self.linking.remove(account);
        self.cards.remove(account);
        if let Some(session) = self.sessions.remove(account) {
            session.stop(None);
        }
        let _ = reply.send(Ok(()));
    }

    /// Forgets how often the session of this account crashed.
    fn forgive(&mut self, account: &AccountId) {
        self.sessions.forgive(account);
        self.context.crashes.forget(&session_name(account));
    }

    fn finished(&mut self, account: AccountId) {
        self.finished.insert(account);
        self.end_if_finished();
    }

    /// When every channel's input came to its end there is nothing left to wait for.
    fn end_if_finished(&self) {
        let accounts = self.context.accounts.read();
        let all = self.context.wiring.load().blueprint.plans().keys().all(|channel| {
            let mut of_channel = accounts.values().filter(|card| card.channel.name == *channel).peekable();
            of_channel.peek().is_some() && of_channel.all(|card| self.finished.contains(card.id()))
        });
        if all {
            self.context.stages.finished.cancel();
        }
    }
}
