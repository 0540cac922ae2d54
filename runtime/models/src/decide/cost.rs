//! What tokens cost.

use crate::config::ModelConfig;
use greenroom_contract::assistant::Usage;

/// Tokens of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Those read, the kept ones included.
    pub(crate) read: u64,
    /// Those written.
    pub(crate) written: u64,
    /// Those of the tokens read that the provider had kept.
    pub(crate) kept: u64,
}

/// What a million tokens cost. Zero where no price is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Prices {
    read: f64,
    written: f64,
    kept: f64,
}

impl Prices {
    pub(crate) fn of(config: &ModelConfig) -> Self {
        let read = config.price_in.unwrap_or_default();
        let written = config.price_out.unwrap_or_default();
        Self { read, written, kept: config.price_cached.unwrap_or(read) }
    }

    /// What these tokens cost, in millionths of the unit of the prices: a price for a million tokens is just the millionths
    /// of one.
    pub(crate) fn millionths(self, tokens: Tokens) -> u64 {
        let kept = tokens.kept.min(tokens.read);
        let cost =
            (tokens.read - kept) as f64 * self.read + kept as f64 * self.kept + tokens.written as f64 * self.written;
        cost.ceil() as u64
    }

    pub(crate) fn usage(self, model: &str, tokens: Tokens) -> Usage {
        Usage {
            model: Some(model.to_owned()),
            tokens_in: tokens.read,
            tokens_out: tokens.written,
            tokens_cached: tokens.kept.min(tokens.read),
            cost_millionths: self.millionths(tokens),
        }
    }
}

/// Adds what a request cost to what was spent before it at the same model.
pub(crate) fn add(spent: &mut Vec<Usage>, usage: Usage) {
    match spent.iter_mut().find(|before| before.model == usage.model) {
        None => spent.push(usage),
        Some(before) => {
            before.tokens_in = before.tokens_in.saturating_add(usage.tokens_in);
            before.tokens_out = before.tokens_out.saturating_add(usage.tokens_out);
            before.tokens_cached = before.tokens_cached.saturating_add(usage.tokens_cached);
            before.cost_millionths = before.cost_millionths.saturating_add(usage.cost_millionths);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRICES: Prices = Prices { read: 0.25, written: 2.0, kept: 0.025 };

    #[test]
    fn kept_tokens_are_cheaper() {
        let tokens = Tokens { read: 1_000_000, written: 1_000_000, kept: 0 };
        assert_eq!(PRICES.millionths(tokens), 2_250_000);
        assert_eq!(PRICES.millionths(Tokens { kept: 1_000_000, ..tokens }), 2_025_000);
        assert_eq!(
            PRICES.millionths(Tokens { read: 1, written: 0, kept: 0 }),
            1,
            "nothing is free of charge by rounding"
        );
        assert_eq!(Prices::default().millionths(tokens), 0);
    }

    #[test]
    fn one_model_has_one_sum() {
        let mut spent = Vec::new();
        let once = PRICES.usage("a", Tokens { read: 4, written: 2, kept: 9 });
        add(&mut spent, once.clone());
        add(&mut spent, PRICES.usage("b", Tokens::default()));
        add(&mut spent, once.clone());
        assert_eq!(spent.len(), 2);
        assert_eq!((spent[0].tokens_in, spent[0].tokens_out, spent[0].tokens_cached), (8, 4, 8));
        assert_eq!(spent[0].cost_millionths, 2 * once.cost_millionths);
    }

    proptest! {
        #[test]
        fn no_number_of_tokens_is_too_large(read in any::<u64>(), written in any::<u64>(), kept in any::<u64>()) {
            let usage = PRICES.usage("a", Tokens { read, written, kept });
            prop_assert!(usage.tokens_cached <= usage.tokens_in);
            let mut spent = vec![usage.clone()];
            add(&mut spent, usage);
        }
    }
}
