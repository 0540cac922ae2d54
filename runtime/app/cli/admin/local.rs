//! This process, while no server runs: the store, and where a channel is needed an engine with that one.

use super::{Admin, Begun, Bot, stored_outbox, unknown};
use crate::cli::failure::Failure;
use greenroom::async_trait;
use greenroom::config::Config;
use greenroom::contract::address::{Address, AllowEntry};
use greenroom::contract::ids::{AccountId, AssistantName, ChannelName, ConversationId, MessageId, OwnerId, Sequence};
use greenroom::contract::limits;
use greenroom::contract::linking::{Answers, LinkMethod};
use greenroom::contract::policy::ChannelPolicy;
use greenroom::contract::secret::Secret;
use greenroom::contract::store::{AccountRow, AccountState, ListScope, Person, Scope, Store, StoreReader, StoredEntry};
use greenroom::contract::time::Clock;
use greenroom::{Handle, LinkRefused, LinkRequest, RunError, Running, Runtime};
use greenroom_client::{
    AccessView, AllowView, KeptPersonView, LinkBody, LinkProgress, QuarantinedView, RefusedCountView, RejectionView,
    SessionView, TraceView, UnsentView, UsageBy, UsageView, WakeView,
};
use greenroom_engine::{AccessAsked, Doors};
use greenroom_gateway::explained;
use greenroom_gateway::usage::{self, UsageDays};
use greenroom_gateway::{person, view};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What this process owns as long as the command runs.
pub(super) struct Local {
    store: Arc<dyn Store>,
    running: Option<Running>,
    /// The unit of prices.
    currency: String,
    /// The configured assistants.
    assistants: Vec<AssistantName>,
    /// The policies of the configuration.
    policies: Vec<(ChannelName, ChannelPolicy)>,
}

impl Local {
    /// A store and nothing that runs.
    pub(super) fn of_store(store: Arc<dyn Store>, config: &Config) -> Self {
        let (currency, assistants) = (config.usage.currency.clone(), assistants(config));
        Self { store, running: None, currency, assistants, policies: policies(config) }
    }

    /// Starts what this channel needs and nothing else.
    pub(super) async fn start(config: &Config, channel: &str) -> Result<Self, RunError> {
        let mut one = config.clone();
        one.gateway.enabled = false;
        one.channels.retain(|configured| configured.name.as_str() == channel);
        let running = Runtime::builder().config(one).build()?.start().await?;
        let (store, currency) = (running.handle().whole_store(), config.usage.currency.clone());
        let assistants = assistants(config);
        Ok(Self { store, running: Some(running), currency, assistants, policies: policies(config) })
    }

    /// All accounts, or those of a channel, and whom the address names in their channels; never nobody.
    async fn people(
        &self,
        who: &Address,
        channel: Option<&str>,
    ) -> Result<(Vec<AccountRow>, Vec<(Scope, Person)>), Failure> {
        let mut accounts = self.store.accounts().await?;
        accounts.retain(|row| channel.is_none_or(|channel| row.channel.as_str() == channel));
        let found = person::find(&StoreReader::new(self.store.clone()), &accounts, who).await?;
        if found.is_empty() {
            return Err(Failure::new(format!("{who} is not known")));
        }
        Ok((accounts, found))
    }

    fn engine(&self) -> Result<&Handle, Failure> {
        self.running.as_ref().map(Running::handle).ok_or_else(|| {
            Failure::new("greenroom is not running, so nothing is connected").hint("Start it with: greenroom run")
        })
    }

    /// Deletes an account where no engine could be using it.
    async fn delete(&self, row: &AccountRow) -> Result<(), Failure> {
        if is_free(row) {
            return Ok(self.store.delete_account(&row.id).await?);
        }
        Err(Failure::new(format!("account {} is in use", row.id))
            .hint(format!("Unlink it first: greenroom accounts disconnect {}", row.id)))
    }
}

fn assistants(config: &Config) -> Vec<AssistantName> {
    config.assistants.iter().map(|one| one.name.clone()).collect()
}

fn policies(config: &Config) -> Vec<(ChannelName, ChannelPolicy)> {
    config.channels.iter().map(|one| (one.name.clone(), one.policy.clone())).collect()
}

#[async_trait]
impl Admin for Local {
    fn bot(&self) -> Bot {
        Bot::Rests
    }

    async fn why(&self, message: &str) -> Result<Vec<TraceView>, Failure> {
        let message = MessageId::new(message).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(self.store.why(&message, None).await?.iter().map(view::trace).collect())
    }

    async fn latest(&self, traces_max: usize) -> Result<Vec<TraceView>, Failure> {
        Ok(self.store.latest(traces_max).await?.iter().map(view::trace).collect())
    }

    async fn refusals(&self, days: u32) -> Result<Vec<RefusedCountView>, Failure> {
        let since = Clock::System.now().day().saturating_sub(days.max(1) - 1);
        let counts = greenroom_engine::refused_since(self.store.as_ref(), since).await?;
        Ok(counts.iter().map(explained::refused_count).collect())
    }

    async fn access(&self, asked: &AccessAsked) -> Result<AccessView, Failure> {
        let places = greenroom_engine::access(self.store.as_ref(), &self.policies, asked).await?;
        Ok(explained::access(asked, &places))
    }

    async fn quarantine(&self) -> Result<Vec<QuarantinedView>, Failure> {
        Ok(self.store.quarantined(limits::PAGE_ROWS_MAX).await?.iter().map(view::quarantined).collect())
    }

    async fn release(&self, number: u64) -> Result<(), Failure> {
        Ok(self.store.release(Sequence(number)).await.map(|_| ())?)
    }

    async fn release_conversation(&self, conversation: u64) -> Result<(), Failure> {
        Ok(greenroom_engine::release_conversation(self.store.as_ref(), ConversationId(conversation)).await?)
    }

    async fn wakes(&self) -> Result<Vec<WakeView>, Failure> {
        Ok(self.store.wakes(None, limits::PAGE_ROWS_MAX).await?.iter().map(view::wake).collect())
    }

    async fn cancel_wake(&self, number: u64) -> Result<(), Failure> {
        Ok(self.store.cancel_wake(Sequence(number)).await?)
    }

    async fn outbox(&self) -> Result<Vec<UnsentView>, Failure> {
        Ok(stored_outbox::list(self.store.as_ref()).await?)
    }

    async fn usage(&self, days: UsageDays, by: UsageBy) -> Result<UsageView, Failure> {
        Ok(usage::usage(&StoreReader::new(self.store.clone()), days, by, &self.currency).await?)
    }

    async fn release_unsent(&self, id: &str) -> Result<(), Failure> {
        Ok(stored_outbox::release(self.store.as_ref(), id).await?)
    }

    async fn release_all_unsent(&self) -> Result<usize, Failure> {
        Ok(stored_outbox::release_all(self.store.as_ref()).await?)
    }

    async fn drop_unsent(&self, id: &str) -> Result<(), Failure> {
        Ok(stored_outbox::drop_one(self.store.as_ref(), id).await?)
    }

    async fn export_person(&self, who: &Address, channel: Option<&str>) -> Result<Vec<KeptPersonView>, Failure> {
        let reader = StoreReader::new(self.store.clone());
        let (accounts, found) = self.people(who, channel).await?;
        let mut views = Vec::with_capacity(found.len());
        for one in found {
            views.push(person::export(&reader, &accounts, &self.assistants, one).await?);
        }
        Ok(views)
    }

    async fn forget_person(&self, who: &Address, channel: Option<&str>) -> Result<Vec<String>, Failure> {
        let (_, found) = self.people(who, channel).await?;
        let mut channels = Vec::with_capacity(found.len());
        for (scope, person) in found {
            self.store.forget_person(person.id).await?;
            channels.push(scope.channel.to_string());
        }
        Ok(channels)
    }

    async fn allow_list(&self) -> Result<Vec<AllowView>, Failure> {
        let configured = |(name, policy): &(ChannelName, ChannelPolicy)| (name.clone(), policy.allow_from.clone());
        let configured: Vec<(ChannelName, Vec<AllowEntry>)> = self.policies.iter().map(configured).collect();
        Ok(view::allow_list(&configured, &self.store.allow_entries().await?))
    }

    async fn allow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure> {
        let (scope, at) = (ListScope::Channel(channel.clone()), Clock::System.now());
        let stored = StoredEntry { scope, entry: entry.clone(), by: "the command line".to_owned(), at };
        Ok(self.store.allow(stored).await?)
    }

    async fn disallow(&self, channel: &ChannelName, entry: &AllowEntry) -> Result<(), Failure> {
        Ok(self.store.disallow(&ListScope::Channel(channel.clone()), entry).await?)
    }

    async fn accounts(&self) -> Result<Vec<SessionView>, Failure> {
        if let Some(running) = &self.running {
            return Ok(running.handle().account_list().await?.iter().map(view::session).collect());
        }
        let gaps = greenroom_engine::gaps(self.store.as_ref()).await?;
        let rows = self.store.accounts().await?;
        let of = |row: &AccountRow| {
            let gaps = gaps.get(&row.id).map(|gaps| gaps.iter().map(explained::gap).collect());
            SessionView { gaps: gaps.unwrap_or_default(), ..view::stored_session(row) }
        };
        Ok(rows.iter().map(of).collect())
    }

    async fn rejections(&self) -> Result<Vec<RejectionView>, Failure> {
        // Nothing comes from outside where no gateway runs.
        Ok(Vec::new())
    }

    async fn link(&self, body: &LinkBody) -> Result<Begun, Failure> {
        match self.engine()?.begin_link(request(body)?).await {
            Ok(account) => Ok(Begun::Linking(account.to_string())),
            Err(LinkRefused::WarningNotAccepted { warning, .. }) => Ok(Begun::Warned(warning)),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn link_progress(&self, account: &str, after: Option<u64>) -> Result<LinkProgress, Failure> {
        let steps = self.engine()?.link_steps(&named(account)?);
        let mut steps = steps.ok_or_else(|| Failure::new(format!("account {account} is gone")))?;
        let news = steps.wait_for(|view| Some(view.sequence) != after);
        let _ = tokio::time::timeout(limits::LINK_POLL_MAX, news).await;
        let progress = view::link_progress(&steps.borrow());
        Ok(progress)
    }

    async fn answer_link(&self, account: &str, typed: BTreeMap<String, String>) -> Result<(), Failure> {
        let answers = Answers::new(typed.into_iter().map(|(name, typed)| (name, Secret::new(typed))));
        Ok(self.engine()?.answer_link(&named(account)?, &owner(), answers)?)
    }

    async fn cancel_link(&self, account: &str) -> Result<(), Failure> {
        Ok(self.engine()?.cancel_link(&named(account)?, &owner()).await?)
    }

    async fn reconnect(&self, account: &str) -> Result<(), Failure> {
        Ok(self.engine()?.reconnect(&named(account)?, &owner()).await?)
    }

    async fn disconnect(&self, account: &str) -> Result<(), Failure> {
        Ok(self.engine()?.disconnect(&named(account)?, &owner()).await?)
    }

    async fn forget(&self, account: &str) -> Result<(), Failure> {
        if let Some(running) = &self.running {
            return Ok(running.handle().forget_account(&named(account)?, &owner()).await?);
        }
        let rows = self.store.accounts().await?;
        let row = rows.iter().find(|row| row.id.as_str() == account).ok_or_else(|| unknown(account))?;
        self.delete(row).await
    }

    async fn forget_pending(&self) -> Result<Vec<String>, Failure> {
        if let Some(running) = &self.running {
            let forgotten = running.handle().forget_pending(&owner()).await?;
            return Ok(forgotten.iter().map(ToString::to_string).collect());
        }
        // Where nothing runs nothing is being linked: what is pending was interrupted.
        let mut forgotten = Vec::new();
        for row in self.store.accounts().await?.iter().filter(|row| row.linked_at.is_none() && is_free(row)) {
            self.delete(row).await?;
            forgotten.push(row.id.to_string());
        }
        Ok(forgotten)
    }

    async fn close(self: Box<Self>) -> Result<(), Failure> {
        match self.running {
            // Its engine closes the store.
            Some(running) => drop(running.drain().await),
            None => self.store.close().await?,
        }
        Ok(())
    }
}

/// The person at the command line runs this machine's greenroom.
fn owner() -> OwnerId {
    OwnerId::local()
}

fn named(account: &str) -> Result<AccountId, Failure> {
    account.parse().map_err(|error| {
        Failure::usage(format!("{account:?} is not the id of an account: {error}"))
            .hint("greenroom accounts shows them.")
    })
}

fn request(body: &LinkBody) -> Result<LinkRequest, Failure> {
    let method = body.phone.clone().map_or(LinkMethod::Qr, |phone| LinkMethod::Code { phone });
    Ok(LinkRequest {
        channel: body.channel.parse().map_err(|error| Failure::usage(format!("{error}")))?,
        owner: owner(),
        account: body.session.as_deref().map(named).transpose()?,
        method,
        accepted: body.accept_risk,
    })
}

fn is_free(row: &AccountRow) -> bool {
    let linked = matches!(row.state, AccountState::Linked | AccountState::Stopped { .. });
    row.configured_key.is_none() && !linked
}
