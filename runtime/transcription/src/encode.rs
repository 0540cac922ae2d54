//! Any audio to a voice note: Ogg/Opus in one channel, with its duration and how it looks.
//!
//! Notes look like those that WhatsApp records, because phones refuse some that do not: 16 kHz, three
//! frames of 20 ms in each packet, and the application's own name as who made it.

use crate::decode;
use crate::sound::{RATE_HZ, Sound};
use bytes::Bytes;
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::outbound::Sound as Looks;
use greenroom_contract::transcriber::Abort;
use greenroom_contract::voice::{VoiceEncoder, VoiceNote};
use ogg::{PacketWriteEndInfo, PacketWriter};
use ropus::{Application, Bitrate, Channels, Encoder, OpusRepacketizer, Signal};
use std::io::Cursor;
use zeroize::Zeroizing;

/// The type that networks know voice notes by.
pub const MIME: &str = "audio/ogg; codecs=opus";

/// Samples of one frame, 20 ms.
const FRAME_SAMPLES: usize = RATE_HZ as usize / 50;
/// Frames of one packet.
const PACKET_FRAMES: usize = 3;
const PACKET_SAMPLES: usize = FRAME_SAMPLES * PACKET_FRAMES;
/// What phones use for speech, in bits a second.
const BITRATE: u32 = 24_000;
/// Bytes of the longest frame that Opus can make, with its first byte.
const FRAME_BYTES: usize = 1_276;
/// Bytes in which a packet fits.
const PACKET_BYTES: i32 = 4_000;
/// Packets of one page: about a second, so that playing can begin before all of it is there.
const PAGE_PACKETS: usize = 17;
/// Positions count at 48 kHz.
const POSITIONS_PER_SAMPLE: u64 = 48_000 / RATE_HZ as u64;
/// The name of the only stream in the file.
const STREAM: u32 = 1;

/// Makes voice notes with Opus.
#[derive(Debug, Clone, Copy, Default)]
pub struct Opus;

impl VoiceEncoder for Opus {
    fn encode(&self, audio: &Media, abort: &Abort) -> Result<VoiceNote, AudioError> {
        let sound = decode::decode(audio, limits::VOICE_REPLY_DURATION_MAX, abort)?;
        if sound.samples().is_empty() {
            return Err(AudioError::Damaged { reason: "there is no sound in it".into() });
        }
        // What is one already would only lose by being encoded again.
        let bytes = if decode::is_native(audio) { audio.bytes.clone() } else { encode(&sound, abort)? };
        let looks = Looks { duration: sound.duration(), waveform: waveform(sound.samples()) };
        Ok(VoiceNote { media: Media { mime: MIME.to_owned(), bytes }, sound: looks })
    }
}

/// Encodes sound as Ogg/Opus.
pub fn encode(sound: &Sound, abort: &Abort) -> Result<Bytes, AudioError> {
    let failed = |error: &dyn std::fmt::Display| AudioError::Damaged { reason: error.to_string().into() };
    let mut encoder = Encoder::builder(RATE_HZ, Channels::Mono, Application::Voip)
        .bitrate(Bitrate::Bits(BITRATE))
        .signal(Signal::Voice)
        .build()
        .map_err(|error| failed(&error))?;
    let delay = u64::from(encoder.lookahead());
    let total = sound.samples().len() as u64;
    let mut file = PacketWriter::new(Cursor::new(Vec::new()));
    let mut write = |packet: Vec<u8>, end, position| {
        file.write_packet(packet, STREAM, end, position).map_err(|error| failed(&error))
    };
    write(head(delay), PacketWriteEndInfo::EndPage, 0)?;
    write(tags(), PacketWriteEndInfo::EndPage, 0)?;
    // The encoder is late by its delay, so the last of the sound comes out after some silence.
    let packets = (total + delay).div_ceil(PACKET_SAMPLES as u64);
    for number in 0..packets {
        if abort.is_raised() {
            return Err(AudioError::Aborted);
        }
        let begin = (number as usize * PACKET_SAMPLES).min(sound.samples().len());
        let end = (begin + PACKET_SAMPLES).min(sound.samples().len());
        let mut samples = Zeroizing::new([0.0; PACKET_SAMPLES]);
        samples[..end - begin].copy_from_slice(&sound.samples()[begin..end]);
        let position = ((number + 1) * PACKET_SAMPLES as u64).min(total + delay) * POSITIONS_PER_SAMPLE;
        let info = match number + 1 {
            last if last == packets => PacketWriteEndInfo::EndStream,
            full if full % PAGE_PACKETS as u64 == 0 => PacketWriteEndInfo::EndPage,
            _ => PacketWriteEndInfo::NormalPacket,
        };
        write(packet(&mut encoder, &samples)?, info, position)?;
    }
    Ok(Bytes::from(file.into_inner().into_inner()))
}

/// One packet of [`PACKET_FRAMES`] frames, each encoded for itself.
fn packet(encoder: &mut Encoder, samples: &[f32; PACKET_SAMPLES]) -> Result<Vec<u8>, AudioError> {
    let failed = |error: &dyn std::fmt::Display| AudioError::Damaged { reason: error.to_string().into() };
    let mut frames = [[0; FRAME_BYTES]; PACKET_FRAMES];
    let mut lengths = [0; PACKET_FRAMES];
    for ((frame, length), samples) in frames.iter_mut().zip(&mut lengths).zip(samples.chunks_exact(FRAME_SAMPLES)) {
        *length = encoder.encode_float(samples, frame).map_err(|error| failed(&error))?;
    }
    let mut joined = OpusRepacketizer::new();
    for (frame, length) in frames.iter().zip(lengths) {
        if i32::try_from(length).map_or(true, |length| joined.cat(frame, length) != 0) {
            return Err(failed(&"the frames of a packet do not fit together"));
        }
    }
    let mut packet = vec![0; PACKET_BYTES as usize];
    let length = joined.out(&mut packet, PACKET_BYTES);
    packet.truncate(usize::try_from(length).map_err(|error| failed(&error))?);
    Ok(packet)
}

/// The first packet (RFC 7845, section 5.1).
fn head(delay: u64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(((delay * POSITIONS_PER_SAMPLE) as u16).to_le_bytes());
    head.extend(RATE_HZ.to_le_bytes());
    // No gain, and the plain mapping of channels.
    head.extend([0, 0, 0]);
    head
}

/// The second packet: who made it, and no tags.
fn tags() -> Vec<u8> {
    let maker = decode::VENDOR;
    let mut tags = b"OpusTags".to_vec();
    tags.extend((maker.len() as u32).to_le_bytes());
    tags.extend(maker);
    tags.extend(0u32.to_le_bytes());
    tags
}

/// Loudness over time, the loudest part at 100.
fn waveform(samples: &[f32]) -> Vec<u8> {
    let parts = limits::WAVEFORM_BYTES;
    let part = |number: usize| &samples[samples.len() * number / parts..samples.len() * (number + 1) / parts];
    let loudness = |part: &[f32]| part.iter().map(|sample| sample.abs()).sum::<f32>() / part.len().max(1) as f32;
    let loudness: Vec<f32> = (0..parts).map(|number| loudness(part(number))).collect();
    let loudest = loudness.iter().copied().fold(0.0f32, f32::max);
    let scaled = |value: f32| if loudest > 0.0 { (value / loudest * 100.0).round() as u8 } else { 0 };
    loudness.into_iter().map(scaled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waveform_follows_the_loudness() {
        let samples: Vec<f32> = (0..6_400).map(|n| if n < 3_200 { 0.25 } else { -0.5 }).collect();
        let drawn = waveform(&samples);
        assert_eq!(drawn.len(), limits::WAVEFORM_BYTES);
        assert!(drawn[..32].iter().all(|value| *value == 50) && drawn[32..].iter().all(|value| *value == 100));
        assert_eq!(waveform(&[0.0; 100]), vec![0; limits::WAVEFORM_BYTES]);
        // Fewer samples than values.
        assert_eq!(waveform(&[0.5]).len(), limits::WAVEFORM_BYTES);
    }
}
