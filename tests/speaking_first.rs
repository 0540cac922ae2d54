//! The bot speaks first: the same guard as an answer, durable, and once for one key.

use crate::support::setup::{ANA, BEN, Bot, MAIN, STRANGER, Setup};
use greenroom::async_trait;
use greenroom::contract::address::{Address, AllowEntry};
use greenroom::contract::capabilities::Capabilities;
use greenroom::contract::channel::{BackOff, Channel, ConnectError, Identity, Link, SendError};
use greenroom::contract::ids::{ConversationId, MessageId, OwnerId};
use greenroom::contract::policy::OutboundMode;
use greenroom::contract::store::{AccountRow, AccountVault, ListScope, Scope};
use greenroom::contract::trace::Ignored;
use greenroom::{Queued, SendRefused, SendTo};
use greenroom_channel_loopback::{Options, SendPlan, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::id;
use greenroom_store::OpenOptions;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn ana() -> Address {
    id(ANA)
}

fn named(queued: &Queued) -> MessageId {
    id(&queued.id)
}

async fn bot() -> Bot {
    Setup::new(assistants::echo()).start().await
}

#[tokio::test(start_paused = true)]
async fn a_person_who_never_wrote_is_written_to_and_answers_in_the_same_conversation() {
    let bot = bot().await;
    let queued = bot.running.send(&ana(), "good morning").await.expect("admitted");
    assert!(!queued.repeated);
    assert_eq!(bot.answers(ANA).await, ["good morning"]);
    let why = bot.why(&named(&queued)).await;
    assert!(why.contains("admitted by +15550000001") && why.contains("sent as"), "{why}");
    let message = bot.hears(said::text(ANA, "morning!")).await;
    assert_eq!(bot.answers(ANA).await, ["good morning", "morning!"]);
    let trace = bot.store.why(&message, None).await.expect("healthy").remove(0);
    assert_eq!(trace.conversation, queued.conversation);
    let again = bot.running.send(queued.conversation, "tea?").await.expect("it is there now");
    assert_eq!(again.conversation, queued.conversation);
    assert_eq!(bot.answers(ANA).await, ["good morning", "morning!", "tea?"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn who_is_not_admitted_gets_nothing_and_is_not_remembered() {
    let bot = bot().await;
    let stranger: Address = id(STRANGER);
    let refused = bot.running.send(&stranger, "hello").await;
    assert!(matches!(refused, Err(SendRefused::NotAdmitted { reason: Ignored::Stranger { .. } })), "{refused:?}");
    bot.hears(said::text(STRANGER, "hello")).await;
    assert!(bot.running.send(&stranger, "hello").await.is_err());
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.sent_count(), 0);
    let scope = Scope { channel: id("loopback"), owner: OwnerId::local() };
    assert_eq!(bot.store.person_by_address(&scope, &stranger).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn who_is_taken_off_the_allow_list_before_the_send_gets_nothing() {
    let bot = bot().await;
    let (list, entry) = (ListScope::Channel(id("loopback")), id::<AllowEntry>("+15550000003"));
    bot.running.handle().allow(list.clone(), entry.clone(), "the owner").await.expect("healthy");
    let busy = SendError::Retry { reason: "busy".into(), after: None, scope: BackOff::Conversation };
    bot.network.next_sends(MAIN, [SendPlan::Fail(busy)]);
    let queued = bot.running.send(id::<Address>("+15550000003"), "good morning").await.expect("admitted");
    bot.passes(Duration::from_millis(100)).await;
    bot.running.handle().disallow(list, &entry).await.expect("healthy");
    bot.passes(Duration::from_secs(3_600)).await;
    assert_eq!(bot.network.sent_count(), 0);
    let why = bot.why(&named(&queued)).await;
    assert!(why.contains("dropped: the sender or the group was taken off"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_only_listens_does_not_speak_first() {
    let mut setup = Setup::new(assistants::echo());
    setup.policy.outbound = OutboundMode::Off;
    let bot = setup.start().await;
    let refused = bot.running.send(&ana(), "hello").await;
    assert_eq!(refused, Err(SendRefused::ListenOnly { channel: id("loopback") }));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_refused_by_name() {
    let mut setup = Setup::new(assistants::echo());
    setup.options.capabilities.text_chars_max = 10;
    let bot = setup.start().await;
    assert_eq!(bot.running.send(&ana(), " \n").await, Err(SendRefused::NothingToSay));
    let long = bot.running.send(&ana(), "a word ".repeat(200)).await;
    assert!(matches!(long, Err(SendRefused::TooLong { parts }) if parts > 64), "{long:?}");
    let unknown = bot.running.send(ConversationId(999), "hello").await;
    assert!(matches!(unknown, Err(SendRefused::UnknownConversation { .. })), "{unknown:?}");
    let key = bot.running.handle().send_once("", &ana(), "hello").await;
    assert!(matches!(key, Err(SendRefused::Key { .. })), "{key:?}");
    let message = bot.hears(said::text(ANA, "hi bot").in_group("friends").mentioning()).await;
    let group = bot.store.why(&message, None).await.expect("healthy").remove(0).conversation;
    assert_eq!(bot.running.send(group, "hello all").await, Err(SendRefused::Group { conversation: group }));
    bot.settled().await;
    let parts = bot.running.send(&ana(), "one two three four").await.expect("two parts");
    assert_eq!(bot.answers(ANA).await, ["one two", "three four"]);
    bot.running.drain().await;
    assert_eq!(bot.running.send(parts.conversation, "late").await, Err(SendRefused::Stopping));
}

#[tokio::test(start_paused = true)]
async fn where_several_accounts_could_send_one_must_be_named() {
    let mut setup = Setup::new(assistants::echo());
    setup.options.accounts = vec!["main".to_owned(), "second".to_owned()];
    let bot = setup.start().await;
    let accounts = bot.store.accounts().await.expect("healthy");
    let refused = bot.running.send(&ana(), "hello").await;
    assert!(matches!(&refused, Err(SendRefused::Ambiguous { accounts }) if accounts.len() == 2), "{refused:?}");
    let by = SendTo::from(&ana()).on(id("loopback")).by(accounts[1].id.clone());
    let queued = bot.running.send(by, "hello").await.expect("one is named");
    // From now on one of them knows her.
    assert_eq!(bot.running.send(&ana(), "again").await.expect("no question").conversation, queued.conversation);
    assert_eq!(bot.answers(ANA).await, ["hello", "again"]);
    let elsewhere = SendTo::from(&ana()).on(id("elsewhere"));
    let refused = bot.running.send(elsewhere, "hello").await;
    assert_eq!(refused, Err(SendRefused::UnknownConversation { to: ANA.to_owned() }));
}

/// A network on which people have to write first.
struct Shy(Arc<dyn Channel>);

#[async_trait]
impl Channel for Shy {
    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    fn identities(&self) -> Vec<Identity> {
        self.0.identities()
    }

    async fn connect(&self, account: &AccountRow, vault: AccountVault) -> Result<Arc<dyn Link>, ConnectError> {
        self.0.connect(account, vault).await
    }
}

#[tokio::test(start_paused = true)]
async fn where_people_have_to_write_first_a_send_before_that_is_refused() {
    let mut setup = Setup::new(assistants::silent());
    let (channel, network) = loopback(Options::default());
    setup.ends = Some((Arc::new(Shy(channel)), network));
    let bot = setup.start().await;
    let refused = bot.running.send(&ana(), "hello").await;
    assert_eq!(refused, Err(SendRefused::UnknownConversation { to: ANA.to_owned() }));
    let refused = bot.running.send(&id::<Address>(STRANGER), "hello").await;
    assert!(matches!(refused, Err(SendRefused::NotAdmitted { .. })), "admission comes first: {refused:?}");
    bot.hears(said::text(ANA, "hi")).await;
    bot.running.send(&ana(), "hello").await.expect("she wrote");
    assert_eq!(bot.answers(ANA).await, ["hello"]);
}

#[tokio::test(start_paused = true)]
async fn behind_a_closed_window_it_waits_until_the_person_writes() {
    let bot = bot().await;
    let closed = SendError::WindowClosed { reason: "24 hours are over".to_owned() };
    bot.network.next_sends(MAIN, [SendPlan::Fail(closed)]);
    bot.running.send(&ana(), "good morning").await.expect("admitted");
    bot.passes(Duration::from_secs(3 * 86_400)).await;
    assert_eq!(bot.network.sent_count(), 0, "it waits");
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["good morning", "hi"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_twice_is_one_message_also_after_an_unknown_outcome() {
    let store = FaultyStore::new(greenroom_store::memory());
    let mut setup = Setup::new(assistants::echo());
    setup.store = Some(store.clone());
    let bot = setup.start().await;
    let handle = bot.running.handle();
    store.fail_posts(1);
    let failed = handle.send_once("greeting", &ana(), "good morning").await;
    assert!(matches!(failed, Err(SendRefused::Store(_))), "{failed:?}");
    let first = handle.send_once("greeting", &ana(), "good morning").await.expect("healthy");
    let again = handle.send_once("greeting", &ana(), "good morning, again").await.expect("healthy");
    assert_eq!((first.repeated, again.repeated, &again.id), (false, true, &first.id));
    let other = handle.send_once("greeting of Ben", id::<Address>(BEN), "good morning").await.expect("another key");
    assert!(!other.repeated);
    bot.passes(Duration::from_secs(86_400)).await;
    assert!(handle.send_once("greeting", &ana(), "good morning").await.expect("healthy").repeated, "after a day");
    assert_eq!(bot.answers(ANA).await, ["good morning"]);
    assert_eq!(bot.answers(BEN).await, ["good morning"]);
    assert!(bot.why(&id("send:greeting")).await.contains("sent as"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_sent_after_the_end_of_the_process_and_once() {
    let folder = TempDir::new().expect("a temporary folder");
    let start = async || {
        let mut setup = Setup::new(assistants::echo());
        setup.store = Some(greenroom_store::open(OpenOptions::at(folder.path())).expect("it opens"));
        setup
    };
    let bot = start().await.start().await;
    bot.network.next_sends(MAIN, std::iter::repeat_n(SendPlan::Fail(SendError::NotConnected), 1_000));
    let handle = bot.running.handle();
    let first = handle.send_once("greeting", &ana(), "good morning").await.expect("healthy");
    bot.running.drain().await;
    assert_eq!(bot.network.sent_count(), 0);
    drop(bot);

    let bot = start().await.start().await;
    let again = bot.running.handle().send_once("greeting", &ana(), "good morning").await.expect("healthy");
    assert_eq!((again.repeated, &again.id), (true, &first.id));
    assert_eq!(bot.answers(ANA).await, ["good morning"]);
}
