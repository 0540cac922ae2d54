//! What a program that embeds the runtime may write: assistants from closures, and what they are spared.

use crate::support::setup::{ANA, BEN, NOT_ANSWERED, Setup};
use greenroom::IntoAssistant;
use greenroom::prelude::*;

#[tokio::test(start_paused = true)]
async fn a_closure_answers() {
    let shout = |turn: Turn| async move { Ok(turn.text().to_uppercase().into()) };
    let bot = Setup::new(shout.into_assistant()).start().await;
    bot.hears(said::text(ANA, "hello")).await;
    assert_eq!(bot.answers(ANA).await, ["HELLO"]);
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_panics_hurts_its_own_turn_only() {
    let fragile = |turn: Turn| {
        assert!(turn.text() != "now", "before its future is made");
        async move {
            assert!(turn.text() != "later", "in its future");
            Ok(Answer::text(turn.text()))
        }
    };
    let bot = Setup::new(fragile.into_assistant()).start().await;
    bot.hears(said::text(ANA, "now")).await;
    bot.hears(said::text(ANA, "later")).await;
    bot.hears(said::text(ANA, "hello")).await;
    bot.hears(said::text(BEN, "hello")).await;
    assert_eq!(bot.answers(BEN).await, ["hello"]);
    assert_eq!(bot.answers(ANA).await, [NOT_ANSWERED, "hello"]);
    let rows = bot.running.handle().store().quarantined(10).await.expect("healthy");
    let reasons: Vec<&str> = rows.iter().map(|row| row.reason.as_str()).collect();
    assert!(reasons.len() == 2 && reasons.iter().all(|reason| reason.contains("crashed")), "{reasons:?}");
}
