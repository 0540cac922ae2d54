//! Any rate to [`RATE_HZ`], a chunk at a time.

use crate::sound::{RATE_HZ, Sound};
use greenroom_contract::audio::AudioError;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};
use zeroize::Zeroizing;

/// Samples that are resampled at once.
const CHUNK: usize = 1_024;

/// The rates that are understood: what microphones and studios use, and what is in between.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Takes sound of one rate and adds it to a [`Sound`].
pub(super) struct Resampler {
    /// `None` where the rate is right already.
    inner: Option<Fft<f32>>,
    rate: u32,
    waiting: Zeroizing<Vec<f32>>,
    out: Zeroizing<Vec<f32>>,
    /// Samples that were put in.
    taken: u64,
    sound: Sound,
}

impl Resampler {
    pub(super) fn new(rate: u32, samples_expected: usize) -> Result<Self, AudioError> {
        if !RATES.contains(&rate) {
            return Err(super::not_understood(format!("audio with {rate} samples a second")));
        }
        let inner = (rate != RATE_HZ)
            .then(|| Fft::new(rate as usize, RATE_HZ as usize, CHUNK, 1, FixedSync::Input))
            .transpose()
            .map_err(|error| super::not_understood(error.to_string()))?;
        let out = inner.as_ref().map_or(0, rubato::Resampler::output_frames_max);
        Ok(Self {
            inner,
            rate,
            waiting: Zeroizing::new(Vec::with_capacity(CHUNK)),
            out: Zeroizing::new(vec![0.0; out]),
            taken: 0,
            sound: Sound::with_capacity(samples_expected),
        })
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Samples that were put in so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn push(&mut self, mut samples: &[f32]) -> Result<(), AudioError> {
        self.taken += samples.len() as u64;
        if self.inner.is_none() {
            self.sound.extend(samples);
            return Ok(());
        }
        while !samples.is_empty() {
            let part = samples.len().min(CHUNK - self.waiting.len());
            self.waiting.extend_from_slice(&samples[..part]);
            samples = &samples[part..];
            if self.waiting.len() == CHUNK {
                self.resample(CHUNK)?;
            }
        }
        Ok(())
    }

    /// The sound, once everything was put in.
    pub(super) fn finish(mut self) -> Result<Sound, AudioError> {
        let Some(delay) = self.inner.as_ref().map(rubato::Resampler::output_delay) else { return Ok(self.sound) };
        let expected = (self.taken * u64::from(RATE_HZ)).div_ceil(u64::from(self.rate)) as usize;
        let left = self.waiting.len();
        self.resample(left)?;
        // What the filter still holds comes out after silence; each round gives something.
        while self.sound.samples().len() < expected + delay {
            self.resample(0)?;
        }
        self.sound.trim(delay, expected);
        Ok(self.sound)
    }

    /// Resamples what waits, of which so much is sound and the rest silence.
    fn resample(&mut self, filled: usize) -> Result<(), AudioError> {
        let Some(inner) = &mut self.inner else { return Ok(()) };
        self.waiting.resize(CHUNK, 0.0);
        let room = self.out.len();
        let failed = |error: &dyn std::fmt::Display| super::damaged(format!("resampling failed: {error}"));
        let input = SequentialSlice::new(&self.waiting[..], 1, CHUNK).map_err(|error| failed(&error))?;
        let mut output = SequentialSlice::new_mut(&mut self.out[..], 1, room).map_err(|error| failed(&error))?;
        let part = (filled < CHUNK).then_some(Indexing {
            input_offset: 0,
            output_offset: 0,
            partial_len: Some(filled),
            active_channels_mask: None,
        });
        let (_, written) =
            inner.process_into_buffer(&input, &mut output, part.as_ref()).map_err(|error| failed(&error))?;
        self.sound.extend(&self.out[..written]);
        self.waiting.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    fn tone(rate: u32, hertz: f64, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| (TAU * hertz * n as f64 / f64::from(rate)).sin() as f32 * 0.5).collect()
    }

    fn resampled(rate: u32, samples: &[f32], part: usize) -> Sound {
        let mut resampler = Resampler::new(rate, 0).unwrap();
        for part in samples.chunks(part) {
            resampler.push(part).unwrap();
        }
        resampler.finish().unwrap()
    }

    /// How much of the loudness is at a frequency, from 0 to 1.
    fn share(sound: &[f32], hertz: f64) -> f64 {
        let (mut real, mut imaginary, mut all) = (0.0, 0.0, 0.0);
        for (n, sample) in sound.iter().enumerate() {
            let angle = TAU * hertz * n as f64 / f64::from(RATE_HZ);
            real += f64::from(*sample) * angle.cos();
            imaginary += f64::from(*sample) * angle.sin();
            all += f64::from(*sample).powi(2);
        }
        2.0 * (real * real + imaginary * imaginary) / (all * sound.len() as f64)
    }

    #[test]
    fn a_tone_stays_that_tone_at_every_usual_rate() {
        for rate in [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] {
            let sound = resampled(rate, &tone(rate, 440.0, rate as usize), 1_000);
            assert_eq!(sound.samples().len(), RATE_HZ as usize, "{rate} Hz");
            let share = share(sound.samples(), 440.0);
            assert!(share > 0.99, "{rate} Hz: {share}");
        }
    }

    #[test]
    fn what_is_too_high_for_the_new_rate_does_not_come_back_as_something_lower() {
        let high = resampled(48_000, &tone(48_000, 11_000.0, 48_000), 1_000);
        let loudest = high.samples()[500..15_500].iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
        assert!(loudest < 0.01, "{loudest}");
    }

    #[test]
    fn impossible_rates_are_refused() {
        for rate in [0, 1, 3_999, 192_001, u32::MAX] {
            assert!(matches!(Resampler::new(rate, 0), Err(AudioError::Format { .. })), "{rate}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_length_is_kept_whatever_the_rate_and_the_parts(
            rate in 4_000u32..=192_000,
            samples in 0usize..20_000,
            part in 1usize..5_000,
        ) {
            let sound = resampled(rate, &vec![0.25; samples], part);
            let expected = (samples as u64 * u64::from(RATE_HZ)).div_ceil(u64::from(rate));
            prop_assert_eq!(sound.samples().len() as u64, expected);
            prop_assert!(sound.samples().iter().all(|sample| sample.abs() < 0.5));
        }
    }
}
