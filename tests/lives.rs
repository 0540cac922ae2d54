//! The life of an assistant beside its turns: begun with its host, begun once more if it ends, stopped with it.

use crate::support::blueprints::assistant;
use crate::support::quiet_panics;
use crate::support::setup::{ANA, Setup};
use async_trait::async_trait;
use greenroom_channel_loopback::said;
use greenroom_conformance::assistants;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Turn};
use greenroom_contract::limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a life does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Lasts,
    Returns,
    Panics,
    /// It takes no notice of the end.
    Stays,
}

/// Lives in one way, and counts.
struct Living {
    way: Way,
    begun: AtomicU32,
    ended: AtomicU32,
    /// How many turns run.
    running: AtomicU32,
    /// Whether the life ended before a turn did.
    too_early: AtomicBool,
    turn: Duration,
}

fn living(way: Way) -> Arc<Living> {
    slow(way, Duration::ZERO)
}

fn slow(way: Way, turn: Duration) -> Arc<Living> {
    let zero = || AtomicU32::new(0);
    Arc::new(Living { way, begun: zero(), ended: zero(), running: zero(), too_early: AtomicBool::new(false), turn })
}

impl Living {
    fn counts(&self) -> (u32, u32) {
        (self.begun.load(Ordering::SeqCst), self.ended.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Assistant for Living {
    async fn run(&self, stop: CancellationToken) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        match self.way {
            Way::Lasts => stop.cancelled().await,
            Way::Returns => {}
            Way::Panics => panic!("told to panic"),
            Way::Stays => std::future::pending().await,
        }
        if self.running.load(Ordering::SeqCst) > 0 {
            self.too_early.store(true, Ordering::SeqCst);
        }
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        self.running.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.turn).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(Answer::text(turn.text()))
    }
}

#[tokio::test(start_paused = true)]
async fn it_lasts_as_long_as_the_engine() {
    let (helper, other) = (living(Way::Lasts), living(Way::Lasts));
    let mut setup = Setup::new(helper.clone());
    setup.others.push(("other", other.clone()));
    let bot = setup.start().await;
    bot.hears(said::text(ANA, "hi")).await;
    assert_eq!(bot.answers(ANA).await, ["hi"]);
    bot.passes(Duration::from_secs(3600)).await;
    assert_eq!((helper.counts(), other.counts()), ((1, 0), (1, 0)));
    bot.running.drain().await;
    assert_eq!((helper.counts(), other.counts()), ((1, 1), (1, 1)), "both were waited for");
}

#[tokio::test(start_paused = true)]
async fn one_that_ends_by_itself_is_begun_once_more_with_growing_pauses_and_shown() {
    quiet_panics();
    for way in [Way::Returns, Way::Panics] {
        let helper = living(way);
        let bot = Setup::new(helper.clone()).start().await;
        bot.passes(Duration::from_secs(1)).await;
        let soon = helper.begun.load(Ordering::SeqCst);
        assert!((3..=5).contains(&soon), "{way:?}: {soon}");
        bot.passes(Duration::from_secs(59)).await;
        let begun = helper.begun.load(Ordering::SeqCst);
        assert_eq!(begun, limits::RESTARTS_MAX + 1, "{way:?}: then rarely");
        bot.hears(said::text(ANA, "hi")).await;
        assert_eq!(bot.answers(ANA).await, ["hi"], "turns go on");
        let problem = bot.running.handle().health().await.problems[0].to_string();
        assert!(problem.starts_with("assistant helper, beside its turns, crashed too often"), "{problem}");
        bot.passes(limits::RESTART_RARE_PAUSE).await;
        assert_eq!(helper.begun.load(Ordering::SeqCst), begun + 1, "{way:?}");
        bot.rebuilt(|blueprint| blueprint.with_assistant(assistant("helper", assistants::echo()))).await;
        bot.passes(Duration::from_secs(1)).await;
        assert!(bot.running.handle().health().await.ok, "another one has its name now");
        bot.passes(Duration::from_secs(24 * 3600)).await;
        assert_eq!(helper.begun.load(Ordering::SeqCst), begun + 1, "{way:?}: it is gone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_of_ends_begins_a_few_hundred_times() {
    let helper = living(Way::Returns);
    let bot = Setup::new(helper.clone()).start().await;
    bot.passes(Duration::from_secs(24 * 3600)).await;
    let begun = helper.begun.load(Ordering::SeqCst);
    assert!((200..320).contains(&begun), "{begun}");
    bot.running.drain().await;
    assert_eq!(helper.begun.load(Ordering::SeqCst), begun);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_replaced_or_removed_ends_after_its_last_turn() {
    let helper = slow(Way::Lasts, Duration::from_secs(30));
    let bot = Setup::new(helper.clone()).start().await;
    bot.hears(said::text(ANA, "slow")).await;
    bot.passes(Duration::from_secs(5)).await;
    let next = living(Way::Lasts);
    bot.rebuilt(|blueprint| blueprint.with_assistant(assistant("helper", next.clone()))).await;
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!((helper.counts(), next.counts()), ((1, 0), (1, 0)), "its turn runs");
    assert_eq!(bot.answers(ANA).await, ["slow"]);
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!((helper.counts(), next.counts()), ((1, 1), (1, 0)));
    assert!(!helper.too_early.load(Ordering::SeqCst));
    let added = living(Way::Lasts);
    bot.rebuilt(|blueprint| blueprint.with_assistant(assistant("added", added.clone()))).await;
    bot.passes(Duration::from_secs(1)).await;
    assert_eq!(added.counts(), (1, 0));
    bot.rebuilt(|blueprint| blueprint.without_assistant(&"added".parse().expect("a name"))).await;
    bot.passes(Duration::from_secs(5)).await;
    assert_eq!(added.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn running_turns_end_before_it_when_the_engine_drains() {
    let helper = slow(Way::Lasts, Duration::from_secs(10));
    let bot = Setup::new(helper.clone()).start().await;
    bot.hears(said::text(ANA, "slow")).await;
    bot.passes(Duration::from_secs(1)).await;
    bot.running.drain().await;
    assert_eq!((helper.counts(), helper.too_early.load(Ordering::SeqCst)), ((1, 1), false));
    assert_eq!(bot.network.words_to(ANA), ["slow"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_no_notice_of_the_end_is_dropped() {
    let helper = living(Way::Stays);
    let bot = Setup::new(helper.clone()).start().await;
    let begun = bot.clock.now();
    bot.running.drain().await;
    assert!(bot.clock.now().since(begun) <= limits::STOP_TIMEOUT * 2);
    assert_eq!(helper.counts(), (1, 0));
}
