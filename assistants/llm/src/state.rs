//! What the assistant remembers of a conversation.

use crate::limits::{
    PENDING_AGE_MAX, PENDING_BYTES_MAX, PENDING_OUTPUT_BYTES_MAX, SUMMARY_BYTES_MAX, TOLD_REMEMBERED_MAX,
};
use crate::round::Round;
use bytes::Bytes;
use greenroom_contract::ids::PersonId;
use greenroom_contract::limits::ASSISTANT_STATE_BYTES_MAX;
use greenroom_contract::text::truncate;
use greenroom_contract::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The version that is written. One that is newer is not read: it may mean something else.
const VERSION: u32 = 1;

/// What is remembered of a conversation. A document that may lack any key: earlier versions did not write all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    v: u32,
    /// What was said before what the history holds. Made from words of people, so never trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<Summary>,
    /// Calls that wait for a yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pending: Option<Pending>,
    /// Who was told on which day (since 1970) that a budget is spent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    told_spent: Vec<(PersonId, u64)>,
}

/// A rolling summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Its words.
    pub(crate) text: String,
    /// The last turn that it covers, by its time.
    pub(crate) until: Timestamp,
}

/// Calls that wait for a yes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The name of the question; part of the ids of its options.
    pub(crate) id: String,
    /// Who was asked. No one else can say yes.
    pub(crate) person: PersonId,
    /// When.
    pub(crate) at: Timestamp,
    /// The rounds of that turn; the calls without output in the last one are those that wait.
    pub(crate) rounds: Vec<Round>,
    /// The calls that wait, by their ids, with the servers and tools that the person was asked about. A name that a model was
    /// told may be another tool's when the yes comes. Missing in questions of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) paths: Vec<(String, String)>,
}

impl Pending {
    /// Whether it can still be answered.
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        now.since(self.at) <= PENDING_AGE_MAX
    }

    /// The names of the tools that wait.
    pub(crate) fn tools(&self) -> Vec<&str> {
        let Some(last) = self.rounds.last() else { return Vec::new() };
        let waiting = last.said.calls.iter().zip(&last.outputs).filter(|(_, output)| output.is_none());
        waiting.map(|(call, _)| call.name.as_str()).collect()
    }

    /// The same within its limit: earlier outputs are cut, and earlier rounds left out; what waits is kept whole.
    /// `None` if that alone is too large.
    pub(crate) fn within_limit(mut self) -> Option<Self> {
        let bytes = |pending: &Self| pending.rounds.iter().map(Round::bytes).sum::<usize>();
        if bytes(&self) > PENDING_BYTES_MAX {
            let outputs = self.rounds.iter_mut().flat_map(|round| round.outputs.iter_mut().flatten());
            outputs.for_each(|output| truncate(&mut output.text, PENDING_OUTPUT_BYTES_MAX));
        }
        while bytes(&self) > PENDING_BYTES_MAX && self.rounds.len() > 1 {
            self.rounds.remove(0);
        }
        (bytes(&self) <= PENDING_BYTES_MAX).then_some(self)
    }
}

impl Memory {
    /// What was remembered. What cannot be read is dropped, and said to be: `true`.
    pub(crate) fn read(state: Option<&Bytes>) -> (Self, bool) {
        let Some(state) = state.filter(|state| !state.is_empty()) else { return (Self::default(), false) };
        match serde_json::from_slice::<Self>(state) {
            Ok(mut memory) if memory.v <= VERSION => {
                memory.repair();
                (memory, false)
            }
            _ => (Self::default(), true),
        }
    }

    /// Within the limits, whoever wrote it.
    fn repair(&mut self) {
        if let Some(summary) = &mut self.summary {
            truncate(&mut summary.text, SUMMARY_BYTES_MAX);
        }
        if let Some(pending) = self.pending.take() {
            let rounds = pending.rounds.into_iter().map(Round::repaired).collect();
            self.pending = Pending { rounds, ..pending }.within_limit();
        }
        self.told_spent.truncate(TOLD_REMEMBERED_MAX);
    }

    /// As it is remembered; `None` if nothing changed since `before`.
    pub(crate) fn written(&self, before: &Self, was_dropped: bool) -> Option<Bytes> {
        if self == before && !was_dropped {
            return None;
        }
        if *self == (Self { v: self.v, ..Self::default() }) {
            return Some(Bytes::new());
        }
        let write = |memory: &Self| serde_json::to_vec(&Self { v: VERSION, ..memory.clone() }).unwrap_or_default();
        let mut state = write(self);
        if state.len() > ASSISTANT_STATE_BYTES_MAX {
            // Escaping can make several bytes of one. A question that is forgotten is asked once more.
            state = write(&Self { pending: None, ..self.clone() });
        }
        Some(state.into())
    }

    /// Whether this person is to be told now that a budget is spent: once a day.
    pub(crate) fn tells_spent(&mut self, person: PersonId, now: Timestamp) -> bool {
        let today = now.0 / (24 * 3600 * 1000);
        self.told_spent.retain(|(_, day)| *day == today);
        if self.told_spent.iter().any(|(told, _)| *told == person) {
            return false;
        }
        if self.told_spent.len() >= TOLD_REMEMBERED_MAX {
            self.told_spent.remove(0);
        }
        self.told_spent.push((person, today));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::model::{Said, ToolCall, ToolOutput};
    use proptest::prelude::*;
    use serde_json::json;

    fn round(bytes: usize) -> Round {
        let call = |name: &str| ToolCall { id: name.to_owned(), name: name.to_owned(), arguments: json!({}) };
        let said = Said { calls: vec![call("read"), call("add")], ..Said::default() };
        let output = ToolOutput { call: "read".into(), name: "read".into(), text: "x".repeat(bytes), failed: false };
        Round { outputs: vec![Some(output), None], ..Round::new(said) }
    }

    fn pending(rounds: Vec<Round>) -> Pending {
        Pending { id: "q".to_owned(), person: PersonId(1), at: Timestamp(1), rounds, paths: Vec::new() }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut memory = Memory::default();
        assert_eq!(memory.written(&Memory::default(), false), None);
        assert!(memory.tells_spent(PersonId(1), Timestamp(5)) && !memory.tells_spent(PersonId(1), Timestamp(9)));
        assert!(memory.tells_spent(PersonId(1), Timestamp(25 * 3600 * 1000)), "the next day");
        memory.pending = Some(pending(vec![round(3)]));
        memory.summary = Some(Summary { text: "tea".to_owned(), until: Timestamp(3) });
        let state = memory.written(&Memory::default(), false).unwrap();
        let (read, dropped) = Memory::read(Some(&state));
        assert_eq!((&read.summary, &read.pending, dropped), (&memory.summary, &memory.pending, false));
        assert_eq!(read.written(&read.clone(), false), None);
        assert_eq!(read.pending.as_ref().unwrap().tools(), ["add"]);
        let emptied = Memory { v: 1, ..Memory::default() };
        assert_eq!(emptied.written(&read, false), Some(Bytes::new()), "nothing to remember is no state");
    }

    /// The first version, as it was written then.
    #[test]
    fn an_earlier_document_is_understood_and_a_damaged_or_newer_one_dropped() {
        let first = r#"{"v":1,"summary":{"text":"tea","until":3},"pending":{"id":"q","person":1,"at":1,"rounds":[{"said":{"text":"","calls":[{"id":"a","name":"add","arguments":{}}]},"outputs":[]}]}}"#;
        let (memory, dropped) = Memory::read(Some(&Bytes::from(first)));
        assert!(!dropped && memory.pending.is_some_and(|pending| pending.tools() == ["add"]));
        for (state, expected) in
            [("", false), ("{}", false), ("{", true), ("null", true), ("{\"v\":99}", true), ("[]", false)]
        {
            let (memory, dropped) = Memory::read(Some(&Bytes::from(state)));
            assert_eq!((memory.summary, memory.pending, dropped), (None, None, expected), "{state}");
        }
    }

    proptest! {
        #[test]
        fn what_waits_is_bounded_and_kept_whole(sizes in proptest::collection::vec(0..60_000_usize, 1..12)) {
            let rounds: Vec<Round> = sizes.into_iter().map(round).collect();
            let kept = pending(rounds).within_limit().unwrap();
            prop_assert_eq!(kept.tools(), ["add"]);
            prop_assert!(kept.rounds.iter().map(Round::bytes).sum::<usize>() <= PENDING_BYTES_MAX);
            let memory = Memory { pending: Some(kept), ..Memory::default() };
            prop_assert!(memory.written(&Memory::default(), false).unwrap().len() <= ASSISTANT_STATE_BYTES_MAX);
        }
    }
}
