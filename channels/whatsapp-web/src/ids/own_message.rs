//! The names that we choose for messages of ours.

use greenroom_contract::ids::OutboundId;

/// A name that we chose for a message of ours: `3EB0` and eighteen upper-case hexadecimal digits. Other companions
/// write theirs alike, so this alone proves nothing.
pub(crate) fn own_id(id: &str) -> Option<OutboundId> {
    let digits = id.strip_prefix("3EB0")?;
    let plain = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    (digits.len() == 18 && digits.bytes().all(plain)).then(|| OutboundId::new(id).ok())?
}
