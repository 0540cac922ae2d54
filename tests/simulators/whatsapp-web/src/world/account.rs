//! A phone number with its devices.

use super::device::Device;
use crate::seam::SignsDevices;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub(crate) struct Account {
    pub(crate) number: String,
    pub(crate) lid: String,
    /// The name others see.
    pub(crate) name: String,
    /// The account key, 32 bytes.
    pub(crate) identity: [u8; 32],
    pub(crate) signer: Arc<dyn SignsDevices>,
    pub(crate) raw_id: u32,
    /// When the device list changed, in seconds; it only grows.
    pub(crate) listed_at: u64,
    /// The serialized `ADVSignedKeyIndexList` of that time.
    pub(crate) listed: Vec<u8>,
    pub(crate) key_index_last: u32,
    pub(crate) device_last: u16,
    pub(crate) devices: BTreeMap<u16, Device>,
    /// Accounts that it exchanged messages with: they are told when its devices change.
    pub(crate) peers: BTreeSet<usize>,
}

impl Account {
    pub(crate) fn companions(&self) -> impl Iterator<Item = &Device> {
        self.devices.values().filter(|device| device.number != 0)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("number", &self.number).field("devices", &self.devices).finish_non_exhaustive()
    }
}
