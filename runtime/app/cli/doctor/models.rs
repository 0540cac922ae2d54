//! `doctor models`: whether each language model answers, and how fast.

use crate::cli::failure::Failure;
use crate::cli::report;
use greenroom::config::Config;
use greenroom::contract::assistant::Usage;
use greenroom::contract::limits::{TRIAL_TIMEOUT, TRIED_SHOWN_BYTES_MAX};
use greenroom::contract::model::{LanguageModel, Models};
use greenroom::contract::text::{bounded, one_line};
use greenroom::contract::time::Clock;
use greenroom::provisions;
use std::fmt::Write as _;
use std::time::Instant;

/// Asks each model a word. Fails if one does not answer.
pub(super) async fn doctor(config: &Config, only: Option<&str>) -> Result<(), Failure> {
    let trial = provisions::for_trial(config, Clock::System).map_err(|problem| Failure::usage(problem.to_string()))?;
    let Some(models) = trial.models else {
        return Err(Failure::usage("no language model is configured")
            .hint("Add [models.NAME] to greenroom.toml; `greenroom config example` shows its keys."));
    };
    let names: Vec<_> =
        models.names().into_iter().filter(|name| only.is_none_or(|only| name.as_str() == only)).collect();
    if let (Some(only), true) = (only, names.is_empty()) {
        let known = models.names().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Failure::usage(format!("no model is configured as {only:?}; configured: {known}")));
    }
    let mut bad = 0;
    for model in names.iter().filter_map(|name| models.model(name)) {
        let (line, is_good) = tried(&*model).await;
        bad += usize::from(!is_good);
        report::print(&line)?;
    }
    if bad == 0 { Ok(()) } else { Err(Failure::new(format!("{bad} model(s) do not answer"))) }
}

async fn tried(model: &dyn LanguageModel) -> (String, bool) {
    let begun = Instant::now();
    let mut line = format!("model {}\n", model.name());
    match model.try_out(TRIAL_TIMEOUT).await {
        Ok(completion) => {
            let took = begun.elapsed().as_secs_f64();
            let word = bounded(&one_line(completion.said.text.trim()), TRIED_SHOWN_BYTES_MAX);
            let _ = writeln!(line, "  good     it said {word:?} in {took:.1} s");
            for Usage { model, tokens_in, tokens_out, .. } in completion.usage {
                let model = model.unwrap_or_default();
                let _ = writeln!(line, "           {tokens_in} tokens read and {tokens_out} written at {model}");
            }
            (line, true)
        }
        Err(error) => {
            let _ = writeln!(line, "  BAD      {error}");
            (line, false)
        }
    }
}
