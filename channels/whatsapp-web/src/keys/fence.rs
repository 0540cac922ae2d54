//! A store that was put back from a backup, or copied, holds keys of a moment that is over.
//!
//! Since then the account may have gone on elsewhere: ratchets moved, one-time keys were used. Whoever goes on with the old
//! ones would encrypt two messages with one key. So what moves is dropped and negotiated anew, once for each fencing number
//! of the store, before the first connection that sees it. What says who the account is stays: it is not linked again.
//!
//! | kept | dropped |
//! |---|---|
//! | the device with its identity, its link to the phone and its signed key | sessions with other devices |
//! | identities of others, their numbers, tokens | our one-time keys; later ones get numbers far above those |
//! | keys, versions and checksums of synchronized settings | sender keys of groups, ours and theirs, and who has ours |
//! | messages for whoever cannot decrypt them, messages that are not accepted yet, secrets | keys of retries |
//! | | lists of devices and of groups, which the network is asked for |

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{decode_json, encode_json, open_sized, raw};
use crate::limits;
use greenroom_contract::store::VaultWrite;
use whatsapp_rust::wacore::store::Device;

/// What is dropped. Who has a sender key of ours comes before the key, so that no device is thought to have one that does not
/// exist.
const DROPPED: [Table; 7] = [
    Table::Session,
    Table::PreKey,
    Table::SenderKeyDevice,
    Table::SenderKey,
    Table::BaseKey,
    Table::DeviceList,
    Table::Group,
];

impl VaultBackend {
    /// Drops what moves, if the store was restored since that was done last. A crash in between leaves it to the next
    /// opening: the number is written with the last of it.
    pub(super) async fn renew_after_restore(&self) -> Result<()> {
        let now = self.rows.fence();
        // A store that was never restored costs no read.
        if now == 0 || self.fence().await? == now {
            return Ok(());
        }
        let mut dropped = 0;
        for table in DROPPED {
            for prefix in [table.all(), table.hashed_all()] {
                loop {
                    let page = self.rows.page(&prefix, limits::SCAN_ROWS).await?;
                    if page.is_empty() {
                        break;
                    }
                    dropped += page.len();
                    self.rows.write(page.into_iter().map(|(key, _)| VaultWrite::Delete { key }).collect()).await?;
                }
            }
        }
        let mut writes = vec![VaultWrite::Put { key: Table::Fence.only(), value: raw(&now.to_be_bytes()) }];
        let device = self.rows.get(&Table::Device.only()).await?;
        if let Some(mut device) = device.map(|row| decode_json::<Device>(&row)).transpose()? {
            renew(&mut device);
            writes.push(VaultWrite::Put { key: Table::Device.only(), value: encode_json(&device)? });
            tracing::warn!(
                rows = dropped,
                "the store was restored, so the sessions of this account are negotiated again; it stays linked"
            );
        }
        self.rows.write(writes).await
    }

    /// The fencing number under which the sessions were made.
    async fn fence(&self) -> Result<u64> {
        let row = self.rows.get(&Table::Fence.only()).await?;
        row.map_or(Ok(0), |row| open_sized(&row).map(u64::from_be_bytes))
    }
}

/// One-time keys get numbers that no copy has given, and are announced at the next login.
fn renew(device: &mut Device) {
    let next = u64::from(device.next_pre_key_id.max(1)) + u64::from(limits::PRE_KEYS_LOST_MAX);
    // The numbers begin anew behind the last one.
    let next = (next - 1) % u64::from(limits::PRE_KEY_ID_MAX) + 1;
    device.next_pre_key_id = u32::try_from(next).unwrap_or(1);
    device.first_unupload_pre_key_id = device.next_pre_key_id;
    device.server_has_prekeys = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_time_keys_go_on_far_above_and_stay_within_their_three_bytes() {
        for before in [0, 1, 813, limits::PRE_KEY_ID_MAX - 5, limits::PRE_KEY_ID_MAX, u32::MAX] {
            let mut device = Device::new();
            device.next_pre_key_id = before;
            device.server_has_prekeys = true;
            renew(&mut device);
            let after = device.next_pre_key_id;
            assert!((1..=limits::PRE_KEY_ID_MAX).contains(&after), "{before}: {after}");
            assert!(after.abs_diff(before) >= limits::PRE_KEYS_LOST_MAX / 2, "{before}: {after}");
            assert_eq!((device.first_unupload_pre_key_id, device.server_has_prekeys), (after, false));
        }
    }
}
