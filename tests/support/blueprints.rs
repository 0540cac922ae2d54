//! Changing what runs, as a program that embeds the runtime does.

use super::setup::Bot;
use async_trait::async_trait;
use greenroom::{AssistantPart, Blueprint, Change, ChannelPart};
use greenroom_conformance::messages::id;
use greenroom_contract::address::Address;
use greenroom_contract::assistant::Assistant;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::channel::{Channel, ConnectError, Identity, Link};
use greenroom_contract::ids::ChatId;
use greenroom_contract::limits;
use greenroom_contract::linking::Linking;
use greenroom_contract::policy::{ChannelPolicy, Rates};
use greenroom_contract::store::{AccountRow, AccountVault};
use std::sync::Arc;

/// The channel of every [`Bot`].
pub(crate) const CHANNEL: &str = "loopback";

/// The same network by another adapter.
pub(crate) struct Again(pub(crate) Arc<dyn Channel>);

#[async_trait]
impl Channel for Again {
    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    fn identities(&self) -> Vec<Identity> {
        self.0.identities()
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        self.0.connect(account, vault).await
    }

    fn linking(&self) -> Option<&Linking> {
        self.0.linking()
    }

    fn chat_with(&self, address: &Address) -> Option<ChatId> {
        self.0.chat_with(address)
    }
}

/// An assistant under this name.
pub(crate) fn assistant(name: &str, assistant: Arc<dyn Assistant>) -> AssistantPart {
    AssistantPart { name: id(name), assistant, turns_max: 4, timeout: limits::TURN_TIMEOUT }
}

/// A channel under this name that admits everybody, with the assistant `helper`.
pub(crate) fn open_channel(name: &str, channel: Arc<dyn Channel>) -> ChannelPart {
    let policy =
        ChannelPolicy { allow_from: vec![id("*")], rates: Rates::UNLIMITED, ..ChannelPolicy::new(id("helper")) };
    ChannelPart { name: id(name), adapter: "loopback".to_owned(), channel, policy }
}

impl Bot {
    /// Changes what runs; what is wrong with it fails the test.
    pub(crate) async fn rebuilt(&self, change: impl FnOnce(Blueprint) -> Blueprint) -> Vec<String> {
        let handle = self.running.handle();
        let changes = handle.reconfigure(change(handle.blueprint())).await.expect("a sound blueprint");
        changes.iter().map(Change::to_string).collect()
    }

    /// Changes a policy.
    pub(crate) async fn with_policy(&self, channel: &str, change: impl FnOnce(&mut ChannelPolicy)) -> Vec<String> {
        let with_policy = |blueprint: Blueprint| {
            let mut part = blueprint.channel(&id(channel)).expect("it runs");
            change(&mut part.policy);
            blueprint.with_channel(part)
        };
        self.rebuilt(with_policy).await
    }

    /// The channel that every bot has, as it is now.
    pub(crate) fn main_channel(&self) -> ChannelPart {
        self.running.handle().blueprint().channel(&id(CHANNEL)).expect("it runs")
    }
}
