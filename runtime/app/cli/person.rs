//! `export` and `forget`: what is kept of one person.

use super::admin;
use super::args::{ForgetArguments, PersonArguments};
use super::failure::Failure;
use super::report;
use greenroom::config::Config;
use greenroom::contract::address::Address;
use std::io::{BufRead, IsTerminal as _};

/// Everything that is kept of a person, as JSON.
pub(crate) async fn export(config: &Config, arguments: &PersonArguments) -> Result<(), Failure> {
    let who = address(&arguments.person)?;
    let admin = admin::open(config).await?;
    let found = admin.export_person(&who, arguments.channel.as_deref()).await;
    admin.close().await?;
    report::json(&found.map_err(|failure| failure.or_hint(UNKNOWN))?)
}

/// Forgets a person, after a yes.
pub(crate) async fn forget(config: &Config, arguments: &ForgetArguments) -> Result<(), Failure> {
    let ForgetArguments { person: arguments, yes } = arguments;
    let who = address(&arguments.person)?;
    if !yes && !agreed(&who).await? {
        return Err(Failure::new("nothing was forgotten"));
    }
    let admin = admin::open(config).await?;
    let forgotten = admin.forget_person(&who, arguments.channel.as_deref()).await;
    admin.close().await?;
    let channels = forgotten.map_err(|failure| failure.or_hint(UNKNOWN))?;
    report::print(&format!("{who} is forgotten in {}\n", channels.join(", ")))
}

const UNKNOWN: &str = "Write an address as `greenroom why` or the portal shows it, such as +15551234567.";

fn address(text: &str) -> Result<Address, Failure> {
    text.parse().map_err(|error| Failure::usage(format!("{text:?} is not an address: {error}")).hint(UNKNOWN))
}

async fn agreed(who: &Address) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("what is forgotten does not come back, and there is no terminal to ask at")
            .hint("Say that it is meant: --yes."));
    }
    report::print(&format!(
        "Everything that was said with {who} is deleted, and does not come back. Forget it? [y/N] "
    ))?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(|error| Failure::new(error.to_string()))?;
    let line = line.map_err(|error| Failure::new(format!("nothing can be read from the terminal: {error}")))?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}
