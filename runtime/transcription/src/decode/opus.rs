//! Opus, the codec of voice notes, from whatever file it came in.
//!
//! Opus decodes to any of its rates by itself, so nothing is resampled. How long a packet is stands
//! in its first byte, so the length is known before anything is decoded. A packet that is empty or
//! cannot be decoded was lost on the way: the decoder fills its time with what was said around it.

use super::ogg::{Packet, Recording};
use super::packet::{LONGEST_SAMPLES, POSITIONS_PER_SAMPLE, samples_of};
use crate::sound::{RATE_HZ, Sound, duration};
use greenroom_contract::audio::AudioError;
use greenroom_contract::transcriber::Abort;
use ropus::{Channels, DecodeMode, Decoder};
use std::time::Duration;
use zeroize::Zeroizing;

/// Samples of a lost packet with no other one beside it, 20 ms.
const USUAL_SAMPLES: usize = RATE_HZ as usize / 50;

/// Decodes recordings, one behind the other.
pub(super) fn decode(recordings: &[Recording], longest: Duration, abort: &Abort) -> Result<Sound, AudioError> {
    let heard: Vec<&Recording> = recordings.iter().filter(|recording| recording.head.is_ok()).collect();
    if heard.is_empty() {
        let first = recordings.first().ok_or_else(|| super::damaged("it has no packets"))?;
        first.head.clone()?;
    }
    let mut lengths: Vec<Vec<usize>> = heard.iter().map(|recording| lengths(&recording.packets)).collect();
    let total: usize = lengths.iter().flatten().sum();
    if total == 0 {
        return Err(super::damaged("there is no sound in it"));
    }
    // What is left out at the beginning and the end of each is a packet at most.
    let margin = 2 * LONGEST_SAMPLES * heard.len();
    if duration(total.saturating_sub(margin) as u64) > longest {
        return Err(super::too_long(longest));
    }
    let mut intake = Intake { sound: Sound::with_capacity(total), lost: 0, abort };
    for (recording, lengths) in heard.iter().zip(&mut lengths) {
        intake.take(recording, lengths)?;
    }
    if intake.lost * 2 > lengths.iter().flatten().sum() {
        return Err(super::damaged("most of it cannot be decoded"));
    }
    if intake.sound.duration() > longest { Err(super::too_long(longest)) } else { Ok(intake.sound) }
}

struct Intake<'a> {
    sound: Sound,
    /// Samples of lost packets.
    lost: usize,
    abort: &'a Abort,
}

impl Intake<'_> {
    /// Adds one recording. A packet that cannot be decoded is not believed in how long it is either: its
    /// length becomes that of its neighbour, if that is shorter.
    fn take(&mut self, recording: &Recording, lengths: &mut [usize]) -> Result<(), AudioError> {
        let head = recording.head.clone()?;
        let mut decoder = Decoder::new(RATE_HZ, Channels::Mono).map_err(super::damaged)?;
        if head.gain != 0 {
            decoder.set_gain(i32::from(head.gain)).map_err(super::damaged)?;
        }
        let mut skip = head.skipped_samples();
        let mut piece = Zeroizing::new([0.0f32; LONGEST_SAMPLES]);
        let mut before = None;
        for (packet, length) in recording.packets.iter().zip(lengths.iter_mut()) {
            if self.abort.is_raised() {
                return Err(AudioError::Aborted);
            }
            let decodable = !packet.bytes.is_empty() && is_believable(packet, *length);
            let whole = decodable.then(|| decoder.decode_float(&packet.bytes, &mut piece[..], DecodeMode::Normal));
            if matches!(whole, Some(Ok(samples)) if samples == *length) {
                before = Some(*length);
            } else {
                *length = (*length).min(before.unwrap_or(USUAL_SAMPLES));
                self.lost += *length;
                let filled = decoder.decode_float(&[], &mut piece[..*length], DecodeMode::Normal);
                if filled != Ok(*length) {
                    piece[..*length].fill(0.0);
                }
            }
            let skipped = skip.min(*length);
            skip -= skipped;
            self.sound.extend(&piece[skipped..*length]);
        }
        let surplus = surplus(recording, lengths).min(self.sound.samples().len());
        self.sound.trim(0, self.sound.samples().len() - surplus);
        Ok(())
    }
}

/// Whether a packet is worth decoding: one with a wrong checksum that is as long as it should be.
fn is_believable(packet: &Packet, length: usize) -> bool {
    samples_of(&packet.bytes) == Some(length)
}

/// How many samples each packet is long. A lost one is as long as its neighbour, and so is a doubtful
/// one, whose first byte may be what is wrong.
fn lengths(packets: &[Packet]) -> Vec<usize> {
    let said = |packet: &Packet| samples_of(&packet.bytes).filter(|_| !packet.doubtful);
    let mut before =
        packets.iter().find_map(said).or_else(|| packets.iter().find_map(|packet| samples_of(&packet.bytes)));
    let length = |packet| {
        before = said(packet).or(before);
        before.unwrap_or(USUAL_SAMPLES)
    };
    packets.iter().map(length).collect()
}

/// How many samples the end of the last page is beyond the end of the recording, as its position says.
///
/// Positions are believed as far as they agree with the packets: those of all other pages must be
/// right, and then a packet of the last page at most is left out. Wrong positions shorten nothing.
fn surplus(recording: &Recording, lengths: &[usize]) -> usize {
    let mut sums = vec![0u64];
    sums.extend(lengths.iter().scan(0, |sum, length| {
        *sum += *length as u64 * POSITIONS_PER_SAMPLE;
        Some(*sum)
    }));
    let told: Vec<(u64, u64)> =
        recording.marks.iter().filter_map(|mark| Some((*sums.get(mark.packets)?, mark.position?))).collect();
    let Some(((end, says), before)) = told.split_last().filter(|_| recording.ended) else { return 0 };
    let last = lengths.last().copied().unwrap_or_default() as u64 * POSITIONS_PER_SAMPLE;
    // Pages before the sound tell the position zero.
    let (begin, begin_says) = before.last().copied().unwrap_or_default();
    let agree = before.iter().all(|(sum, says)| sum == says)
        || before.iter().filter(|(sum, _)| *sum > 0).count() > 1 && same_distances(before);
    let too_much = (end - begin).checked_sub(says.saturating_sub(begin_says)).filter(|_| agree && *says > begin_says);
    let most = if begin == 0 {
        last.saturating_sub(1)
    } else {
        (end - begin).min(LONGEST_SAMPLES as u64 * POSITIONS_PER_SAMPLE)
    };
    too_much.filter(|positions| *positions <= most).unwrap_or_default() as usize / POSITIONS_PER_SAMPLE as usize
}

/// Whether the positions grow as the sound does, in a recording that was cut out of a longer one.
fn same_distances(told: &[(u64, u64)]) -> bool {
    let sounding: Vec<_> = told.iter().filter(|(sum, _)| *sum > 0).collect();
    sounding.windows(2).all(|pair| Some(pair[1].0 - pair[0].0) == pair[1].1.checked_sub(pair[0].1))
}
