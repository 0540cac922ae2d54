//! The limits of an owner for one assistant, below those that were agreed to.

use super::asks::Asks;
use serde::Deserialize;

/// Limits of an owner for one assistant. Each counts where it is lower than what the plugin asks for; none can be higher than
/// what was agreed to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LowerLimits {
    /// Megabytes of linear memory.
    pub memory_mb: Option<u32>,
    /// Milliseconds of computing for one turn.
    pub own_ms: Option<u32>,
    /// Kilobytes of an answer's document.
    pub reply_kb: Option<u32>,
    /// Kilobytes that one conversation may remember.
    pub state_kb: Option<u32>,
}

/// A limit that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{limit}: {reason}")]
pub(crate) struct LimitError {
    /// Which.
    pub(crate) limit: &'static str,
    /// What is wrong, and what to write.
    pub(crate) reason: String,
}

impl LowerLimits {
    /// Whether each of them is at least 1 and no more than what was agreed to. That is what they are held against, and not what
    /// the version in use asks for: another version that asks for less must not make a sound configuration wrong.
    pub(crate) fn check(&self, granted: &Asks) -> Result<(), LimitError> {
        let limits = [
            ("memory_mb", self.memory_mb, granted.memory_mb),
            ("own_ms", self.own_ms, granted.own_ms),
            ("reply_kb", self.reply_kb, granted.reply_kb),
            ("state_kb", self.state_kb, granted.state_kb),
        ];
        for (limit, set, granted) in limits {
            let Some(set) = set.filter(|set| !(1..=granted).contains(set)) else { continue };
            let reason = format!("is {set}, and can only lower what was agreed to: write 1 to {granted}");
            return Err(LimitError { limit, reason });
        }
        Ok(())
    }

    /// What is asked for, lowered.
    pub(crate) fn lower(&self, asks: &Asks) -> Asks {
        let lower = |asked: u32, set: Option<u32>| set.map_or(asked, |set| set.min(asked));
        Asks {
            memory_mb: lower(asks.memory_mb, self.memory_mb),
            own_ms: lower(asks.own_ms, self.own_ms),
            reply_kb: lower(asks.reply_kb, self.reply_kb),
            state_kb: lower(asks.state_kb, self.state_kb),
            ..asks.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(value: u32) -> LowerLimits {
        LowerLimits { memory_mb: Some(value), own_ms: Some(value), reply_kb: Some(value), state_kb: Some(value) }
    }

    #[test]
    fn a_limit_lowers_and_never_raises() {
        let asks = Asks::default();
        assert_eq!(LowerLimits::default().lower(&asks), asks);
        assert_eq!(all(u32::MAX).lower(&asks), asks);
        let low = all(1).lower(&asks);
        assert_eq!((low.memory_mb, low.own_ms, low.reply_kb, low.state_kb), (1, 1, 1, 1));
        assert!(low.beyond(&asks).is_empty() && low.names == asks.names);
    }

    #[test]
    fn what_is_no_lower_limit_is_refused_by_its_name() {
        let granted = Asks { memory_mb: 10, own_ms: 10, reply_kb: 10, state_kb: 10, ..Asks::default() };
        assert_eq!((all(1).check(&granted), all(10).check(&granted)), (Ok(()), Ok(())));
        for wrong in [0, 11] {
            for (limit, set) in [
                ("memory_mb", LowerLimits { memory_mb: Some(wrong), ..LowerLimits::default() }),
                ("own_ms", LowerLimits { own_ms: Some(wrong), ..LowerLimits::default() }),
                ("reply_kb", LowerLimits { reply_kb: Some(wrong), ..LowerLimits::default() }),
                ("state_kb", LowerLimits { state_kb: Some(wrong), ..LowerLimits::default() }),
            ] {
                let error = set.check(&granted).unwrap_err();
                assert!(error.limit == limit && error.reason.contains("write 1 to 10"), "{error}");
            }
        }
    }
}
