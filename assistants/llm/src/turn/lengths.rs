//! How much of what is shown fits.

use crate::limits::{TEXT_SHOWN_BYTES_MAX, TEXT_SHOWN_BYTES_MIN, TOOL_OUTPUT_BYTES_MAX, TOOL_OUTPUT_BYTES_MIN};
use crate::tokens::Calibration;
use greenroom_contract::model::ModelTraits;

/// How much of what is shown fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// Estimated tokens that everything together may have.
    pub(crate) room: u32,
    /// Bytes of one text.
    pub(crate) text_bytes_max: usize,
    /// Bytes of what one tool returned.
    pub(crate) output_bytes_max: usize,
}

impl Lengths {
    /// For a model, after the prompt was found too long so many times.
    pub(crate) fn of(traits: ModelTraits, calibration: &Calibration, shortened: u32) -> Self {
        let context = traits.context_tokens;
        let answer = traits.answer_tokens.min(context / 2);
        // A sixteenth for what an estimate does not see.
        let room = calibration.estimated(context - answer - context / 16) >> shortened.min(8);
        // Half of it in English, two thirds where a character is a token.
        let text = (room as usize * 2).clamp(TEXT_SHOWN_BYTES_MIN, TEXT_SHOWN_BYTES_MAX >> shortened.min(3));
        let output = (room as usize / 2).clamp(TOOL_OUTPUT_BYTES_MIN, TOOL_OUTPUT_BYTES_MAX);
        Self { room, text_bytes_max: text, output_bytes_max: output }
    }

    /// Tokens of history beside so many tokens that must be there.
    pub(crate) fn history(&self, configured: u32, fixed: u32, shortened: u32) -> u32 {
        let left = self.room.saturating_sub(fixed).min(configured);
        match shortened {
            0 => left,
            1 => left / 2,
            2 => left / 4,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_context_shows_less_and_a_shortened_prompt_still_less() {
        let traits = |context_tokens| ModelTraits {
            images: false,
            documents: false,
            tools: true,
            context_tokens,
            answer_tokens: 4_000,
        };
        let calibration = Calibration::default();
        let large = Lengths::of(traits(200_000), &calibration, 0);
        assert_eq!((large.text_bytes_max, large.output_bytes_max), (TEXT_SHOWN_BYTES_MAX, TOOL_OUTPUT_BYTES_MAX));
        let small = Lengths::of(traits(4_096), &calibration, 0);
        assert_eq!((small.room, small.text_bytes_max, small.output_bytes_max), (1_792, 3_584, 896));
        assert_eq!((small.history(6_000, 792, 0), small.history(100, 792, 1), small.history(9, 0, 3)), (1_000, 50, 0));
        assert!(Lengths::of(traits(4_096), &calibration, 1).room < small.room);
        assert_eq!(Lengths::of(traits(0), &calibration, 3).room, 0);
    }
}
