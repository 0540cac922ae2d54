//! The device: the account's own keys, counters and names.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{decode_json, encode_json};
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::store::VaultWrite;
use whatsapp_rust::wacore::stats::StorageResourceReport;
use whatsapp_rust::wacore::store::Device;
use whatsapp_rust::wacore::store::traits::DeviceStore;

/// The number of the only device of an account.
const DEVICE_ID: i32 = 1;

impl VaultBackend {
    async fn put_device(&self, row: Bytes) -> Result<()> {
        self.rows.write(vec![VaultWrite::Put { key: Table::Device.only(), value: row }]).await
    }
}

#[async_trait]
impl DeviceStore for VaultBackend {
    /// Awaited: the counters of one-time keys must be durable before the keys are uploaded, and the keys of a new
    /// link before the connection is made again.
    async fn save(&self, device: &Device) -> Result<()> {
        let _gate = self.gates.device.write().await;
        self.put_device(encode_json(device)?).await
    }

    async fn load(&self) -> Result<Option<Device>> {
        self.rows.get(&Table::Device.only()).await?.map(|row| decode_json(&row)).transpose()
    }

    /// Whether there is a row, even one that cannot be understood: such a one must be an error, not a new device.
    async fn exists(&self) -> Result<bool> {
        Ok(self.rows.get(&Table::Device.only()).await?.is_some())
    }

    async fn create(&self) -> Result<i32> {
        let _gate = self.gates.device.write().await;
        if self.rows.get(&Table::Device.only()).await?.is_none() {
            self.put_device(encode_json(&Device::new())?).await?;
        }
        Ok(DEVICE_ID)
    }

    async fn resource_report(&self) -> StorageResourceReport {
        let memory_bytes = Some(self.rows.unstored_bytes() as u64);
        StorageResourceReport { memory_bytes, ..StorageResourceReport::default() }
    }
}
