//! Media: fetched into memory by id, checked while they are read.

use crate::failure::Class;
use crate::graph::{CallError, Graph, cause};
use crate::limits::{GONE_REMEMBERED, RESERVE_BYTES_MAX};
use crate::number::Number;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use greenroom_contract::cause::Cause;
use greenroom_contract::channel::{Ended, MediaError};
use greenroom_contract::message::{Media, MediaRef};
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Fetches the media of one number.
pub(crate) struct Fetcher {
    gone: Mutex<Memory<String, String>>,
}

/// What stopped one download.
enum Stopped {
    /// The url has expired, or the bytes are damaged: a fresh url may help.
    UrlIsBad(String),
    Final(MediaError),
}

impl Fetcher {
    pub(crate) fn new() -> Self {
        Self { gone: Mutex::new(Memory::new(GONE_REMEMBERED)) }
    }

    pub(crate) async fn fetch(
        &self,
        graph: &Graph,
        number: &Number,
        media: &MediaRef,
        bytes_max: u64,
    ) -> Result<Media, MediaError> {
        let gone = |reason: &str| MediaError::Gone { reason: reason.into() };
        let id = media.token["id"].as_str().ok_or_else(|| gone("the reference has no id"))?;
        // What may stand in the path of a call: partners write ids with dashes and dots.
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let plain = id.bytes().all(plain) && id.bytes().any(|b| b.is_ascii_alphanumeric());
        let id: &str = if plain { id } else { return Err(gone("no media id")) };
        if let Some(reason) = self.gone.lock().get(&id.to_owned()) {
            return Err(gone(reason));
        }
        if media.size_bytes.is_some_and(|size| size > bytes_max) {
            return Err(MediaError::TooLarge { bytes_max });
        }
        let mut last = String::new();
        // Twice: the url may have expired between its look-up and the download, or the bytes came damaged.
        for _ in 0..2 {
            let found = match graph.get(id, &[("phone_number_id", &number.id)]).await {
                Ok(found) => found,
                Err(error) => return Err(self.not_found(number, id, &error)),
            };
            match download(graph, number, media, &found, bytes_max).await {
                Ok(bytes) => {
                    let mime = found["mime_type"].as_str().unwrap_or(&media.mime);
                    return Ok(Media { mime: mime.to_owned(), bytes });
                }
                Err(Stopped::Final(error)) => return Err(error),
                Err(Stopped::UrlIsBad(reason)) => last = reason,
            }
        }
        self.remember(id, &last);
        Err(gone(&last))
    }

    fn not_found(&self, number: &Number, id: &str, error: &CallError) -> MediaError {
        let failure = match error {
            CallError::Failed(failure) => failure,
            CallError::Unreachable(cause) | CallError::Lost(cause) => {
                return MediaError::Retry { reason: cause.clone() };
            }
        };
        let reason = failure.reason.as_str();
        match failure.class() {
            Class::OurBug | Class::Permanent | Class::NoSuchObject => {
                self.remember(id, reason);
                MediaError::Gone { reason: reason.into() }
            }
            Class::StopAccount(advice) => {
                number.end(Ended::Refused { reason: format!("{advice} ({reason})") });
                MediaError::Retry { reason: reason.into() }
            }
            _ => MediaError::Retry { reason: reason.into() },
        }
    }

    fn remember(&self, id: &str, reason: &str) {
        self.gone.lock().entry(&id.to_owned(), || reason.to_owned());
    }
}

async fn download(
    graph: &Graph,
    number: &Number,
    media: &MediaRef,
    found: &Value,
    bytes_max: u64,
) -> Result<Bytes, Stopped> {
    let size = found["file_size"].as_u64();
    if size.is_some_and(|size| size > bytes_max) {
        return Err(Stopped::Final(MediaError::TooLarge { bytes_max }));
    }
    let retry = |reason: Cause| Stopped::Final(MediaError::Retry { reason });
    let url = found["url"].as_str().ok_or_else(|| retry("the look-up returned no URL".into()))?;
    let mut response = match graph.download(url).await {
        Ok(response) => response,
        Err(CallError::Failed(failure)) if failure.code == Some(190) => {
            if let Class::StopAccount(advice) = failure.class() {
                number.end(Ended::Refused { reason: format!("{advice} ({})", failure.reason) });
            }
            return Err(retry(failure.reason.into()));
        }
        Err(CallError::Failed(failure)) if failure.http_status < 500 && failure.http_status != 429 => {
            return Err(Stopped::UrlIsBad(format!("the medium cannot be downloaded: {}", failure.reason)));
        }
        Err(CallError::Failed(failure)) => return Err(retry(failure.reason.into())),
        Err(CallError::Unreachable(cause) | CallError::Lost(cause)) => return Err(retry(cause)),
    };
    let mut bytes = BytesMut::with_capacity(size.unwrap_or_default().min(RESERVE_BYTES_MAX) as usize);
    let mut digest = Sha256::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| retry(cause(error)))? {
        if (bytes.len() + chunk.len()) as u64 > bytes_max {
            return Err(Stopped::Final(MediaError::TooLarge { bytes_max }));
        }
        digest.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    if size.is_some_and(|size| size != bytes.len() as u64) {
        return Err(Stopped::UrlIsBad("the medium does not have the size that was announced".into()));
    }
    let digest: [u8; 32] = digest.finalize().into();
    let claims = [media.token["sha256"].as_str(), found["sha256"].as_str()];
    if claims.into_iter().flatten().filter_map(read_digest).any(|claimed| claimed != digest) {
        return Err(Stopped::UrlIsBad("the medium is damaged: its sha256 is not what was announced".into()));
    }
    Ok(bytes.freeze())
}

/// Reads a SHA-256 in hexadecimal or base64: webhooks and answers of Graph differ. `None` for anything else.
fn read_digest(text: &str) -> Option<[u8; 32]> {
    if text.len() == 64 {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).ok()?;
        return Some(digest);
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_in_both_forms() {
        let digest: [u8; 32] = Sha256::digest(b"x").into();
        let hex = format!("{:x}", Bytes::copy_from_slice(&digest));
        assert_eq!(read_digest(&hex), Some(digest));
        assert_eq!(read_digest(&hex.to_uppercase()), Some(digest));
        assert_eq!(read_digest(&STANDARD.encode(digest)), Some(digest));
        assert_eq!(read_digest("…"), None);
        assert_eq!(read_digest(&"é".repeat(32)), None);
    }
}
