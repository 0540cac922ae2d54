//! Media: references that outlive a restart, and fetching into memory.

use greenroom_contract::limits;
use greenroom_contract::message::MediaRef;
use serde::{Deserialize, Serialize};
use whatsapp_rust::wacore::download::MediaType;

/// Longest path of a medium on its host, in bytes. Real ones have about 200.
const PATH_BYTES_MAX: usize = 2_048;
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
        let path = path.filter(|path| path.starts_with('/') && path.len() <= PATH_BYTES_MAX)?;
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
        MediaRef { mime: crate::normalize::bounded(mime, limits::NAME_BYTES_MAX), size_bytes, token }
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
