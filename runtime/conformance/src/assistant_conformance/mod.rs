//! Every rule of [`greenroom_contract::assistant::Assistant`], one test each.
//!
//! Whoever writes an assistant writes one async function that makes it, and in the assistant's tests:
//!
//! ```ignore
//! async fn made() -> Arc<dyn Assistant> { Arc::new(Mine::default()) }
//! greenroom_conformance::assistant_conformance!(made);
//! ```
//!
//! One that depends on something which can be away (a server, a process) also makes one whose other side is away:
//! `assistant_conformance!(made, away = away)`. What it needs around it, such as the other end of a test, is kept alive by
//! what the function returns.
//!
//! Each rule gets an assistant of its own, whose [`run`](Assistant::run) runs beside it. One that says `Unavailable` is asked
//! once more until [`PATIENCE`] is at its end, because it may be starting. Every answer of every rule is held against the
//! limits of the engine: what is beyond them would be cut.

// The name of a rule is its sentence; a doc comment could only say it again.
#![allow(missing_docs)]

pub mod answering;
pub mod living;
mod stage;

pub use stage::Stage;

use greenroom_contract::assistant::Assistant;
use std::sync::Arc;
use std::time::Duration;

/// How long anything may take before a rule fails. Generous: a busy machine is no broken rule.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long `run` may take to end after it was told to stop. Its host does not wait longer.
pub const STOPS_WITHIN: Duration = greenroom_contract::limits::STOP_TIMEOUT;

/// An assistant under test.
pub type UnderTest = Arc<dyn Assistant>;

/// Makes one test of each rule. `$make` is an async function that returns an `Arc<dyn Assistant>`; `away`, where it is
/// given, one that returns an assistant whose other side is away.
#[macro_export]
macro_rules! assistant_conformance {
    ($make:expr) => {
        $crate::assistant_conformance!(@module $make; answering;
            any_kind_of_message_is_answered
            any_words_are_answered
            messages_that_were_collected_are_answered
            a_turn_in_a_group_with_all_that_can_come_along_is_answered
            the_same_turn_is_answered_in_each_attempt
            a_state_of_another_shape_does_not_break_it
            what_it_remembers_is_understood_by_itself
            a_reaction_that_was_not_asked_for_gets_no_words
        );
        $crate::assistant_conformance!(@module $make; living;
            its_needs_make_sense_and_stay
            a_dropped_turn_does_no_harm
            many_conversations_are_answered_at_the_same_time
            its_life_ends_soon_after_a_stop
            it_can_live_twice
        );
    };
    ($make:expr, away = $away:expr) => {
        $crate::assistant_conformance!($make);
        $crate::assistant_conformance!(@module $away; living;
            one_that_is_away_says_so
        );
    };
    (@module $make:expr; $module:ident; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::run(async {
                    let assistant: $crate::assistant_conformance::UnderTest = $make().await;
                    $crate::assistant_conformance::$module::$rule(assistant).await;
                });
            }
        )*
    };
}

#[cfg(test)]
mod tests;
