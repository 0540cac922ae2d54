//! Build, check and swap whenever a source changes.

use super::candidate::{Candidate, MANIFEST};
use super::folder::PluginFolder;
use super::{AddError, Added};
use crate::limits::{BUILD_TIMEOUT, DEV_PAUSE};
use crate::manifest::Asks;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;

/// What happened in a folder that is developed in.
#[derive(Debug)]
pub enum DevEvent {
    /// A source changed; it is being built.
    Building,
    /// It could not be built. What was in use stays in use; what the build said stands on the terminal.
    NotBuilt(String),
    /// It was not added. What was in use stays in use.
    Refused(AddError),
    /// It is in use.
    Swapped(Added),
}

/// Files below a folder that may be sources, with the time of their last change.
type Sources = BTreeMap<PathBuf, SystemTime>;

/// Builds, checks and swaps a plugin whenever a file in its folder changes, until `stop`. `agreed` is what its owner agreed
/// to when this began; a version that asks for more is refused.
pub async fn develop(
    plugins: &PluginFolder,
    folder: &Path,
    agreed: &Asks,
    stop: &CancellationToken,
    mut tell: impl FnMut(DevEvent),
) {
    let mut seen = Sources::new();
    while !stop.is_cancelled() {
        let found = sources(folder);
        if found == seen {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(DEV_PAUSE) => continue,
            }
        }
        tell(DevEvent::Building);
        let outcome = tokio::select! {
            outcome = once(plugins, folder, agreed) => outcome,
            () = stop.cancelled() => return,
        };
        // What the build itself wrote is no change of a source.
        seen = sources(folder);
        seen.extend(found);
        tell(outcome);
    }
}

async fn once(plugins: &PluginFolder, folder: &Path, agreed: &Asks) -> DevEvent {
    if let Err(reason) = build(folder).await {
        return DevEvent::NotBuilt(reason);
    }
    let candidate = match Candidate::read(folder) {
        Ok(candidate) => candidate,
        Err(error) => return DevEvent::NotBuilt(error.to_string()),
    };
    match plugins.add(&candidate, Some(agreed)).await {
        Ok(added) => DevEvent::Swapped(added),
        Err(error) => DevEvent::Refused(error),
    }
}

/// Runs the command that the manifest names, if it names one.
async fn build(folder: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(folder.join(MANIFEST)).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let manifest = crate::manifest::Manifest::read(&text).map_err(|error| error.to_string())?;
    let Some((program, arguments)) = manifest.build.split_first() else { return Ok(()) };
    let mut command = tokio::process::Command::new(program);
    // What it starts itself is ended with it.
    #[cfg(unix)]
    command.process_group(0);
    let started =
        command.args(arguments).current_dir(folder).stdin(std::process::Stdio::null()).kill_on_drop(true).spawn();
    let mut child = started.map_err(|error| format!("{program} cannot be started: {error}"))?;
    #[cfg(unix)]
    let _group = greenroom_support::programs::Group::of(&child);
    let ended = tokio::time::timeout(BUILD_TIMEOUT, child.wait()).await;
    let ended = ended.map_err(|_| format!("{program} takes longer than {} s", BUILD_TIMEOUT.as_secs()))?;
    match ended.map_err(|error| format!("{program} cannot be waited for: {error}"))? {
        status if status.success() => Ok(()),
        status => Err(format!("{program} ended with {status}")),
    }
}

fn sources(folder: &Path) -> Sources {
    let mut found = Sources::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_made = name.starts_with('.')
                || matches!(&*name, "target" | "node_modules" | "dist" | "__pycache__" | "Cargo.lock")
                || name.ends_with(".wasm");
            match entry.metadata() {
                _ if is_made => {}
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => drop(found.insert(entry.path(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH))),
                Err(_) => {}
            }
        }
    }
    found
}
