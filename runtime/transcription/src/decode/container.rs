//! WAV, MP3, AAC, Ogg/Vorbis and what is in MP4, Matroska and CAF, unpacked by symphonia. Opus inside of
//! these is decoded like any other Opus.

use super::kind::Kind;
use super::ogg::Recording;
use super::packet::Head;
use super::resample::Resampler;
use super::{opus, rebuilt};
use crate::sound::{RATE_HZ, Sound, samples_in};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::transcriber::Abort;
use std::io::Cursor;
use std::time::Duration;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use zeroize::Zeroizing;

pub(super) fn decode(kind: Kind<'_>, longest: Duration, abort: &Abort) -> Result<Sound, AudioError> {
    let source: Box<dyn MediaSource> = match kind {
        Kind::Wave(file) => match rebuilt::wave(file) {
            Some(rebuilt) => Box::new(Cursor::new(rebuilt)),
            None => return Err(super::damaged("there is no sound in it")),
        },
        Kind::Caf(file) => match rebuilt::caf(file) {
            Some(rebuilt) => Box::new(Cursor::new(rebuilt)),
            None => return Err(super::damaged("there is no sound in it")),
        },
        Kind::Vorbis(file) => Box::new(Cursor::new(rebuilt::ogg(file))),
        // Read from the beginning to wherever it ends: what its index says may not be there.
        Kind::Matroska(file) => Box::new(ReadOnlySource::new(file)),
        Kind::Other(file) => Box::new(Cursor::new(file)),
        Kind::Empty | Kind::Opus(_) | Kind::Foreign(_) | Kind::Unknown => {
            return Err(super::not_understood("this container"));
        }
    };
    let mut packets = Packets::open(source, abort)?;
    let parameters = packets.parameters()?;
    if parameters.codec == CODEC_ID_OPUS {
        return opus::decode(&[opus_inside(&mut packets, &parameters)?], longest, abort);
    }
    let mut intake = Intake {
        sound: Sound::default(),
        resampler: None,
        longest,
        frames: Zeroizing::default(),
        mono: Zeroizing::default(),
    };
    read(&mut packets, &mut intake)?;
    intake.finish()
}

/// The packets of Opus in a container that does not know their positions.
fn opus_inside(packets: &mut Packets<'_>, parameters: &AudioCodecParameters) -> Result<Recording, AudioError> {
    let head = parameters.extra_data.as_deref().filter(|data| Head::begins(data));
    let mut recording = Recording::new(head.map_or(Ok(Head::LOST), Head::parse));
    while let Next::Packet(packet) = packets.next()? {
        recording.add(&Zeroizing::new(packet.data.into_vec()), false);
    }
    Ok(recording)
}

/// The packets of the first track with sound.
struct Packets<'a> {
    format: Box<dyn FormatReader + 'a>,
    track: u32,
    left: usize,
    abort: &'a Abort,
}

/// What comes next in a file.
enum Next {
    Packet(Packet),
    /// Another recording begins, with a decoder of its own.
    Another,
    End,
}

impl<'a> Packets<'a> {
    fn open(source: Box<dyn MediaSource + 'a>, abort: &'a Abort) -> Result<Self, AudioError> {
        let source = MediaSourceStream::new(source, symphonia::core::io::MediaSourceStreamOptions::default());
        // Titles and covers are not looked at.
        let metadata =
            MetadataOptions::default().limit_tag_bytes(Limit::Maximum(4_096)).limit_visual_bytes(Limit::Maximum(0));
        let format = symphonia::default::get_probe().probe(&Hint::new(), source, FormatOptions::default(), metadata);
        Ok(Self { format: format.map_err(refused)?, track: 0, left: limits::AUDIO_PACKETS_MAX, abort })
    }

    /// How the sound is encoded; its track is the one that is read from now on.
    fn parameters(&mut self) -> Result<AudioCodecParameters, AudioError> {
        let none = || super::not_understood("a file without sound");
        let track = self.format.default_track(TrackType::Audio).ok_or_else(none)?;
        self.track = track.id;
        let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
        parameters.cloned().ok_or_else(none)
    }

    fn next(&mut self) -> Result<Next, AudioError> {
        loop {
            if self.abort.is_raised() {
                return Err(AudioError::Aborted);
            }
            self.left = self.left.checked_sub(1).ok_or_else(|| super::damaged("too many packets"))?;
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Ok(Next::Packet(packet)),
                Ok(Some(_)) => {}
                Err(Error::ResetRequired) => return Ok(Next::Another),
                // Where it ends early or cannot be read any further, what came before is what there is.
                Ok(None) | Err(_) => return Ok(Next::End),
            }
        }
    }
}

fn read(packets: &mut Packets<'_>, intake: &mut Intake) -> Result<(), AudioError> {
    let (mut decoder, mut heard, mut unreadable) = (decoder(packets)?, 0u32, 0u32);
    let mut reason = "there is no sound in it".to_owned();
    loop {
        match packets.next()? {
            Next::Packet(packet) => match decoder.decode(&packet) {
                Ok(frames) => {
                    heard += 1;
                    intake.take(&frames)?;
                }
                Err(error @ Error::Unsupported(_)) => return Err(refused(error)),
                Err(error) => {
                    unreadable += 1;
                    reason = error.to_string();
                }
            },
            Next::Another => decoder = self::decoder(packets)?,
            Next::End => break,
        }
    }
    // Files that begin in the middle of a recording start with a few packets that cannot be read.
    if unreadable > heard { Err(super::damaged(reason)) } else { Ok(()) }
}

fn decoder(packets: &mut Packets<'_>) -> Result<Box<dyn AudioDecoder>, AudioError> {
    let parameters = packets.parameters()?;
    // What a file says about how much of its sound to leave out is not believed.
    let options = AudioDecoderOptions::default().gapless(false);
    symphonia::default::get_codecs().make_audio_decoder(&parameters, &options).map_err(refused)
}

/// Mixes what was decoded into one channel and passes it on.
struct Intake {
    /// What was heard before the rate changed.
    sound: Sound,
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
        if self.resampler.as_ref().is_some_and(|resampler| resampler.rate() != rate) {
            self.end_of_rate()?;
        }
        let resampler = match &mut self.resampler {
            Some(resampler) => resampler,
            none => none.insert(Resampler::new(rate, 0)?),
        };
        let left = self.longest.saturating_sub(self.sound.duration());
        let samples_max = samples_in(left) * u64::from(rate) / u64::from(RATE_HZ) + u64::from(rate);
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

    fn end_of_rate(&mut self) -> Result<(), AudioError> {
        if let Some(resampler) = self.resampler.take() {
            self.sound.extend(resampler.finish()?.samples());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Sound, AudioError> {
        if self.resampler.is_none() && self.sound.samples().is_empty() {
            return Err(super::damaged("there is no sound in it"));
        }
        if self.sound.samples().is_empty()
            && let Some(resampler) = self.resampler.take()
        {
            // The usual case: one rate, and nothing to copy.
            self.sound = resampler.finish()?;
        }
        self.end_of_rate()?;
        if self.sound.duration() > self.longest { Err(super::too_long(self.longest)) } else { Ok(self.sound) }
    }
}

fn refused(error: Error) -> AudioError {
    match error {
        Error::Unsupported(what) => super::not_understood(what),
        other => super::damaged(other),
    }
}
