//! `doctor voice`: whether voice notes can be heard, with what, and how fast.

use crate::cli::failure::Failure;
use crate::cli::report;
use greenroom::config::Config;
use greenroom::contract::transcriber::Abort;
use greenroom::transcription::sound::{RATE_HZ, Sound};
use std::fmt::Write as _;
use std::time::Instant;

/// So much silence is heard to see how fast it goes: what people usually say at once.
const TRIAL_SECONDS: usize = 10;

/// Looks at everything that hearing needs. Fails if voice notes cannot be heard.
pub(super) fn doctor(config: &Config) -> Result<(), Failure> {
    let voice = &config.voice;
    let cannot = |reason: String| {
        Failure::new(format!("voice notes cannot be heard: {reason}"))
            .hint("`greenroom model list` shows the models; voice.model in greenroom.toml chooses one.")
    };
    let file = voice.model_file(&config.store.path).map_err(cannot)?;
    let whisper = greenroom::voice::open(voice, &config.store.path).map_err(cannot)?;
    let facts = whisper.facts();
    let begun = Instant::now();
    whisper.load().map_err(cannot)?;
    let loaded = begun.elapsed();
    let mut silence = Sound::default();
    silence.extend(&vec![0.0; RATE_HZ as usize * TRIAL_SECONDS]);
    let begun = Instant::now();
    whisper.hear(&silence, &Abort::default()).map_err(|error| cannot(error.to_string()))?;
    let took = begun.elapsed();
    let language = match (&voice.language, facts.multilingual) {
        (_, false) => "English only".to_owned(),
        (Some(language), true) => format!("many languages, told to expect {language:?}"),
        (None, true) => "many languages, detected for each note; setting voice.language makes it faster".to_owned(),
    };
    let mut text = String::from("voice notes can be heard\n");
    let _ = writeln!(text, "  model: {} ({} MiB)", file.display(), facts.bytes / (1024 * 1024));
    let _ = writeln!(text, "  language: {language}");
    let _ = writeln!(text, "  in parallel: {} note(s), {} thread(s) each", voice.workers, voice.threads);
    let _ = writeln!(
        text,
        "  loading took {:.1} s, hearing {TRIAL_SECONDS} s of silence {:.1} s",
        loaded.as_secs_f64(),
        took.as_secs_f64()
    );
    report::print(&text)
}
