//! `plugin`: plugins are added, looked at, tried, developed and removed.

use super::args::{PluginCommand, PluginLanguage};
use super::failure::Failure;
use super::{link, report};
use greenroom::config::Config;
use greenroom::contract::ids::AssistantName;
use greenroom::contract::limits::{TRIED_SHOWN_BYTES_MAX, TRIED_TURN_BYTES_MAX};
use greenroom::contract::text::{bounded, one_line};
use greenroom::plugins::{
    AddError, Added, AddedPlugin, Asks, Candidate, CheckReport, DevEvent, Language, Manifest, PluginError,
    PluginFolder, check_with_turn, develop, new_project,
};
use serde_json::json;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Carries one of the commands out.
pub(crate) async fn carry_out(config: &Config, command: PluginCommand) -> Result<(), Failure> {
    match command {
        PluginCommand::Add { path, yes } => add(config, &path, yes).await,
        PluginCommand::List { json } => list(config, json),
        PluginCommand::Remove { name } => remove(config, &name),
        PluginCommand::Check { path, turn } => check(config, &path, turn.as_deref()).await,
        PluginCommand::Dev { path, yes } => dev(config, &path, yes).await,
        PluginCommand::New { name, lang } => new(lang, &name),
    }
}

fn folder(config: &Config) -> Result<PluginFolder, Failure> {
    PluginFolder::open(config.store.path.join("plugins")).map_err(failed)
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: PluginError) -> Failure {
    Failure::new(error.to_string())
}

fn short(text: &str) -> String {
    bounded(&one_line(text), TRIED_SHOWN_BYTES_MAX)
}

async fn add(config: &Config, path: &Path, yes: bool) -> Result<(), Failure> {
    let plugins = folder(config)?;
    let candidate = Candidate::read(path).map_err(failed)?;
    let agreed = agreed(&plugins, &candidate.manifest, Some(&candidate.digest), yes).await?;
    match plugins.add(&candidate, agreed.as_ref()).await {
        Ok(added) => report::print(&told(&added)),
        Err(error) => Err(not_added(&error)),
    }
}

/// What its owner agrees to now; `None` where what was agreed to earlier is enough.
async fn agreed(
    plugins: &PluginFolder,
    manifest: &Manifest,
    digest: Option<&str>,
    yes: bool,
) -> Result<Option<Asks>, Failure> {
    let more = plugins.beyond(manifest).map_err(failed)?;
    if more.is_empty() {
        return Ok(None);
    }
    let mut text = format!("{} {} asks for:\n", manifest.name, short(&manifest.version));
    for line in &more {
        let _ = writeln!(text, "  it {}", short(line));
    }
    if let Some(digest) = digest {
        let _ = writeln!(text, "  sha256 of both files: {digest}");
    }
    report::print(&text)?;
    if yes {
        return Ok(Some(manifest.asks.clone()));
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("the plugin is not added before its owner agrees to what it asks for")
            .hint("If you do, run the command again with --yes."));
    }
    if link::confirmed("Type yes if you agree").await {
        return Ok(Some(manifest.asks.clone()));
    }
    Err(Failure::new("not agreed to, so nothing was changed"))
}

fn not_added(error: &AddError) -> Failure {
    match error {
        AddError::NotGranted { .. } => {
            Failure::usage(error.to_string()).hint("Run `greenroom plugin add` again to agree to that.")
        }
        _ => Failure::new(format!("{error}; nothing was changed")),
    }
}

fn told(added: &Added) -> String {
    let mut text = format!("{} was added", added.name);
    if let Some(before) = &added.before {
        let _ = write!(text, " in place of {}; a bot that runs takes it within a second", short(before));
    }
    let _ = writeln!(text, "\n  its dry turn took {} ms of computing", added.report.own.as_millis());
    if added.before.is_none() {
        let _ =
            write!(text, "\nIn greenroom.toml:\n\n[assistants.{0}]\nkind = \"plugin\"\nplugin = \"{0}\"\n", added.name);
    }
    text
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let plugins = folder(config)?.list();
    if json {
        let rows: Vec<_> = plugins.iter().map(|(name, plugin)| as_json(name, plugin)).collect();
        return report::json(&json!({ "plugins": rows }));
    }
    if plugins.is_empty() {
        return report::print("no plugin was added; `greenroom plugin add PATH` adds one\n");
    }
    let mut text = String::new();
    for (name, plugin) in &plugins {
        match plugin {
            Ok(plugin) => {
                let (version, about) = (short(&plugin.manifest.version), short(&plugin.manifest.about));
                let _ = writeln!(text, "{name} {version}: {about}");
                for line in plugin.manifest.asks.lines() {
                    let _ = writeln!(text, "  it {}", short(&line));
                }
            }
            Err(error) => drop(writeln!(text, "{name}: BROKEN, {}", short(&error.to_string()))),
        }
    }
    report::print(&text)
}

fn as_json(name: &AssistantName, plugin: &Result<AddedPlugin, PluginError>) -> serde_json::Value {
    match plugin {
        Ok(plugin) => json!({
            "name": name.as_str(),
            "version": plugin.grant.version,
            "digest": plugin.grant.digest,
            "about": plugin.manifest.about,
            "asks": plugin.manifest.asks.lines(),
        }),
        Err(error) => json!({ "name": name.as_str(), "broken": error.to_string() }),
    }
}

fn remove(config: &Config, name: &str) -> Result<(), Failure> {
    let name = AssistantName::new(name).map_err(|error| Failure::usage(error.to_string()))?;
    let plugins = folder(config)?;
    if !plugins.remove(&name).map_err(failed)? {
        let known = plugins.names().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none".to_owned() } else { known };
        return Err(Failure::usage(format!("no plugin was added as {name}; added: {known}")));
    }
    report::print(&format!("{name} was removed, with what was agreed to\n"))
}

/// One turn without a phone, a channel, a model or a network.
async fn check(config: &Config, path: &Path, turn: Option<&Path>) -> Result<(), Failure> {
    let candidate = Candidate::read(path).map_err(failed)?;
    let turn = turn.map(read_turn).transpose()?;
    let report = check_with_turn(&folder(config)?, &candidate, turn.as_deref(), &toml::Table::new()).await;
    let report = report.map_err(failed)?;
    report::print(&checked(&report))?;
    match report.broke {
        Some(reason) => Err(Failure::new(format!("the plugin {} broke: {reason}", candidate.manifest.name))),
        None => Ok(()),
    }
}

fn read_turn(file: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(TRIED_TURN_BYTES_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    if bytes.len() as u64 > TRIED_TURN_BYTES_MAX {
        return Err(Failure::usage(format!("{} is larger than {TRIED_TURN_BYTES_MAX} bytes", file.display())));
    }
    Ok(bytes)
}

fn checked(report: &CheckReport) -> String {
    let mut text = String::new();
    for line in &report.log {
        let _ = writeln!(text, "log      {:?}: {}", line.level, line.line);
    }
    if let Some(answer) = &report.answer {
        let _ = writeln!(text, "answer   {}", one_line(answer));
    }
    if let Some(said) = &report.said {
        let _ = writeln!(text, "cannot   {}", short(said));
    }
    if let Some(memory) = &report.memory {
        let _ = writeln!(text, "memory   {}", one_line(memory));
    }
    let (own, kilobytes) = (report.own.as_millis(), report.memory_bytes / 1024);
    let _ = writeln!(text, "used     {own} ms of computing, {kilobytes} KB of memory");
    text
}

/// Builds, checks and swaps on every change, until the program is stopped.
async fn dev(config: &Config, path: &Path, yes: bool) -> Result<(), Failure> {
    let plugins = folder(config)?;
    // Each build is another component: what its owner agrees to is what the manifest asks for now.
    let manifest = manifest_of(path)?;
    let agreed = agreed(&plugins, &manifest, None, yes).await?.unwrap_or(manifest.asks);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        // Without a signal handler the process ends at once, which is as good.
        if tokio::signal::ctrl_c().await.is_ok() {
            stopping.cancel();
        }
    });
    report::print(&format!("watching {}; Ctrl-C ends it\n", path.display()))?;
    develop(&plugins, path, &agreed, &stop, |event| {
        let line = match event {
            DevEvent::Building => "building ...\n".to_owned(),
            DevEvent::NotBuilt(reason) => format!("not built: {}\n", short(&reason)),
            DevEvent::Refused(error @ AddError::NotGranted { .. }) => {
                format!("not added: {}; end this and begin it again to agree to that\n", short(&error.to_string()))
            }
            DevEvent::Refused(error) => format!("not added: {}\n", short(&error.to_string())),
            DevEvent::Swapped(added) => {
                format!("in use: {} after {} ms of computing\n", added.name, added.report.own.as_millis())
            }
        };
        // A terminal that is gone ends nothing.
        let _ = report::print(&line);
    })
    .await;
    Ok(())
}

/// The manifest in a folder, whose component may not be built yet.
fn manifest_of(folder: &Path) -> Result<Manifest, Failure> {
    let file = folder.join("plugin.toml");
    let text =
        std::fs::read_to_string(&file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    Manifest::read(&text).map_err(|error| Failure::usage(error.to_string()))
}

fn new(lang: PluginLanguage, name: &str) -> Result<(), Failure> {
    let language = match lang {
        PluginLanguage::Js => Language::Js,
        PluginLanguage::Ts => Language::Ts,
        PluginLanguage::Rust => Language::Rust,
        PluginLanguage::Py => Language::Py,
    };
    let made: PathBuf = new_project(language, name, Path::new(".")).map_err(failed)?;
    report::print(&format!("{} was made; its README.md says what to do next\n", made.display()))
}
