//! `[voice]`: which model hears voice notes, and how.

use super::read::Section;
use crate::built::Built;
use greenroom_contract::limits;
use greenroom_transcription::catalogue;
#[cfg(feature = "voice")]
use greenroom_transcription::hearing::{Options, is_language};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Voice notes.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceConfig {
    /// The model: a known name, or a path. Without it, whatever one model was fetched.
    pub model: Option<String>,
    /// The folder of fetched models; `models` in that of the store unless set.
    pub models: Option<PathBuf>,
    /// Where models are fetched from.
    pub url: String,
    /// The language that people speak; `None` lets the model find out.
    pub language: Option<String>,
    /// How many notes are heard at once.
    pub workers: usize,
    /// Threads for each of them.
    pub threads: u32,
    /// Longest note that is heard.
    pub longest: Duration,
    /// Whether the model must say something.
    pub suppress_blank: bool,
    /// Positions of the encoder to use; 0 for all.
    pub audio_ctx: u32,
    /// How much more freely to guess when a result looks wrong; 0 for not at all.
    pub temperature_inc: f32,
}

impl Default for VoiceConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            model: None,
            models: None,
            url: catalogue::BASE_URL.to_owned(),
            language: None,
            workers: (cores / 2).clamp(1, 2),
            threads: 1,
            longest: limits::VOICE_DURATION_MAX,
            suppress_blank: false,
            audio_ctx: 0,
            temperature_inc: 0.0,
        }
    }
}

impl VoiceConfig {
    /// The folder of fetched models.
    pub fn folder(&self, store: &Path) -> PathBuf {
        self.models.clone().unwrap_or_else(|| store.join("models"))
    }

    /// The file of the model. `Err` says what is missing and what to do.
    pub fn model_file(&self, store: &Path) -> Result<PathBuf, String> {
        let folder = self.folder(store);
        match &self.model {
            Some(model) if is_path(model) => Ok(PathBuf::from(model)),
            Some(name) => {
                let file = folder.join(format!("ggml-{name}.bin"));
                if file.exists() {
                    return Ok(file);
                }
                Err(match catalogue::find(name) {
                    Some(_) => format!("the model {name} is not here yet; `greenroom model fetch {name}` fetches it"),
                    None => format!("there is no model {name:?}; `greenroom model list` shows those that there are"),
                })
            }
            None => only_one(&folder),
        }
    }

    /// How the notes are heard with that model.
    #[cfg(feature = "voice")]
    pub fn options(&self, model: PathBuf) -> Options {
        Options {
            model,
            language: self.language.clone(),
            threads: self.threads,
            workers: self.workers,
            longest: self.longest,
            suppress_blank: self.suppress_blank,
            audio_positions: self.audio_ctx,
            temperature_step: self.temperature_inc,
        }
    }
}

/// A name has neither folders nor an ending.
fn is_path(model: &str) -> bool {
    model.contains(std::path::MAIN_SEPARATOR) || model.contains('/') || Path::new(model).extension().is_some_and(is_bin)
}

fn is_bin(ending: &std::ffi::OsStr) -> bool {
    ending.eq_ignore_ascii_case("bin")
}

/// The model that was fetched, where nobody said which.
fn only_one(folder: &Path) -> Result<PathBuf, String> {
    let fetched = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut fetched: Vec<PathBuf> = fetched.filter(|path| path.extension().is_some_and(is_bin)).collect();
    fetched.sort();
    match (fetched.pop(), fetched.len()) {
        (Some(only), 0) => Ok(only),
        (Some(_), _) => Err(format!("several models are in {}; set voice.model to one of them", folder.display())),
        (None, _) => {
            Err(format!("there is no speech model; `greenroom model fetch {}` fetches one", catalogue::DEFAULT))
        }
    }
}

/// Without the models nothing knows which languages there are.
#[cfg(not(feature = "voice"))]
fn is_language(_code: &str) -> bool {
    true
}

pub(super) fn read(mut section: Section, built: Built) -> VoiceConfig {
    if !built.voice && !section.is_empty() {
        section.missing_feature("voice");
        return VoiceConfig::default();
    }
    let mut voice = VoiceConfig { model: section.take("model"), ..VoiceConfig::default() };
    if voice.model.as_deref().is_some_and(str::is_empty) {
        section.problem("model", "this must not be empty; leave it out to use the model that was fetched");
    }
    voice.models = section.take("models");
    if let Some(url) = section.take::<String>("url") {
        url.trim_end_matches('/').clone_into(&mut voice.url);
    }
    voice.language = section.take::<String>("language").filter(|language| language != "auto");
    if let Some(language) = voice.language.as_deref().filter(|language| !is_language(language)) {
        section.problem("language", format!("{language:?} is not a language code; write one like \"en\", or \"auto\""));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from).cast_signed() as i64;
    if let Some(workers) = section.take_within("workers", 1, cores) {
        voice.workers = workers as usize;
    }
    let threads = section.take_within("threads", 1, cores.min(limits::VOICE_THREADS_CONFIGURED_MAX.cast_signed()));
    voice.threads = threads.unwrap_or(voice.threads);
    voice.longest = section.take("seconds_max").map_or(voice.longest, Duration::from_secs);
    voice.suppress_blank = section.take("suppress_blank").unwrap_or(voice.suppress_blank);
    voice.audio_ctx = section.take("audio_ctx").unwrap_or(voice.audio_ctx);
    voice.temperature_inc = section.take("temperature_inc").unwrap_or(voice.temperature_inc);
    section.finish();
    voice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Origin};
    use crate::registry::Registry;

    fn read_text(text: &str) -> Result<VoiceConfig, String> {
        let text = format!(
            "[channels.console]\nadapter = \"console\"\nassistant = \"echo\"\n[assistants.echo]\nkind = \"echo\"\n{text}"
        );
        let config = Config::parse(Origin::Program, &text, [], &Registry::standard(), &[]);
        config.map(|config| config.voice).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_is_read_and_checked() {
        let voice = read_text(
            "[voice]\nmodel = \"base\"\nlanguage = \"de\"\nthreads = 1\nseconds_max = 60\nsuppress_blank = true\n\
             audio_ctx = 512\ntemperature_inc = 0.2\nurl = \"http://mirror/models/\"\nmodels = \"m\"",
        );
        let voice = voice.unwrap();
        assert_eq!((voice.language.as_deref(), voice.longest), (Some("de"), Duration::from_secs(60)));
        assert_eq!((voice.url.as_str(), voice.folder(Path::new("d"))), ("http://mirror/models", PathBuf::from("m")));
        let problems = read_text(
            "[voice]\nlanguage = \"xx\"\nthreads = 0\nseconds_max = 0\ntemperature_inc = 2\nurl = \"ftp://x\"\nmodell = 1",
        );
        let problems = problems.unwrap_err();
        for key in ["language", "threads", "seconds_max", "temperature_inc", "url", "modell"] {
            assert!(problems.contains(&format!("voice.{key}")), "{key} is missing in {problems}");
        }
        assert!(problems.contains("did you mean \"model\""), "{problems}");
    }

    #[test]
    fn a_model_is_a_path_or_a_name_or_the_only_one_there() {
        let folder = tempfile::tempdir().unwrap();
        let named = |model: Option<&str>| {
            VoiceConfig { model: model.map(str::to_owned), ..VoiceConfig::default() }.model_file(folder.path())
        };
        assert_eq!(named(Some("a/b.bin")), Ok("a/b.bin".into()));
        assert_eq!(named(Some("b.bin")), Ok("b.bin".into()));
        assert!(named(Some("small.en")).unwrap_err().contains("greenroom model fetch small.en"));
        assert!(named(Some("smal")).unwrap_err().contains("greenroom model list"));
        assert!(named(None).unwrap_err().contains("greenroom model fetch base"));
        let models = folder.path().join("models");
        std::fs::create_dir(&models).unwrap();
        std::fs::write(models.join("ggml-small.en.bin"), "").unwrap();
        std::fs::write(models.join("ggml-base.bin.part"), "").unwrap();
        assert_eq!(named(Some("small.en")), Ok(models.join("ggml-small.en.bin")));
        assert_eq!(named(None), Ok(models.join("ggml-small.en.bin")));
        std::fs::write(models.join("ggml-tiny.bin"), "").unwrap();
        assert!(named(None).unwrap_err().contains("several models"));
    }
}
