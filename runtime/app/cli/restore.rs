//! `restore`: a bot out of a capsule, or one that was moved away and continues here after all.

use super::args::RestoreArguments;
use super::failure::Failure;
use super::{report, secrets};
use greenroom::backup::{self, Opened};
use greenroom::config::{Config, FILE_NAME, Origin};
use greenroom::contract::time::Clock;
use greenroom::registry::Registry;
use greenroom::storage;
use jiff::Timestamp;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Carries it out. The configuration may be in the capsule only, so it is not read before.
pub(crate) async fn carry_out(
    config: Option<&Path>,
    registry: &Registry,
    arguments: RestoreArguments,
) -> Result<(), Failure> {
    let RestoreArguments { file, here, identity, passphrase_file } = arguments;
    let Some(file) = file.filter(|_| !here) else { return continue_here(config, registry).await };
    let key = secrets::key(identity.as_deref(), passphrase_file.as_deref()).await?;
    let capsule = File::open(&file).map_err(|error| {
        Failure::new(format!("{} cannot be read: {error}", file.display()))
            .hint("Write the path of a file that `greenroom backup FILE` made.")
    })?;
    let place = config.map_or_else(|| PathBuf::from(FILE_NAME), Path::to_owned);
    // What it may need of the registry is read in this thread; the rest waits for the disk.
    let opened = backup::open(BufReader::new(capsule), &key)?;
    let text = opened.config().map(str::to_owned);
    let (config, is_new) = configuration(&place, text.as_deref(), registry)?;
    let options = storage::options(&config.store);
    let made = about(&opened);
    let text_is_other = !is_new && text.as_ref().is_some_and(|text| differs(&place, text));
    let put = tokio::task::spawn_blocking(move || opened.into_folder(&options, Clock::System.now()));
    let restored = put.await.map_err(|error| Failure::new(error.to_string()))??;
    let mut said = format!(
        "{made}: {} records and {} files are in {}\n",
        restored.rows,
        restored.files,
        config.store.path.display()
    );
    if let Some(text) = text.filter(|_| is_new || text_is_other) {
        let place = if is_new { place } else { place.with_extension("restored.toml") };
        match backup::put_file(&place, text.as_bytes()) {
            Ok(()) => drop(writeln!(said, "its configuration is in {}", place.display())),
            Err(error) => drop(writeln!(said, "its configuration is not in {}: {error}", place.display())),
        }
    }
    said.push_str(NEXT);
    report::print(&said)
}

const NEXT: &str = "Linked accounts stay linked and negotiate their sessions again. Let no older copy run: this one is the younger. \
                    Start it with: greenroom run\n";

/// This folder is the bot from now on, wherever it was moved.
async fn continue_here(config: Option<&Path>, registry: &Registry) -> Result<(), Failure> {
    let config = Config::load(config, registry)?;
    storage::exists(&config.store)?;
    let options = storage::options(&config.store);
    let taken = tokio::task::spawn_blocking(move || greenroom_store::take_back(&options, Clock::System.now()));
    taken.await.map_err(|error| Failure::new(error.to_string()))??;
    report::print(&format!(
        "the bot in {} continues here, and its copies are older ones\n{NEXT}",
        config.store.path.display()
    ))
}

/// The configuration that is there, or else the one of the capsule; whether it is that.
fn configuration(place: &Path, text: Option<&str>, registry: &Registry) -> Result<(Config, bool), Failure> {
    match text {
        Some(text) if place.symlink_metadata().is_err() => {
            let origin = Origin::File(place.to_owned());
            let config = Config::parse(origin, text, std::env::vars_os(), registry, &[]).map_err(|error| {
                Failure::from(error).hint(
                    "It is the configuration in the capsule. Set the variables that it names, or put a configuration of your own \
                     in its place before you restore.",
                )
            })?;
            Ok((config, true))
        }
        Some(_) => Ok((Config::load(Some(place), registry)?, false)),
        None => Ok((Config::load(place.exists().then_some(place), registry)?, false)),
    }
}

fn differs(place: &Path, text: &str) -> bool {
    std::fs::read_to_string(place).map_or(true, |there| there != text)
}

fn about<R: Read>(opened: &Opened<R>) -> String {
    let header = opened.header();
    let at = i64::try_from(header.made_at_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    let at = at.map(|at| format!(" of {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    format!("the bot{at} (version {})", header.made_by)
}
