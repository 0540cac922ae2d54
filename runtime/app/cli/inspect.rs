//! Commands that look into the data, or change a line of it.

use super::admin;
use super::args::{ConversationCommand, QuarantineCommand, WakesCommand};
use super::failure::Failure;
use super::{lost, near, remote, report};
use greenroom::config::Config;
use greenroom::contract::limits;
use greenroom::contract::time::Clock;
use greenroom::storage::{self, StorageError};
use greenroom_client::{Client, ClientError};
use jiff::tz::TimeZone;

/// Why a message was, or was not, answered.
pub(crate) async fn why(
    config: &Config,
    message: Option<String>,
    last: Option<usize>,
    json: bool,
) -> Result<(), Failure> {
    if message.as_ref().is_some_and(|message| message.trim().is_empty()) {
        return Err(Failure::usage("an empty text is not the id of a message")
            .hint("`greenroom why --last 10` shows the newest messages with their ids."));
    }
    let admin = admin::open(config).await?;
    let found = match &message {
        Some(message) => admin.why(message).await,
        None => admin.latest(last.unwrap_or(1).clamp(1, limits::PAGE_ROWS_MAX)).await,
    };
    let near = near::Near::of(admin.as_ref()).await;
    let is_unknown = message.is_some() && matches!(&found, Ok(traces) if traces.is_empty());
    let sessions = if is_unknown { admin.accounts().await.unwrap_or_default() } else { Vec::new() };
    admin.close().await?;
    let mut traces = found?;
    if message.is_none() {
        // The newest comes first from the store, and is read best at the end.
        traces.reverse();
    }
    if traces.is_empty() {
        if !json {
            report::print(&lost::gaps(&sessions, Clock::System.now().0, &TimeZone::system()))?;
        }
        return Err(unknown(config, message.as_deref()));
    }
    if json {
        return report::json(&traces);
    }
    let zone = TimeZone::system();
    report::print(&report::traces(&traces, &near, &zone))?;
    match traces.as_slice() {
        [one] => report::print(&lost::way(one, &zone)),
        _ => Ok(()),
    }
}

fn unknown(config: &Config, message: Option<&str>) -> Failure {
    let path = config.store.path.display();
    match message {
        None => Failure::new(format!("no message has arrived yet in {path}")),
        Some(message) => {
            let days = limits::TRACE_AGE_MAX.as_secs() / 86_400;
            Failure::new(format!("nothing is known about a message {message:?} in {path}")).hint(format!(
                "Is the id complete? `greenroom why --last 10` shows the newest messages with their ids. What happened \
                 is kept for {days} days. A message that never reached this machine has no trace: above is when nothing \
                 could arrive."
            ))
        }
    }
}

/// How the running server is.
pub(crate) async fn health(config: &Config, json: bool) -> Result<(), Failure> {
    let elsewhere = remote::client(config)?;
    let server = match elsewhere.map_or_else(|| Client::of_folder(&config.store.path), Ok) {
        // One that has no gateway runs all the same.
        Err(ClientError::NotRunning { .. }) if in_use(config).await => admin::server_of(&config.store.path)?,
        found => found?,
    };
    let health = server.health().await?;
    if json {
        report::json(&health)?;
    } else {
        report::print(&report::health(health.ok, health.details.as_ref(), Clock::System.now().0, &TimeZone::system()))?;
    }
    if health.ok { Ok(()) } else { Err(Failure::new("the server is not well")) }
}

/// Whether a greenroom holds the data.
async fn in_use(config: &Config) -> bool {
    match storage::open_existing(&config.store).await {
        Ok(store) => {
            let _ = store.close().await;
            false
        }
        Err(error) => matches!(error, StorageError::InUse { .. }),
    }
}

/// Wake-ups that are not due yet.
pub(crate) async fn wakes(config: &Config, command: WakesCommand) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let done = match command {
        WakesCommand::List { json: true } => admin.wakes().await.and_then(|wakes| {
            let text = serde_json::to_string_pretty(&wakes).map_err(|error| Failure::new(error.to_string()))?;
            Ok(text + "\n")
        }),
        WakesCommand::List { json: false } => admin.wakes().await.map(|all| report::wakes(&all, &TimeZone::system())),
        WakesCommand::Cancel { number } => {
            admin.cancel_wake(number).await.map(|()| format!("the wake-up {number} was taken back\n"))
        }
    };
    admin.close().await?;
    report::print(&done.map_err(|failure| failure.or_hint("`greenroom wakes` shows what is there, with the numbers."))?)
}

/// Conversations that were handed over.
pub(crate) async fn conversation(config: &Config, command: ConversationCommand) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let ConversationCommand::Release { number } = command;
    let done = admin.release_conversation(number).await;
    admin.close().await?;
    done.map_err(|failure| failure.or_hint("`greenroom health` shows those that were handed to a human."))?;
    report::print(&format!("conversation {number} is answered as configured from its next message on\n"))
}

/// Messages that failed too often.
pub(crate) async fn quarantine(config: &Config, command: QuarantineCommand) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let done = match command {
        QuarantineCommand::List { json } => admin.quarantine().await.and_then(|rows| {
            if json { report::as_json(&rows) } else { Ok(report::quarantine(&rows, &TimeZone::system())) }
        }),
        QuarantineCommand::Release { number } => {
            admin.release(number).await.map(|()| format!("{number} waits for its turn again\n"))
        }
    };
    admin.close().await?;
    report::print(
        &done.map_err(|failure| failure.or_hint("`greenroom quarantine` shows what is there, with the numbers."))?,
    )
}
