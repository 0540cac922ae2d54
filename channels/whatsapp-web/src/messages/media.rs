//! Media: references that outlive a restart, and fetching into memory.
//!
//! The hosts forget media after some weeks, and a forwarded message may refer to an old one. The phone still has it: it is
//! asked to upload it again, once for each fetch.

use crate::limits;
use crate::wire::http::{BodyTooLarge, Http};
use greenroom_contract::channel::MediaError;
use greenroom_contract::message::{Media, MediaRef};
use greenroom_contract::text::bounded;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use whatsapp_rust::download::DownloadParams;
use whatsapp_rust::features::{MediaRetryResult, MediaReuploadRequest};
use whatsapp_rust::http::HttpRequest;
use whatsapp_rust::wacore::download::MediaHost;
use whatsapp_rust::wacore::download::{DownloadRequest, DownloadUtils, MediaDecryption, MediaRoute, MediaType};
use whatsapp_rust::{Client, Jid};

const KEY_BYTES: usize = 32;

/// The kinds of media that are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Image,
    Audio,
    Document,
}

impl MediaKind {
    pub(crate) fn on_network(self) -> MediaType {
        match self {
            Self::Image => MediaType::Image,
            Self::Audio => MediaType::Audio,
            Self::Document => MediaType::Document,
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
    /// The message that it came with; earlier versions did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<MediaOrigin>,
}

/// The message that a medium came with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MediaOrigin {
    pub(crate) message: String,
    pub(crate) chat: String,
    /// The author, in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) participant: Option<String>,
    #[serde(default)]
    pub(crate) from_me: bool,
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
            origin: None,
        })
    }

    /// With the message that it came with.
    pub(crate) fn of(self, origin: MediaOrigin) -> Self {
        Self { origin: Some(origin), ..self }
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
    let mut reference = Reference::deserialize(&media.token)
        .map_err(|error| MediaError::Gone { reason: format!("the reference cannot be read: {error}").into() })?;
    let client = client.ok_or_else(|| MediaError::Retry { reason: "not connected".into() })?;
    let source = Source { http, client: &client, bytes_max };
    let bytes = match source.fetch_from_hosts(&reference).await {
        Ok(bytes) => bytes,
        Err(Failure::Missing(error)) => match uploaded_again(&client, &reference).await {
            Some(path) => {
                reference.path = path;
                source.fetch_from_hosts(&reference).await.map_err(Failure::error)?
            }
            None => return Err(error),
        },
        Err(other) => return Err(other.error()),
    };
    Ok(Media { mime: media.mime.clone(), bytes: bytes.into() })
}

/// From where a medium is fetched, and how much of it.
struct Source<'a> {
    http: &'a Http,
    client: &'a Client,
    bytes_max: u64,
}

impl Source<'_> {
    /// Asks one host after the other. A path that they refuse may only need a fresh ticket.
    async fn fetch_from_hosts(&self, reference: &Reference) -> Result<Vec<u8>, Failure> {
        let mut last = Failure::Elsewhere(MediaError::Retry { reason: "the network names no media hosts".into() });
        for fresh in [false, true] {
            for request in reference.requests(self.client, fresh).await.map_err(Failure::Final)? {
                match attempt(self.http, &request, self.bytes_max).await {
                    Ok(bytes) => return Ok(bytes),
                    Err(Failure::Final(error)) => return Err(Failure::Final(error)),
                    Err(failure) => last = failure,
                }
            }
            if matches!(last, Failure::Elsewhere(MediaError::Retry { .. })) {
                break;
            }
        }
        Err(last)
    }
}

/// Has the phone upload a medium again; its new path, if it did.
async fn uploaded_again(client: &Client, reference: &Reference) -> Option<String> {
    let origin = reference.origin.as_ref()?;
    let chat: Jid = origin.chat.parse().ok()?;
    let participant: Option<Jid> = origin.participant.as_deref().and_then(|jid| jid.parse().ok());
    let request = MediaReuploadRequest {
        msg_id: &origin.message,
        chat_jid: &chat,
        media_key: &reference.key,
        is_from_me: origin.from_me,
        participant: participant.as_ref(),
    };
    tracing::info!("the media host has forgotten a medium; asking the phone for it");
    let answer = tokio::time::timeout(limits::UPLOAD_AGAIN_TIMEOUT, client.media_reupload().request(&request)).await;
    match answer {
        Ok(Ok(MediaRetryResult::Success { direct_path })) => {
            (direct_path.starts_with('/') && direct_path.len() <= limits::PATH_BYTES_MAX).then_some(direct_path)
        }
        Ok(Ok(refused)) => {
            tracing::info!(?refused, "the phone does not upload a medium again");
            None
        }
        Ok(Err(error)) => {
            tracing::info!("the phone does not upload a medium again: {error}");
            None
        }
        Err(_) => {
            tracing::info!("the phone does not upload a medium again in time");
            None
        }
    }
}

enum Failure {
    /// No host will do better.
    Final(MediaError),
    /// Another host may do better.
    Elsewhere(MediaError),
    /// The host does not have it; with a fresh ticket another host may, and the phone will.
    Missing(MediaError),
}

impl Failure {
    fn error(self) -> MediaError {
        match self {
            Self::Final(error) | Self::Elsewhere(error) | Self::Missing(error) => error,
        }
    }
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
            return Err(Failure::Missing(MediaError::Gone { reason }));
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
