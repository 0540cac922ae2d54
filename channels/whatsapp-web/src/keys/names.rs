//! Names of rows that would tell who writes to whom, as keyed hashes.
//!
//! A vault seals values and not names, and strangers' numbers have no place in a file. So where no scan needs the text of a
//! name, each of its parts is the HMAC of the text under a key that is itself sealed in the vault. What begins with the same
//! part still lies together. Where the text is needed again, it is in the value.

use super::error::{BackendError, Result};
use super::key::Table;
use super::record::{open_sized, raw};
use super::rows::Rows;
use crate::limits;
use bytes::Bytes;
use greenroom_contract::store::{StoreError, VaultWrite};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::borrow::Cow;

/// Bytes of one part: enough that two texts never share a hash by accident.
const PART_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

/// Makes names.
pub(super) struct Names(Hmac<Sha256>);

impl Names {
    /// With the key of this vault, which is made and written down if there is none.
    pub(super) async fn of(rows: &Rows) -> std::result::Result<Self, StoreError> {
        let unreadable = |error: BackendError| StoreError::Unavailable { reason: error.into() };
        let row = Table::NameKey.only();
        if let Some(value) = rows.get(&row).await.map_err(unreadable)? {
            return Ok(Self::new(&open_sized(&value).map_err(unreadable)?));
        }
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|error| StoreError::Unavailable { reason: error.to_string().into() })?;
        // Awaited: no row may be named by a key that is not there after a crash.
        rows.write(vec![VaultWrite::Put { key: row, value: raw(&key) }]).await.map_err(unreadable)?;
        Ok(Self::new(&key))
    }

    fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The row of these parts; fails if they are longer than any name may be.
    pub(super) fn row(&self, table: Table, parts: &[&str]) -> Result<Bytes> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if bytes > limits::VAULT_NAME_BYTES_MAX {
            return Err(BackendError::Validation(format!("{bytes} bytes are too many for the name of a row")));
        }
        let mut key = table.hashed().to_vec();
        for part in parts {
            key.extend_from_slice(&self.part(part));
        }
        Ok(key.into())
    }

    /// The row of a person's device. Those of one person lie together.
    pub(super) fn device(&self, table: Table, address: &str) -> Result<Bytes> {
        self.row(table, &[&user(address), address])
    }

    /// One part.
    pub(super) fn part(&self, text: &str) -> [u8; PART_BYTES] {
        let digest = self.0.clone().chain_update(text.as_bytes()).finalize().into_bytes();
        std::array::from_fn(|at| digest[at])
    }
}

/// The person in the address of a device: what is before the device and the server. What has neither is a person of its own.
pub(super) fn user(address: &str) -> Cow<'_, str> {
    match address.split_once(['@', ':']) {
        Some((user, _)) => Cow::Borrowed(user),
        None => Cow::Owned(format!("\0{address}")),
    }
}

/// The first part of a row's name.
pub(super) fn first_part(key: &[u8]) -> Option<[u8; PART_BYTES]> {
    key.get(Table::PREFIX_BYTES..)?.first_chunk().copied()
}

/// The last part of a row's name.
pub(super) fn last_part(key: &[u8]) -> Option<[u8; PART_BYTES]> {
    key.last_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_nothing_and_keeps_people_together() {
        let names = Names::new(&[7; KEY_BYTES]);
        let number = "15557777777";
        let all = [":3@s.whatsapp.net", "@s.whatsapp.net"]
            .map(|rest| names.device(Table::Session, &format!("{number}{rest}")).unwrap());
        for key in &all {
            assert!(!key.windows(number.len()).any(|part| part == number.as_bytes()));
            assert_eq!(first_part(key), Some(names.part(number)));
        }
        assert_ne!(all[0], all[1]);
        assert_ne!(
            Names::new(&[8; KEY_BYTES]).row(Table::Group, &["a"]).unwrap(),
            names.row(Table::Group, &["a"]).unwrap()
        );
        assert_ne!(names.row(Table::Sent, &["a", "bc"]).unwrap(), names.row(Table::Sent, &["ab", "c"]).unwrap());
        names.row(Table::Sent, &["x".repeat(limits::VAULT_NAME_BYTES_MAX).as_str(), "y"]).unwrap_err();
    }
}
