//! `rotate-key`: another key for all secrets.

use super::failure::Failure;
use super::report;
use greenroom::config::{Config, SealSource};
use greenroom::storage;
use greenroom_store::RotateReport;
use std::fmt::Write as _;

/// Carries it out. No server runs beside it.
pub(crate) async fn carry_out(config: &Config) -> Result<(), Failure> {
    storage::exists(&config.store)?;
    let options = storage::options(&config.store);
    let of_file = matches!(options.seal, SealSource::KeyFile);
    let rotated = tokio::task::spawn_blocking(move || greenroom_store::rotate_key(&options));
    let found = rotated.await.map_err(|error| Failure::new(error.to_string()))??;
    report::print(&told(&found, of_file))?;
    match found.closed {
        0 => Ok(()),
        closed => Err(Failure::new(format!(
            "{closed} secret(s) cannot be opened with the keys at hand, so the old key stays"
        ))
        .hint("Give the key that sealed them behind the new one in GREENROOM_MASTER_KEY, with a comma between.")),
    }
}

fn told(found: &RotateReport, of_file: bool) -> String {
    let mut text = format!("{} secret(s) are sealed with the new key, {} were already\n", found.sealed, found.kept);
    for record in &found.first {
        let _ = writeln!(text, "cannot be opened: {record}");
    }
    if found.finished {
        text.push_str(if of_file {
            "The old key opens nothing of the store any more; copies and exports that were made before still need it.\n"
        } else {
            "Only the first key of GREENROOM_MASTER_KEY is needed from now on; copies and exports that were made before need the others.\n"
        });
    }
    text
}
