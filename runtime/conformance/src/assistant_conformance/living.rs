//! What an assistant owes to its host.

use super::stage::numbered;
use super::{PATIENCE, STOPS_WITHIN, Stage, UnderTest};
use crate::turns::turn;
use greenroom_contract::assistant::AssistantError;
use greenroom_contract::limits;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Conversations that ask at the same time.
const MANY: u64 = 64;

pub async fn its_needs_make_sense_and_stay(assistant: UnderTest) {
    let needs = assistant.needs();
    assert_eq!(assistant.needs(), needs, "they are asked for once, and hold for every turn");
    assert!(needs.history_turns <= limits::HISTORY_TURNS_MAX, "{} turns of history", needs.history_turns);
    assert!(needs.debounce <= limits::DEBOUNCE_MAX, "{:?} of silence", needs.debounce);
    let stage = Stage::of(assistant);
    stage.say(1, "hello", None).await;
    assert_eq!(stage.assistant.needs(), needs);
}

pub async fn a_dropped_turn_does_no_harm(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    stage.say(1, "hello", None).await;
    for (number, patience) in (2..).zip([0, 0, 1, 3, 10, 30].map(Duration::from_millis)) {
        // Given up before its first step, and in the middle.
        let given_up = stage.assistant.respond(numbered(turn("hello"), number, None));
        if patience.is_zero() {
            drop(given_up);
        } else {
            let _ = timeout(patience, given_up).await;
        }
        stage.say(number, "hello", None).await;
    }
}

pub async fn many_conversations_are_answered_at_the_same_time(assistant: UnderTest) {
    let stage = Arc::new(Stage::of(assistant));
    let asked: Vec<_> = (1..=MANY)
        .map(|number| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { stage.say(number, "hello", None).await })
        })
        .collect();
    for one in asked {
        one.await.expect("each is answered");
    }
}

pub async fn its_life_ends_soon_after_a_stop(assistant: UnderTest) {
    let mut stage = Stage::of(assistant);
    stage.say(1, "hello", None).await;
    stage.stop.cancel();
    let ended = timeout(STOPS_WITHIN, &mut stage.life).await;
    ended.expect("`run` ends when it is told to stop").expect("it does not panic");
    // Told before it began.
    let stop = CancellationToken::new();
    stop.cancel();
    timeout(STOPS_WITHIN, stage.assistant.run(stop)).await.expect("`run` does not begin after a stop");
}

pub async fn it_can_live_twice(assistant: UnderTest) {
    let mut first = Stage::of(Arc::clone(&assistant));
    first.say(1, "hello", None).await;
    first.stop.cancel();
    let _ = timeout(PATIENCE, &mut first.life).await;
    let second = Stage::of(assistant);
    second.say(2, "hello", None).await;
}

pub async fn one_that_is_away_says_so(assistant: UnderTest) {
    let stage = Stage::of(assistant);
    let asked = timeout(PATIENCE, stage.assistant.respond(numbered(turn("hello"), 1, None))).await;
    let answered = asked.expect("who is away is known to be within the deadline of a turn");
    assert!(matches!(answered, Err(AssistantError::Unavailable { .. })), "an outage counts no attempt: {answered:?}");
}
