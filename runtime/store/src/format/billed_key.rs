//! Where the sums of billed messages lie: by day first, as those of what answers cost.

use crate::format::keys::{Key, Reader, kind};
use greenroom_contract::ids::AccountId;

/// What one sum is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BilledKey {
    /// Days since 1970-01-01 (UTC).
    pub(crate) day: u32,
    pub(crate) account: AccountId,
    pub(crate) category: String,
}

impl BilledKey {
    /// How it is written.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut key = of_account(self.day, &self.account);
        key.extend_from_slice(self.category.as_bytes());
        key
    }

    /// What a key stands for.
    pub(crate) fn read(key: &[u8]) -> Option<Self> {
        let (day, _) = key.get(1..)?.split_first_chunk::<4>()?;
        let mut reader = Reader::new(key.get(4..)?);
        let account = AccountId::read_back(reader.text()?).ok()?;
        let category = std::str::from_utf8(reader.rest()).ok()?.to_owned();
        Some(Self { day: u32::from_be_bytes(*day), account, category })
    }
}

/// All sums of a day.
pub(crate) fn of_day(day: u32) -> Vec<u8> {
    Key::new(kind::BILLED).rest(&day.to_be_bytes()).done()
}

/// Those of one account.
pub(crate) fn of_account(day: u32, account: &AccountId) -> Vec<u8> {
    Key::new(kind::BILLED).rest(&day.to_be_bytes()).text(account.as_str()).done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::usage_key::day_of_key;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_reads_back_and_days_sort(
            day in any::<u32>(), account in "[^\\pC\\s]{1,20}", category in "\\PC{0,30}", other in any::<u32>(),
        ) {
            let key = BilledKey { day, account: AccountId::new(account).unwrap(), category };
            let bytes = key.bytes();
            prop_assert_eq!(BilledKey::read(&bytes), Some(key.clone()));
            prop_assert_eq!(day_of_key(&bytes), Some(day));
            prop_assert!(bytes.starts_with(&of_account(day, &key.account)));
            prop_assert_eq!(of_day(day).cmp(&of_day(other)), day.cmp(&other));
        }
    }
}
