//! What every stored value is wrapped in: a version, a checksum, and its parts if it is long.
//!
//! ```text
//! version 1 byte | flags 1 byte | further parts 2 bytes | crc32 4 bytes | payload
//! ```
//!
//! The checksum covers the key, the flags, the number of parts and the whole payload, so a value
//! that was cut, flipped, mixed up with another or put under another key is noticed. A payload that
//! does not fit into one value goes on in parts, under keys of their own (see [`crate::format::keys::part`]).

use crate::format::seal::{self, Sealer};
use greenroom_contract::limits;
use prost::Message;

/// The version that is written. A new one must cover its own byte with its checksum, so that a flipped bit is never taken for
/// another version.
pub(crate) const VERSION: u8 = 1;
/// Versions that may come. Any other number where a version should be is damage.
const VERSIONS_AHEAD: u8 = 8;
/// Bytes before the payload.
pub(crate) const HEADER_BYTES: usize = 8;
/// The payload is sealed.
const SEALED: u8 = 1;
/// Payload bytes in one value.
const PART_BYTES: usize = limits::STORE_VALUE_BYTES_MAX - HEADER_BYTES;

/// Whether a payload is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// It is readable in the file.
    Plain,
    /// It is sealed for its key.
    Sealed,
}

/// A wrapped payload: the value itself, and the parts that did not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrapped {
    pub(crate) value: Vec<u8>,
    pub(crate) parts: Vec<Vec<u8>>,
}

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it is shorter than its header")]
    Short,
    /// The record is whole; this program is too old for it.
    #[error("it has version {0}, which this program does not know")]
    Version(u8),
    #[error("its checksum does not fit")]
    Checksum,
    #[error("part {0} is missing")]
    PartMissing(u16),
    #[error("its seal cannot be opened with the keys at hand")]
    Seal,
    /// The engine does not hand it out.
    #[error("the engine cannot read it: {0}")]
    Unread(String),
    /// The record is whole, its checksum fits; this program does not know what it says.
    #[error("this program does not understand it: {0}")]
    Content(String),
}

impl Damage {
    /// Whether the record is as it was written, by a program that knew more.
    pub(crate) fn is_not_understood(&self) -> bool {
        matches!(self, Self::Version(_) | Self::Content(_))
    }
}

/// Wraps a payload for `key`. `None` if it must be sealed and there is no randomness, or if it is
/// too large for 65,535 parts.
pub(crate) fn wrap(key: &[u8], payload: &[u8], sealing: Sealing, sealer: &Sealer) -> Option<Wrapped> {
    let ciphertext;
    let (flags, payload) = match sealing {
        Sealing::Plain => (0, payload),
        Sealing::Sealed => {
            ciphertext = sealer.seal(key, payload)?;
            (SEALED, ciphertext.as_slice())
        }
    };
    let (first, rest) = payload.split_at(payload.len().min(PART_BYTES));
    let parts: Vec<Vec<u8>> = rest.chunks(limits::STORE_VALUE_BYTES_MAX).map(<[u8]>::to_vec).collect();
    let count = u16::try_from(parts.len()).ok()?;
    let mut value = Vec::with_capacity(HEADER_BYTES + first.len());
    value.extend_from_slice(&[VERSION, flags]);
    value.extend_from_slice(&count.to_be_bytes());
    let checksum = checksum(key, [flags, value[2], value[3]], payload);
    value.extend_from_slice(&checksum.to_be_bytes());
    value.extend_from_slice(first);
    Some(Wrapped { value, parts })
}

/// How many further parts a value has; 0 where it is unreadable.
pub(crate) fn part_count(value: &[u8]) -> u16 {
    if value.len() < HEADER_BYTES || value[0] != VERSION { 0 } else { u16::from_be_bytes([value[2], value[3]]) }
}

/// Whether the payload of a value is sealed.
pub(crate) fn is_sealed(value: &[u8]) -> bool {
    value.get(1).is_some_and(|flags| flags & SEALED != 0)
}

/// The name of the key that sealed a value.
pub(crate) fn seal_of(value: &[u8]) -> Option<&[u8]> {
    value.get(HEADER_BYTES..HEADER_BYTES + seal::ID_BYTES).filter(|_| is_sealed(value))
}

/// Checks a whole value, its parts already appended, and gives its payload to `read`.
pub(crate) fn unwrap<T>(
    key: &[u8],
    value: &[u8],
    sealer: &Sealer,
    read: impl FnOnce(&[u8]) -> Result<T, Damage>,
) -> Result<T, Damage> {
    let (header, payload) = value.split_at_checked(HEADER_BYTES).ok_or(Damage::Short)?;
    let stored = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    let fits = stored == checksum(key, [header[1], header[2], header[3]], payload);
    let may_come = header[0] > VERSION && header[0] - VERSION <= VERSIONS_AHEAD;
    if may_come && !fits {
        return Err(Damage::Version(header[0]));
    }
    if header[0] != VERSION || !fits {
        return Err(Damage::Checksum);
    }
    if header[1] & SEALED == 0 {
        return read(payload);
    }
    let plain = zeroize::Zeroizing::new(sealer.open(key, payload).ok_or(Damage::Seal)?);
    read(&plain)
}

/// Decodes a payload.
pub(crate) fn read_record<T: Message + Default>(payload: &[u8]) -> Result<T, Damage> {
    T::decode(payload).map_err(|error| Damage::Content(error.to_string()))
}

fn checksum(key: &[u8], header: [u8; 3], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(&header);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::seal::SealKey;
    use proptest::prelude::*;

    fn sealer() -> Sealer {
        Sealer::new(&SealKey::from_hex(&"11".repeat(32)).unwrap(), &[])
    }

    fn whole(wrapped: &Wrapped) -> Vec<u8> {
        let mut value = wrapped.value.clone();
        wrapped.parts.iter().for_each(|part| value.extend_from_slice(part));
        value
    }

    fn read(key: &[u8], value: &[u8]) -> Result<Vec<u8>, Damage> {
        unwrap(key, value, &sealer(), |payload| Ok(payload.to_vec()))
    }

    proptest! {
        #[test]
        fn every_payload_comes_back_and_no_part_is_too_long(
            length in 0_usize..60_000, seal in any::<bool>(), fill in any::<u8>(),
        ) {
            let payload = vec![fill; length];
            let sealing = if seal { Sealing::Sealed } else { Sealing::Plain };
            let wrapped = wrap(b"key", &payload, sealing, &sealer()).unwrap();
            prop_assert!(wrapped.value.len() <= limits::STORE_VALUE_BYTES_MAX);
            prop_assert!(wrapped.parts.iter().all(|part| part.len() <= limits::STORE_VALUE_BYTES_MAX));
            prop_assert_eq!(usize::from(part_count(&wrapped.value)), wrapped.parts.len());
            prop_assert_eq!(read(b"key", &whole(&wrapped)).unwrap(), payload);
        }

        #[test]
        fn any_flipped_bit_is_noticed(at in 0_usize..48, bit in 0_u8..8) {
            let mut value = whole(&wrap(b"key", &[7; 40], Sealing::Plain, &sealer()).unwrap());
            value[at] ^= 1 << bit;
            prop_assert!(read(b"key", &value).is_err());
        }

        #[test]
        fn any_cut_is_noticed(length in 0_usize..48) {
            let value = whole(&wrap(b"key", &[7; 40], Sealing::Plain, &sealer()).unwrap());
            prop_assert!(read(b"key", &value[..length]).is_err());
        }
    }

    #[test]
    fn a_value_under_another_key_is_damaged() {
        let value = whole(&wrap(b"key", b"payload", Sealing::Plain, &sealer()).unwrap());
        assert_eq!(read(b"other", &value), Err(Damage::Checksum));
        assert_eq!(read(b"key", &[9; 20]), Err(Damage::Version(9)));
    }

    #[test]
    fn only_a_later_version_with_another_checksum_is_a_version() {
        let value = whole(&wrap(b"key", b"payload", Sealing::Plain, &sealer()).unwrap());
        for (version, expected) in [(0, Damage::Checksum), (3, Damage::Checksum), (255, Damage::Checksum)] {
            let flipped = [&[version], &value[1..]].concat();
            assert_eq!(
                read(b"key", &flipped),
                Err(expected),
                "a flipped bit of version 1 is damage, not version {version}"
            );
        }
        let later = [&[VERSION + 1], &value[1..7], b"another checksum".as_slice()].concat();
        assert_eq!(read(b"key", &later), Err(Damage::Version(2)));
        assert_eq!(read(b"key", &[0; 30]), Err(Damage::Checksum), "zeros are no version");
    }
}
