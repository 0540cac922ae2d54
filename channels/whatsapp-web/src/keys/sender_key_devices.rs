//! Which devices of a group have our sender key.

use super::VaultBackend;
use super::error::Result;
use super::key::{Table, after_first_part};
use super::record::{open_sized, raw, text};
use greenroom_contract::store::VaultWrite;

impl VaultBackend {
    pub(super) async fn devices_with_key(&self, group: &str) -> Result<Vec<(String, bool)>> {
        let mut devices = Vec::new();
        for (key, row) in self.rows.all(&Table::SenderKeyDevice.within(&[group], b"")?).await? {
            let [has_key] = open_sized(&row)?;
            devices.push((text(Table::SenderKeyDevice.last(&[group], &key))?, has_key != 0));
        }
        Ok(devices)
    }

    /// Awaited if somebody has to get the key anew: whoever is thought to have it could not read the group.
    /// Submitted otherwise: the worst is that the key is given once more.
    pub(super) async fn set_devices_with_key(&self, group: &str, entries: &[(&str, bool)]) -> Result<()> {
        let mut writes = Vec::with_capacity(entries.len());
        for (device, has_key) in entries {
            let key = Table::SenderKeyDevice.within(&[group], device)?;
            writes.push(VaultWrite::Put { key, value: raw(&[u8::from(*has_key)]) });
        }
        if entries.iter().all(|(_, has_key)| *has_key) {
            self.rows.submit(writes).await
        } else {
            self.rows.write(writes).await
        }
    }

    pub(super) async fn clear_devices_with_key(&self, group: &str) -> Result<()> {
        self.rows.clear(&Table::SenderKeyDevice.within(&[group], b"")?).await
    }

    pub(super) async fn clear_all_devices_with_key(&self) -> Result<()> {
        self.rows.clear(&Table::SenderKeyDevice.all()).await
    }

    pub(super) async fn delete_devices_with_key(&self, devices: &[&str]) -> Result<()> {
        if devices.is_empty() {
            return Ok(());
        }
        let rows = self.rows.all(&Table::SenderKeyDevice.all()).await?;
        let named = rows.into_iter().filter(|(key, _)| {
            let device = after_first_part(Table::SenderKeyDevice, key);
            device.is_some_and(|device| devices.iter().any(|named| named.as_bytes() == device))
        });
        self.rows.write_many(named.map(|(key, _)| VaultWrite::Delete { key }).collect()).await
    }
}
