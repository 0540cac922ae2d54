//! Which devices of a group have our sender key.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::names::last_part;
use super::record::{SenderKeyDeviceRecord, decode, encode};
use greenroom_contract::store::VaultWrite;

impl VaultBackend {
    pub(super) async fn devices_with_key(&self, group: &str) -> Result<Vec<(String, bool)>> {
        let mut devices = Vec::new();
        for (_, row) in self.rows.all(&self.names.row(Table::SenderKeyDevice, &[group])?).await? {
            let record = decode::<SenderKeyDeviceRecord>(&row)?;
            devices.push((record.device, record.has_key));
        }
        Ok(devices)
    }

    /// Awaited if somebody has to get the key anew: whoever is thought to have it could not read the group.
    /// Submitted otherwise: the worst is that the key is given once more.
    pub(super) async fn set_devices_with_key(&self, group: &str, entries: &[(&str, bool)]) -> Result<()> {
        let mut writes = Vec::with_capacity(entries.len());
        for (device, has_key) in entries {
            let key = self.names.row(Table::SenderKeyDevice, &[group, device])?;
            let record = SenderKeyDeviceRecord { device: (*device).to_owned(), has_key: *has_key };
            writes.push(VaultWrite::Put { key, value: encode(&record) });
        }
        if entries.iter().all(|(_, has_key)| *has_key) {
            self.rows.submit(writes).await
        } else {
            self.rows.write(writes).await
        }
    }

    pub(super) async fn clear_devices_with_key(&self, group: &str) -> Result<()> {
        self.rows.clear(&self.names.row(Table::SenderKeyDevice, &[group])?).await
    }

    pub(super) async fn clear_all_devices_with_key(&self) -> Result<()> {
        self.rows.clear(&Table::SenderKeyDevice.hashed_all()).await
    }

    pub(super) async fn delete_devices_with_key(&self, devices: &[&str]) -> Result<()> {
        if devices.is_empty() {
            return Ok(());
        }
        let devices: Vec<_> = devices.iter().map(|device| self.names.part(device)).collect();
        let rows = self.rows.all(&Table::SenderKeyDevice.hashed_all()).await?;
        let named = rows.into_iter().filter(|(key, _)| last_part(key).is_some_and(|device| devices.contains(&device)));
        self.rows.write_many(named.map(|(key, _)| VaultWrite::Delete { key }).collect()).await
    }
}
