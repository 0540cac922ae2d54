//! One line of the configuration swaps the adapter; people, history and memory stay.

use crate::support::linking::{PHONE, WARNING, local};
use crate::support::setup::{ANA, BEN};
use greenroom::{AccountStatus, Handle, LinkRefused, LinkRequest, SessionLimits};
use greenroom_channel_loopback::{LoopbackNetwork, Options, loopback, said};
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::{START, id};
use greenroom_conformance::{assistants, transcribers};
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::linking::{LinkMethod, LinkStep, Linking};
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::AccountRow;
use greenroom_contract::time::Clock;
use greenroom_engine::{AssistantPart, ChannelPart, Parts};
use std::sync::Arc;
use std::time::Duration;

/// The channel `whatsapp` with one of two adapters: one whose accounts are linked, and one whose
/// numbers are configured.
struct Life {
    handle: Handle,
    network: LoopbackNetwork,
}

impl Life {
    async fn start(adapter: &str, store: &Arc<FaultyStore>) -> Self {
        let linking = (adapter != "cloud").then(|| Linking { warning: WARNING.to_owned() });
        let accounts = if adapter == "cloud" { vec!["number".to_owned()] } else { Vec::new() };
        let clock = Clock::tokio(START);
        let (channel, network) = loopback(Options { accounts, linking, clock, ..Options::default() });
        let mut policy = ChannelPolicy::new(id("helper"));
        policy.allow_from = vec![id(ANA), id(BEN)];
        let helper = AssistantPart {
            name: id("helper"),
            assistant: assistants::remembering_by_history(),
            turns_max: 4,
            timeout: limits::TURN_TIMEOUT,
        };
        let parts = Parts {
            store: store.clone(),
            channels: vec![ChannelPart { name: id("whatsapp"), adapter: adapter.to_owned(), channel, policy }],
            assistants: vec![helper],
            transcriber: transcribers::hears_nothing(),
            voice_encoder: Arc::new(greenroom::transcription::Opus),
            voice_workers: 1,
            clock,
            services: Vec::new(),
            conversation_idle: limits::CONVERSATION_IDLE,
            session_limits: SessionLimits::default(),
            identity: None,
        };
        let handle = greenroom_engine::start(parts).await.expect("it starts");
        Self { handle, network }
    }

    async fn link(&self) -> AccountId {
        let (channel, method) = (id("whatsapp"), LinkMethod::Qr);
        let request = LinkRequest { channel, owner: local(), account: None, method, accepted: true };
        let account = self.handle.begin_link(request).await.expect("it may be linked");
        let mut steps = self.handle.link_steps(&account).expect("it is there");
        let view =
            steps.wait_for(|view| view.step.as_ref().and_then(LinkStep::qr).is_some()).await.expect("a code").clone();
        let code = view.step.as_ref().and_then(LinkStep::qr).expect("just seen").to_owned();
        assert!(self.network.scan(&code, PHONE));
        self.network.connected(account.as_str()).await;
        account
    }

    /// Says something and returns what was answered.
    async fn ask(&self, account: &str, who: &str, words: &str) -> String {
        self.network.connected(account).await;
        let seen = self.network.sent_to(who).len();
        // A network that is made anew counts its messages anew.
        let said = said::text(who, words).with_id(&format!("{who}-{words}"));
        self.network.deliver(account, said).await.acknowledged().await.expect("it is taken");
        self.network.sent_to_reached(who, seen + 1).await.pop().expect("just seen").words().to_owned()
    }

    async fn rows(&self) -> Vec<AccountRow> {
        self.handle.accounts().await.expect("healthy")
    }

    async fn end(self) {
        self.handle.settled().await;
        self.handle.drain(Duration::from_secs(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn history_goes_on_from_one_adapter_to_the_other_and_back() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let web = Life::start("web", &store).await;
    let account = web.link().await;
    assert_eq!(web.ask(account.as_str(), ANA, "one").await, "before: nothing");
    assert_eq!(web.ask(account.as_str(), BEN, "uno").await, "before: nothing");
    web.end().await;

    let cloud = Life::start("cloud", &store).await;
    assert_eq!(cloud.ask("number", ANA, "two").await, "before: one", "the same person, the same history");
    let list = cloud.handle.account_list().await.expect("healthy");
    let kept = list.iter().find(|one| one.account == account).expect("the linked account is kept and shown");
    let (adapter, now) = (Some("web".to_owned()), Some("cloud".to_owned()));
    assert_eq!(kept.status, AccountStatus::Elsewhere { adapter, now });
    assert_eq!(kept.status.reason().as_deref(), Some("it belongs to the adapter web; its channel uses cloud now"));
    let next = kept.next.as_ref().map(ToString::to_string);
    assert_eq!(next.as_deref(), Some("set channels.whatsapp.adapter = \"web\" to continue with it"));
    assert!(cloud.handle.health().await.ok, "an account that rests is no problem");
    let owner = local();
    for refused in [
        cloud.handle.reconnect(&account, &owner).await,
        cloud.handle.disconnect(&account, &owner).await,
        cloud.handle.refresh_link(&account, &owner, LinkMethod::Qr).await,
    ] {
        assert_eq!(refused, Err(LinkRefused::Elsewhere { account: account.clone() }));
    }
    let used = cloud.handle.forget_account(&account, &owner).await;
    assert!(matches!(used, Err(LinkRefused::AlreadyLinked { .. })), "it is still a device of a phone: {used:?}");
    assert_eq!(cloud.handle.forget_pending(&owner).await, Ok(vec![]));
    cloud.end().await;

    let web = Life::start("web", &store).await;
    assert_eq!(web.ask(account.as_str(), ANA, "three").await, "before: two", "without linking again");
    assert_eq!(web.ask(account.as_str(), BEN, "due").await, "before: uno");
    let list = web.handle.account_list().await.expect("healthy");
    let number = list.iter().find(|one| one.account != account).expect("the configured number is kept");
    assert_eq!(number.status, AccountStatus::Unconfigured);
    assert_eq!(web.rows().await.len(), 2, "nothing was made twice");
    web.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_rests_and_was_never_linked_is_cleaned_up_too() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let web = Life::start("web", &store).await;
    let (channel, method) = (id("whatsapp"), LinkMethod::Qr);
    let request = LinkRequest { channel, owner: local(), account: None, method, accepted: true };
    let account = web.handle.begin_link(request).await.expect("it may be linked");
    web.end().await;
    let cloud = Life::start("cloud", &store).await;
    assert_eq!(cloud.handle.forget_pending(&local()).await, Ok(vec![account]));
    assert_eq!(cloud.rows().await.len(), 1);
    cloud.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_one_adapter_are_not_given_to_another_that_links_accounts_too() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let web = Life::start("web", &store).await;
    let account = web.link().await;
    web.end().await;
    let other = Life::start("another", &store).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!other.network.is_known(account.as_str()), "nobody connected it");
    let seen = other.handle.account_list().await.expect("healthy").remove(0);
    assert_eq!(seen.status.word(), "of another adapter");
    let new = other.link().await;
    assert_ne!(new, account);
    other.end().await;
}
