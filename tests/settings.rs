//! A conversation that is bound to an assistant, or paused: now, after a restart, and after a merge.

use crate::support::setup::{ANA, BEN, Bot, MAIN, Setup};
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants::{self, Fake};
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::id;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn, Wake};
use greenroom_contract::event::ChannelEvent;
use greenroom_contract::ids::{ConversationId, MessageId, OwnerId};
use greenroom_contract::policy::{Busy, Rates};
use greenroom_contract::store::{ConversationSettings, Scope, StoreError};
use greenroom_contract::trace::{Decision, Ignored};
use std::sync::Arc;
use std::time::Duration;

const LID: &str = "lid:777";
const PAUSE: Duration = Duration::from_secs(3600);

/// A bot with an echo, and beside it `other`, which answers `before: …`.
fn two_assistants() -> (Setup, Arc<Fake>, Arc<Fake>) {
    let (helper, other) = (assistants::echo(), assistants::remembering_by_state());
    let mut setup = Setup::new(helper.clone());
    setup.others.push(("other", other.clone()));
    (setup, helper, other)
}

fn scope() -> Scope {
    Scope { channel: id("loopback"), owner: OwnerId::local() }
}

fn bound_to(assistant: &str) -> ConversationSettings {
    ConversationSettings { assistant: Some(id(assistant)), ..ConversationSettings::default() }
}

fn paused(bot: &Bot) -> ConversationSettings {
    ConversationSettings { paused_until: Some(bot.clock.now().plus(PAUSE)), ..ConversationSettings::default() }
}

async fn conversation_of(bot: &Bot, message: &MessageId) -> ConversationId {
    bot.store.why(message, None).await.expect("healthy")[0].conversation
}

async fn set(bot: &Bot, conversation: ConversationId, settings: ConversationSettings) {
    let set = bot.running.handle().set_conversation_settings(&scope(), conversation, settings).await;
    set.expect("a known conversation");
}

/// Says one thing and waits for its answer; returns its conversation.
async fn begun(bot: &Bot, who: &str) -> ConversationId {
    let message = bot.hears(said::text(who, "hello")).await;
    bot.settled().await;
    conversation_of(bot, &message).await
}

#[tokio::test(start_paused = true)]
async fn a_bound_assistant_answers_in_its_conversation_only() {
    let (setup, ..) = two_assistants();
    let bot = setup.start().await;
    let conversation = begun(&bot, ANA).await;
    set(&bot, conversation, bound_to("other")).await;
    bot.hears(said::text(ANA, "one")).await;
    bot.hears(said::text(ANA, "two")).await;
    bot.hears(said::text(BEN, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hello", "before: nothing", "before: one"]);
    assert_eq!(bot.answers(BEN).await, ["hi"]);
    assert_eq!(
        bot.running.handle().conversation_settings(&scope(), conversation).await,
        Ok(bound_to("other")),
        "turns leave the settings as they are"
    );
    set(&bot, conversation, ConversationSettings::default()).await;
    bot.hears(said::text(ANA, "three")).await;
    assert_eq!(bot.answers(ANA).await.last().map(String::as_str), Some("three"));
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_collected_go_to_the_bound_assistant_together() {
    let (mut setup, _, other) = two_assistants();
    setup.policy.busy = Busy::Collect;
    let bot = setup.start().await;
    let conversation = begun(&bot, ANA).await;
    set(&bot, conversation, bound_to("other")).await;
    other.hold();
    bot.hears(said::text(ANA, "one")).await;
    other.asked_at_least(1).await;
    for words in ["two", "three"] {
        bot.hears(said::text(ANA, words)).await;
    }
    other.let_go();
    bot.settled().await;
    assert_eq!(other.turns().iter().map(Turn::text).collect::<Vec<_>>(), ["one", "two\nthree"]);
}

#[tokio::test(start_paused = true)]
async fn a_bound_assistant_that_is_not_configured_is_passed_over_with_a_trace() {
    let (setup, ..) = two_assistants();
    let bot = setup.start().await;
    let conversation = begun(&bot, ANA).await;
    set(&bot, conversation, bound_to("gone")).await;
    let message = bot.hears(said::text(ANA, "still there?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello", "still there?"]);
    let expected = Decision::BindingUnknown { bound: id("gone"), instead: id("helper") };
    assert!(bot.decisions(&message).await.contains(&expected), "{}", bot.why(&message).await);
}

/// Wants reactions, and asks once to be woken.
struct Wakeful;

#[greenroom::async_trait]
impl Assistant for Wakeful {
    fn needs(&self) -> Needs {
        Needs { reactions: true, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let words = turn.text();
        let wake = Wake { at: turn.now.plus(Duration::from_secs(60)), token: "tea".to_owned() };
        let wake = if words == "hello" { vec![wake] } else { Vec::new() };
        Ok(Answer { wake, ..Answer::text(format!("wakeful [{words}]")) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_binding_leaves_wake_ups_to_who_asked_and_reactions_to_who_wants_them() {
    let mut setup = Setup::new(Arc::new(Wakeful));
    let other = assistants::echo();
    setup.others.push(("other", other.clone()));
    let bot = setup.start().await;
    let message = bot.hears(said::text(ANA, "hello")).await;
    bot.network.sent_count_reached(1).await;
    let conversation = conversation_of(&bot, &message).await;
    set(&bot, conversation, bound_to("other")).await;
    let reaction = bot.hears(said::reaction(ANA, &message, Some("👍"))).await;
    bot.passes(Duration::from_secs(61)).await;
    assert_eq!(bot.answers(ANA).await, ["wakeful [hello]", "wakeful []"], "the wake-up is its own");
    assert_eq!(other.asked(), 0);
    let ignored = Decision::Ignored { reason: Ignored::Reaction };
    assert!(bot.decisions(&reaction).await.contains(&ignored), "{}", bot.why(&reaction).await);
}

#[tokio::test(start_paused = true)]
async fn a_paused_conversation_is_silent_until_its_pause_is_over() {
    let (mut setup, helper, _) = two_assistants();
    setup.policy.rates = Rates { person_per_minute: 1, ..Rates::UNLIMITED };
    let bot = setup.start().await;
    let conversation = begun(&bot, ANA).await;
    let settings = paused(&bot);
    let until = settings.paused_until.expect("just set");
    set(&bot, conversation, settings).await;
    // The limit of a minute is used up; in a pause not even that is said.
    let message = bot.hears(said::text(ANA, "are you there?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello"]);
    assert_eq!(helper.asked(), 1);
    let decisions = bot.decisions(&message).await;
    assert!(decisions.contains(&Decision::Ignored { reason: Ignored::Paused { until } }), "{decisions:?}");
    assert_eq!(bot.store.rows_waiting().await, Ok(0), "it is settled, not kept for later");
    bot.hears(said::text(BEN, "hi")).await;
    assert_eq!(bot.answers(BEN).await, ["hi"], "others are answered");
    bot.passes(PAUSE).await;
    bot.hears(said::text(ANA, "and now?")).await;
    assert_eq!(bot.answers(ANA).await, ["hello", "and now?"], "what came in the pause is not answered later");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn binding_and_pause_hold_after_a_restart() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = async || {
        let (mut setup, ..) = two_assistants();
        setup.store = Some(store.clone());
        setup.start().await
    };
    let bot = start().await;
    let (of_ana, of_ben) = (begun(&bot, ANA).await, begun(&bot, BEN).await);
    set(&bot, of_ana, bound_to("other")).await;
    set(&bot, of_ben, paused(&bot)).await;
    bot.running.drain().await;
    let bot = start().await;
    bot.hears(said::text(ANA, "one").with_id("after-1")).await;
    bot.hears(said::text(BEN, "two").with_id("after-2")).await;
    assert_eq!(bot.answers(ANA).await, ["before: nothing"]);
    assert_eq!(bot.answers(BEN).await, Vec::<String>::new());
}

async fn merged(of_older: Option<&str>, of_newer: Option<&str>) -> Bot {
    let (mut setup, ..) = two_assistants();
    setup.policy.allow_from.push(id(LID));
    let bot = setup.start().await;
    for (who, settings) in [(ANA, of_older), (LID, of_newer)] {
        let conversation = begun(&bot, who).await;
        if let Some(assistant) = settings {
            set(&bot, conversation, bound_to(assistant)).await;
        }
    }
    let event = ChannelEvent::SamePerson { addresses: vec![id(ANA), id(LID)] };
    bot.network.deliver_event(MAIN, event).await.acknowledged().await.expect("it is taken");
    bot
}

#[tokio::test(start_paused = true)]
async fn two_conversations_that_become_one_keep_the_binding_of_the_older_or_else_of_the_newer() {
    for (of_older, of_newer, expected) in [
        (None, Some("other"), "before: nothing"),
        (Some("other"), None, "before: nothing"),
        (Some("helper"), Some("other"), "hi"),
    ] {
        let bot = merged(of_older, of_newer).await;
        bot.hears(said::text(ANA, "hi")).await;
        let answers = bot.answers(ANA).await;
        assert_eq!(answers.last().map(String::as_str), Some(expected), "{of_older:?} and {of_newer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn settings_are_reached_within_their_scope() {
    let (setup, ..) = two_assistants();
    let bot = setup.start().await;
    let conversation = begun(&bot, ANA).await;
    let elsewhere = Scope { channel: id("elsewhere"), owner: OwnerId::local() };
    let handle = bot.running.handle();
    let refused = handle.set_conversation_settings(&elsewhere, conversation, bound_to("other")).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    let refused = handle.conversation_settings(&elsewhere, conversation).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}
