//! What a script answers: a script, what it remembers and a turn give what it remembers next and an answer.
//!
//! | module | holds |
//! |---|---|
//! | `heard` | what a message says, as a script sees it |
//! | `talk` | one turn of one person: rules, nodes and what is said |
//! | `form` | the questions of a form, one after the other |

mod form;
mod heard;
mod talk;

use crate::memory::Memory;
use crate::script::Script;
use greenroom_contract::assistant::{Answer, Turn};
use greenroom_contract::limits::REPLIES_PER_TURN_MAX;
use heard::Heard;
use talk::Talk;

/// Answers a turn.
pub(crate) fn decide(script: &Script, turn: &Turn) -> Answer {
    let before = turn.state.as_deref().unwrap_or_default();
    let read = Memory::read(before);
    let is_foreign = read.is_none();
    let mut memory = read.unwrap_or_default();
    // In a group each person has a form of their own, and no one answers for another one.
    let who = if turn.chat.is_group() { turn.person.0 } else { 0 };
    let mut person = memory.take(who);
    let is_gone = person.fit(script, turn.now.0);
    let mut talk = Talk::new(script, turn, person);
    let mut heard = turn.messages.iter().filter_map(|message| Heard::of(&message.content)).peekable();
    if heard.peek().is_some() && (is_gone || is_foreign) {
        talk.say_outdated();
    }
    for one in heard {
        if talk.hand_over.is_some() {
            break;
        }
        talk.hear(&one);
    }
    let Talk { mut person, mut replies, hand_over, .. } = talk;
    person.at = turn.now.0;
    memory.put(person);
    let after = memory.write();
    // The last reply is the question that is open.
    replies.drain(..replies.len().saturating_sub(REPLIES_PER_TURN_MAX));
    let state = (after != before).then(|| after.into());
    Answer { replies, state, hand_over, ..Answer::default() }
}

#[cfg(test)]
mod tests;
