//! Settings that are synchronized between the devices of an account.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{SyncKeyRecord, decode, decode_json, encode, encode_json, open, raw};
use async_trait::async_trait;
use greenroom_contract::store::VaultWrite;
use whatsapp_rust::wacore::appstate::hash::HashState;
use whatsapp_rust::wacore::appstate::processor::AppStateMutationMAC;
use whatsapp_rust::wacore::store::traits::{AppStateSyncKey, AppSyncStore};

#[async_trait]
impl AppSyncStore for VaultBackend {
    async fn get_sync_key(&self, key_id: &[u8]) -> Result<Option<AppStateSyncKey>> {
        let Some(row) = self.rows.get(&Table::SyncKey.named(key_id)?).await? else { return Ok(None) };
        let record: SyncKeyRecord = decode(&row)?;
        Ok(Some(AppStateSyncKey {
            key_data: record.key_data.to_vec(),
            fingerprint: record.fingerprint.to_vec(),
            timestamp: record.timestamp,
        }))
    }

    /// Awaited, together with which one is the latest: the phone shares a key once.
    async fn set_sync_key(&self, key_id: &[u8], key: AppStateSyncKey) -> Result<()> {
        let record = SyncKeyRecord {
            key_data: key.key_data.into(),
            fingerprint: key.fingerprint.into(),
            timestamp: key.timestamp,
        };
        let key = VaultWrite::Put { key: Table::SyncKey.named(key_id)?, value: encode(&record) };
        let latest = VaultWrite::Put { key: Table::LatestSyncKey.only(), value: raw(key_id) };
        self.rows.write(vec![key, latest]).await
    }

    async fn get_version(&self, name: &str) -> Result<HashState> {
        let row = self.rows.get(&Table::CollectionVersion.named(name)?).await?;
        row.map_or_else(|| Ok(HashState::default()), |row| decode_json(&row))
    }

    /// Awaited: comes after the checksums it belongs to.
    async fn set_version(&self, name: &str, state: HashState) -> Result<()> {
        let key = Table::CollectionVersion.named(name)?;
        self.rows.write(vec![VaultWrite::Put { key, value: encode_json(&state)? }]).await
    }

    /// Awaited, before the version that they belong to.
    async fn put_mutation_macs(&self, name: &str, _version: u64, mutations: &[AppStateMutationMAC]) -> Result<()> {
        let mut writes = Vec::with_capacity(mutations.len());
        for mutation in mutations {
            let key = Table::MutationMac.within(&[name], &mutation.index_mac)?;
            writes.push(VaultWrite::Put { key, value: raw(&mutation.value_mac) });
        }
        self.rows.write_many(writes).await
    }

    async fn get_mutation_mac(&self, name: &str, index_mac: &[u8]) -> Result<Option<Vec<u8>>> {
        let row = self.rows.get(&Table::MutationMac.within(&[name], index_mac)?).await?;
        row.map(|row| Ok(open(&row)?.to_vec())).transpose()
    }

    async fn delete_mutation_macs(&self, name: &str, index_macs: &[Vec<u8>]) -> Result<()> {
        let mut writes = Vec::with_capacity(index_macs.len());
        for index_mac in index_macs {
            writes.push(VaultWrite::Delete { key: Table::MutationMac.within(&[name], index_mac)? });
        }
        self.rows.write_many(writes).await
    }

    async fn clear_mutation_macs(&self, name: &str) -> Result<()> {
        self.rows.clear(&Table::MutationMac.within(&[name], b"")?).await
    }

    async fn get_latest_sync_key_id(&self) -> Result<Option<Vec<u8>>> {
        let row = self.rows.get(&Table::LatestSyncKey.only()).await?;
        row.map(|row| Ok(open(&row)?.to_vec())).transpose()
    }
}
