//! One round of a turn: what a model wanted called, and what came of it.

use greenroom_contract::model::{Said, ToolOutput};
use serde::{Deserialize, Serialize};

/// What a model wanted called at one time, and what came of each call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Round {
    /// What the model said.
    pub(crate) said: Said,
    /// What came of its calls, in their order; `None` for one that has not come to an end.
    pub(crate) outputs: Vec<Option<ToolOutput>>,
    /// Which calls were begun. One that was begun and has no output may have been carried out.
    #[serde(default)]
    pub(crate) begun: Vec<bool>,
}

impl Round {
    /// A round in which nothing was called yet.
    pub(crate) fn new(said: Said) -> Self {
        let calls = said.calls.len();
        Self { said, outputs: vec![None; calls], begun: vec![false; calls] }
    }

    /// Whether each call came to an end.
    pub(crate) fn is_complete(&self) -> bool {
        self.outputs.iter().all(Option::is_some)
    }

    /// The same with as many places as there are calls, however it was kept.
    pub(crate) fn repaired(mut self) -> Self {
        self.outputs.resize(self.said.calls.len(), None);
        self.begun.resize(self.said.calls.len(), false);
        self
    }

    /// About how many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        let said = self.said.text.len() + self.said.signatures.iter().map(String::len).sum::<usize>();
        let calls: usize = self.said.calls.iter().map(|call| call.arguments.to_string().len() + 64).sum();
        said + calls + self.outputs.iter().flatten().map(|output| output.text.len() + 64).sum::<usize>()
    }
}
