//! Where logs go: to standard error, so that standard output belongs to answers.

use super::failure::Failure;
use greenroom::config::Config;
use std::io::IsTerminal;
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Who reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person who talks to the bot there: only what is wrong.
    Talk,
    /// Somebody who looks after a server.
    Server,
}

/// `GREENROOM_LOG` goes before the configuration, which goes before what suits the reader.
pub(crate) fn install(config: &Config, reader: Reader) -> Result<(), Failure> {
    let usual = match reader {
        Reader::Talk => "warn",
        Reader::Server => "info",
    };
    let (origin, text) = match (std::env::var("GREENROOM_LOG"), &config.log.filter) {
        (Ok(text), _) if !text.is_empty() => ("GREENROOM_LOG", text),
        (_, Some(text)) => ("log.filter", text.clone()),
        _ => ("the default", usual.to_owned()),
    };
    let filter = filter(&text).map_err(|error| {
        Failure::usage(format!("{origin}: {text:?} is not a valid filter: {error}"))
            .hint("Write a level (off, error, warn, info, debug, trace), or target=level with commas between.")
    })?;
    let filter = silenced(filter);
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
    let lines = lines.with_filter(filter.clone());
    #[cfg(feature = "otlp")]
    if let (Some(endpoint), Reader::Server) = (&config.log.otlp, reader) {
        let (spans, sending) = traces(endpoint)?;
        let spans = spans.with_filter(untold(filter));
        // An error means that a logger is installed already.
        if tracing_subscriber::registry().with(lines).with(spans).try_init().is_ok() {
            let _ = SENDING.set(sending);
        }
        return Ok(());
    }
    let _ = tracing_subscriber::registry().with(lines).try_init();
    Ok(())
}

/// What sends traces, for as long as the process lives.
#[cfg(feature = "otlp")]
static SENDING: std::sync::OnceLock<greenroom_otlp::Sending> = std::sync::OnceLock::new();

/// Sends what was traced last. Called when everything else has ended.
pub(crate) fn end() {
    #[cfg(feature = "otlp")]
    if let Some(sending) = SENDING.get() {
        sending.end();
    }
}

/// What makes spans of the log, and what sends them.
#[cfg(feature = "otlp")]
fn traces<S>(endpoint: &str) -> Result<(greenroom_otlp::Layer<S>, greenroom_otlp::Sending), Failure>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    let mut options = greenroom_otlp::Options::new(greenroom::VERSION);
    options.endpoint = Some(endpoint.to_owned());
    greenroom_otlp::layer(options).map_err(|error| Failure::usage(format!("log.otlp: {error}")))
}

/// Without what the sending itself logs: each request to the collector would make spans for the next one.
#[cfg(feature = "otlp")]
fn untold(filter: Targets) -> Targets {
    let own = ["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "hyper", "hyper_util", "reqwest"];
    filter.with_targets(own.map(|target| (target, LevelFilter::OFF)))
}

/// A level, or targets with levels; spaces between them mean nothing. A word alone must be a level: a target without one
/// would silence all others.
fn filter(text: &str) -> Result<Targets, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if let Some(word) = parts.iter().find(|part| !part.contains('=') && part.parse::<LevelFilter>().is_err()) {
        return Err(format!("{word:?} is not a level"));
    }
    parts.join(",").parse().map_err(|error: ParseError| error.to_string())
}

/// What a library writes that must not be in any log.
fn silenced(targets: Targets) -> Targets {
    let of_channels: &[&str] = &[
        #[cfg(feature = "whatsapp-web")]
        greenroom::channels::whatsapp_web::LOG_DIRECTIVE,
    ];
    let directives = of_channels.iter().chain(greenroom::provisions::LOG_DIRECTIVES);
    directives.filter_map(|never| never.parse::<Targets>().ok()).fold(targets, Targets::with_targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_filter_is_a_level_or_targets_with_levels() {
        let targets = filter("info, greenroom=debug,hyper=off").unwrap();
        let level = |target: &str| {
            [LevelFilter::DEBUG, LevelFilter::INFO]
                .map(|level| level.into_level().is_some_and(|level| targets.would_enable(target, &level)))
        };
        assert_eq!(level("greenroom_engine"), [true, true]);
        assert_eq!(level("elsewhere"), [false, true]);
        assert_eq!(level("hyper::client"), [false, false]);
        assert!(filter("off").is_ok() && filter("WARN").is_ok());
        for wrong in ["loud", "verbose", "info,greenroom", "greenroom=loud"] {
            assert!(filter(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(feature = "whatsapp-web")]
    #[test]
    fn what_must_not_be_logged_is_silenced_whatever_is_asked_for() {
        let targets = silenced(filter("trace").unwrap());
        assert!(!targets.would_enable("wacore_libsignal::session", &tracing::Level::ERROR));
    }
}
