//! Media: kept by id, reached by urls that live five minutes.

use crate::error::GraphError;
use crate::settings::MediaCheck;
use base64::Engine;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
/// How long a download url lives.
const URL_AGE_MS: u64 = 5 * MINUTE_MS;
/// How long an id from an upload lives.
const UPLOADED_AGE_MS: u64 = 30 * DAY_MS;
/// How long an id from a webhook lives.
const RECEIVED_AGE_MS: u64 = 7 * DAY_MS;
/// Failed look-ups within an hour after which look-ups are refused for half an hour.
const FAILURES_MAX: usize = 20;
const IMAGE_BYTES_MAX: usize = 5 * 1024 * 1024;
const AUDIO_BYTES_MAX: usize = 16 * 1024 * 1024;
const DOCUMENT_BYTES_MAX: usize = 100 * 1024 * 1024;
/// What Meta takes as a document.
const DOCUMENTS: &[&str] = &[
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "text/plain",
];

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
    dies_ms: u64,
}

/// All media, bounded: the oldest leave first.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    items: HashMap<String, Item>,
    order: VecDeque<String>,
    urls: HashMap<String, (String, u64)>,
    url_order: VecDeque<String>,
    failures_ms: VecDeque<u64>,
    blocked_until_ms: u64,
    /// Look-ups of ids that are unknown or expired.
    pub(crate) failed_lookups: u64,
    minted: u64,
}

/// Where a medium comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Upload,
    Person,
}

const ITEMS_MAX: usize = 2_000;

impl Shelf {
    pub(crate) fn put(&mut self, mime: &str, bytes: Bytes, source: Source, now_ms: u64) -> String {
        self.minted += 1;
        let id = format!("9{:014}", self.minted);
        let age = if source == Source::Upload { UPLOADED_AGE_MS } else { RECEIVED_AGE_MS };
        self.items.insert(id.clone(), Item { mime: mime.to_owned(), bytes, dies_ms: now_ms + age });
        self.order.push_back(id.clone());
        if self.order.len() > ITEMS_MAX {
            self.order.pop_front().map(|oldest| self.items.remove(&oldest));
        }
        id
    }

    pub(crate) fn get(&self, id: &str, now_ms: u64) -> Option<&Item> {
        self.items.get(id).filter(|item| now_ms < item.dies_ms)
    }

    pub(crate) fn delete(&mut self, id: &str) -> bool {
        self.items.remove(id).is_some()
    }

    /// The answer to `GET /{media_id}`, with a fresh url.
    pub(crate) fn look_up(&mut self, id: &str, base: &str, now_ms: u64) -> Result<Value, GraphError> {
        if now_ms < self.blocked_until_ms {
            return Err(GraphError::new(4, "too many look-ups of media that are not there"));
        }
        let Some(item) = self.get(id, now_ms).cloned() else {
            self.note_failure(now_ms);
            return Err(GraphError {
                code: 100,
                subcode: Some(33),
                details: format!("the object with id {id} does not exist or has expired"),
            });
        };
        self.minted += 1;
        let key = hex(format!("{id}/{}", self.minted).as_bytes())[..24].to_owned();
        self.urls.insert(key.clone(), (id.to_owned(), now_ms + URL_AGE_MS));
        self.url_order.push_back(key.clone());
        if self.url_order.len() > ITEMS_MAX {
            self.url_order.pop_front().map(|oldest| self.urls.remove(&oldest));
        }
        Ok(json!({
            "messaging_product": "whatsapp", "url": format!("{base}/lookaside/{key}"), "id": id,
            "mime_type": item.mime, "sha256": hex(&item.bytes), "file_size": item.bytes.len(),
        }))
    }

    fn note_failure(&mut self, now_ms: u64) {
        self.failed_lookups += 1;
        self.failures_ms.push_back(now_ms);
        self.failures_ms.retain(|at| now_ms.saturating_sub(*at) < 60 * MINUTE_MS);
        if self.failures_ms.len() >= FAILURES_MAX {
            self.blocked_until_ms = now_ms + 30 * MINUTE_MS;
            self.failures_ms.clear();
        }
    }

    pub(crate) fn download(&self, key: &str, now_ms: u64) -> Option<&Item> {
        let (id, dies_ms) = self.urls.get(key)?;
        (now_ms < *dies_ms).then(|| self.get(id, now_ms)).flatten()
    }
}

/// The SHA-256 of some bytes, as answers of Graph write it.
fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(bytes)))
}

/// As webhooks write it.
pub(crate) fn sha256_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

/// Refuses an upload as Meta does: by declared type, by size, and by what the bytes are.
pub(crate) fn check_upload(mime: &str, bytes: &[u8], check: MediaCheck) -> Result<(), GraphError> {
    let kind = mime.split(';').next().unwrap_or_default().trim();
    let refuse = |why: String| Err(GraphError::new(131_053, why));
    let (bytes_max, real) = match kind {
        "image/jpeg" => (IMAGE_BYTES_MAX, bytes.starts_with(&[0xFF, 0xD8, 0xFF])),
        "image/png" => (IMAGE_BYTES_MAX, bytes.starts_with(b"\x89PNG\r\n\x1a\n")),
        "audio/ogg" => (AUDIO_BYTES_MAX, is_ogg_opus(bytes)),
        "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" => (AUDIO_BYTES_MAX, true),
        document if is_document(document) => (DOCUMENT_BYTES_MAX, true),
        other => {
            return Err(GraphError::new(
                100,
                format!("the media type {other:?} is not one of those that are supported"),
            ));
        }
    };
    if bytes.is_empty() || bytes.len() > bytes_max {
        return refuse(format!("{} bytes are outside 1 to {bytes_max}", bytes.len()));
    }
    if !real && check == MediaCheck::Bytes {
        return refuse(format!("the bytes are not {kind}"));
    }
    Ok(())
}

/// Whether a medium of this type can be sent as a document.
pub(crate) fn is_document(mime: &str) -> bool {
    DOCUMENTS.contains(&mime.split(';').next().unwrap_or_default().trim())
}

/// Ogg whose first packet is an Opus head with one channel.
pub(crate) fn is_ogg_opus(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(512)];
    let opus = head.windows(8).position(|window| window == b"OpusHead");
    bytes.starts_with(b"OggS") && opus.is_some_and(|at| head.get(at + 9) == Some(&1))
}
