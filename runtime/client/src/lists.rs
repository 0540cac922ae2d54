//! What the API says about the allow-list of one channel or session.

use serde::{Deserialize, Serialize};

/// One entry: `GET /api/v1/channels/{channel}/allow`, `GET /api/v1/sessions/{session}/allow`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    /// The entry in its normal form.
    pub entry: String,
    /// Where it comes from.
    pub origin: String,
    /// Whether it can be taken away here.
    pub removable: bool,
    /// What is worth a second look, such as a number that its country does not seem to give out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A whole list, which takes the place of what was added before: `PUT /api/v1/sessions/{session}/allow`.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntriesBody {
    /// The entries, as people write them.
    pub entries: Vec<String>,
}
