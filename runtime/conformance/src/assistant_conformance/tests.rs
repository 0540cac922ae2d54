use super::*;
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::assistant::{Answer, AssistantError, Content, HandOver, Needs, Receiver, Reply, Turn};
use greenroom_contract::limits;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// A rule that is written but not named in the macro would never run.
#[test]
fn every_rule_is_named_in_the_macro() {
    let macros = include_str!("mod.rs");
    let files = [include_str!("answering.rs"), include_str!("living.rs")];
    let mut rules = 0;
    for line in files.iter().flat_map(|file| file.lines()) {
        let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
        let name = rest.split('(').next().unwrap_or_default();
        assert!(macros.contains(name), "the rule {name} is in no macro");
        rules += 1;
    }
    assert_eq!(rules, 14);
}

#[allow(clippy::unused_async, reason = "as the rules call it")]
async fn sound() -> UnderTest {
    Arc::new(Broken::Nothing)
}

#[allow(clippy::unused_async, reason = "as the rules call it")]
async fn away() -> UnderTest {
    Arc::new(Broken::Away)
}

mod a_sound_one {
    use super::*;
    assistant_conformance!(sound, away = away);
}

/// Assistants that break one rule each.
enum Broken {
    Nothing,
    Away,
    Panics,
    Refuses,
    Floods,
    RemembersTooMuch,
    TrustsItsState,
    CommentsOnReactions,
    HandsOverToItself,
    LivesOn,
    WantsTooMuch,
    Locks(AtomicBool),
}

#[async_trait]
impl Assistant for Broken {
    fn needs(&self) -> Needs {
        let history_turns = if matches!(self, Self::WantsTooMuch) { limits::HISTORY_TURNS_MAX + 1 } else { 0 };
        Needs { history_turns, ..Needs::default() }
    }

    async fn run(&self, stop: CancellationToken) {
        if matches!(self, Self::LivesOn) {
            std::future::pending::<()>().await;
        }
        stop.cancelled().await;
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let answer = Answer::text("hello");
        match self {
            Self::Away => return Err(AssistantError::Unavailable { reason: "away".into(), after: None }),
            Self::Panics => assert!(!turn.text().is_empty(), "there are words"),
            Self::Refuses if !matches!(turn.messages[0].content, Content::Text(_)) => {
                return Err(AssistantError::Permanent { reason: "words only".into() });
            }
            Self::Floods => {
                return Ok(Answer { replies: vec![Reply::text("x"); limits::REPLIES_PER_TURN_MAX + 1], ..answer });
            }
            Self::RemembersTooMuch => {
                return Ok(Answer {
                    state: Some(Bytes::from(vec![0; limits::ASSISTANT_STATE_BYTES_MAX + 1])),
                    ..answer
                });
            }
            Self::TrustsItsState => drop(turn.recall::<u64>()?),
            Self::CommentsOnReactions => return Ok(answer),
            Self::HandsOverToItself => {
                let hand_over = Some(HandOver { to: Receiver::Assistant(turn.assistant), stays: false });
                return Ok(Answer { hand_over, ..answer });
            }
            Self::Locks(is_locked) => {
                if is_locked.swap(true, Ordering::SeqCst) {
                    return Err(AssistantError::Permanent { reason: "still locked".into() });
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
                is_locked.store(false, Ordering::SeqCst);
            }
            _ => {}
        }
        let is_reaction = matches!(turn.messages[0].content, Content::Reaction { .. });
        Ok(if is_reaction { Answer::silence() } else { answer })
    }
}

fn breaks<F: Future<Output = ()> + 'static>(rule: fn(UnderTest) -> F, broken: Broken) -> bool {
    let run = || crate::run(rule(Arc::new(broken)));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
}

#[test]
fn each_broken_assistant_is_found() {
    use super::{answering, living};
    assert!(breaks(answering::any_words_are_answered, Broken::Panics));
    assert!(breaks(answering::any_kind_of_message_is_answered, Broken::Refuses));
    assert!(breaks(answering::any_words_are_answered, Broken::Floods));
    assert!(breaks(answering::any_words_are_answered, Broken::RemembersTooMuch));
    assert!(breaks(answering::a_state_of_another_shape_does_not_break_it, Broken::TrustsItsState));
    assert!(breaks(answering::a_reaction_that_was_not_asked_for_gets_no_words, Broken::CommentsOnReactions));
    assert!(breaks(answering::any_words_are_answered, Broken::HandsOverToItself));
    assert!(breaks(living::its_life_ends_soon_after_a_stop, Broken::LivesOn));
    assert!(breaks(living::its_needs_make_sense_and_stay, Broken::WantsTooMuch));
    assert!(breaks(living::a_dropped_turn_does_no_harm, Broken::Locks(AtomicBool::default())));
    assert!(breaks(living::many_conversations_are_answered_at_the_same_time, Broken::Locks(AtomicBool::default())));
    assert!(breaks(living::one_that_is_away_says_so, Broken::WantsTooMuch));
}
