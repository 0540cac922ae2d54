//! What is asked in a turn: its prompts.

use super::lengths::Lengths;
use super::progress::Progress;
use crate::assistant::Llm;
use crate::limits::TEXT_SHOWN_BYTES_MIN;
use crate::picture::Picture;
use crate::prompt::{self, Material, history, system};
use crate::state::Memory;
use crate::tokens;
use crate::tools::catalog::Catalog;
use crate::tools::house::{self, Offered};
use greenroom_contract::assistant::{PastTurn, Turn};
use greenroom_contract::model::{ModelTraits, Prompt, PromptMessage, ToolSpec};
use std::collections::BTreeMap;

/// All that the prompts of a turn are made from, but what was done in it.
pub(super) struct Asked<'a> {
    pub(super) llm: &'a Llm,
    pub(super) turn: &'a Turn,
    pub(super) traits: ModelTraits,
    pub(super) memory: Memory,
    pub(super) owner: String,
    pub(super) pictures: BTreeMap<usize, Picture>,
    pub(super) notes: Vec<String>,
    pub(super) catalog: Catalog,
    /// Tool servers that are away.
    pub(super) away: Vec<String>,
    pub(super) is_due: bool,
    /// Whether calls of the turn may have been made already, of which nothing is known.
    pub(super) is_doubtful: bool,
}

/// Which of the prompts of a turn it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Which {
    /// No more calls.
    pub(super) is_last: bool,
    /// The answer before was empty.
    pub(super) was_empty: bool,
    /// How often a prompt of this turn was too long.
    pub(super) shortened: u32,
}

impl Asked<'_> {
    /// What may be called at present.
    pub(super) fn tools(&self, progress: &Progress) -> Vec<ToolSpec> {
        if !self.traits.tools {
            return Vec::new();
        }
        let offered = Offered {
            reminders: self.llm.config.reminders,
            hand_over_to: &self.llm.config.hand_over_to,
            is_due: self.is_due,
            files: progress.files.len(),
        };
        let mut tools = house::specs(self.turn, &offered);
        tools.extend_from_slice(self.catalog.specs());
        tools
    }

    /// A prompt of this turn.
    pub(super) fn prompt(&self, progress: &Progress, which: Which) -> Prompt {
        let lengths = Lengths::of(self.traits, &self.llm.calibration, which.shortened);
        let tools = if which.is_last { Vec::new() } else { self.tools(progress) };
        let system = system::system(&self.owner, self.turn, !tools.is_empty(), &self.away);
        let mut prompt = Prompt { system, tools, ..Prompt::default() };
        prompt.messages = self.messages(&[], progress, which, lengths);
        let fixed = tokens::of_prompt(&prompt);
        let tokens_max = lengths.history(self.llm.config.history_tokens, fixed, which.shortened);
        let uncovered = history::uncovered(&self.turn.history, &self.memory);
        let shown = history::fitting(uncovered, tokens_max, lengths.text_bytes_max);
        // Also where all of it would fit into a half.
        let shown = shown.min(uncovered.len() >> which.shortened);
        if shown > 0 {
            prompt.messages = self.messages(&uncovered[uncovered.len() - shown..], progress, which, lengths);
        }
        prompt
    }

    fn messages(
        &self,
        history: &[PastTurn],
        progress: &Progress,
        which: Which,
        lengths: Lengths,
    ) -> Vec<PromptMessage> {
        let mut notes = self.notes.clone();
        if which.was_empty {
            notes.push("Your answer was empty. Answer in words.".to_owned());
        }
        let each = lengths.text_bytes_max / self.turn.messages.len().max(1);
        let material = Material {
            turn: self.turn,
            memory: &self.memory,
            history,
            pictures: &self.pictures,
            documents: self.llm.config.documents && self.traits.documents,
            notes: &notes,
            text_bytes_max: each.max(TEXT_SHOWN_BYTES_MIN),
        };
        let mut messages = prompt::messages(&material);
        if which.is_last {
            prompt::with_rounds_told(&mut messages, &progress.rounds, lengths.output_bytes_max);
        } else {
            prompt::with_rounds(&mut messages, &progress.rounds, lengths.output_bytes_max);
        }
        messages
    }

    /// The turns that are to go into the summary: those that do not fit, and some more, so that it is not made in each turn;
    /// or the older half of all that can be read, before it leaves unseen.
    pub(super) fn fallen(&self) -> &[PastTurn] {
        let config = &self.llm.config;
        let uncovered = history::uncovered(&self.turn.history, &self.memory);
        if !config.summary || config.history_tokens == 0 || uncovered.is_empty() {
            return &[];
        }
        let lengths = Lengths::of(self.traits, &self.llm.calibration, 0);
        let progress = Progress::default();
        let mut prompt = Prompt::new(system::system(&self.owner, self.turn, true, &self.away));
        prompt.tools = self.tools(&progress);
        prompt.messages = self.messages(&[], &progress, Which::default(), lengths);
        let tokens_max = lengths.history(config.history_tokens, tokens::of_prompt(&prompt), 0);
        let fits = |tokens_max| history::fitting(uncovered, tokens_max, lengths.text_bytes_max);
        if fits(tokens_max) < uncovered.len() {
            return &uncovered[..uncovered.len() - fits(tokens_max / 5 * 3)];
        }
        let window = config.history_turns;
        let is_full = window >= 4 && uncovered.len() >= window;
        if is_full { &uncovered[..window / 2] } else { &[] }
    }
}
