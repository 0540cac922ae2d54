//! What the protocol library must remember, kept in the vault of one account.
//!
//! [`VaultBackend`] is the storage of `whatsapp-rust`. Everything lies in the account's own vault, where it is
//! sealed; there is no way from here to another account, and nothing else of an account lies anywhere else.
//!
//! # What is awaited and what is not
//!
//! Nothing leaves the machine before what it rests on is durable. The library asks for a write and goes on when it
//! returns, and for some writes that is the moment: they are awaited. What moves with each message it writes under a lock
//! that every other message needs; a turn on the disk there would be one for each message, one after the other. Those
//! writes are *deferred*: they are kept in memory, and the gate in front of the socket
//! ([`settle_deferred`](VaultBackend::settle_deferred)) commits all of them at once before the next bytes leave. A crash in
//! between loses what nobody has seen: the network delivers again, under the older ratchet. What the network or the next
//! message would bring again is *submitted*: it is ordered with all other writes of the store, so a crash loses only a
//! tail of it, and never an earlier write while it keeps a later one.
//!
//! | kept | written | because |
//! |---|---|---|
//! | sessions, identities, sender keys; one-time keys that were used | deferred | a ratchet that falls back behind what left would use a message key twice |
//! | one-time keys and signed keys that were made | awaited | they are announced |
//! | the device: keys, counters, account | awaited | a lost counter would hand out the id of a one-time key again |
//! | messages that were decrypted and are not accepted yet | deferred | in one commit with the ratchet, or before it: then the network's copy cannot be read again |
//! | a decrypted message is accepted, its copy can go | deferred | after the copy; the worst is a repetition, which is recognised |
//! | keys, versions and checksums of synchronized settings | awaited | a version without its checksums never agrees with the network again |
//! | who got a sender key: forgotten | awaited | somebody who is thought to have the key could not read the group |
//! | who got a sender key: given | submitted | the worst is that it is given once more |
//! | tokens received from contacts | awaited | the network brings them once |
//! | when a token was given | submitted | the worst is that it is given once more |
//! | device lists, groups, numbers of hidden identities | submitted | the network is asked again |
//! | device lists: deleted | awaited | a stale list leaves a new device of a contact without messages |
//! | messages sent, for whoever cannot decrypt them | submitted | lies before the mark that the message was sent; without the mark it is sent again |
//! | secrets of messages, keys of retries | submitted | the worst is an edit that is not understood, or one more retry |
//!
//! # Names
//!
//! A vault seals values and not names. What would tell who writes to whom is a keyed hash in them; the key is made with the
//! first row and sealed like the others. Rows of earlier versions are renamed when a vault is opened. Each row says on which
//! day it was written, so that what strangers leave goes after
//! [`SILENT_DAYS_MAX`](crate::limits::SILENT_DAYS_MAX) days.
//!
//! # A store that was restored
//!
//! Ratchets and one-time keys of a backup may have been used since. `fence` drops them before the first connection.
//!
//! # Memory
//!
//! The library keeps sessions and lists in caches of its own. Here only that is kept in memory which was deferred or
//! submitted and may not be readable in the store yet: [`UNSTORED_ROWS_MAX`](crate::limits::UNSTORED_ROWS_MAX) rows at most.

mod app_state;
mod device;
mod error;
mod fence;
mod key;
mod mappings;
mod messages;
mod migration;
mod names;
mod protocol;
mod record;
mod rows;
mod secrets;
mod sender_key_devices;
mod signal;
mod sweep;
mod tokens;

use greenroom_contract::store::{AccountVault, StoreError};
use names::Names;
use rows::Rows;
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::sync::RwLock;

/// The storage of one linked account. One at a time for one vault: two would not see each other's submitted rows.
pub struct VaultBackend {
    rows: Rows,
    names: Names,
    gates: Gates,
    unknown: OnceLock<TellUnknown>,
}

/// A message that was read before, of which there is no copy, and which was never handed over.
#[derive(Debug)]
pub(crate) struct Unknown {
    chat: String,
    sender: String,
    /// Its id on the network.
    pub(crate) id: String,
}

type TellUnknown = Box<dyn Fn(Unknown) + Send + Sync>;

impl VaultBackend {
    /// Opens what `vault` holds. Fails if the vault cannot be read, so that an account whose keys cannot be reached
    /// now never looks like one that was never linked.
    pub async fn open(vault: AccountVault) -> Result<Arc<Self>, StoreError> {
        let rows = Rows::new(vault);
        rows.probe().await?;
        let names = Names::of(&rows).await?;
        let backend = Self { rows, names, gates: Gates::default(), unknown: OnceLock::new() };
        let renamed = backend.rename_plain_rows().await;
        renamed.map_err(|error| StoreError::Unavailable { reason: error.into() })?;
        let renewed = backend.renew_after_restore().await;
        renewed.map_err(|error| StoreError::Unavailable { reason: error.into() })?;
        Ok(Arc::new(backend))
    }

    /// Who is told of messages that are lost. Without anybody they count as handed over.
    pub(crate) fn on_unknown(&self, tell: TellUnknown) {
        // Set once, by the one connection that uses this storage.
        let _ = self.unknown.set(tell);
    }

    /// Returns when everything that was deferred or submitted is durable. For an orderly end of a connection.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.rows.settle().await
    }

    /// Returns when everything that was deferred is durable. Before any bytes leave the machine; costs nothing if nothing
    /// was deferred, and one commit for all who ask at the same time.
    pub async fn settle_deferred(&self) -> Result<(), StoreError> {
        self.rows.settle_deferred().await
    }

    /// Settles, and refuses every write from then on. Tasks of the library may outlive its connection; what they still
    /// write would come back after the keys were deleted, or between the writes of the next connection.
    pub async fn retire(&self) -> Result<(), StoreError> {
        self.rows.retire().await
    }
}

impl fmt::Debug for VaultBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultBackend({:?})", self.rows)
    }
}

/// Keeps what is read and then written from being changed in between. Shared by those who only write, exclusive for
/// those who read first and for sweeps.
#[derive(Default)]
struct Gates {
    mappings: RwLock<()>,
    tokens: RwLock<()>,
    sent: RwLock<()>,
    inbound: RwLock<()>,
    secrets: RwLock<()>,
    device: RwLock<()>,
}
