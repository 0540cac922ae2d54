//! WAV, MP3, AAC, MP4 and Ogg/Vorbis: rarer than Opus, and decoded by symphonia.

use super::resample::Resampler;
use crate::sound::{RATE_HZ, Sound, samples_in};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::transcriber::Abort;
use std::io::{Cursor, ErrorKind};
use std::time::Duration;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use zeroize::Zeroizing;

/// Packets in a row that may be unreadable before a file counts as damaged. Files that begin in the
/// middle of a recording start with a few of them.
const UNREADABLE_IN_A_ROW: u32 = 16;

pub(super) fn decode(file: &[u8], longest: Duration, abort: &Abort) -> Result<Sound, AudioError> {
    let mut format = open(file)?;
    let track = format.default_track(TrackType::Audio).ok_or_else(|| super::not_understood("a file without sound"))?;
    if declared_length(track).is_some_and(|declared| declared > longest) {
        return Err(super::too_long(longest));
    }
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let parameters = parameters.ok_or_else(|| super::not_understood("a file without sound"))?;
    let decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default());
    let mut decoder = decoder.map_err(refused)?;
    let id = track.id;
    let mut intake = Intake { resampler: None, longest, frames: Zeroizing::default(), mono: Zeroizing::default() };
    read(format.as_mut(), decoder.as_mut(), id, &mut intake, abort)?;
    let resampler = intake.resampler.ok_or_else(|| super::damaged("there is no sound in it"))?;
    let sound = resampler.finish()?;
    if sound.duration() > longest { Err(super::too_long(longest)) } else { Ok(sound) }
}

fn open(file: &[u8]) -> Result<Box<dyn FormatReader + '_>, AudioError> {
    let source =
        MediaSourceStream::new(Box::new(Cursor::new(file)), symphonia::core::io::MediaSourceStreamOptions::default());
    // Nobody looks at titles and covers.
    let metadata =
        MetadataOptions::default().limit_tag_bytes(Limit::Maximum(4_096)).limit_visual_bytes(Limit::Maximum(0));
    symphonia::default::get_probe().probe(&Hint::new(), source, FormatOptions::default(), metadata).map_err(refused)
}

fn declared_length(track: &Track) -> Option<Duration> {
    let rate = track.codec_params.as_ref()?.audio()?.sample_rate.filter(|rate| *rate > 0)?;
    Some(Duration::from_secs(track.num_frames? / u64::from(rate)))
}

fn read(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track: u32,
    intake: &mut Intake,
    abort: &Abort,
) -> Result<(), AudioError> {
    let mut unreadable = 0;
    for _ in 0..limits::AUDIO_PACKETS_MAX {
        if abort.is_raised() {
            return Err(AudioError::Aborted);
        }
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(()),
            // A file that ends in the middle of a packet: what came before is what there is.
            Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(refused(error)),
        };
        if packet.track_id != track {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(frames) => {
                unreadable = 0;
                intake.take(&frames)?;
            }
            Err(Error::DecodeError(reason)) => {
                unreadable += 1;
                if unreadable > UNREADABLE_IN_A_ROW {
                    return Err(super::damaged(reason));
                }
            }
            Err(error) => return Err(refused(error)),
        }
    }
    Err(super::damaged("too many packets"))
}

/// Mixes what was decoded into one channel and passes it on.
struct Intake {
    resampler: Option<Resampler>,
    longest: Duration,
    frames: Zeroizing<Vec<f32>>,
    mono: Zeroizing<Vec<f32>>,
}

impl Intake {
    fn take(&mut self, decoded: &GenericAudioBufferRef<'_>) -> Result<(), AudioError> {
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if decoded.is_empty() || channels == 0 {
            return Ok(());
        }
        let resampler = match &mut self.resampler {
            Some(resampler) if resampler.rate() == rate => resampler,
            Some(_) => return Err(super::damaged("the rate changes in the middle")),
            none => none.insert(Resampler::new(rate, 0)?),
        };
        let samples_max = samples_in(self.longest) * u64::from(rate) / u64::from(RATE_HZ) + u64::from(rate);
        if resampler.taken() + decoded.frames() as u64 > samples_max {
            return Err(super::too_long(self.longest));
        }
        // Sized once for the packets of a file, so that no half-full copy is left behind.
        self.frames.resize(decoded.samples_interleaved(), 0.0);
        decoded.copy_to_slice_interleaved(&mut self.frames[..]);
        self.mono.clear();
        self.mono.reserve_exact(decoded.frames());
        let loud = |sum: f32| if sum.is_finite() { (sum / channels as f32).clamp(-1.0, 1.0) } else { 0.0 };
        self.mono.extend(self.frames.chunks_exact(channels).map(|frame| loud(frame.iter().sum())));
        resampler.push(&self.mono)
    }
}

fn refused(error: Error) -> AudioError {
    match error {
        Error::Unsupported(what) => super::not_understood(what),
        other => super::damaged(other),
    }
}
