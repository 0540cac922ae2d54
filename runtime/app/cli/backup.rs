//! `backup`: the whole bot into one encrypted file, while it runs or not.

use super::admin::server_of;
use super::args::BackupArguments;
use super::failure::Failure;
use super::secrets::{self, Locked};
use super::{remote, report};
use greenroom::backup::{self, Source};
use greenroom::config::{Config, Origin};
use greenroom::contract::limits::{STOPPED_LOOK, STOPPED_WAIT};
use greenroom::contract::secret::Secret;
use greenroom::contract::store::Store;
use greenroom::contract::time::Clock;
use greenroom::storage::{self, StorageError};
use greenroom_client::{BackupBody, Client};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

/// Carries it out.
pub(crate) async fn carry_out(config: &Config, arguments: BackupArguments) -> Result<(), Failure> {
    let BackupArguments { file, recipient, passphrase_file, moves } = arguments;
    if file.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("{} exists already", file.display())).hint("Name a file that does not exist."));
    }
    if moves {
        storage::exists(&config.store)?;
    }
    let locked = secrets::lock(&recipient, passphrase_file.as_deref()).await?;
    let mut draft = Draft::make(&file)?;
    if moves {
        let store = stopped(config).await?;
        let moved = move_away(config, Arc::clone(&store), &locked, draft).await;
        let closed = store.close().await;
        moved?;
        closed?;
        return report::print(&format!(
            "this bot is now in {}, and does not start here any more\nThere: greenroom restore FILE. To continue here after \
             all: greenroom restore --here\n",
            file.display()
        ));
    }
    if let Some(server) = remote::client(config)? {
        of_server(&server, &locked, &mut draft).await?;
    } else {
        match storage::open_existing(&config.store).await {
            Ok(store) => {
                let written = of_store(config, Arc::clone(&store), &locked, draft, false).await;
                store.close().await?;
                draft = written?;
            }
            Err(StorageError::InUse { path, .. }) => of_server(&server_of(&path)?, &locked, &mut draft).await?,
            Err(error) => return Err(error.into()),
        }
    }
    let rows = draft.finish(&locked).await?;
    let rows = rows.map(|rows| format!(", {rows} records, read back")).unwrap_or_default();
    report::print(&format!("the bot is in {}{rows}\n{}", file.display(), NOT_IN_IT))
}

const NOT_IN_IT: &str = "Not in it: variables of the environment, and files that the configuration names. Keep what opens it \
                         apart from it. While this bot runs, restore it elsewhere only if this one is gone: greenroom restore FILE\n";

/// Marks the store as moved, then writes it; takes the mark back if that fails.
async fn move_away(config: &Config, store: Arc<dyn Store>, locked: &Locked, draft: Draft) -> Result<(), Failure> {
    store.set_moved(Some(Clock::System.now())).await?;
    let written = match of_store(config, Arc::clone(&store), locked, draft, true).await {
        Ok(draft) => draft.finish(locked).await.map(|_| ()),
        Err(failure) => Err(failure),
    };
    if written.is_err() {
        store.set_moved(None).await?;
    }
    written
}

/// The store, once nothing else uses it: whoever does is asked to end.
async fn stopped(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    let (began, mut asked) = (Instant::now(), None);
    loop {
        match storage::open_existing(&config.store).await {
            Ok(store) => return Ok(store),
            Err(StorageError::InUse { process: Some(process), .. }) if began.elapsed() < STOPPED_WAIT => {
                if asked != Some(process) {
                    report::print(&format!("stopping the bot (process {process})\n"))?;
                    end(process)?;
                    asked = Some(process);
                }
                tokio::time::sleep(STOPPED_LOOK).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Asks a process to end, as a service manager would.
#[cfg(unix)]
fn end(process: u32) -> Result<(), Failure> {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    let Some(id) = id else { return Ok(()) };
    match rustix::process::kill_process(id, rustix::process::Signal::TERM) {
        // It ended by itself.
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(Failure::new(format!("the bot (process {process}) cannot be stopped: {error}"))
            .hint("Stop it, then try again.")),
    }
}

#[cfg(not(unix))]
fn end(process: u32) -> Result<(), Failure> {
    Err(Failure::new(format!("the bot runs (process {process})")).hint("Stop it, then try again."))
}

/// Written by this process, of a store that it owns.
async fn of_store(
    config: &Config,
    store: Arc<dyn Store>,
    locked: &Locked,
    draft: Draft,
    moved: bool,
) -> Result<Draft, Failure> {
    let text = match &config.origin {
        Origin::File(path) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?,
        ),
        Origin::Embedded | Origin::Program => None,
    };
    let source = Source {
        made_at: Clock::System.now(),
        fence: store.fence().await?,
        moved,
        config: text.map(Secret::new),
        folder: Some(config.store.path.clone()),
    };
    let lock = locked.lock()?;
    let mut draft = draft;
    let written = tokio::task::spawn_blocking(move || {
        backup::write(&*store, &lock, &source, &mut draft.out)?;
        Ok::<_, backup::BackupError>(draft)
    });
    Ok(written.await.map_err(|error| Failure::new(error.to_string()))??)
}

/// Written by the server that runs, and passed on.
async fn of_server(server: &Client, locked: &Locked, draft: &mut Draft) -> Result<(), Failure> {
    let body = match locked {
        Locked::Passphrase(passphrase) => {
            BackupBody { passphrase: Some(passphrase.expose().to_owned()), recipients: Vec::new() }
        }
        Locked::Recipients(keys) => BackupBody { passphrase: None, recipients: keys.clone() },
    };
    let mut failed = None;
    let asked = server
        .backup(&body, &mut |piece| {
            let written = draft.out.write_all(piece);
            failed = written.err();
            failed.is_none()
        })
        .await;
    match failed {
        Some(error) => Err(cannot_write(&draft.file, &error)),
        None => Ok(asked?),
    }
}

/// A file that takes its name when it is whole.
struct Draft {
    file: PathBuf,
    path: PathBuf,
    out: BufWriter<File>,
    done: bool,
}

impl Draft {
    fn make(file: &Path) -> Result<Self, Failure> {
        let mut name = file.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        // A draft that a killed backup left, or a link that was put there, must not be written through.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot_write(file, &error)),
            _ => {}
        }
        let mut create = OpenOptions::new();
        create.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
        let out = create.open(&path).map_err(|error| cannot_write(file, &error))?;
        Ok(Self { file: file.to_owned(), path, out: BufWriter::new(out), done: false })
    }

    /// Brings it to the disk, reads it back where what opens it is at hand, and gives it its name. How many records are in it.
    async fn finish(mut self, locked: &Locked) -> Result<Option<u64>, Failure> {
        let failed = |error: std::io::Error| cannot_write(&self.file, &error);
        self.out.flush().and_then(|()| self.out.get_ref().sync_all()).map_err(failed)?;
        let rows = match locked.key() {
            Some(key) => {
                let path = self.path.clone();
                let read = tokio::task::spawn_blocking(move || {
                    let file = File::open(path).map_err(greenroom::capsule::CapsuleError::File)?;
                    backup::check(BufReader::new(file), &key)
                });
                Some(read.await.map_err(|error| Failure::new(error.to_string()))??.rows)
            }
            None => None,
        };
        std::fs::rename(&self.path, &self.file).map_err(failed)?;
        self.done = true;
        Ok(rows)
    }
}

/// Half a capsule must not look like one.
impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", file.display()))
}
