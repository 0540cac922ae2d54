//! `store export`, `import`, `verify`, `restore-damaged`. They own the store while they work: no server runs beside them.

use super::args::StoreCommand;
use super::failure::Failure;
use super::report;
use greenroom::config::Config;
use greenroom::storage::{self, StorageError};
use greenroom_store::{OpenOptions, RestoreReport, SealSource, TransferError, VerifyReport};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions as FileOptions};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

pub(crate) async fn carry_out(config: &Config, command: StoreCommand) -> Result<(), Failure> {
    let options = storage::options(&config.store);
    match command {
        StoreCommand::Export { file } => {
            storage::exists(&config.store)?;
            let text = apart(move || export(&options, &file)).await?;
            // Beside an export to standard output, the report must not stand among the data.
            eprint!("{text}");
            Ok(())
        }
        StoreCommand::Import { file } => report::print(&apart(move || import(&options, &file)).await?),
        StoreCommand::Verify { json } => {
            storage::exists(&config.store)?;
            let found = apart(move || Ok(greenroom_store::verify(&options)?)).await?;
            if json {
                report::json(&found)?;
            } else {
                report::print(&verified(&found))?;
            }
            if found.is_sound() { Ok(()) } else { Err(Failure::new("the store is damaged").hint(DAMAGED)) }
        }
        StoreCommand::RestoreDamaged => {
            storage::exists(&config.store)?;
            let found = apart(move || Ok(greenroom_store::restore_damaged(&options)?)).await?;
            report::print(&restored(&found))
        }
    }
}

const DAMAGED: &str = "What can be read can be taken out: greenroom store export FILE.";

/// Works on a thread that may block.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::new(error.to_string()))?
}

fn export(options: &OpenOptions, file: &Path) -> Result<String, Failure> {
    if file.as_os_str() == "-" {
        let report = greenroom_store::export(options, &mut std::io::stdout().lock())?;
        return Ok(format!("{} rows exported\n", report.rows));
    }
    let refused = |error: std::io::Error| Failure::new(format!("{} cannot be written: {error}", file.display()));
    let draft = draft_of(file);
    if file.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("{} exists already", file.display())).hint("Name a file that does not exist."));
    }
    let mut create = FileOptions::new();
    create.write(true).create_new(true);
    // An export holds secrets and conversations.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    // A draft that a killed export left, or a link that was put there, must not be written through.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(refused(error)),
        _ => {}
    }
    let mut writer = BufWriter::new(create.open(&draft).map_err(refused)?);
    let exported = greenroom_store::export(options, &mut writer).map_err(Failure::from).and_then(|report| {
        writer.flush().map_err(refused)?;
        writer.get_ref().sync_all().map_err(refused)?;
        std::fs::rename(&draft, file).map_err(refused)?;
        Ok(format!("{} rows exported to {}\n", report.rows, file.display()))
    });
    if exported.is_err() {
        // Half an export must not look like one.
        let _ = std::fs::remove_file(&draft);
    }
    exported
}

fn draft_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn import(options: &OpenOptions, file: &Path) -> Result<String, Failure> {
    let opened = if file.as_os_str() == "-" { Path::new("/dev/stdin") } else { file };
    let opened = File::open(opened).map_err(|error| {
        Failure::new(format!("{} cannot be read: {error}", file.display()))
            .hint("Write the path of a file that `greenroom store export FILE` made, or - for standard input.")
    })?;
    let report = greenroom_store::import(options, &mut BufReader::new(opened))?;
    let mut text = format!("{} rows imported into {}\n", report.rows, options.path.display());
    if matches!(options.seal, SealSource::KeyFile) {
        text.push_str(
            "Its secrets are sealed: copy master.key from the old folder beside it before the first start.\n",
        );
    }
    Ok(text)
}

fn verified(found: &VerifyReport) -> String {
    let mut text = String::new();
    let mut rows = vec![["kind", "rows", "bytes", "damaged"].map(str::to_owned).to_vec()];
    rows.extend(found.kinds.iter().map(|kind| {
        vec![kind.name.to_owned(), kind.rows.to_string(), kind.bytes.to_string(), kind.damaged.to_string()]
    }));
    text.push_str(&report::table(&rows));
    for line in found.damaged.iter().chain(&found.problems) {
        let _ = writeln!(text, "damaged: {line}");
    }
    if found.is_sound() {
        text.push_str("everything can be read and nothing is missing\n");
    }
    text
}

fn restored(found: &RestoreReport) -> String {
    let mut text = format!("{} record(s) were put back, {} stay set aside\n", found.restored, found.left);
    for reason in &found.reasons {
        let _ = writeln!(text, "set aside: {reason}");
    }
    text
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Open(error) => StorageError::from(error).into(),
            TransferError::NotEmpty(path) => Self::new(format!("{} already holds a store", path.display()))
                .hint("Choose another store.path, or move that folder away."),
            // It says itself what to do.
            other => Self::new(other.to_string()),
        }
    }
}
