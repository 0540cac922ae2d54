//! Media: references that outlive a restart, and fetching into memory.

use crate::limits;
use crate::wire::http::{BodyTooLarge, Http};
use greenroom_contract::channel::MediaError;
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::text::bounded;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use whatsapp_rust::Client;
use whatsapp_rust::download::DownloadParams;
use whatsapp_rust::http::HttpRequest;
use whatsapp_rust::wacore::download::MediaHost;
use whatsapp_rust::wacore::download::{DownloadRequest, DownloadUtils, MediaDecryption, MediaRoute, MediaType};

const KEY_BYTES: usize = 32;

/// The kinds of media that are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Image,
    Audio,
}

impl MediaKind {
    pub(crate) fn on_network(self) -> MediaType {
        match self {
            Self::Image => MediaType::Image,
            Self::Audio => MediaType::Audio,
        }
    }
}

/// All that is needed to fetch, decrypt and verify a medium. It travels in [`MediaRef::token`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub(crate) kind: MediaKind,
    pub(crate) path: String,
    #[serde(with = "base64_text")]
    pub(crate) key: Vec<u8>,
    #[serde(with = "base64_text")]
    pub(crate) sha256: Vec<u8>,
    #[serde(with = "base64_text")]
    pub(crate) encrypted_sha256: Vec<u8>,
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reference({:?})", self.kind)
    }
}

impl Reference {
    /// What a message says about its medium; `None` if it cannot be fetched with that.
    pub(crate) fn new(
        kind: MediaKind,
        path: Option<&str>,
        key: Option<&[u8]>,
        sha256: Option<&[u8]>,
        encrypted_sha256: Option<&[u8]>,
    ) -> Option<Self> {
        let path = path.filter(|path| path.starts_with('/') && path.len() <= limits::PATH_BYTES_MAX)?;
        let whole = |bytes: Option<&[u8]>| bytes.filter(|bytes| bytes.len() == KEY_BYTES).map(<[u8]>::to_vec);
        Some(Self {
            kind,
            path: path.to_owned(),
            key: whole(key)?,
            sha256: whole(sha256)?,
            encrypted_sha256: whole(encrypted_sha256)?,
        })
    }

    pub(crate) fn media(&self, mime: &str, size_bytes: Option<u64>) -> MediaRef {
        let token = serde_json::to_value(self).expect("texts are JSON");
        MediaRef { mime: bounded(mime, limits::NAME_BYTES_MAX), size_bytes, token }
    }
}

/// What encryption adds: up to one block of padding and a checksum.
const ENCRYPTION_BYTES: u64 = 16 + 10;

/// Fetches, verifies and decrypts a medium, in memory. Reading stops where it cannot be within `bytes_max` any more,
/// whatever the message declared.
pub(crate) async fn fetch(
    http: &Http,
    client: Option<Arc<Client>>,
    media: &MediaRef,
    bytes_max: u64,
) -> Result<Media, MediaError> {
    let reference = Reference::deserialize(&media.token)
        .map_err(|error| MediaError::Gone { reason: format!("the reference cannot be read: {error}").into() })?;
    let client = client.ok_or_else(|| MediaError::Retry { reason: "not connected".into() })?;
    // A path that the host refuses may only need a fresh ticket.
    let mut last = MediaError::Retry { reason: "the network names no media hosts".into() };
    for fresh in [false, true] {
        let requests = reference.requests(&client, fresh).await?;
        for request in requests {
            match attempt(http, &request, bytes_max).await {
                Ok(bytes) => return Ok(Media { mime: media.mime.clone(), bytes: bytes.into() }),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Elsewhere(error)) => last = error,
            }
        }
        if !matches!(last, MediaError::Gone { .. }) {
            break;
        }
    }
    Err(last)
}

enum Failure {
    /// No host will do better.
    Final(MediaError),
    /// Another host, or a fresh ticket, may do better.
    Elsewhere(MediaError),
}

async fn attempt(http: &Http, request: &DownloadRequest, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let too_large = || Failure::Final(MediaError::TooLarge { bytes_max });
    let retry = |reason: String| Failure::Elsewhere(MediaError::Retry { reason: reason.into() });
    let limit = bytes_max.saturating_add(ENCRYPTION_BYTES).min(limits::HTTP_BODY_BYTES_MAX as u64);
    let answer = http.send(HttpRequest::get(&request.url), usize::try_from(limit).unwrap_or(usize::MAX)).await;
    let answer = answer.map_err(|error| match error.downcast_ref::<BodyTooLarge>() {
        Some(_) => too_large(),
        None => retry(format!("the media host cannot be reached: {error:#}")),
    })?;
    match answer.status_code {
        200..=299 => {}
        401 | 403 | 404 | 410 => {
            let reason = format!("the media host does not have it ({})", answer.status_code).into();
            return Err(Failure::Elsewhere(MediaError::Gone { reason }));
        }
        status => return Err(retry(format!("the media host answers {status}"))),
    }
    let MediaDecryption::Encrypted { media_key, media_type } = &request.decryption else {
        return Err(Failure::Final(MediaError::Gone { reason: "it is not encrypted".into() }));
    };
    let mut body = answer.body;
    let decrypted = DownloadUtils::verify_and_decrypt_in_place(&mut body, media_key, *media_type);
    decrypted
        .map_err(|error| Failure::Elsewhere(MediaError::Gone { reason: format!("it is damaged: {error}").into() }))?;
    if body.len() as u64 > bytes_max { Err(too_large()) } else { Ok(body) }
}

impl Reference {
    /// One request for each host, with a fresh ticket if asked for.
    async fn requests(&self, client: &Client, fresh: bool) -> Result<Vec<DownloadRequest>, MediaError> {
        let hosts = client.refresh_media_conn(fresh).await;
        let hosts = hosts
            .map_err(|error| MediaError::Retry { reason: format!("the media hosts are not known: {error}").into() })?;
        let names = hosts.hosts.iter().map(|host| MediaHost::new(host.hostname.clone())).collect();
        let route = MediaRoute::authenticated(names, hosts.auth);
        let params = DownloadParams::encrypted(
            self.path.clone(),
            &self.key,
            &self.sha256,
            &self.encrypted_sha256,
            0,
            self.kind.on_network(),
        );
        DownloadUtils::prepare_download_requests(&params, &route)
            .map_err(|error| MediaError::Gone { reason: format!("the reference is not complete: {error:#}").into() })
    }
}

mod base64_text {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
