//! `doctor`: everything at once. What is seen is gathered here; what it means is decided in `greenroom-doctor`.

use super::parts;
use crate::cli::failure::Failure;
use crate::cli::{admin, remote, report};
use greenroom::config::{Config, ConfigError};
use greenroom::contract::cause::chain;
use greenroom::contract::store::Store;
use greenroom::contract::time::Clock;
use greenroom::storage::{self, StorageError};
use greenroom_client::{ChannelKindView, ChannelView, Client};
use greenroom_doctor::{Facts, ServerFact, StoreFact, examine, exit_code, look, shown};
use greenroom_gateway::{explained, view};

/// What is wanted of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// As JSON.
    pub(crate) json: bool,
    /// Only what takes no time and costs nothing.
    pub(crate) quick: bool,
    /// Assistants that are services or programs are asked one thing, too.
    pub(crate) turns: bool,
}

/// Looks at everything, and says it. Ends with what the worst finding is worth.
pub(crate) async fn whole(config: Result<Config, ConfigError>, wanted: Wanted) -> Result<(), Failure> {
    let mut facts = Facts { now_ms: Clock::System.now().0, ..Facts::default() };
    match config {
        Ok(config) => gather(&config, wanted, &mut facts).await,
        Err(error) => facts.configuration = Some(chain(&error)),
    }
    let findings = examine(&facts);
    if wanted.json {
        report::json(&findings)?;
    } else {
        report::print(&shown(&findings))?;
    }
    match exit_code(&findings) {
        0 => Ok(()),
        code => Err(Failure::said_already(code)),
    }
}

async fn gather(config: &Config, wanted: Wanted, facts: &mut Facts) {
    facts.warnings.clone_from(&config.warnings);
    match remote::client(config) {
        // The data are there, and so is what is tried out.
        Ok(Some(client)) => return ask(&client, facts).await,
        Ok(None) => {}
        Err(failure) => facts.server = ServerFact::NotConfigured { reason: failure.words().to_owned() },
    }
    let folder = config.store.path.clone();
    facts.machine = tokio::task::spawn_blocking(move || look(&folder)).await.unwrap_or_default();
    store(config, wanted, facts).await;
    parts::tried(config, wanted, facts).await;
}

/// The store: free, or of a server that is asked.
async fn store(config: &Config, wanted: Wanted, facts: &mut Facts) {
    match storage::open_existing(&config.store).await {
        Ok(store) => {
            facts.store = StoreFact::Fine;
            rests(config, store.as_ref(), facts).await;
            if let Err(error) = store.close().await {
                facts.store = StoreFact::Unusable { reason: error.to_string() };
            } else if !wanted.quick {
                verify(config, facts).await;
            }
        }
        Err(StorageError::Missing { path }) => {
            facts.store = StoreFact::Missing { folder: path.display().to_string() };
            if config.gateway.auth_secret.is_some() && facts.server == ServerFact::Unknown {
                let reason = "AUTH_SECRET is set and there are no data here, so a gateway elsewhere is probably meant";
                facts.server = ServerFact::NotConfigured { reason: reason.to_owned() };
            } else if facts.server == ServerFact::Unknown {
                facts.server = ServerFact::Rests;
            }
            facts.channels = configured(config, facts);
        }
        Err(StorageError::InUse { path, .. }) => {
            facts.store = StoreFact::InUse;
            match admin::server_of(&path) {
                Ok(client) => ask(&client, facts).await,
                Err(_) => facts.server = ServerFact::Mute,
            }
        }
        Err(error) => facts.store = StoreFact::Unusable { reason: chain(&error) },
    }
}

#[cfg(feature = "gateway")]
async fn ask(client: &Client, facts: &mut Facts) {
    greenroom_doctor::ask(client, facts).await;
}

/// Without the gateway there is no client that could be made.
#[cfg(not(feature = "gateway"))]
#[allow(clippy::unused_async, reason = "it has the shape of the other one")]
async fn ask(_: &Client, facts: &mut Facts) {
    facts.server = ServerFact::Mute;
}

/// What is written where no server runs.
async fn rests(config: &Config, store: &dyn Store, facts: &mut Facts) {
    facts.server = ServerFact::Rests;
    let rows = store.accounts().await.unwrap_or_default();
    let gaps = greenroom_engine::gaps(store).await.unwrap_or_default();
    facts.sessions = rows.iter().map(view::stored_session).collect();
    for session in &mut facts.sessions {
        let gaps = gaps.iter().find(|(account, _)| account.as_str() == session.session);
        session.gaps = gaps.map(|(_, gaps)| gaps.iter().map(explained::gap).collect()).unwrap_or_default();
    }
    let today = Clock::System.now().day();
    let refused = greenroom_engine::refused_since(store, today).await.unwrap_or_default();
    facts.refused = refused.iter().map(explained::refused_count).collect();
    facts.channels = configured(config, facts);
    let stored = store.allow_entries().await.unwrap_or_default();
    for channel in &mut facts.channels {
        let here = stored.iter().filter(|entry| match &entry.scope {
            greenroom::contract::store::ListScope::Channel(name) => name.as_str() == channel.channel,
            greenroom::contract::store::ListScope::Account(_) => false,
        });
        channel.allowed += here.count() as u64;
    }
}

/// The channels as they are configured.
fn configured(config: &Config, facts: &Facts) -> Vec<ChannelView> {
    let view = |channel: &greenroom::config::ChannelConfig| {
        let (name, adapter) = (channel.name.to_string(), channel.adapter.clone());
        let kind = match adapter.as_str() {
            "whatsapp-web" => ChannelKindView::Linked,
            "whatsapp-cloud" => ChannelKindView::Business,
            _ => ChannelKindView::Local,
        };
        ChannelView {
            can_link: kind == ChannelKindView::Linked,
            kind,
            methods: Vec::new(),
            warning: None,
            licence: None,
            webhook_url: None,
            sessions: facts.sessions.iter().filter(|session| session.channel == name).count() as u64,
            sessions_max: config.gateway.sessions.total.into(),
            allowed: channel.policy.allow_from.len() as u64,
            channel: name,
            adapter,
        }
    };
    config.channels.iter().map(view).collect()
}

/// Reads every record.
async fn verify(config: &Config, facts: &mut Facts) {
    let options = storage::options(&config.store);
    let found = tokio::task::spawn_blocking(move || greenroom_store::verify(&options)).await;
    facts.store = match found {
        Ok(Ok(found)) if found.is_sound() => return,
        Ok(Ok(found)) => {
            let records: u64 = found.kinds.iter().map(|kind| kind.damaged).sum();
            match found.problems.first() {
                Some(problem) if records == 0 => StoreFact::Unusable { reason: problem.clone() },
                _ => StoreFact::Damaged { records },
            }
        }
        Ok(Err(error)) => StoreFact::Unusable { reason: chain(&error) },
        Err(error) => StoreFact::Unusable { reason: error.to_string() },
    };
}
