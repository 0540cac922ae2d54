//! The store, or the server that holds it.
//!
//! One process owns a store. So a command that needs data tries to own it for a moment, and if a
//! server does, it asks the server.

use super::failure::Failure;
use greenroom::config::Config;
use greenroom::contract::address::AllowEntry;
use greenroom::contract::ids::{ChannelName, MessageId, Sequence};
use greenroom::contract::limits;
use greenroom::contract::store::{ListScope, Store, StoredEntry};
use greenroom::contract::time::Clock;
use greenroom::storage::{self, StorageError};
use greenroom_client::{AllowView, Client, ClientError, QuarantinedView, TraceView};
use greenroom_gateway::view;
use std::path::Path;
use std::sync::Arc;

/// Where the data is found.
pub(crate) enum Data {
    Store(Arc<dyn Store>),
    Server(Client),
}

/// The server that holds a store.
pub(crate) fn server_of(path: &Path) -> Result<Client, Failure> {
    Client::of_folder(path).map_err(|error| match error {
        ClientError::NotRunning { .. } => {
            Failure::new(format!("{} is in use by a greenroom without a gateway", path.display()))
                .hint("Wait until it ends (a `chat`, an export), or start it with a gateway: gateway.enabled = true.")
        }
        other => other.into(),
    })
}

impl Data {
    pub(crate) async fn find(config: &Config) -> Result<Self, Failure> {
        match storage::open_existing(&config.store).await {
            Ok(store) => Ok(Self::Store(store)),
            Err(StorageError::InUse { path, .. }) => server_of(&path).map(Self::Server),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn why(&self, message: &str) -> Result<Vec<TraceView>, Failure> {
        match self {
            Self::Store(store) => {
                let message = MessageId::new(message).map_err(|error| Failure::usage(error.to_string()))?;
                Ok(store.why(&message, None).await?.iter().map(view::trace).collect())
            }
            Self::Server(server) => Ok(server.why(message).await?),
        }
    }

    pub(crate) async fn latest(&self, traces_max: usize) -> Result<Vec<TraceView>, Failure> {
        match self {
            Self::Store(store) => Ok(store.latest(traces_max).await?.iter().map(view::trace).collect()),
            Self::Server(server) => Ok(server.latest(traces_max).await?),
        }
    }

    pub(crate) async fn quarantine(&self) -> Result<Vec<QuarantinedView>, Failure> {
        match self {
            Self::Store(store) => {
                Ok(store.quarantined(limits::PAGE_ROWS_MAX).await?.iter().map(view::quarantined).collect())
            }
            Self::Server(server) => Ok(server.quarantine().await?),
        }
    }

    pub(crate) async fn release(&self, number: u64) -> Result<(), Failure> {
        match self {
            Self::Store(store) => Ok(store.release(Sequence(number)).await.map(|_| ())?),
            Self::Server(server) => Ok(server.release(number).await?),
        }
    }

    pub(crate) async fn allow_list(&self, config: &Config) -> Result<Vec<AllowView>, Failure> {
        match self {
            Self::Store(store) => {
                let channels = config.channels.iter().map(|one| (one.name.clone(), one.policy.allow_from.clone()));
                Ok(view::allow_list(&channels.collect::<Vec<_>>(), &store.allow_entries().await?))
            }
            Self::Server(server) => Ok(server.allow_list().await?),
        }
    }

    pub(crate) async fn allow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure> {
        match self {
            Self::Store(store) => {
                let (scope, at) = (ListScope::Channel(channel.clone()), Clock::System.now());
                let stored = StoredEntry { scope, entry: entry.clone(), by: "the command line".to_owned(), at };
                Ok(store.allow(stored).await?)
            }
            Self::Server(server) => Ok(server.allow(channel.as_str(), &entry.to_string()).await?),
        }
    }

    pub(crate) async fn disallow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure> {
        match self {
            Self::Store(store) => Ok(store.disallow(&ListScope::Channel(channel.clone()), entry).await?),
            Self::Server(server) => Ok(server.disallow(channel.as_str(), &entry.to_string()).await?),
        }
    }

    /// Lets go of the store, with everything on disk.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self {
            Self::Store(store) => Ok(store.close().await?),
            Self::Server(_) => Ok(()),
        }
    }
}
