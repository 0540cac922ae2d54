//! What the API says about who calls. Times are milliseconds since 1970.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who calls, and what they may do: `GET /api/v1/me`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeView {
    /// The owner for whom the caller acts.
    pub owner: String,
    /// What the caller may do, in words.
    pub scopes: Vec<String>,
    /// What a page that was let in by a cookie repeats in the header `X-CSRF-Token` with each change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
    /// When this ends; absent for the token of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// The version of the server.
    pub version: String,
}

/// The wish to be let into the portal: `POST /api/v1/login`. `Debug` hides the code.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The code of a link that was not used yet.
    pub code: String,
}

impl fmt::Debug for LoginBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginBody(…)")
    }
}

/// A link that lets one browser into the portal, once: `POST /api/v1/portal-links`. `Debug` hides it.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalLinkView {
    /// The link, for a browser on the same machine.
    pub url: String,
    /// The same at the public address, where there is one. It works where that address leads to more than the webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// When it stops being good.
    pub expires_ms: u64,
}

impl fmt::Debug for PortalLinkView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PortalLinkView(…, until {})", self.expires_ms)
    }
}
