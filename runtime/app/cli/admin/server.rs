//! The greenroom that runs, asked through its gateway.

use super::{Admin, Begun, Bot};
use crate::cli::failure::Failure;
use greenroom::async_trait;
use greenroom::contract::address::{Address, AllowEntry};
use greenroom::contract::ids::ChannelName;
use greenroom_client::{
    AccessView, AllowView, AnswersBody, Client, ClientError, KeptPersonView, LinkBody, LinkProgress, QuarantinedView,
    RefusedCountView, RejectionView, SessionView, TraceView, UnsentView, UsageBy, UsageView, WakeView,
};
use greenroom_engine::AccessAsked;
use greenroom_gateway::usage::UsageDays;
use std::collections::BTreeMap;
use std::path::Path;

/// The server that holds the data.
pub(super) struct Server(pub(super) Client);

impl Server {
    /// The server that holds a store.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        server_of(path).map(Self)
    }
}

/// The way to the server that holds a store.
pub(crate) fn server_of(path: &Path) -> Result<Client, Failure> {
    Client::of_folder(path).map_err(|error| match error {
        ClientError::NotRunning { .. } => {
            Failure::new(format!("{} is in use by a greenroom without a gateway", path.display()))
                .hint("Wait until it ends (a `chat`, an export), or start it with a gateway: gateway.enabled = true.")
        }
        other => other.into(),
    })
}

#[async_trait]
impl Admin for Server {
    fn bot(&self) -> Bot {
        Bot::Runs
    }

    async fn why(&self, message: &str) -> Result<Vec<TraceView>, Failure> {
        Ok(self.0.why(message).await?)
    }

    async fn latest(&self, traces_max: usize) -> Result<Vec<TraceView>, Failure> {
        Ok(self.0.latest(traces_max).await?)
    }

    async fn refusals(&self, days: u32) -> Result<Vec<RefusedCountView>, Failure> {
        Ok(self.0.refusals(days).await?)
    }

    async fn access(&self, asked: &AccessAsked) -> Result<AccessView, Failure> {
        let (channel, group) = (asked.channel.as_ref().map(ChannelName::as_str), asked.group.as_ref());
        let group = group.map(greenroom::contract::ids::ChatId::as_str);
        Ok(self.0.explain_access(&asked.who.to_string(), channel, group).await?)
    }

    async fn quarantine(&self) -> Result<Vec<QuarantinedView>, Failure> {
        Ok(self.0.quarantine().await?)
    }

    async fn release(&self, number: u64) -> Result<(), Failure> {
        Ok(self.0.release(number).await?)
    }

    async fn release_conversation(&self, conversation: u64) -> Result<(), Failure> {
        Ok(self.0.release_conversation(conversation).await?)
    }

    async fn wakes(&self) -> Result<Vec<WakeView>, Failure> {
        Ok(self.0.wakes().await?)
    }

    async fn cancel_wake(&self, number: u64) -> Result<(), Failure> {
        Ok(self.0.cancel_wake(number).await?)
    }

    async fn outbox(&self) -> Result<Vec<UnsentView>, Failure> {
        Ok(self.0.outbox().await?)
    }

    async fn usage(&self, days: UsageDays, by: UsageBy) -> Result<UsageView, Failure> {
        let (from, to) = days.ends();
        Ok(self.0.usage(Some(&from), Some(&to), by).await?)
    }

    async fn release_unsent(&self, id: &str) -> Result<(), Failure> {
        Ok(self.0.release_unsent(id).await?)
    }

    async fn release_all_unsent(&self) -> Result<usize, Failure> {
        Ok(self.0.release_all_unsent().await?.released)
    }

    async fn drop_unsent(&self, id: &str) -> Result<(), Failure> {
        Ok(self.0.drop_unsent(id).await?)
    }

    async fn export_person(&self, who: &Address, channel: Option<&str>) -> Result<Vec<KeptPersonView>, Failure> {
        Ok(self.0.export_person(&who.to_string(), channel).await?)
    }

    async fn forget_person(&self, who: &Address, channel: Option<&str>) -> Result<Vec<String>, Failure> {
        Ok(self.0.forget_person(&who.to_string(), channel).await?.channels)
    }

    async fn allow_list(&self) -> Result<Vec<AllowView>, Failure> {
        Ok(self.0.allow_list().await?)
    }

    async fn allow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure> {
        Ok(self.0.allow(channel.as_str(), &entry.to_string()).await?)
    }

    async fn disallow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure> {
        Ok(self.0.disallow(channel.as_str(), &entry.to_string()).await?)
    }

    async fn accounts(&self) -> Result<Vec<SessionView>, Failure> {
        Ok(self.0.sessions().await?)
    }

    async fn rejections(&self) -> Result<Vec<RejectionView>, Failure> {
        Ok(self.0.health().await?.details.map(|details| details.rejections).unwrap_or_default())
    }

    async fn link(&self, body: &LinkBody) -> Result<Begun, Failure> {
        match self.0.link(body).await {
            Ok(linking) => Ok(Begun::Linking(linking.session)),
            Err(ClientError::WarningNotAccepted { warning }) => Ok(Begun::Warned(warning)),
            Err(error) => Err(error.into()),
        }
    }

    async fn link_progress(&self, account: &str, after: Option<u64>) -> Result<LinkProgress, Failure> {
        Ok(self.0.link_progress(account, after).await?)
    }

    async fn answer_link(&self, account: &str, typed: BTreeMap<String, String>) -> Result<(), Failure> {
        Ok(self.0.answer_link(account, &AnswersBody { answers: typed }).await?)
    }

    async fn cancel_link(&self, account: &str) -> Result<(), Failure> {
        Ok(self.0.cancel_link(account).await?)
    }

    async fn reconnect(&self, account: &str) -> Result<(), Failure> {
        Ok(self.0.reconnect(account).await?)
    }

    async fn disconnect(&self, account: &str) -> Result<(), Failure> {
        Ok(self.0.disconnect(account).await?)
    }

    async fn forget(&self, account: &str) -> Result<(), Failure> {
        Ok(self.0.forget_session(account).await?)
    }

    async fn forget_pending(&self) -> Result<Vec<String>, Failure> {
        Ok(self.0.forget_pending().await?)
    }

    async fn close(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}
