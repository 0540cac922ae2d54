//! Accounts that people link while the engine runs: the linking run, what is written down, and what is
//! shown. What may be asked, and who may ask, is decided in [`crate::decide::linking_rules`].
//!
//! The Accounts actor alone writes accounts. It tells the Channels supervisor what sessions shall do, and
//! learns from sessions what became of it; neither waits for the other.

mod link_flow;
pub(crate) mod link_run;
pub(crate) mod list;
pub(crate) mod loading;
mod registrar;
mod state_writer;

use crate::context::Context;
use crate::mailbox::accounts::{AccountsMsg, OutcomeSender};
use greenroom_contract::ids::{AccountId, OwnerId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use state_writer::StateWriter;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) struct Accounts;

pub(crate) struct AccountsState {
    context: Arc<Context>,
    state_writer: StateWriter,
    /// Owners of accounts that are just being made: they take a place already.
    places: Vec<OwnerId>,
    /// Accounts that the store is just asked to change.
    changing: HashSet<AccountId>,
    /// Linking runs begun since the engine started.
    linkings: u64,
    /// The number of the linking run of an account that is being linked.
    linking: HashMap<AccountId, u64>,
    /// Replies that wait for the end of a linking run.
    cancelling: HashMap<AccountId, Vec<OutcomeSender>>,
}

impl Actor for Accounts {
    type Msg = AccountsMsg;
    type State = AccountsState;
    type Arguments = Arc<Context>;

    async fn pre_start(
        &self,
        _: ActorRef<AccountsMsg>,
        context: Arc<Context>,
    ) -> Result<AccountsState, ActorProcessingErr> {
        Ok(AccountsState {
            context,
            state_writer: StateWriter::default(),
            places: Vec::new(),
            changing: HashSet::new(),
            linkings: 0,
            linking: HashMap::new(),
            cancelling: HashMap::new(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<AccountsMsg>,
        message: AccountsMsg,
        state: &mut AccountsState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AccountsMsg::Link { request, admitted, reply } => state.link(&myself, request, admitted, reply),
            AccountsMsg::LinkPrepared(prepared) => state.link_prepared(*prepared),
            AccountsMsg::Request { account, owner, request, reply } => {
                state.request(&myself, (account, owner), request, reply);
            }
            AccountsMsg::LinkingEnded { account, end } => state.linking_ended(&myself, account, &end),
            AccountsMsg::SessionGone { account, linking, reason } => {
                state.session_gone(&myself, account, linking, reason);
            }
            AccountsMsg::Set { account, change } => state.set(&myself, account, change),
            AccountsMsg::Written { account, result } => {
                let context = Arc::clone(&state.context);
                let then = state.state_writer.written(&context, &myself, &account, result);
                state.follow(&account, then);
            }
            AccountsMsg::WriteAgain(account) => {
                let context = Arc::clone(&state.context);
                state.state_writer.go_on(&context, &myself, account);
            }
            AccountsMsg::Forgotten { account, result, reply } => state.forgotten(&account, result, reply),
        }
        Ok(())
    }
}
