//! `run` and `chat`: the runtime, from its start to its end.

use super::failure::Failure;
use super::logging::{self, Reader};
use greenroom::config::{AssistantConfig, ChannelConfig, Config, OwnKeys};
use greenroom::contract::ids::{AssistantName, ChannelName};
use greenroom::contract::limits;
use greenroom::contract::policy::{ChannelPolicy, Rates};
use greenroom::registry::Registry;
use greenroom::storage::StorageError;
use greenroom::{Ended, RunError, Running, Runtime};
use std::io::IsTerminal;

/// The adapter that `chat` uses.
const CONSOLE: &str = "console";
/// The assistant that `chat` uses when none is configured.
const ECHO: &str = "echo";

/// Runs what is configured.
pub(crate) async fn run(config: Config) -> Result<(), Failure> {
    let talks = config.channels.iter().any(|channel| channel.adapter == CONSOLE);
    logging::install(&config, if talks && terminal() { Reader::Talk } else { Reader::Server })?;
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    raise_files_max();
    let path = config.store.path.clone();
    let channels: Vec<String> = config.channels.iter().map(|channel| channel.name.to_string()).collect();
    let scheme = if config.gateway.https.is_some() { "https" } else { "http" };
    let prepared = Runtime::builder().config(config).build()?.prepare().await?;
    for notice in prepared.notices() {
        eprintln!("warning: {notice}");
    }
    let gateway =
        prepared.gateway_address().map(|address| format!("gateway on {scheme}://{address}, ")).unwrap_or_default();
    let gateway = if cfg!(feature = "gateway") { gateway } else { "built without gateway, ".to_owned() };
    eprintln!(
        "greenroom {}: {gateway}data in {}, channels: {}",
        greenroom::VERSION,
        path.display(),
        channels.join(", ")
    );
    if talks && terminal() {
        introduce();
    }
    #[cfg(feature = "gateway")]
    let is_first = prepared.is_first_start();
    let running = prepared.start().await?;
    #[cfg(feature = "gateway")]
    if is_first {
        super::portal::introduce(&running);
    }
    wait(running, HangUp::of_a_server()).await
}

/// Talks on the console only.
pub(crate) async fn chat(mut config: Config, registry: &Registry, assistant: Option<String>) -> Result<(), Failure> {
    logging::install(&config, Reader::Talk)?;
    only_console(&mut config, registry, assistant)?;
    if terminal() {
        introduce();
    }
    let start = async |memory: bool| {
        let builder = Runtime::builder().config(config.clone());
        let builder = if memory { builder.memory_store() } else { builder };
        let prepared = builder.build()?.prepare().await?;
        for notice in prepared.notices() {
            eprintln!("warning: {notice}");
        }
        prepared.start().await
    };
    let running = match start(false).await {
        Err(RunError::Storage(StorageError::InUse { path, .. })) => {
            eprintln!(
                "note: {} is in use by a running greenroom, so this chat is kept in memory and forgotten at its end",
                path.display()
            );
            start(true).await?
        }
        started => started?,
    };
    wait(running, HangUp::Ends).await
}

/// Leaves the console channel, or makes one that the configured assistant answers.
fn only_console(config: &mut Config, registry: &Registry, assistant: Option<String>) -> Result<(), Failure> {
    let usual = config.channels.iter().find(|channel| channel.adapter == CONSOLE).or(config.channels.first());
    let usual = usual.map(|channel| channel.policy.assistant.clone());
    if config.assistants.is_empty() {
        config.assistants.push(echo()?);
    }
    let name = match assistant {
        Some(name) => {
            let known: Vec<&str> = config.assistants.iter().map(|assistant| assistant.name.as_str()).collect();
            if !known.contains(&name.as_str()) {
                let known = known.join(", ");
                return Err(Failure::usage(format!("no assistant is configured as {name:?}; configured: {known}")));
            }
            Some(named(&name)?)
        }
        None => usual.clone(),
    };
    let name =
        name.or_else(|| config.assistants.first().map(|first| first.name.clone())).map_or_else(|| named(ECHO), Ok)?;
    config.gateway.enabled = false;
    config.channels.retain(|channel| channel.adapter == CONSOLE);
    if let Some(console) = config.channels.first_mut() {
        console.policy.assistant = name;
        return Ok(());
    }
    let mut policy = ChannelPolicy::new(name);
    let local_person = registry.channel(CONSOLE).and_then(|entry| entry.local_person);
    policy.allow_from = local_person.iter().filter_map(|person| person.parse().ok()).collect();
    policy.rates = Rates::UNLIMITED;
    let name = ChannelName::new(CONSOLE).map_err(|error| Failure::new(error.to_string()))?;
    config.channels.push(ChannelConfig { name, adapter: CONSOLE.to_owned(), policy, own: OwnKeys::default() });
    Ok(())
}

fn echo() -> Result<AssistantConfig, Failure> {
    Ok(AssistantConfig {
        name: named(ECHO)?,
        kind: ECHO.to_owned(),
        timeout: limits::TURN_TIMEOUT,
        turns_max: limits::ASSISTANT_TURNS_MAX,
        own: OwnKeys::default(),
    })
}

fn named(name: &str) -> Result<AssistantName, Failure> {
    AssistantName::new(name).map_err(|error| Failure::usage(error.to_string()))
}

/// Connections, the store and media need more files than some systems allow at first. What the system forbids is left:
/// the gateway counts with what there is.
fn raise_files_max() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::debug!(%error, "the limit of open files could not be raised");
    }
}

fn terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn introduce() {
    eprintln!("Type a message; /? lists what else can be tried; Ctrl-D ends the conversation.");
}

/// What SIGHUP means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HangUp {
    /// The end.
    Ends,
    /// The configuration is read again.
    Reloads,
    /// The same, as long as the terminal is there from which it was started.
    ReloadsOnTerminal,
}

impl HangUp {
    fn of_a_server() -> Self {
        if std::io::stderr().is_terminal() { Self::ReloadsOnTerminal } else { Self::Reloads }
    }

    /// Whether this one ends the program. A terminal that was closed sends the same signal.
    fn ends(self) -> bool {
        match self {
            Self::Ends => true,
            Self::Reloads => false,
            Self::ReloadsOnTerminal => std::fs::File::open("/dev/tty").is_err(),
        }
    }
}

/// Waits for the end, or for a signal that asks for it.
async fn wait(running: Running, hang_up: HangUp) -> Result<(), Failure> {
    let mut signals = Signals::install()?;
    loop {
        tokio::select! {
            ended = running.ended() => {
                conclude(ended?);
                return Ok(());
            }
            asked = signals.asked() => match asked {
                Asked::HangUp if !hang_up.ends() => reload(&running).await,
                Asked::HangUp | Asked::End => break,
            }
        }
    }
    if std::io::stderr().is_terminal() {
        eprintln!("\nfinishing what is running; press Ctrl-C again to stop immediately");
    }
    tokio::select! {
        ended = running.drain() => conclude(ended),
        () = signals.impatience() => {
            // The store is made for this: what was accepted is on disk.
            return Err(Failure::interrupted("stopped immediately; what was not finished continues at the next start"));
        }
    }
    Ok(())
}

/// Reads the configuration again. The engine has logged each change.
async fn reload(running: &Running) {
    match running.reload().await {
        Ok(reloaded) => {
            tracing::info!(changes = reloaded.changes.len(), "the configuration was read again");
            for sentence in reloaded.after_restart.iter().chain(&reloaded.warnings) {
                tracing::warn!("{sentence}");
            }
        }
        Err(refused) => {
            tracing::error!("the configuration was read again and is not used; the earlier one continues to run");
            for line in refused.to_string().lines() {
                tracing::error!("{}", line.trim());
            }
        }
    }
}

fn conclude(ended: Ended) {
    if let Ended::Drained(left) = ended
        && left.turns_left > 0
    {
        eprintln!("{} turn(s) did not finish in time and continue at the next start", left.turns_left);
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// That the process ends.
    End,
    /// SIGHUP: what that means depends on the command.
    #[cfg_attr(not(unix), allow(dead_code))]
    HangUp,
}

/// The wishes of the person or the service manager that the process ends.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn install() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error: std::io::Error| Failure::new(format!("signals cannot be handled: {error}"));
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            hang_up: signal(SignalKind::hangup()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    /// The next signal, whatever it is.
    pub(super) async fn next(&mut self) {
        self.asked().await;
    }

    #[cfg(unix)]
    async fn asked(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End,
            _ = self.hang_up.recv() => Asked::HangUp,
            _ = self.interrupt.recv() => Asked::End,
        }
    }

    /// Ctrl-C once more. Service managers and `timeout` repeat their signals, and mean no haste by it.
    #[cfg(unix)]
    async fn impatience(&mut self) {
        let _ = self.interrupt.recv().await;
    }

    #[cfg(not(unix))]
    async fn impatience(&mut self) {
        self.next().await;
    }

    #[cfg(not(unix))]
    pub(super) fn install() -> Result<Self, Failure> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn asked(&mut self) -> Asked {
        let _ = tokio::signal::ctrl_c().await;
        Asked::End
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom::config::Origin;

    const TWO: &str = r#"
[channels.net]
adapter = "loopback"
assistant = "other"
allow_from = ["*"]
[assistants.first]
kind = "echo"
[assistants.other]
kind = "echo"
"#;

    /// What `chat` makes of a configuration: the channel's name, its assistant, whom it admits.
    fn chatting(text: &str, assistant: Option<&str>) -> Result<(String, String, usize), Failure> {
        let registry = Registry::standard();
        let mut config = Config::parse(Origin::Program, text, [], &registry, &[]).unwrap();
        only_console(&mut config, &registry, assistant.map(str::to_owned))?;
        assert!(!config.gateway.enabled, "a talk opens no port");
        assert_eq!(config.channels.len(), 1);
        let channel = &config.channels[0];
        assert_eq!(channel.adapter, CONSOLE);
        assert!(config.assistants.iter().any(|one| one.name == channel.policy.assistant), "it must exist");
        let admitted = channel.policy.allow_from.len();
        Ok((channel.name.to_string(), channel.policy.assistant.to_string(), admitted))
    }

    #[test]
    fn without_a_console_one_is_made_that_the_first_channels_assistant_answers() {
        assert_eq!(chatting(TWO, None).unwrap(), ("console".to_owned(), "other".to_owned(), 1));
    }

    #[test]
    fn a_configured_console_is_used_as_it_is() {
        let text = format!("{TWO}[channels.desk]\nadapter = \"console\"\nassistant = \"first\"\nallow_from = []");
        assert_eq!(chatting(&text, None).unwrap(), ("desk".to_owned(), "first".to_owned(), 0));
    }

    #[test]
    fn the_assistant_can_be_chosen_and_must_be_configured() {
        assert_eq!(chatting(TWO, Some("first")).unwrap().1, "first");
        let refused = chatting(TWO, Some("third")).unwrap_err();
        assert!(format!("{refused:?}").contains("configured: first, other"), "{refused:?}");
    }

    #[test]
    fn without_any_assistant_the_echo_answers() {
        assert_eq!(chatting("", None).unwrap(), ("console".to_owned(), "echo".to_owned(), 1));
    }
}
