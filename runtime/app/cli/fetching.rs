//! Downloading one large file, with a bar, in pieces if need be.

use super::failure::Failure;
use futures::StreamExt;
use greenroom::contract::cause::chain;
use greenroom::contract::limits;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What was fetched of a file so far.
pub(crate) fn part_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

/// Fetches a file into its part file, and goes on where an earlier run ended.
pub(crate) async fn fetch(url: &str, file: &Path, bytes_about: u64) -> Result<(), Failure> {
    let path = part_of(file);
    let unwritable = |error: std::io::Error| {
        Failure::new(format!("{} cannot be written: {error}", path.display()))
            .hint("Choose another folder with voice.models, or make room.")
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    if path.is_symlink() {
        return Err(Failure::new(format!("{} is a symbolic link, which is not written through", path.display()))
            .hint("Remove it, and try again."));
    }
    let mut part = OpenOptions::new().create(true).append(true).open(&path).map_err(unwritable)?;
    match part.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(Failure::new("another process is already fetching it")),
        // A file system without locks has one user, as a rule.
        Err(TryLockError::Error(_)) | Ok(()) => {}
    }
    let mut have = part.metadata().map_err(unwritable)?.len();
    let tls = greenroom_support::tls::client_config().map_err(|error| Failure::new(error.to_string()))?;
    let response = ask(url, have, tls).await.map_err(|error| interrupted(url, &chain(&error)))?;
    match response.status() {
        StatusCode::PARTIAL_CONTENT if begins_at(&response) == Some(have) => {}
        // All of it is there already; whoever called checks that.
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => return Ok(()),
        status if status.is_success() => {
            part.set_len(0).map_err(unwritable)?;
            have = 0;
        }
        status => {
            return Err(
                Failure::new(format!("{url} answers {status}")).hint("Is voice.url the folder that holds the models?")
            );
        }
    }
    let total = response.content_length().map_or(bytes_about, |left| have + left);
    let bar = bar(total, have);
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| interrupted(url, &chain(&error)))?;
        have += piece.len() as u64;
        if have > limits::MODEL_BYTES_MAX {
            return Err(Failure::new(format!("{url} is larger than any model ({} bytes)", limits::MODEL_BYTES_MAX)));
        }
        part.write_all(&piece).map_err(unwritable)?;
        bar.set_position(have);
    }
    bar.finish_and_clear();
    written(&part).map_err(unwritable)
}

async fn ask(url: &str, from: u64, tls: rustls::ClientConfig) -> Result<Response, reqwest::Error> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        // A part of a file is asked for by its bytes, which another encoding would change.
        .no_gzip()
        .http1_only()
        .connect_timeout(limits::MODEL_FETCH_SILENCE)
        .read_timeout(limits::MODEL_FETCH_SILENCE)
        .build()?;
    let request = client.get(url);
    let request = if from > 0 { request.header(RANGE, format!("bytes={from}-")) } else { request };
    request.send().await
}

/// Where the piece begins that a server sends: `bytes 100-199/200`.
fn begins_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn written(part: &File) -> std::io::Result<()> {
    part.sync_all()
}

fn interrupted(url: &str, reason: &str) -> Failure {
    Failure::new(format!("fetching {url} was interrupted: {reason}"))
        .hint("Run the same command again: it resumes where it stopped.")
}

/// Shown on a terminal, and nowhere else.
fn bar(total: u64, have: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_position(have);
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.reset_eta();
    bar
}
