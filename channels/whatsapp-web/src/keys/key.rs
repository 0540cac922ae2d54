//! Names of rows: a prefix for the table, then the parts of the key.

use super::error::{BackendError, Result};
use crate::limits;
use bytes::Bytes;

/// The tables. A prefix is never reused for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Device,
    Identity,
    Session,
    PreKey,
    SignedPreKey,
    SenderKey,
    SyncKey,
    LatestSyncKey,
    CollectionVersion,
    MutationMac,
    SenderKeyDevice,
    LidMapping,
    PhoneMapping,
    BaseKey,
    DeviceList,
    Group,
    Token,
    Sent,
    Inbound,
    Secret,
    /// The key under which names are hashed.
    NameKey,
    /// The fencing number of the store under which the sessions were made.
    Fence,
}

impl Table {
    /// How long a prefix is.
    pub(super) const PREFIX_BYTES: usize = 6;

    /// What every key of the table starts with. Equally long, so that none is the start of another.
    pub(super) fn prefix(self) -> &'static [u8; Self::PREFIX_BYTES] {
        match self {
            Self::Device => b"wa/dv/",
            Self::Identity => b"wa/id/",
            Self::Session => b"wa/se/",
            Self::PreKey => b"wa/pk/",
            Self::SignedPreKey => b"wa/sp/",
            Self::SenderKey => b"wa/sk/",
            Self::SyncKey => b"wa/ak/",
            Self::LatestSyncKey => b"wa/al/",
            Self::CollectionVersion => b"wa/av/",
            Self::MutationMac => b"wa/am/",
            Self::SenderKeyDevice => b"wa/sd/",
            Self::LidMapping => b"wa/lm/",
            Self::PhoneMapping => b"wa/pm/",
            Self::BaseKey => b"wa/bk/",
            Self::DeviceList => b"wa/dl/",
            Self::Group => b"wa/gr/",
            Self::Token => b"wa/tc/",
            Self::Sent => b"wa/sm/",
            Self::Inbound => b"wa/in/",
            Self::Secret => b"wa/ms/",
            Self::NameKey => b"wa/nk/",
            Self::Fence => b"wa/fe/",
        }
    }

    /// The same for rows whose names are hashed.
    pub(super) fn hashed(self) -> [u8; Self::PREFIX_BYTES] {
        let mut prefix = *self.prefix();
        prefix[1] = b'h';
        prefix
    }

    /// Every key of the table whose name is hashed.
    pub(super) fn hashed_all(self) -> Bytes {
        Bytes::copy_from_slice(&self.hashed())
    }

    /// Every key of the table.
    pub(super) fn all(self) -> Bytes {
        Bytes::from_static(self.prefix())
    }

    /// The only row of a table that has one.
    pub(super) fn only(self) -> Bytes {
        self.all()
    }

    /// A row by one name. `start` of a name gives the start of all keys of names that begin so.
    pub(super) fn named(self, name: impl AsRef<[u8]>) -> Result<Bytes> {
        self.within(&[], name)
    }

    /// A row by several parts. The leading ones carry their length, so that two different lists of parts never make
    /// the same key and no group's rows begin like another's.
    pub(super) fn within(self, leading: &[&str], last: impl AsRef<[u8]>) -> Result<Bytes> {
        let last = last.as_ref();
        let mut key = self.prefix().to_vec();
        for part in leading {
            let length = u16::try_from(part.len()).map_err(|_| too_long(part.len()))?;
            key.extend_from_slice(&length.to_be_bytes());
            key.extend_from_slice(part.as_bytes());
        }
        key.extend_from_slice(last);
        if key.len() > limits::VAULT_NAME_BYTES_MAX {
            return Err(too_long(key.len()));
        }
        Ok(Bytes::from(key))
    }

    /// A row by number, in ascending order.
    pub(super) fn numbered(self, id: u32) -> Bytes {
        [self.prefix().as_slice(), &id.to_be_bytes()].concat().into()
    }

    /// A row by number, the largest first: a vault is read forwards only, and it is the largest that is asked for.
    pub(super) fn numbered_down(self, id: u32) -> Bytes {
        self.numbered(u32::MAX - id)
    }

    /// What follows the prefix of `key` and its leading parts.
    pub(super) fn last<'a>(self, leading: &[&str], key: &'a [u8]) -> Option<&'a [u8]> {
        let before = self.prefix().len() + leading.iter().map(|part| 2 + part.len()).sum::<usize>();
        key.get(before..)
    }

    /// The number of `key`, made by [`Table::numbered`].
    pub(super) fn number(self, key: &[u8]) -> Option<u32> {
        let number = self.last(&[], key)?;
        Some(u32::from_be_bytes(number.try_into().ok()?))
    }

    /// The number of `key`, made by [`Table::numbered_down`].
    pub(super) fn number_down(self, key: &[u8]) -> Option<u32> {
        Some(u32::MAX - self.number(key)?)
    }
}

fn too_long(bytes: usize) -> BackendError {
    BackendError::Validation(format!("{bytes} bytes are too many for the name of a row"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const ALL: [Table; 22] = [
        Table::NameKey,
        Table::Fence,
        Table::Device,
        Table::Identity,
        Table::Session,
        Table::PreKey,
        Table::SignedPreKey,
        Table::SenderKey,
        Table::SyncKey,
        Table::LatestSyncKey,
        Table::CollectionVersion,
        Table::MutationMac,
        Table::SenderKeyDevice,
        Table::LidMapping,
        Table::PhoneMapping,
        Table::BaseKey,
        Table::DeviceList,
        Table::Group,
        Table::Token,
        Table::Sent,
        Table::Inbound,
        Table::Secret,
    ];

    #[test]
    fn no_table_has_the_prefix_of_another() {
        let prefixes: BTreeSet<_> = ALL.into_iter().map(Table::prefix).collect();
        assert_eq!(prefixes.len(), ALL.len());
    }

    #[test]
    fn the_parts_of_a_key_come_back() {
        let key = Table::SenderKeyDevice.within(&["gr/oup"], "device").unwrap();
        assert_eq!(Table::SenderKeyDevice.last(&["gr/oup"], &key), Some(b"device".as_slice()));
        for id in [0, 1, 255, 256, u32::MAX] {
            assert_eq!(Table::SignedPreKey.number(&Table::SignedPreKey.numbered(id)), Some(id));
            assert_eq!(Table::PreKey.number_down(&Table::PreKey.numbered_down(id)), Some(id));
        }
    }

    #[test]
    fn different_parts_make_different_keys() {
        let key = |leading: &[&str], last: &str| Table::Inbound.within(leading, last).unwrap();
        assert_ne!(key(&["a", "b"], "c"), key(&["ab", ""], "c"));
        assert_ne!(key(&["a", "b"], "c"), key(&["a", "bc"], ""));
        assert!(!key(&["group1"], "").starts_with(&key(&["group"], "")));
    }
}
