//! The recordings and the model of the tests; `tests/fixtures/voice/train/README.md` says where they come from.
#![allow(dead_code, unreachable_pub)] // each test binary uses a part of it
#![allow(clippy::unwrap_used)] // a test that cannot read its own files shall fail

use bytes::Bytes;
use greenroom_contract::message::Media;
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
