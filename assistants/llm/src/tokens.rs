//! How many tokens a text may have, estimated, and corrected by what providers count.

use crate::limits::{DOCUMENT_TOKENS_MIN, TOKEN_FACTOR_MAX, TOKEN_FACTOR_MIN, TOKENS_TELLING_MIN};
use greenroom_contract::model::{Part, Prompt, PromptMessage, ToolSpec};
use parking_lot::Mutex;

/// Tokens that a message costs besides its words.
const AROUND_MESSAGE: u32 = 6;
/// Tokens of a picture of the usual size; providers count from 85 to 1,600.
const IMAGE: u32 = 1_600;
/// Weight of the newest count in the factor.
const NEWEST: f64 = 0.3;

/// The tokens of a text, by its scripts: four bytes of English, a syllable or a character elsewhere.
pub(crate) fn of_text(text: &str) -> u32 {
    let quarters: u64 = text.chars().map(quarters).sum();
    u32::try_from(quarters.div_ceil(4)).unwrap_or(u32::MAX)
}

/// A character in quarters of a token.
fn quarters(c: char) -> u64 {
    match c {
        '\0'..='\u{7f}' => 1,
        '\u{80}'..='\u{10ff}' => 2,
        // Han, kana, Hangul, and the scripts between: about one each.
        '\u{1100}'..='\u{ffff}' => 4,
        _ => 8,
    }
}

/// The tokens of the messages of a prompt.
pub(crate) fn of_messages(messages: &[PromptMessage]) -> u32 {
    messages.iter().fold(0, |sum: u32, message| sum.saturating_add(of_message(message)))
}

/// The tokens of a whole prompt.
pub(crate) fn of_prompt(prompt: &Prompt) -> u32 {
    let fixed = of_text(&prompt.system).saturating_add(of_tools(&prompt.tools));
    fixed.saturating_add(of_messages(&prompt.messages))
}

/// The tokens of the tools that are offered.
pub(crate) fn of_tools(tools: &[ToolSpec]) -> u32 {
    let one = |tool: &ToolSpec| {
        of_text(&tool.about).saturating_add(of_text(&tool.parameters.to_string())).saturating_add(AROUND_MESSAGE)
    };
    tools.iter().fold(0, |sum: u32, tool| sum.saturating_add(one(tool)))
}

fn of_message(message: &PromptMessage) -> u32 {
    let parts: u32 = match message {
        PromptMessage::Person(parts) => parts.iter().map(of_part).fold(0, u32::saturating_add),
        PromptMessage::Model(said) => {
            let calls = said.calls.iter().map(|call| of_text(&call.arguments.to_string()).saturating_add(10));
            let signatures = said.signatures.iter().map(|signature| of_text(signature));
            calls.chain(signatures).fold(of_text(&said.text), u32::saturating_add)
        }
        PromptMessage::Tools(outputs) => {
            outputs.iter().map(|output| of_text(&output.text).saturating_add(10)).fold(0, u32::saturating_add)
        }
    };
    parts.saturating_add(AROUND_MESSAGE)
}

fn of_part(part: &Part) -> u32 {
    match part {
        Part::Text(text) => of_text(text),
        Part::Image(_) => IMAGE,
        Part::Document { media, .. } => {
            u32::try_from(media.bytes.len() / 40).unwrap_or(u32::MAX).max(DOCUMENT_TOKENS_MIN)
        }
    }
}

/// By how much a model counts more than the estimate; learned from what it counted.
#[derive(Debug)]
pub(crate) struct Calibration(Mutex<f64>);

impl Default for Calibration {
    fn default() -> Self {
        Self(Mutex::new(1.0))
    }
}

impl Calibration {
    /// So many estimated tokens fit where the model counts `tokens`.
    pub(crate) fn estimated(&self, tokens: u32) -> u32 {
        (f64::from(tokens) / *self.0.lock()) as u32
    }

    /// What a model counted for a prompt with this estimate.
    pub(crate) fn observe(&self, estimate: u32, counted: u64) {
        if estimate < TOKENS_TELLING_MIN || counted == 0 {
            return;
        }
        let seen = (counted as f64 / f64::from(estimate)).clamp(TOKEN_FACTOR_MIN, TOKEN_FACTOR_MAX);
        let mut factor = self.0.lock();
        *factor = (*factor * (1.0 - NEWEST) + seen * NEWEST).clamp(TOKEN_FACTOR_MIN, TOKEN_FACTOR_MAX);
    }

    /// The prompt was longer than the model takes, so it counts more than was thought.
    pub(crate) fn too_low(&self) {
        let mut factor = self.0.lock();
        *factor = (*factor * 1.2).min(TOKEN_FACTOR_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scripts_differ() {
        assert_eq!(of_text("twelve chars"), 3);
        assert_eq!(of_text("привет"), 3);
        assert_eq!(of_text("日本語"), 3);
        assert_eq!(of_text("🙂"), 2);
        assert_eq!(of_text(""), 0);
    }

    #[test]
    fn what_a_model_counts_is_learned_and_nonsense_is_not() {
        let calibration = Calibration::default();
        calibration.observe(100, 1_000);
        calibration.observe(1_000, 0);
        assert_eq!(calibration.estimated(1_000), 1_000, "too little, and nothing");
        for _ in 0..30 {
            calibration.observe(1_000, 1_500);
        }
        assert!((660..=670).contains(&calibration.estimated(1_000)));
        for _ in 0..100 {
            calibration.observe(1_000, u64::MAX);
        }
        assert!((333..=340).contains(&calibration.estimated(1_000)), "bounded");
    }

    proptest! {
        #[test]
        fn a_factor_stays_within_its_bounds(counts in proptest::collection::vec((any::<u32>(), any::<u64>(), any::<bool>()), 0..40)) {
            let calibration = Calibration::default();
            for (estimate, counted, too_long) in counts {
                if too_long { calibration.too_low() } else { calibration.observe(estimate, counted) }
                let fits = calibration.estimated(1_000);
                prop_assert!((333..=2_000).contains(&fits), "{}", fits);
            }
        }
    }
}
