//! Media: encrypted here, kept by the media host.

use anyhow::Context as _;
use whatsapp_rust::wacore::download::{DownloadUtils, MediaType};
use whatsapp_rust::wacore::upload::encrypt_media;

/// The media host, as a phone uses it.
pub(crate) trait MediaHost: Send + Sync {
    /// Keeps ciphertext ‖ MAC; `kind` is the path segment (`image`, `audio`, `document`).
    fn put(&self, kind: &str, enc_sha256: &[u8], bytes: Vec<u8>) -> Stored;

    /// Keeps what was forgotten under this path again, as a phone that still has it uploads it: the new path.
    fn again(&self, _direct_path: &str) -> Option<String> {
        None
    }

    /// What was kept under this path.
    fn get(&self, direct_path: &str) -> Option<Vec<u8>>;
}

/// Where the host keeps an upload.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// The full address.
    pub(crate) url: String,
    /// The path on any of the hosts.
    pub(crate) direct_path: String,
}

/// What a message says about an upload.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) stored: Stored,
    pub(super) media_key: Vec<u8>,
    pub(super) sha256: Vec<u8>,
    pub(super) enc_sha256: Vec<u8>,
    pub(super) length: u64,
}

/// Encrypts and uploads.
pub(super) fn upload(host: &dyn MediaHost, kind: MediaType, bytes: &[u8]) -> anyhow::Result<Upload> {
    let encrypted = encrypt_media(bytes, kind).context("encrypting media")?;
    let stored = host.put(kind.mms_type(), &encrypted.file_enc_sha256, encrypted.data_to_upload);
    Ok(Upload {
        stored,
        media_key: encrypted.media_key.to_vec(),
        sha256: encrypted.file_sha256.to_vec(),
        enc_sha256: encrypted.file_enc_sha256.to_vec(),
        length: bytes.len() as u64,
    })
}

/// Downloads, verifies and decrypts.
pub(super) fn download(
    host: &dyn MediaHost,
    kind: MediaType,
    direct_path: Option<&str>,
    media_key: Option<&[u8]>,
) -> anyhow::Result<Vec<u8>> {
    let (path, key) = direct_path.zip(media_key).context("a media message without path or key")?;
    let bytes = host.get(path).with_context(|| format!("the media host has nothing under {path}"))?;
    DownloadUtils::verify_and_decrypt(&bytes, key, kind).map_err(|error| anyhow::anyhow!("media: {error}"))
}
