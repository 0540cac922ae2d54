//! Sound in memory.

use std::time::Duration;
use zeroize::Zeroize;

/// The sample rate that speech models want, and that Opus decodes to by itself.
pub const RATE_HZ: u32 = 16_000;

/// Sound at [`RATE_HZ`] in one channel, from -1 to 1. Overwritten with zeros when it is dropped, and
/// wherever it leaves memory behind while it grows.
#[derive(Default)]
pub struct Sound {
    samples: Vec<f32>,
}

impl Sound {
    /// Nothing yet, with room for so many samples.
    pub fn with_capacity(samples: usize) -> Self {
        Self { samples: Vec::with_capacity(samples) }
    }

    /// Adds samples at the end.
    pub fn extend(&mut self, more: &[f32]) {
        let needed = self.samples.len() + more.len();
        if needed > self.samples.capacity() {
            // A vector that grows by itself would leave a copy of the sound in freed memory.
            let mut larger = Vec::with_capacity(needed.max(self.samples.capacity() * 2));
            larger.extend_from_slice(&self.samples);
            self.samples.zeroize();
            self.samples = larger;
        }
        self.samples.extend_from_slice(more);
    }

    /// Leaves out samples at the beginning, and whatever is beyond so many that remain.
    pub fn trim(&mut self, skip: usize, keep: usize) {
        let skip = skip.min(self.samples.len());
        self.samples.copy_within(skip.., 0);
        let keep = keep.min(self.samples.len() - skip);
        self.samples[keep..].zeroize();
        self.samples.truncate(keep);
    }

    /// The samples.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// How long it is.
    pub fn duration(&self) -> Duration {
        duration(self.samples.len() as u64)
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.samples.zeroize();
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sound({:?})", self.duration())
    }
}

/// How long so many samples are.
pub(crate) fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(RATE_HZ))
}

/// How many samples last that long.
pub(crate) fn samples_in(duration: Duration) -> u64 {
    (duration.as_micros() as u64).saturating_mul(u64::from(RATE_HZ)) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn growing_and_trimming_are_what_a_vector_does(
            parts in prop::collection::vec(prop::collection::vec(-1.0f32..1.0, 0..50), 0..20),
            skip in 0usize..600,
            keep in 0usize..600,
        ) {
            let mut sound = Sound::default();
            let mut plain: Vec<f32> = Vec::new();
            for part in &parts {
                sound.extend(part);
                plain.extend_from_slice(part);
            }
            sound.trim(skip, keep);
            let expected: Vec<f32> = plain.into_iter().skip(skip).take(keep).collect();
            prop_assert_eq!(sound.samples(), &expected[..]);
        }
    }

    #[test]
    fn a_second_has_as_many_samples_as_the_rate() {
        assert_eq!(samples_in(Duration::from_secs(1)), u64::from(RATE_HZ));
        assert_eq!(duration(u64::from(RATE_HZ) / 2), Duration::from_millis(500));
    }
}
