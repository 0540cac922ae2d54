//! Sound to words.
//!
//! One model in memory, read-only and shared; one state per worker, used again. Everything that
//! reaches the C++ library was checked before: the model, the settings, the samples.

use crate::decode;
use crate::model::{self, Facts, ModelError};
use crate::sound::Sound;
use crate::{abort, words};
use greenroom_contract::audio::AudioError;
use greenroom_contract::limits;
use greenroom_contract::message::Media;
use greenroom_contract::transcriber::{Abort, TranscribeError, Transcriber, Transcript};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

/// What is heard, and how. The defaults serve OpenAI's models.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The model's file.
    pub model: PathBuf,
    /// The language that is spoken, as a two-letter code; `None` lets the model find out, which takes
    /// it twice as long. A model for English only ignores it.
    pub language: Option<String>,
    /// Threads of one transcription. More than there are free cores are slower than one.
    pub threads: u32,
    /// Transcriptions at once, as far as memory for them is kept.
    pub workers: usize,
    /// Longest note that is heard.
    pub longest: Duration,
    /// Whether the model must say something. Off, so that silence stays silent.
    pub suppress_blank: bool,
    /// Positions of the encoder to use; 0 for all. Fewer are faster and less exact.
    pub audio_positions: u32,
    /// How much more freely to guess when a result looks wrong; 0 for not at all.
    pub temperature_step: f32,
}

impl Options {
    /// The defaults for a model.
    pub fn new(model: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            language: None,
            threads: 1,
            workers: 1,
            longest: limits::VOICE_DURATION_MAX,
            suppress_blank: false,
            audio_positions: 0,
            temperature_step: 0.0,
        }
    }
}

/// Hears voice notes with a Whisper model.
pub struct Whisper {
    options: Options,
    facts: Facts,
    loaded: OnceLock<Result<Loaded, String>>,
}

struct Loaded {
    context: WhisperContext,
    parameters: FullParams<'static, 'static>,
    /// States that nobody uses at the moment.
    states: Mutex<Vec<WhisperState>>,
}

/// What is shorter is not even a syllable, and the model refuses it.
const SHORTEST: Duration = Duration::from_millis(100);
/// The model hears so much at once; what fits needs no marks of time to find its way.
const WINDOW: Duration = Duration::from_secs(30);

impl Whisper {
    /// Checks the model's file and the settings. The model is loaded by the first note, or by [`Self::load`].
    pub fn open(options: Options) -> Result<Self, ModelError> {
        model::machine()?;
        let facts = model::examine(&options.model)?;
        if options.audio_positions > facts.audio_positions {
            let (asked, there) = (options.audio_positions, facts.audio_positions);
            return Err(ModelError::Setting(format!("audio_ctx = {asked}, but this model has only {there}")));
        }
        if let Some(language) = &options.language
            && !is_language(language)
        {
            return Err(ModelError::Setting(format!("language = {language:?} is not a language that a model knows")));
        }
        Ok(Self { options, facts, loaded: OnceLock::new() })
    }

    /// What the model says about itself.
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// Loads the model, unless that was done. Takes as long as reading its file.
    pub fn load(&self) -> Result<(), String> {
        self.loaded().map(|_| ())
    }

    /// Hears sound that is already decoded.
    pub fn hear(&self, sound: &Sound, abort: &Abort) -> Result<Transcript, TranscribeError> {
        let failed = |error: &dyn std::fmt::Display| TranscribeError::Failed { reason: error.to_string().into() };
        let loaded = self.loaded().map_err(|reason| TranscribeError::NotReady { reason })?;
        if sound.duration() < SHORTEST {
            return Ok(self.nothing_said(sound));
        }
        let mut state = loaded.state().map_err(|error| failed(&error))?;
        let mut parameters = loaded.parameters.clone();
        let short = sound.duration() <= WINDOW;
        parameters.set_single_segment(short);
        parameters.set_no_timestamps(short);
        let done = abort::run(&mut state, parameters, sound.samples(), abort);
        if abort.is_raised() {
            return Err(AudioError::Aborted.into());
        }
        done.map_err(|error| failed(&error))?;
        let transcript = self.transcript(loaded, &state, sound);
        loaded.put_back(state, self.options.workers);
        Ok(transcript)
    }

    fn loaded(&self) -> Result<&Loaded, String> {
        self.loaded.get_or_init(|| Loaded::new(&self.options, self.facts)).as_ref().map_err(Clone::clone)
    }

    fn nothing_said(&self, sound: &Sound) -> Transcript {
        let language = self.options.language.clone().filter(|_| self.facts.multilingual);
        Transcript { text: String::new(), language, duration: sound.duration(), confidence: None }
    }

    fn transcript(&self, loaded: &Loaded, state: &WhisperState, sound: &Sound) -> Transcript {
        let mut printed = Vec::new();
        let (mut likelihood, mut tokens) = (0.0f64, 0u32);
        let end_of_text = loaded.context.token_eot();
        for segment in state.as_iter() {
            // A character may be cut in two by the end of a segment, so bytes are joined first.
            printed.extend_from_slice(segment.to_bytes().unwrap_or_default());
            for place in 0..segment.n_tokens() {
                let Some(token) = segment.get_token(place).filter(|token| token.token_id() < end_of_text) else {
                    continue;
                };
                likelihood += f64::from(token.token_probability().max(f32::MIN_POSITIVE)).ln();
                tokens += 1;
            }
        }
        let text = words::said(&String::from_utf8_lossy(&printed));
        if text.is_empty() {
            return self.nothing_said(sound);
        }
        let language = if self.facts.multilingual {
            whisper_rs::get_lang_str(state.full_lang_id_from_state()).map(str::to_owned)
        } else {
            Some("en".to_owned())
        };
        // The geometric mean of how likely each word was, as the model saw it.
        let confidence = (tokens > 0).then(|| (likelihood / f64::from(tokens)).exp() as f32);
        Transcript { text, language, duration: sound.duration(), confidence }
    }
}

impl Transcriber for Whisper {
    fn ready(&self) -> Result<(), String> {
        match self.loaded.get() {
            Some(Err(reason)) => Err(reason.clone()),
            _ => Ok(()),
        }
    }

    fn transcribe(&self, audio: &Media, abort: &Abort) -> Result<Transcript, TranscribeError> {
        self.loaded().map_err(|reason| TranscribeError::NotReady { reason })?;
        let sound = decode::decode(audio, self.options.longest, abort)?;
        self.hear(&sound, abort)
    }
}

impl Loaded {
    fn new(options: &Options, facts: Facts) -> Result<Self, String> {
        // Without this the library prints what it does, words that it hears included, to standard error.
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false).flash_attn(false);
        let context = WhisperContext::new_with_params(&options.model, parameters)
            .map_err(|error| format!("the model {} cannot be loaded: {error}", options.model.display()))?;
        Ok(Self { context, parameters: parameters_of(options, facts), states: Mutex::new(Vec::new()) })
    }

    fn state(&self) -> Result<WhisperState, String> {
        if let Some(state) = self.states.lock().pop() {
            return Ok(state);
        }
        self.context.create_state().map_err(|error| error.to_string())
    }

    /// Keeps a state for the next note. One that failed or was given up is not put back.
    fn put_back(&self, state: WhisperState, most: usize) {
        let mut states = self.states.lock();
        if states.len() < most {
            states.push(state);
        }
    }
}

/// The parameters of every transcription. Made once: the library leaks the language's name each time.
fn parameters_of(options: &Options, facts: Facts) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(options.threads.clamp(1, limits::VOICE_THREADS_CONFIGURED_MAX as u32).cast_signed());
    // What was said half a minute ago tempts a model into repeating itself.
    parameters.set_n_max_text_ctx(0);
    parameters.set_no_context(true);
    parameters.set_suppress_blank(options.suppress_blank);
    parameters.set_temperature_inc(options.temperature_step);
    parameters.set_audio_ctx(options.audio_positions.cast_signed());
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_special(false);
    parameters.set_print_timestamps(false);
    if facts.multilingual {
        match &options.language {
            Some(language) => {
                let language: &'static str = language_named(language);
                parameters.set_language(Some(language));
            }
            None => parameters.set_language(None),
        }
    }
    parameters
}

/// Whether a two-letter code names a language that models know.
pub fn is_language(code: &str) -> bool {
    !code.contains('\0') && code.len() <= 3 && whisper_rs::get_lang_id(code).is_some()
}

fn language_named(code: &str) -> &'static str {
    whisper_rs::get_lang_id(code).and_then(whisper_rs::get_lang_str).unwrap_or("en")
}
