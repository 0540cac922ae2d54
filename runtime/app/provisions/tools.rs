//! `[tools.NAME]`.

use crate::config::{Problem, ToolsSection};
#[cfg(feature = "tools")]
use crate::sections::keys_of;
use async_trait::async_trait;
use greenroom_contract::store::Vault;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolServers;
use greenroom_engine::{EngineHandle, Service, ServiceError};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[cfg(feature = "tools")]
pub use greenroom_tools::ConfiguredTools;

/// What stands in for tool servers where this program has none.
#[cfg(not(feature = "tools"))]
pub enum ConfiguredTools {}

/// Where the store keeps what belongs to tool servers, beside the secrets of accounts. No account has such an id.
#[cfg(feature = "tools")]
const DRAWER: &str = "tools";
/// The key of the names by which they know people.
#[cfg(feature = "tools")]
const KEY: &[u8] = b"whom";

/// Makes all tool servers; none is started yet. `None` if none is configured.
#[cfg(feature = "tools")]
pub(crate) fn make(
    sections: &[ToolsSection],
    folder: PathBuf,
    clock: Clock,
) -> Result<Option<Arc<ConfiguredTools>>, Problem> {
    if sections.is_empty() {
        return Ok(None);
    }
    let mut configs = Vec::with_capacity(sections.len());
    for section in sections {
        let config = keys_of::<greenroom_tools::ToolsConfig>(section.own.handed_over())
            .map_err(|error| crate::making::component(&format!("tools.{}", section.name), error))?;
        configs.push((section.name.clone(), config));
    }
    let made = ConfiguredTools::build(configs, folder, clock);
    made.map(Some).map_err(|(name, error)| crate::making::component(&format!("tools.{name}"), error))
}

#[cfg(not(feature = "tools"))]
#[allow(clippy::unnecessary_wraps, reason = "with tools there is something to make")]
pub(crate) fn make(
    _sections: &[ToolsSection],
    _folder: PathBuf,
    _clock: Clock,
) -> Result<Option<Arc<ConfiguredTools>>, Problem> {
    Ok(None)
}

#[cfg(feature = "tools")]
pub(crate) fn as_port(tools: Arc<ConfiguredTools>) -> Arc<dyn ToolServers> {
    tools
}

#[cfg(not(feature = "tools"))]
#[allow(clippy::needless_pass_by_value, reason = "there is none")]
pub(crate) fn as_port(tools: Arc<ConfiguredTools>) -> Arc<dyn ToolServers> {
    match *tools {}
}

/// Tells the servers that want to know it for whom they are called. The key of these names is kept in the store, where only
/// this program reads it, and goes with it: a store that was copied, exported or restored knows the same names.
#[cfg(feature = "tools")]
pub(crate) async fn know_whom(tools: &ConfiguredTools, vault: &dyn Vault) {
    if !tools.tell_person() {
        return;
    }
    match kept_key(vault).await {
        Ok(key) => tools.know(key),
        // Without it these servers are not called: they would take every person for a new one.
        Err(reason) => tracing::error!("tool servers with tell_person cannot be called: {reason}"),
    }
}

#[cfg(feature = "tools")]
async fn kept_key(vault: &dyn Vault) -> Result<greenroom_tools::WhomKey, String> {
    use greenroom_contract::ids::AccountId;
    use greenroom_contract::store::VaultWrite;
    use greenroom_tools::WhomKey;
    let drawer = AccountId::new(DRAWER).map_err(|error| error.to_string())?;
    if let Some(kept) = vault.vault_get(&drawer, KEY).await.map_err(|error| error.to_string())? {
        return WhomKey::from_bytes(&kept).ok_or_else(|| "what is kept of their key is not a key".to_owned());
    }
    let key = WhomKey::random().map_err(|error| error.to_string())?;
    let write = VaultWrite::Put { key: KEY.to_vec().into(), value: key.as_bytes().to_vec().into() };
    vault.vault_write(&drawer, vec![write]).await.map_err(|error| error.to_string())?;
    Ok(key)
}

#[cfg(not(feature = "tools"))]
#[allow(clippy::unused_async, reason = "there is none")]
pub(crate) async fn know_whom(tools: &ConfiguredTools, _vault: &dyn Vault) {
    match *tools {}
}

#[cfg(feature = "tools")]
async fn live(tools: &ConfiguredTools, stop: CancellationToken) {
    tools.run(stop).await;
}

#[cfg(not(feature = "tools"))]
#[allow(clippy::unused_async, reason = "there is none")]
async fn live(tools: &ConfiguredTools, _stop: CancellationToken) {
    match *tools {}
}

/// The life of the tool servers beside the conversations. Those of another configuration take the place of these.
pub(crate) struct ToolsLife {
    current: watch::Sender<Option<Arc<ConfiguredTools>>>,
}

impl ToolsLife {
    pub(crate) fn new(tools: Option<Arc<ConfiguredTools>>) -> Self {
        Self { current: watch::Sender::new(tools) }
    }

    /// These run from now on. Those that ran before are ended, unless they are the same.
    pub(crate) fn replace(&self, tools: Option<Arc<ConfiguredTools>>) {
        self.current.send_if_modified(|current| {
            let same = match (current.as_ref(), tools.as_ref()) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (None, None) => true,
                _ => false,
            };
            if !same {
                *current = tools;
            }
            !same
        });
    }
}

#[async_trait]
impl Service for ToolsLife {
    fn name(&self) -> &'static str {
        "tools"
    }

    async fn run(&self, _handle: EngineHandle, stop: CancellationToken) -> Result<(), ServiceError> {
        let mut current = self.current.subscribe();
        while !stop.is_cancelled() {
            let tools = current.borrow_and_update().clone();
            let over = stop.child_token();
            let life = async {
                match &tools {
                    Some(tools) => live(tools, over.clone()).await,
                    None => over.cancelled().await,
                }
            };
            tokio::pin!(life);
            tokio::select! {
                () = &mut life => {}
                _ = current.changed() => {
                    over.cancel();
                    life.await;
                }
            }
        }
        Ok(())
    }
}

#[cfg(feature = "tools")]
#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::vault::MemoryVault;
    use greenroom_contract::ids::AccountId;
    use greenroom_contract::store::VaultWrite;

    #[tokio::test]
    async fn the_key_of_the_names_is_made_once_in_the_life_of_a_store() {
        let (one, other) = (MemoryVault::new(), MemoryVault::new());
        let first = kept_key(&*one).await.unwrap();
        assert_eq!(first.as_bytes(), kept_key(&*one).await.unwrap().as_bytes(), "also by a later run");
        assert_ne!(first.as_bytes(), kept_key(&*other).await.unwrap().as_bytes());
        let write = VaultWrite::Put { key: KEY.to_vec().into(), value: vec![1, 2, 3].into() };
        one.vault_write(&AccountId::new(DRAWER).unwrap(), vec![write]).await.unwrap();
        assert!(
            kept_key(&*one).await.is_err(),
            "no other one in its place: servers would take every person for a new one"
        );
    }
}
