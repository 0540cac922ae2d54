//! When the phone behind an account last showed itself.
//!
//! WhatsApp unlinks companions whose phone stays away. Its messages and receipts prove that it is there. The moment
//! is kept in memory and written rarely: losing an hour of it changes nothing.

use crate::limits;
use bytes::Bytes;
use greenroom_contract::linking::PhoneSeen;
use greenroom_contract::store::{AccountVault, StoreError, VaultWrite};
use greenroom_contract::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

const KEY: &[u8] = b"adapter/phone";

/// Zero stands for "never".
#[derive(Debug)]
pub(crate) struct Phone {
    vault: AccountVault,
    seen: AtomicU64,
    written: AtomicU64,
}

impl Phone {
    /// As it was written last.
    pub(crate) async fn load(vault: AccountVault) -> Result<Self, StoreError> {
        let stored = vault.get(KEY).await?;
        let millis = stored.and_then(|bytes| <[u8; 8]>::try_from(bytes.as_ref()).ok()).map_or(0, u64::from_be_bytes);
        Ok(Self { vault, seen: AtomicU64::new(millis), written: AtomicU64::new(millis) })
    }

    /// It showed itself. An older sign than the last one changes nothing; one from the future counts as now.
    pub(crate) fn seen(&self, at: Timestamp, now: Timestamp) {
        let at = at.min(now).0;
        self.seen.fetch_max(at, Ordering::Relaxed);
        let written = self.written.load(Ordering::Relaxed);
        let due = Timestamp(at).since(Timestamp(written)) >= limits::PHONE_PAUSE;
        if due && self.written.compare_exchange(written, at, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let value = Bytes::copy_from_slice(&at.to_be_bytes());
            self.vault.submit(vec![VaultWrite::Put { key: Bytes::from_static(KEY), value }]);
        }
    }

    /// Nothing is known any more: the account was unlinked.
    pub(crate) fn forget(&self) {
        self.seen.store(0, Ordering::Relaxed);
        self.written.store(0, Ordering::Relaxed);
    }

    pub(crate) fn report(&self) -> Option<PhoneSeen> {
        let at = self.seen.load(Ordering::Relaxed);
        (at > 0).then_some(PhoneSeen { at: Timestamp(at), absent_max: limits::PHONE_ABSENT_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_conformance::messages::id;
    use greenroom_conformance::vault::MemoryVault;
    use std::time::Duration;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    #[tokio::test]
    async fn it_is_known_across_restarts_and_written_rarely() {
        let vault = AccountVault::new(id("a"), MemoryVault::new());
        let phone = Phone::load(vault.clone()).await.unwrap();
        assert_eq!(phone.report(), None);
        let minute = Duration::from_secs(60);
        phone.seen(START, START);
        phone.seen(START.plus(minute), START.plus(minute));
        phone.seen(START.minus(minute), START.plus(minute));
        phone.seen(START.plus(minute * 100), START.plus(minute * 2));
        assert_eq!(phone.report().map(|seen| seen.at), Some(START.plus(minute * 2)));
        let again = Phone::load(vault.clone()).await.unwrap();
        assert_eq!(again.report().map(|seen| seen.at), Some(START), "later signs were not worth a write");
        phone.seen(START.plus(minute * 61), START.plus(minute * 61));
        let again = Phone::load(vault).await.unwrap();
        assert_eq!(again.report().map(|seen| seen.at), Some(START.plus(minute * 61)));
    }
}
