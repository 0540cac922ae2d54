//! All configured servers.

use crate::config::ToolsConfig;
use crate::server::{ConfiguredServer, Tried};
use crate::whom::{Whom, WhomKey};
use greenroom_contract::factory::BuildError;
use greenroom_contract::ids::ToolServerName;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::{ToolError, ToolServer, ToolServers};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// The tool servers that are configured.
#[derive(Default)]
pub struct ConfiguredTools {
    servers: BTreeMap<ToolServerName, Arc<ConfiguredServer>>,
    whom: Arc<Whom>,
}

impl ConfiguredTools {
    /// The servers of these tables. Nothing is started yet. `folder` is that of the configuration file.
    ///
    /// # Errors
    /// The name of a server whose table is wrong, and what is wrong with it.
    pub fn build(
        tables: Vec<(ToolServerName, ToolsConfig)>,
        folder: impl AsRef<Path>,
        clock: Clock,
    ) -> Result<Arc<Self>, (ToolServerName, BuildError)> {
        let (mut servers, whom) = (BTreeMap::new(), Arc::default());
        for (name, config) in tables {
            match ConfiguredServer::new(name.clone(), config, folder.as_ref(), &whom, clock) {
                Ok(server) => drop(servers.insert(name, Arc::new(server))),
                Err(error) => return Err((name, error)),
            }
        }
        Ok(Arc::new(Self { servers, whom }))
    }

    /// Whether a server is told for whom a call is made: `tell_person`. It is not called before [`Self::know`].
    pub fn tell_person(&self) -> bool {
        self.servers.values().any(|server| server.tells_person())
    }

    /// The key that the names of people and conversations are made with, for servers that are told them.
    pub fn know(&self, key: WhomKey) {
        self.whom.know(key);
    }

    /// Their lives: each is started now and kept ready until `stop`. Dropped, all of them are ended, programs together
    /// with everything that they started.
    pub async fn run(&self, stop: CancellationToken) {
        let mut lives = JoinSet::new();
        for server in self.servers.values() {
            let (server, stop) = (Arc::clone(server), stop.clone());
            lives.spawn(async move { server.run(stop).await }.in_current_span());
        }
        while let Some(life) = lives.join_next().await {
            if let Err(error) = life {
                tracing::error!(%error, "the life of a tool server ended before it was stopped");
            }
        }
        stop.cancelled().await;
    }

    /// Tries one out, for a person who wants to know whether it works: it is started if it does not run, its tools are
    /// listed, and it is asked whether it is there. No tool is called. `None` if there is no server of this name.
    ///
    /// # Errors
    /// It is away, and why.
    pub async fn try_out(&self, name: &ToolServerName, within: Duration) -> Option<Result<Tried, ToolError>> {
        Some(Box::pin(self.servers.get(name)?.try_out(within)).await)
    }
}

impl ToolServers for ConfiguredTools {
    fn server(&self, name: &ToolServerName) -> Option<Arc<dyn ToolServer>> {
        let server = Arc::clone(self.servers.get(name)?);
        Some(server)
    }

    fn names(&self) -> Vec<ToolServerName> {
        self.servers.keys().cloned().collect()
    }
}
