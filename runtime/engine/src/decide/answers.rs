//! What the assistants of one turn say together: the one that is asked, and those to whom it hands over. Pure.

use bytes::Bytes;
use greenroom_contract::assistant::{Answer, HandOver, Note, Receiver, Reply, SpentBy, Usage, Wake};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::limits;
use greenroom_contract::store::{ConversationSettings, UNTIL_RELEASED};
use greenroom_contract::text::{bounded, one_line, truncate};
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Decision;

/// All that is committed of a turn, whoever said it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answers {
    /// What is said, in the order in which the assistants were asked.
    pub(crate) replies: Vec<Reply>,
    /// What each of them remembers.
    pub(crate) states: Vec<(AssistantName, Bytes)>,
    /// When each of them wants to be woken.
    pub(crate) wakes: Vec<(AssistantName, Wake)>,
    /// The wake-ups that each of them takes back, by their tokens.
    pub(crate) cancelled: Vec<(AssistantName, String)>,
    /// What each of them spent, one entry for each model.
    pub(crate) usage: Vec<SpentBy>,
    /// What they told about how their answers came about, for the trace.
    notes: Vec<Decision>,
    /// Whether what was said before is forgotten.
    pub(crate) forget: bool,
    /// The assistant whose model worded all that is said, where there is one.
    pub(crate) worded_by: Option<AssistantName>,
    /// With whom the conversation stays, where that changes.
    stays_with: Option<StaysWith>,
    /// Whether a human answers from now on, and if so whether that lasts until it is released.
    human: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum StaysWith {
    Assistant(AssistantName),
    Configured,
}

/// What follows an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// The turn is answered.
    Done,
    /// This assistant is asked too.
    Ask(AssistantName),
}

/// Words of a step, which is no assistant: nothing but them, and whether it forgets, counts.
impl From<Answer> for Answers {
    fn from(answer: Answer) -> Self {
        Self { replies: answer.replies, forget: answer.forget, ..Self::default() }
    }
}

impl Answers {
    /// Adds what an assistant answered. `configured` is the one that the configuration names for the chat.
    pub(crate) fn add(&mut self, by: &AssistantName, answer: Answer, configured: &AssistantName) -> Next {
        let Answer { mut replies, state, wake, cancel_wakes, hand_over, forget, usage, notes, worded } = answer;
        if !replies.is_empty() {
            let is_first = self.replies.is_empty();
            let goes_on = worded && (is_first || self.worded_by.as_ref() == Some(by));
            self.worded_by = goes_on.then(|| by.clone());
        }
        self.replies.append(&mut replies);
        if let Some(state) = state {
            // One that is asked twice in a turn remembers what it said last.
            self.states.retain(|(name, _)| name != by);
            self.states.push((by.clone(), state));
        }
        self.wakes.extend(wake.into_iter().map(|wake| (by.clone(), wake)));
        self.cancelled.extend(cancel_wakes.into_iter().map(|token| (by.clone(), token)));
        for usage in usage {
            self.spend(by, usage);
        }
        let places = limits::NOTES_PER_TURN_MAX.saturating_sub(self.notes.len());
        self.notes.extend(notes.into_iter().take(places).filter_map(noted));
        if forget {
            self.forget = true;
            self.stays_with = Some(StaysWith::Configured);
        }
        hand_over.map_or(Next::Done, |hand_over| self.hand_over(by, hand_over, configured))
    }

    fn hand_over(&mut self, by: &AssistantName, HandOver { to, stays }: HandOver, configured: &AssistantName) -> Next {
        let next = match to {
            Receiver::Assistant(to) => {
                if stays {
                    self.stays_with = Some(StaysWith::Assistant(to.clone()));
                }
                to
            }
            Receiver::Human => {
                self.human = Some(stays);
                return Next::Done;
            }
            Receiver::Configured => {
                self.stays_with = Some(StaysWith::Configured);
                if stays {
                    return Next::Done;
                }
                configured.clone()
            }
        };
        if next == *by { Next::Done } else { Next::Ask(next) }
    }

    /// Adds to the sums of the turn; what one assistant spends at one model is one sum.
    fn spend(&mut self, by: &AssistantName, mut usage: Usage) {
        if let Some(model) = &mut usage.model {
            truncate(model, limits::USAGE_MODEL_BYTES_MAX);
        }
        let is_full = self.usage.len() >= limits::USAGE_PER_TURN_MAX;
        let same = |spent: &&mut SpentBy| spent.assistant == *by && spent.usage.model == usage.model;
        let known = self.usage.iter_mut().find(same);
        match known {
            Some(known) => add(&mut known.usage, &usage),
            None if is_full => {
                if let Some(last) = self.usage.last_mut() {
                    add(&mut last.usage, &usage);
                }
            }
            None => self.usage.push(SpentBy { assistant: by.clone(), usage }),
        }
    }

    /// Adds what was spent on the turn and stands in no answer of this attempt.
    pub(crate) fn spend_all(&mut self, spent: Vec<SpentBy>) {
        for SpentBy { assistant, usage } in spent {
            self.spend(&assistant, usage);
        }
    }

    /// What an assistant remembered earlier in this turn.
    pub(crate) fn state_of(&self, assistant: &AssistantName) -> Option<&Bytes> {
        self.states.iter().find(|(name, _)| name == assistant).map(|(_, state)| state)
    }

    /// Whether a human answers from now on.
    pub(crate) fn wants_human(&self) -> bool {
        self.human.is_some()
    }

    /// How it came about and what it cost, for the trace.
    pub(crate) fn told(&self) -> impl Iterator<Item = Decision> {
        let spent = self.usage.iter().map(|spent| Decision::Spent {
            model: spent.usage.model.clone(),
            tokens_in: spent.usage.tokens_in,
            tokens_out: spent.usage.tokens_out,
            cost_millionths: spent.usage.cost_millionths,
        });
        self.notes.iter().cloned().chain(spent)
    }

    /// How the conversation is treated after the turn; says what that changed.
    pub(crate) fn settle(&self, settings: &mut ConversationSettings, now: Timestamp) -> Vec<Decision> {
        let mut changes = Vec::new();
        if self.forget {
            settings.open_choice = None;
        }
        if let Some(stays_with) = &self.stays_with {
            let (bound, to) = match stays_with {
                StaysWith::Assistant(to) => (Some(to.clone()), to.to_string()),
                StaysWith::Configured => (None, "configured".to_owned()),
            };
            if settings.assistant != bound {
                settings.assistant = bound;
                changes.push(Decision::Bound { to });
            }
        }
        if let Some(stays) = self.human {
            settings.paused_until = Some(if stays { UNTIL_RELEASED } else { now.plus(limits::HUMAN_PAUSE) });
            changes.push(Decision::Bound { to: "human".to_owned() });
        }
        changes
    }
}

/// A note as the trace keeps it: of one line, and cut.
fn noted(note: Note) -> Option<Decision> {
    let short = |text: &str| bounded(&one_line(text), limits::NOTE_BYTES_MAX);
    match note {
        Note::Called { tool, took_ms, bytes_in, bytes_out, failed } => {
            let failed = failed.as_deref().map(short);
            Some(Decision::Called { tool: short(&tool), took_ms, bytes_in, bytes_out, failed })
        }
        Note::Remark(what) => Some(Decision::Remarked { what: short(&what) }),
        // A kind of note that this engine does not know says nothing here.
        _ => None,
    }
}

fn add(sum: &mut Usage, more: &Usage) {
    let Usage { model: _, tokens_in, tokens_out, tokens_cached, cost_millionths } = more;
    sum.tokens_in = sum.tokens_in.saturating_add(*tokens_in);
    sum.tokens_out = sum.tokens_out.saturating_add(*tokens_out);
    sum.tokens_cached = sum.tokens_cached.saturating_add(*tokens_cached);
    sum.cost_millionths = sum.cost_millionths.saturating_add(*cost_millionths);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AssistantName {
        text.parse().unwrap()
    }

    fn to(to: Receiver, stays: bool) -> Answer {
        Answer { hand_over: Some(HandOver { to, stays }), ..Answer::text("I") }
    }

    fn add(answers: &mut Answers, by: &str, answer: Answer) -> Next {
        answers.add(&name(by), answer, &name("configured"))
    }

    fn settled(answers: &Answers, bound: Option<&str>) -> (ConversationSettings, Vec<Decision>) {
        let mut settings = ConversationSettings { assistant: bound.map(name), ..ConversationSettings::default() };
        let changes = answers.settle(&mut settings, Timestamp(7));
        (settings, changes)
    }

    #[test]
    fn what_each_one_says_remembers_wishes_and_spends_is_kept() {
        let mut answers = Answers::default();
        let usage = |model: &str, tokens_in| Usage { model: Some(model.to_owned()), tokens_in, ..Usage::default() };
        let wake = |token: &str| Wake { at: Timestamp(1), token: token.to_owned() };
        let one = Answer {
            state: Some("form".into()),
            wake: vec![wake("tea")],
            usage: vec![usage("small", 1), usage("small", 2)],
            ..to(Receiver::Assistant(name("two")), false)
        };
        assert_eq!(add(&mut answers, "one", one), Next::Ask(name("two")));
        let two = Answer {
            state: Some("talk".into()),
            cancel_wakes: vec!["coffee".to_owned()],
            usage: vec![usage("small", 4)],
            ..Answer::text("II")
        };
        assert_eq!(add(&mut answers, "two", two), Next::Done);
        assert_eq!(answers.replies, [Reply::text("I"), Reply::text("II")]);
        assert_eq!(answers.states, [(name("one"), "form".into()), (name("two"), "talk".into())]);
        assert_eq!(answers.wakes, [(name("one"), wake("tea"))]);
        assert_eq!(answers.cancelled, [(name("two"), "coffee".to_owned())]);
        let spent: Vec<_> =
            answers.usage.iter().map(|spent| (spent.assistant.as_str(), spent.usage.tokens_in)).collect();
        assert_eq!(spent, [("one", 3), ("two", 4)]);
        assert_eq!(settled(&answers, None), (ConversationSettings::default(), Vec::new()));
    }

    #[test]
    fn one_that_is_asked_twice_remembers_what_it_said_last() {
        let mut answers = Answers::default();
        for state in ["first", "second"] {
            let answer = Answer { state: Some(state.into()), ..to(Receiver::Assistant(name("two")), false) };
            add(&mut answers, "one", answer);
        }
        assert_eq!(answers.states, [(name("one"), Bytes::from("second"))]);
        assert_eq!(answers.state_of(&name("one")), Some(&Bytes::from("second")));
    }

    #[test]
    fn a_conversation_stays_where_it_was_handed_to_until_it_is_handed_on() {
        for (receiver, stays, bound, next, after, said) in [
            (Receiver::Assistant(name("two")), true, None, Next::Ask(name("two")), Some("two"), Some("two")),
            (Receiver::Assistant(name("two")), false, Some("one"), Next::Ask(name("two")), Some("one"), None),
            (Receiver::Assistant(name("one")), true, None, Next::Done, Some("one"), Some("one")),
            (Receiver::Assistant(name("one")), false, None, Next::Done, None, None),
            (Receiver::Assistant(name("one")), true, Some("one"), Next::Done, Some("one"), None),
            (Receiver::Configured, false, Some("one"), Next::Ask(name("configured")), None, Some("configured")),
            (Receiver::Configured, true, Some("one"), Next::Done, None, Some("configured")),
            (Receiver::Configured, false, None, Next::Ask(name("configured")), None, None),
        ] {
            let mut answers = Answers::default();
            assert_eq!(add(&mut answers, "one", to(receiver.clone(), stays)), next, "{receiver:?} {stays}");
            let (settings, changes) = settled(&answers, bound);
            assert_eq!(settings.assistant, after.map(name), "{receiver:?} {stays}");
            let expected: Vec<_> = said.into_iter().map(|to| Decision::Bound { to: to.to_owned() }).collect();
            assert_eq!(changes, expected, "{receiver:?} {stays}");
        }
    }

    #[test]
    fn words_are_those_of_a_model_where_one_alone_said_everything() {
        let worded = |words: &str| Answer { worded: true, ..Answer::text(words) };
        for (answers_of, expected) in [
            (vec![("one", worded("a"))], Some("one")),
            (vec![("one", worded("a")), ("one", worded("b"))], Some("one")),
            (vec![("one", worded("a")), ("two", worded("b"))], None),
            (vec![("one", Answer::text("a")), ("two", worded("b"))], None),
            (vec![("one", worded("a")), ("two", Answer::text("b"))], None),
            (vec![("one", Answer::silence()), ("two", worded("b"))], Some("two")),
        ] {
            let mut answers = Answers::default();
            for (by, answer) in answers_of {
                add(&mut answers, by, answer);
            }
            assert_eq!(answers.worded_by, expected.map(name));
        }
    }

    #[test]
    fn a_human_has_an_hour_or_until_it_is_released() {
        for (stays, until) in [(false, Timestamp(7).plus(limits::HUMAN_PAUSE)), (true, UNTIL_RELEASED)] {
            let mut answers = Answers::default();
            assert_eq!(add(&mut answers, "one", to(Receiver::Human, stays)), Next::Done);
            assert!(answers.wants_human());
            let (settings, changes) = settled(&answers, Some("one"));
            assert_eq!((settings.paused_until, settings.assistant), (Some(until), Some(name("one"))));
            assert_eq!(changes, [Decision::Bound { to: "human".to_owned() }]);
        }
    }

    #[test]
    fn forgetting_ends_what_stayed_unless_the_same_answer_begins_it() {
        let mut answers = Answers::default();
        add(&mut answers, "one", Answer { forget: true, ..Answer::text("forgotten") });
        assert_eq!(settled(&answers, Some("one")).0.assistant, None);
        let both = Answer { forget: true, ..to(Receiver::Assistant(name("one")), true) };
        add(&mut answers, "one", both);
        assert_eq!(settled(&answers, Some("two")).0.assistant, Some(name("one")));
    }

    #[test]
    fn sums_are_bounded() {
        let mut answers = Answers::default();
        let one = Usage { tokens_out: 1, ..Usage::default() };
        let usage = (0..2 * limits::USAGE_PER_TURN_MAX)
            .map(|number| Usage { model: Some(format!("{number:0>500}")), ..one.clone() })
            .collect();
        add(&mut answers, "one", Answer { usage, ..Answer::silence() });
        assert!(answers.usage.len() <= limits::USAGE_PER_TURN_MAX);
        let sum: u64 = answers.usage.iter().map(|spent| spent.usage.tokens_out).sum();
        assert_eq!(sum, 2 * limits::USAGE_PER_TURN_MAX as u64, "nothing is lost");
    }
}
