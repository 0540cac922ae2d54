//! What runs is changed while messages flow: each is answered once, by the assistant that its turn began with.

use crate::support::blueprints::{Again, CHANNEL, assistant, open_channel};
use crate::support::linking::{code_of, local};
use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use async_trait::async_trait;
use greenroom::{
    AccountStatus, Blueprint, LinkRefused, LinkRequest, ReconfigureRefused, RunLimits, SessionLimits, SessionScope,
};
use greenroom_channel_loopback::{LoopbackNetwork, Options, SendPlan, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn, Wake};
use greenroom_contract::channel::Channel;
use greenroom_contract::linking::{LinkMethod, LinkStep, Linking};
use greenroom_contract::policy::{GroupMode, OutboundMode, Overheard};
use greenroom_contract::store::{ConversationSettings, Scope};
use greenroom_contract::trace::Decision;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Answers with its number and the words of the turn, after up to 400 ms.
struct Version(usize);

#[async_trait]
impl Assistant for Version {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let text = turn.text();
        let dice: u64 = text.bytes().fold(7, |sum, byte| (sum * 31 + u64::from(byte)) % 400);
        tokio::time::sleep(Duration::from_millis(dice)).await;
        Ok(Answer::text(format!("{}|{text}", self.0)))
    }
}

/// A network that is no part of a bot yet.
fn other_network() -> (Arc<dyn Channel>, LoopbackNetwork) {
    loopback(Options::default())
}

/// What a message was, and the assistant that was the newest when it was said.
struct Sent {
    chat: String,
    text: String,
    oldest: usize,
}

/// What a chat saw: the number of the assistant, and what it answered.
fn seen(network: &LoopbackNetwork) -> BTreeMap<String, Vec<(usize, String)>> {
    let mut seen: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for message in network.sent() {
        let (version, text) = message.words().split_once('|').expect("a version answered");
        let said = (version.parse().expect("a number"), text.to_owned());
        seen.entry(message.chat.to_string()).or_default().push(said);
    }
    seen
}

fn check(network: &LoopbackNetwork, sent: &[Sent]) {
    let seen = seen(network);
    for chat in sent.iter().map(|sent| &sent.chat) {
        let said: Vec<&Sent> = sent.iter().filter(|sent| sent.chat == *chat).collect();
        let answered = seen.get(chat).map(Vec::as_slice).unwrap_or_default();
        let texts: Vec<&String> = answered.iter().map(|(_, text)| text).collect();
        assert_eq!(texts, said.iter().map(|sent| &sent.text).collect::<Vec<_>>(), "{chat}: each once and in order");
        for (sent, (version, text)) in said.iter().zip(answered) {
            assert!(*version >= sent.oldest, "{text} began when {} was the newest; {version} answered", sent.oldest);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_messages_flow_while_everything_is_exchanged() {
    let bot = Setup::new(Arc::new(Version(0))).start().await;
    bot.with_policy(CHANNEL, |policy| policy.allow_from = vec![id("*")]).await;
    let (main, (side_channel, side)) = (bot.main_channel(), other_network());
    let (mut on_main, mut on_side, mut version) = (Vec::new(), Vec::new(), 0);
    for number in 0..200_usize {
        let (chat, text) = (format!("+1555000000{}", number % 7), format!("text {number}"));
        let said = said::text(&chat, &text).with_id(&format!("m-{number}"));
        let sent = Sent { chat, text, oldest: version };
        // A network keeps what is said while the bot has no channel there.
        if number % 4 == 3 {
            side.deliver(MAIN, said).await;
            on_side.push(sent);
        } else {
            bot.network.deliver(MAIN, said).await;
            on_main.push(sent);
        }
        match number % 25 {
            4 | 12 | 20 => {
                version += 1;
                let changes =
                    bot.rebuilt(|it| it.with_assistant(assistant("helper", Arc::new(Version(version))))).await;
                assert_eq!(changes, ["assistant helper: replaced"]);
            }
            7 => {
                let changes = bot.rebuilt(|it| it.with_channel(open_channel("side", side_channel.clone()))).await;
                assert_eq!(changes, ["channel side: added, with loopback"]);
            }
            10 => {
                let changes = bot.with_policy(CHANNEL, |policy| policy.reconcile += Duration::from_secs(1)).await;
                assert_eq!(changes, ["channel loopback: another policy"]);
            }
            15 => {
                let changes = bot.rebuilt(|it| it.without_channel(&id("side"))).await;
                assert_eq!(changes, ["channel side: removed"]);
            }
            18 => {
                let mut part = bot.main_channel();
                part.channel = Arc::new(Again(main.channel.clone()));
                let changes = bot.rebuilt(|it| it.with_channel(part)).await;
                assert_eq!(changes, ["channel loopback: replaced, with program"]);
            }
            _ => {}
        }
        bot.passes(Duration::from_millis(20)).await;
    }
    bot.rebuilt(|it| it.with_channel(open_channel("side", side_channel))).await;
    side.connected(MAIN).await;
    bot.settled().await;
    side.sent_count_reached(on_side.len() as u64).await;
    bot.settled().await;
    check(&bot.network, &on_main);
    check(&side, &on_side);
    let versions = seen(&bot.network).into_values().flatten().map(|(version, _)| version);
    assert_eq!(versions.max(), Some(version), "the newest answers too");
    assert_eq!(side.broken_promises(), Vec::<String>::new());
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_answered_by_the_assistant_that_it_began_with_and_then_that_one_is_let_go() {
    let old = assistants::remembering_by_state();
    let mut setup = Setup::new(old.clone());
    setup.turns_max = 1;
    let bot = setup.start().await;
    old.hold();
    bot.hears(said::text(ANA, "one")).await;
    old.asked_at_least(1).await;
    // This turn began too, and waits for its assistant.
    bot.hears(said::text(BEN, "uno")).await;
    bot.passes(Duration::from_millis(100)).await;
    bot.rebuilt(|it| it.with_assistant(assistant("helper", assistants::echo()))).await;
    for (who, words) in [(ANA, "two"), (BEN, "due")] {
        bot.hears(said::text(who, words)).await;
    }
    bot.passes(Duration::from_secs(10)).await;
    assert!(Arc::strong_count(&old) > 1, "turns hold on to it");
    old.let_go();
    assert_eq!(bot.answers(ANA).await, ["before: nothing", "two"]);
    assert_eq!(bot.answers(BEN).await, ["before: nothing", "due"]);
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!(Arc::strong_count(&old), 1, "nothing of it is left");
}

#[tokio::test(start_paused = true)]
async fn a_removed_channel_lets_its_send_end_and_everything_else_waits_for_its_return() {
    let helper = assistants::echo();
    let bot = Setup::new(helper.clone()).start().await;
    let main = bot.main_channel();
    bot.rebuilt(|it| it.with_channel(open_channel("side", other_network().0))).await;
    bot.network.next_sends(MAIN, [SendPlan::DeliverAfter(Duration::from_secs(2))]);
    let first = bot.hears(said::text(ANA, "on its way")).await;
    bot.hears(said::text(ANA, "in the outbox")).await;
    bot.passes(Duration::from_millis(100)).await;
    helper.hold();
    bot.hears(said::text(BEN, "being answered")).await;
    helper.asked_at_least(3).await;
    let account = bot.store.accounts().await.expect("healthy").remove(0).id;

    assert_eq!(bot.rebuilt(|it| it.without_channel(&id(CHANNEL))).await, ["channel loopback: removed"]);
    assert!(bot.network.is_connected(MAIN), "until its send has ended");
    let away = bot.network.deliver(MAIN, said::text(ANA, "while it was away")).await;
    helper.let_go();
    bot.network.disconnected(MAIN).await;
    bot.passes(Duration::from_secs(3600)).await;
    assert_eq!(bot.network.words_to(ANA), ["on its way"]);
    let sent = |decision: &Decision| matches!(decision, Decision::Sent { .. });
    assert!(bot.decisions(&first).await.iter().any(sent), "{}", bot.why(&first).await);
    assert_eq!(bot.network.words_to(BEN), Vec::<String>::new());
    assert_eq!(bot.store.pending(&account, None, 10).await.expect("healthy").len(), 2, "both answers wait");
    let list = bot.running.handle().account_list().await.expect("healthy");
    let shown = list.iter().find(|one| one.account == account).expect("it is kept and shown");
    assert_eq!(shown.status, AccountStatus::Unconfigured);

    assert_eq!(bot.rebuilt(|it| it.with_channel(main)).await, ["channel loopback: added, with program"]);
    away.acknowledged().await.expect("the network kept it");
    assert_eq!(bot.answers(ANA).await, ["on its way", "in the outbox", "while it was away"]);
    assert_eq!(bot.answers(BEN).await, ["being answered"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_back_before_its_sessions_heard_that_it_was_removed_is_connected_again() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.network.connected(MAIN).await;
    let (main, (side, _)) = (bot.main_channel(), other_network());
    bot.rebuilt(|blueprint| blueprint.with_channel(open_channel("side", side)).without_channel(&id(CHANNEL))).await;
    bot.rebuilt(|blueprint| blueprint.with_channel(main)).await;
    bot.passes(Duration::from_secs(10)).await;
    let accounts = bot.running.handle().health().await.accounts;
    let status = accounts.into_iter().find(|account| account.channel.as_str() == CHANNEL).map(|account| account.status);
    assert_eq!(status, Some(AccountStatus::Connected));
    // Pictures are fetched by accounts that are connected.
    bot.hears(said::image(ANA, "a picture", Some("look"))).await;
    bot.passes(Duration::from_secs(10)).await;
    assert_eq!(bot.network.words_to(ANA), ["look"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_removed_channel_are_answered_when_it_comes_back() {
    let helper = assistants::echo();
    let bot = Setup::new(helper.clone()).start().await;
    let main = bot.main_channel();
    bot.rebuilt(|it| it.with_channel(open_channel("side", other_network().0))).await;
    helper.hold();
    for words in ["one", "two"] {
        bot.hears(said::text(ANA, words)).await;
    }
    helper.asked_at_least(1).await;
    bot.rebuilt(|it| it.without_channel(&id(CHANNEL))).await;
    helper.let_go();
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!((helper.asked(), bot.store.rows_waiting().await), (1, Ok(1)), "the second one waits");
    bot.rebuilt(|it| it.with_channel(main)).await;
    assert_eq!(bot.answers(ANA).await, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_holds_from_the_next_message_on_without_a_new_connection() {
    let bot = Setup::new(assistants::echo()).start().await;
    bot.hears(said::text(BEN, "one")).await;
    assert_eq!(bot.answers(BEN).await, ["one"]);
    let changes = bot.with_policy(CHANNEL, |policy| {
        policy.allow_from = vec![id(ANA)];
        policy.groups = GroupMode::Always;
        policy.overheard = Overheard::Remember;
    });
    assert_eq!(changes.await, ["channel loopback: another policy"]);
    let refused = bot.hears(said::text(BEN, "two")).await;
    bot.hears(said::text(ANA, "in a group, to everybody").in_group("g")).await;
    assert_eq!(bot.answers(BEN).await, ["one"]);
    assert!(bot.why(&refused).await.contains("not on the allow-list"), "{}", bot.why(&refused).await);
    assert_eq!(bot.answers("g").await, ["in a group, to everybody"]);
    bot.with_policy(CHANNEL, |policy| policy.outbound = OutboundMode::Off).await;
    let silent = bot.hears(said::text(ANA, "three")).await;
    bot.settled().await;
    assert!(bot.why(&silent).await.contains("only listens"), "{}", bot.why(&silent).await);
    let account = bot.running.handle().health().await.accounts.remove(0);
    assert_eq!(account.connections, 1, "a policy is no reason to connect again");
    assert_eq!(bot.rebuilt(|it| it).await, Vec::<String>::new());
}

/// Asks once to be woken.
struct Wakeful;

#[async_trait]
impl Assistant for Wakeful {
    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let words = turn.text();
        let wake = Wake { at: turn.now.plus(Duration::from_secs(60)), token: "tea".to_owned() };
        let wake = if words == "wake me" { vec![wake] } else { Vec::new() };
        Ok(Answer { wake, ..Answer::text(format!("wakeful [{words}]")) })
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_removed_assistant_was_asked_for_later_waits_with_its_reason() {
    let mut setup = Setup::new(assistants::echo());
    setup.others.push(("other", Arc::new(Wakeful)));
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "hello")).await;
    bot.settled().await;
    let conversation = bot.store.why(&message, None).await.expect("healthy")[0].conversation;
    let scope = Scope { channel: id(CHANNEL), owner: local() };
    let bound = ConversationSettings { assistant: Some(id("other")), ..ConversationSettings::default() };
    bot.running.handle().set_conversation_settings(&scope, conversation, bound).await.expect("it is there");
    bot.hears(said::text(ANA, "wake me")).await;
    bot.network.sent_to_reached(ANA, 2).await;
    assert_eq!(bot.rebuilt(|it| it.without_assistant(&id("other"))).await, ["assistant other: removed"]);
    let later = bot.hears(said::text(ANA, "later")).await;
    bot.network.sent_to_reached(ANA, 3).await;
    let passed_over = Decision::BindingUnknown { bound: id("other"), instead: id("helper") };
    assert!(bot.decisions(&later).await.contains(&passed_over), "{}", bot.why(&later).await);
    bot.passes(Duration::from_secs(61)).await;
    bot.settled().await;
    let row = bot.store.quarantined(10).await.expect("healthy").remove(0);
    assert!(row.reason.contains("the assistant other is not configured"), "{row:?}");
    assert!(!bot.running.handle().health().await.ok, "the owner sees it");
    bot.rebuilt(|it| it.with_assistant(assistant("other", Arc::new(Wakeful)))).await;
    bot.running.handle().release(row.entry.sequence).await.expect("it is there");
    assert_eq!(bot.answers(ANA).await, ["hello", "wakeful [wake me]", "later", "wakeful []"]);
}

#[tokio::test(start_paused = true)]
async fn a_blueprint_is_refused_as_a_whole_with_everything_that_is_wrong() {
    let bot = Setup::new(assistants::echo()).start().await;
    let handle = bot.running.handle();
    let mut side = open_channel("side", other_network().0);
    side.policy.assistant = id("gone");
    let wrong = handle.blueprint().with_channel(side).without_assistant(&id("helper"));
    let refused = handle.reconfigure(wrong).await.expect_err("it names assistants that are not there");
    let ReconfigureRefused::Invalid { problems } = &refused else { panic!("{refused}") };
    assert_eq!(problems.len(), 2, "{refused}");
    let words = refused.to_string();
    assert!(words.contains("channels.loopback.assistant") && words.contains("channels.side.assistant"), "{words}");
    assert!(handle.reconfigure(Blueprint::default()).await.is_err(), "without any channel it could be told nothing");
    bot.hears(said::text(ANA, "still there?")).await;
    assert_eq!(bot.answers(ANA).await, ["still there?"]);
    bot.running.drain().await;
    let late = bot.running.handle().reconfigure(bot.running.handle().blueprint()).await;
    assert!(matches!(late, Err(ReconfigureRefused::Stopping)), "{late:?}");
}

fn link_request() -> LinkRequest {
    LinkRequest { channel: id(CHANNEL), owner: local(), account: None, method: LinkMethod::Qr, accepted: true }
}

async fn linkable() -> Bot {
    let mut setup = Setup::new(assistants::echo());
    setup.options = Options { linking: Some(Linking { warning: String::new() }), ..Options::default() };
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn limits_of_accounts_hold_at_once() {
    let bot = linkable().await;
    let mut limits = RunLimits::default();
    limits.sessions = SessionLimits { per_owner: 0, total: 0 };
    assert_eq!(bot.rebuilt(|it| it.with_limits(limits)).await, ["limits: changed"]);
    let refused = bot.running.handle().begin_link(link_request()).await;
    let expected = LinkRefused::MaximumSessions { scope: SessionScope::Owner, count: 0, limit: 0 };
    assert_eq!(refused, Err(expected));
}

#[tokio::test(start_paused = true)]
async fn who_links_an_account_of_a_channel_that_is_replaced_is_told_and_links_again() {
    let bot = linkable().await;
    let handle = bot.running.handle();
    let account = handle.begin_link(link_request()).await.expect("it may be linked");
    let mut steps = handle.link_steps(&account).expect("it is there");
    steps.wait_for(|view| code_of(view).is_some()).await.expect("a code");
    let mut part = bot.main_channel();
    part.channel = Arc::new(Again(part.channel));
    bot.rebuilt(|it| it.with_channel(part)).await;
    let end = steps.wait_for(|view| !view.running).await.expect("the last step").clone();
    assert!(matches!(end.step, Some(LinkStep::Failed { .. })), "{end:?}");
    // The account has moved to the new adapter, and its state is on disk.
    let again = || handle.begin_link(LinkRequest { account: Some(account.clone()), ..link_request() });
    let mut begun = again().await;
    while matches!(begun, Err(LinkRefused::Busy { .. } | LinkRefused::AlreadyLinking { .. })) {
        bot.passes(Duration::from_millis(100)).await;
        begun = again().await;
    }
    assert_eq!(begun, Ok(account.clone()));
    let mut steps = handle.link_steps(&account).expect("it is there");
    steps.wait_for(|view| code_of(view).is_some()).await.expect("a code");
}
