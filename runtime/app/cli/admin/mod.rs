//! Everything that a command can ask for or change, wherever it is done: by the server that runs, or in this process.
//!
//! Where the environment names a gateway on another machine, that one is asked. Else: one process owns a store. So a command tries to own it for a moment, and if a server does, it asks the server.
//!
//! | module | who carries it out |
//! |---|---|
//! | `local` | this process: the store, and where a channel is needed an engine with that one |
//! | `stored_outbox` | the same, for messages of the bot that are not sent |
//! | `server` | the greenroom that runs, here or on another machine |

mod local;
mod server;
mod stored_outbox;

use super::failure::Failure;
use super::remote;
use greenroom::async_trait;
use greenroom::config::Config;
use greenroom::contract::address::{Address, AllowEntry};
use greenroom::contract::ids::ChannelName;
use greenroom::storage::StorageError;
use greenroom::{RunError, storage};
#[cfg(feature = "gateway")]
use greenroom_client::Client;
use greenroom_client::{
    AccessView, AllowView, KeptPersonView, LinkBody, LinkProgress, QuarantinedView, RefusedCountView, RejectionView,
    SessionView, TraceView, UnsentView, UsageBy, UsageView, WakeView,
};
use greenroom_engine::AccessAsked;
use greenroom_gateway::usage::UsageDays;
use local::Local;
use server::Server;
pub(crate) use server::server_of;
use std::collections::BTreeMap;

/// What became of the wish to link.
pub(crate) enum Begun {
    /// This account is being linked.
    Linking(String),
    /// This must be read and accepted first.
    Warned(String),
}

/// Whether a bot runs beside the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bot {
    /// It runs, and goes on when the command ends.
    Runs,
    /// It does not: what the command started ends with it.
    Rests,
}

/// Carries out what the owner asks for on the command line.
#[async_trait]
pub(crate) trait Admin: Send + Sync {
    /// Whether a bot runs beside the command.
    fn bot(&self) -> Bot;

    /// What happened to a message, by its id or that of an answer.
    async fn why(&self, message: &str) -> Result<Vec<TraceView>, Failure>;
    /// What happened to the latest messages, the newest first.
    async fn latest(&self, traces_max: usize) -> Result<Vec<TraceView>, Failure>;
    /// How many messages were refused on the last days.
    async fn refusals(&self, days: u32) -> Result<Vec<RefusedCountView>, Failure>;
    /// Which rule admits or refuses someone.
    async fn access(&self, asked: &AccessAsked) -> Result<AccessView, Failure>;
    /// Messages that failed too often.
    async fn quarantine(&self) -> Result<Vec<QuarantinedView>, Failure>;
    /// Lets one of them try again.
    async fn release(&self, number: u64) -> Result<(), Failure>;

    /// Ends a hand-over that stays.
    async fn release_conversation(&self, conversation: u64) -> Result<(), Failure>;
    /// Wake-ups that are not due yet.
    async fn wakes(&self) -> Result<Vec<WakeView>, Failure>;
    /// Takes one of them back.
    async fn cancel_wake(&self, number: u64) -> Result<(), Failure>;
    /// Messages of the bot that are not sent.
    async fn outbox(&self) -> Result<Vec<UnsentView>, Failure>;
    /// What answers cost on these days.
    async fn usage(&self, days: UsageDays, by: UsageBy) -> Result<UsageView, Failure>;
    /// Lets one that is held be sent.
    async fn release_unsent(&self, id: &str) -> Result<(), Failure>;
    /// Lets all of them be sent, and says how many they were.
    async fn release_all_unsent(&self) -> Result<usize, Failure>;
    /// Gives one up.
    async fn drop_unsent(&self, id: &str) -> Result<(), Failure>;

    /// Everything that is kept of a person, in each channel that knows the address; never nothing.
    async fn export_person(&self, who: &Address, channel: Option<&str>) -> Result<Vec<KeptPersonView>, Failure>;
    /// Forgets a person, and says in which channels.
    async fn forget_person(&self, who: &Address, channel: Option<&str>) -> Result<Vec<String>, Failure>;

    /// Who is admitted, and by what.
    async fn allow_list(&self) -> Result<Vec<AllowView>, Failure>;
    /// Admits an entry to a channel.
    async fn allow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure>;
    /// Takes that back.
    async fn disallow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure>;

    /// All accounts.
    async fn accounts(&self) -> Result<Vec<SessionView>, Failure>;
    /// What came from outside and was not taken, since the bot began to run.
    async fn rejections(&self) -> Result<Vec<RejectionView>, Failure>;
    /// Begins to link an account.
    async fn link(&self, body: &LinkBody) -> Result<Begun, Failure>;
    /// What to do now to link it, as soon as that is not what `after` names.
    async fn link_progress(&self, account: &str, after: Option<u64>) -> Result<LinkProgress, Failure>;
    /// Answers what its linking asks, by the names of the fields.
    async fn answer_link(&self, account: &str, typed: BTreeMap<String, String>) -> Result<(), Failure>;
    /// Ends its linking.
    async fn cancel_link(&self, account: &str) -> Result<(), Failure>;
    /// Connects an account again, immediately.
    async fn reconnect(&self, account: &str) -> Result<(), Failure>;
    /// Removes its device on the network and deletes its keys.
    async fn disconnect(&self, account: &str) -> Result<(), Failure>;
    /// Forgets an account that is not linked.
    async fn forget(&self, account: &str) -> Result<(), Failure>;
    /// Forgets those that were never linked, and says which they were.
    async fn forget_pending(&self) -> Result<Vec<String>, Failure>;

    /// Ends what was started, with everything on disk.
    async fn close(self: Box<Self>) -> Result<(), Failure>;
}

/// Whoever owns the data: this process if nobody else does. The store must exist.
pub(crate) async fn open(config: &Config) -> Result<Box<dyn Admin>, Failure> {
    if let Some(client) = remote::client(config)? {
        return Ok(Box::new(Server(client)));
    }
    match storage::open_existing(&config.store).await {
        Ok(store) => Ok(Box::new(Local::of_store(store, config))),
        Err(StorageError::InUse { path, .. }) => Ok(Box::new(Server::of(&path)?)),
        Err(error @ StorageError::Missing { .. }) => Err(remote::not_configured(config, error.into())),
        Err(error) => Err(error.into()),
    }
}

/// The same for what only reads: before the first start there is what the configuration says, and nothing is made.
pub(crate) async fn open_or_none(config: &Config) -> Result<Box<dyn Admin>, Failure> {
    let elsewhere = remote::client(config)?.is_some() || config.gateway.auth_secret.is_some();
    if !elsewhere && storage::exists(&config.store).is_err() {
        return Ok(Box::new(Local::of_store(greenroom_store::memory(), config)));
    }
    open(config).await
}

/// The same for what may come before the first start: a store that does not exist is made.
pub(crate) async fn open_or_make(config: &Config) -> Result<Box<dyn Admin>, Failure> {
    if let Some(client) = remote::client(config)? {
        return Ok(Box::new(Server(client)));
    }
    match storage::open_or_make(&config.store).await {
        Ok(store) => Ok(Box::new(Local::of_store(store, config))),
        Err(StorageError::InUse { path, .. }) => Ok(Box::new(Server::of(&path)?)),
        Err(error) => Err(error.into()),
    }
}

/// The same for what needs a channel: the server, or an engine with this channel and nothing else.
pub(crate) async fn open_channel(config: &Config, channel: &str) -> Result<Box<dyn Admin>, Failure> {
    if let Some(client) = remote::client(config)? {
        return Ok(Box::new(Server(client)));
    }
    match Local::start(config, channel).await {
        Ok(local) => Ok(Box::new(local)),
        Err(RunError::Storage(StorageError::InUse { path, .. })) => Ok(Box::new(Server::of(&path)?)),
        Err(error) => Err(error.into()),
    }
}

/// The way to a server: the one that the environment names, else the one that holds the data.
#[cfg(feature = "gateway")]
pub(crate) fn client_of(config: &Config) -> Result<Client, Failure> {
    match remote::client(config)? {
        Some(client) => Ok(client),
        None => server_of(&config.store.path),
    }
}

/// An account that is not there.
pub(crate) fn unknown(account: &str) -> Failure {
    Failure::usage(format!("there is no account {account}")).hint("greenroom accounts shows them.")
}
