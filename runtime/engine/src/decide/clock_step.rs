//! Whether the wall's clock was moved. Pure.

use greenroom_contract::limits;
use greenroom_contract::time::Timestamp;
use std::fmt;
use std::time::Duration;

/// Compares the wall's clock with one that never jumps.
#[derive(Debug, Default)]
pub(crate) struct StepDetector {
    /// By how much the wall's clock was off when it was looked at last, in milliseconds.
    off_ms: i64,
}

/// The wall's clock was moved while the engine ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockStep {
    pub(crate) forward: bool,
    pub(crate) by: Duration,
}

impl StepDetector {
    /// Looks at both clocks. A step is told once; slow corrections are none.
    pub(crate) fn look(&mut self, wall: Timestamp, steady: Timestamp) -> Option<ClockStep> {
        let off_ms = i64::try_from(i128::from(wall.0) - i128::from(steady.0)).unwrap_or(i64::MAX);
        let moved_ms = off_ms.saturating_sub(self.off_ms);
        self.off_ms = off_ms;
        let by = Duration::from_millis(moved_ms.unsigned_abs());
        (by > limits::CLOCK_STEP_MIN).then_some(ClockStep { forward: moved_ms > 0, by })
    }
}

impl fmt::Display for ClockStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.forward { "forward" } else { "back" };
        write!(
            f,
            "the system's clock was set {way} by {} seconds; keep it in step with a time server",
            self.by.as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_once_and_drift_is_none() {
        let mut detector = StepDetector::default();
        let mut look =
            |wall: u64, steady: u64| detector.look(Timestamp(wall), Timestamp(steady)).map(|step| step.to_string());
        assert_eq!(look(100_000, 100_000), None);
        assert_eq!(look(110_000, 105_000), None, "five seconds may be a correction");
        assert_eq!(look(120_000, 110_000), None, "and five more");
        let forward = look(500_000, 120_000);
        assert_eq!(
            forward.as_deref(),
            Some("the system's clock was set forward by 370 seconds; keep it in step with a time server")
        );
        assert_eq!(look(510_000, 130_000), None, "told once");
        assert!(look(20_000, 140_000).is_some_and(|step| step.contains("set back by 500 seconds")));
        assert_eq!(look(30_000, 150_000), None);
    }
}
