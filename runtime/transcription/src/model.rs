//! Is this file a whole speech model?
//!
//! whisper.cpp ends the process over some broken files and reads beyond the end of others. So the
//! file is walked through here first: its head, its words, and where each tensor begins and ends.

use greenroom_contract::limits;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Why a file is no model that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It is not there, or may not be read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// It is something else, or only a part of a model: fetch it again.
    #[error("{path} is not a speech model: {reason}")]
    Broken {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// This processor is too old for what the program was built with.
    #[error("this processor lacks {feature}, which the speech library was built with")]
    Machine {
        /// What it lacks.
        feature: &'static str,
    },
    /// A setting does not fit the model.
    #[error("{0}")]
    Setting(String),
}

/// What a model says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether it knows several languages.
    pub multilingual: bool,
    /// Positions of its encoder; 1,500 are thirty seconds.
    pub audio_positions: u32,
    /// The size of its file.
    pub bytes: u64,
}

/// Looks a file through. Reads its words and skips its weights, so this takes milliseconds.
pub fn examine(path: &Path) -> Result<Facts, ModelError> {
    let shown = path.display().to_string();
    let unreadable = |error: std::io::Error| ModelError::Unreadable { path: shown.clone(), reason: error.to_string() };
    let file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(ModelError::Unreadable { path: shown, reason: "it is not a file".to_owned() });
    }
    let mut walk = Walk { file: BufReader::new(file), at: 0, bytes: found.len() };
    walk.model().map_err(|reason| ModelError::Broken { path: shown, reason })
}

/// The head of a model file.
struct Head {
    words: i32,
    audio_positions: i32,
    width: i32,
    audio_layers: i32,
    text_layers: i32,
    bands: i32,
}

struct Walk {
    file: BufReader<File>,
    at: u64,
    bytes: u64,
}

const MAGIC: i32 = 0x6767_6d6c;
/// The vocabulary of the English models. Those of more languages have one or two words more; the
/// library takes any further one for a language that it cannot name, and ends the process.
const WORDS_LEAST: i32 = 51_864;
const WORDS_MOST: i32 = 51_866;
/// Widths of the spectrum that the filters are for.
const SPECTRUM: i32 = 201;

impl Walk {
    fn model(&mut self) -> Result<Facts, String> {
        if self.bytes > limits::MODEL_BYTES_MAX {
            return Err(format!("it has {} bytes; at most {} are read", self.bytes, limits::MODEL_BYTES_MAX));
        }
        let head = self.head()?;
        self.filters(&head)?;
        self.words(&head)?;
        self.tensors(&head)?;
        Ok(Facts {
            multilingual: head.words > WORDS_LEAST,
            audio_positions: head.audio_positions as u32,
            bytes: self.bytes,
        })
    }

    fn head(&mut self) -> Result<Head, String> {
        if self.number().ok() != Some(MAGIC) {
            return Err("it does not begin like one".to_owned());
        }
        let words = self.within("vocabulary", WORDS_LEAST, WORDS_MOST)?;
        let audio_positions = self.within("audio context", 1, 4_096)?;
        let width = self.within("audio state", 64, 4_096)?;
        let audio_heads = self.within("audio heads", 1, 64)?;
        let audio_layers = self.within("audio layers", 1, 64)?;
        self.within("text context", 224, 4_096)?;
        let text_width = self.within("text state", 64, 4_096)?;
        let text_heads = self.within("text heads", 1, 64)?;
        let text_layers = self.within("text layers", 1, 64)?;
        let bands = self.within("mel bands", 1, 128)?;
        let weights = self.number()? % 1_000;
        if !matches!(weights, 0..=3 | 7..=14) {
            return Err(format!("weights of kind {weights} are unknown"));
        }
        // Blocks of quantized weights must fill a row: of 32 for the plain kinds, else of 256.
        let block = if weights >= 10 { 256 } else { 32 };
        let fits = width == text_width && width % audio_heads == 0 && width % text_heads == 0 && width % block == 0;
        if !fits {
            return Err(format!("a width of {width} does not fit its heads and weights"));
        }
        Ok(Head { words, audio_positions, width, audio_layers, text_layers, bands })
    }

    fn filters(&mut self, head: &Head) -> Result<(), String> {
        let (bands, spectrum) = (self.number()?, self.number()?);
        if bands != head.bands || spectrum != SPECTRUM {
            return Err(format!("filters of {bands} by {spectrum} do not fit"));
        }
        self.skip(bands as u64 * spectrum as u64 * 4)
    }

    fn words(&mut self, head: &Head) -> Result<(), String> {
        let count = self.within("words", 1, head.words)?;
        for _ in 0..count {
            let length = self.number()?;
            let length = u64::try_from(length).map_err(|_| "a word of an impossible length".to_owned())?;
            if length > limits::MODEL_NAME_BYTES_MAX {
                return Err(format!("a word of {length} bytes"));
            }
            self.skip(length)?;
        }
        Ok(())
    }

    fn tensors(&mut self, head: &Head) -> Result<(), String> {
        let expected = 11 + 15 * head.audio_layers + 24 * head.text_layers;
        let mut found = 0;
        while self.at < self.bytes {
            self.tensor(head)?;
            found += 1;
        }
        // The library takes a file without any for a test of itself, and hears nothing ever after.
        if found != expected {
            return Err(format!("it has {found} tensors instead of {expected}"));
        }
        Ok(())
    }

    /// Walks over one tensor.
    fn tensor(&mut self, head: &Head) -> Result<(), String> {
        let dimensions = self.within("dimensions", 1, 4)?;
        let name = self.within("name", 1, limits::MODEL_NAME_BYTES_MAX as i32)? as u64;
        let kind = self.number()?;
        let (block, bytes) = block_of(kind).ok_or_else(|| format!("a tensor of kind {kind} is unknown"))?;
        let mut values: u64 = 1;
        for _ in 0..dimensions {
            values *= self.within("dimension", 1, 1 << 24)? as u64;
            // The largest one is the table of words.
            if values > head.words as u64 * head.width as u64 {
                return Err("a tensor is too large".to_owned());
            }
        }
        if !values.is_multiple_of(block) {
            return Err("a tensor ends within a block".to_owned());
        }
        self.skip(name)?;
        self.skip(values / block * bytes)
    }

    fn number(&mut self) -> Result<i32, String> {
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes).map_err(|_| self.too_short())?;
        self.at += 4;
        Ok(i32::from_le_bytes(bytes))
    }

    fn within(&mut self, what: &str, least: i32, most: i32) -> Result<i32, String> {
        let number = self.number()?;
        if (least..=most).contains(&number) { Ok(number) } else { Err(format!("{what}: {number} is impossible")) }
    }

    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        self.at += bytes;
        if self.at > self.bytes {
            return Err(self.too_short());
        }
        // Within the buffer where it can be; a model has fifty thousand short words.
        self.file.seek_relative(bytes.cast_signed()).map_err(|error| error.to_string())
    }

    fn too_short(&self) -> String {
        format!("it ends too early, at {} bytes", self.bytes)
    }
}

/// Values and bytes of one block of weights, by their kind in the file.
fn block_of(kind: i32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),
        1 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return None,
    })
}

/// Whether this processor can run what the speech library was built with.
pub(crate) fn machine() -> Result<(), ModelError> {
    #[cfg(target_arch = "x86_64")]
    {
        let there = [
            ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
            ("FMA", std::arch::is_x86_feature_detected!("fma")),
            ("F16C", std::arch::is_x86_feature_detected!("f16c")),
            ("BMI2", std::arch::is_x86_feature_detected!("bmi2")),
        ];
        if let Some((feature, _)) = there.iter().find(|(_, there)| !there) {
            return Err(ModelError::Machine { feature });
        }
    }
    Ok(())
}
