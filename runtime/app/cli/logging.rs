//! Where logs go: to standard error, so that standard output belongs to answers.

use super::failure::Failure;
use greenroom::config::Config;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

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
    let filter = EnvFilter::try_new(&text).map_err(|error| {
        Failure::usage(format!("{origin}: {text:?} is not a valid filter: {error}"))
            .hint("Write a level (error, warn, info, debug, trace), or target=level with commas between.")
    })?;
    let filter = silenced(filter);
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi);
    // An error means that a logger is installed already.
    let _ = subscriber.try_init();
    Ok(())
}

/// What a library writes that must not be in any log.
#[cfg(feature = "whatsapp-web")]
fn silenced(filter: EnvFilter) -> EnvFilter {
    match greenroom::channels::whatsapp_web::LOG_DIRECTIVE.parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    }
}

#[cfg(not(feature = "whatsapp-web"))]
fn silenced(filter: EnvFilter) -> EnvFilter {
    filter
}
