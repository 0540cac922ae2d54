//! The recordings and the model of the tests; `tests/fixtures/voice/train/README.md` says where they come from.
#![allow(dead_code, unreachable_pub)] // each test binary uses a part of it
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

pub mod ogg;

use bytes::Bytes;
use greenroom_contract::audio::AudioError;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::Abort;
use greenroom_transcription::decode::decode;
use greenroom_transcription::sound::Sound;
use greenroom_transcription::{Options, Whisper};
use std::path::PathBuf;
use std::time::Duration;

/// Longer than any recording here.
pub const MINUTE: Duration = Duration::from_secs(60);

pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/voice")).join(name)
}

pub fn model() -> PathBuf {
    fixture("ggml-micro.en.bin")
}

pub fn whisper() -> Whisper {
    Whisper::open(Options::new(model())).unwrap()
}

pub fn file(name: &str) -> Media {
    let bytes = std::fs::read(fixture("samples").join(name)).unwrap();
    media("audio/ogg; codecs=opus", bytes)
}

pub fn media(mime: &str, bytes: impl Into<Bytes>) -> Media {
    Media { mime: mime.to_owned(), bytes: bytes.into() }
}

/// What a file of any kind sounds like.
pub fn decoded(bytes: impl Into<Bytes>) -> Result<Sound, AudioError> {
    decode(&media("audio/ogg", bytes), MINUTE, &Abort::default())
}

/// A recording in another format.
pub fn other_format(name: &str) -> Vec<u8> {
    std::fs::read(fixture("samples/formats").join(name)).unwrap()
}

/// A recording and what is said in it.
pub struct Sample {
    pub file: String,
    pub words: String,
    pub seconds: f64,
}

/// All of them, silence and noise included.
pub fn samples() -> Vec<Sample> {
    let manifest = std::fs::read_to_string(fixture("samples/manifest.tsv")).unwrap();
    let sample = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        Sample { file: fields[0].to_owned(), words: fields[1].to_owned(), seconds: fields[2].parse().unwrap() }
    };
    manifest.lines().skip(1).map(sample).collect()
}

/// A WAV file with 16-bit samples.
pub fn wav(rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes()).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(channels) * 2).to_le_bytes());
    wav.extend((channels * 2).to_le_bytes());
    wav.extend(16u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

/// A CAF file with packets of Opus of 20 ms, as Apple's devices record them.
pub fn caf(packets: &[Vec<u8>]) -> Vec<u8> {
    let chunk = |name: &[u8; 4], body: Vec<u8>| [&name[..], &(body.len() as u64).to_be_bytes(), &body].concat();
    let mut table = (packets.len() as u64).to_be_bytes().to_vec();
    table.extend((packets.len() as u64 * 960).to_be_bytes());
    table.extend([0; 8]);
    for packet in packets {
        if packet.len() > 127 {
            table.push((packet.len() >> 7) as u8 | 0x80);
        }
        table.push(packet.len() as u8 & 0x7f);
    }
    let mut description = 48_000f64.to_be_bytes().to_vec();
    description.extend(b"opus");
    for number in [0u32, 0, 960, 1, 0] {
        description.extend(number.to_be_bytes());
    }
    let sound = [&[0; 4][..], &packets.concat()].concat();
    let parts = [chunk(b"desc", description), chunk(b"pakt", table), chunk(b"data", sound)];
    [b"caff\0\x01\0\0".as_slice(), &parts.concat()].concat()
}
