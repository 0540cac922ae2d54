//! Keys and ratchets.
//!
//! What moves with each message is deferred: the library holds a lock over all sessions while it writes them, and nothing
//! leaves the machine before the gate in front of the socket has settled what is deferred. Keys that are made and
//! announced are awaited.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{open, open_sized, raw};
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::store::VaultWrite;
use std::sync::Arc;
use whatsapp_rust::wacore::store::traits::SignalStore;

impl VaultBackend {
    fn name(&self, table: Table, name: &str) -> Result<Bytes> {
        match table {
            Table::Identity | Table::Session => self.names.device(table, name),
            _ => self.names.row(table, &[name]),
        }
    }

    async fn put_named(&self, table: Table, name: &str, value: &[u8]) -> Result<()> {
        self.rows.defer(vec![VaultWrite::Put { key: self.name(table, name)?, value: raw(value) }]).await
    }

    /// In one commit: the library counts the whole batch as durable or none of it.
    async fn put_all_named<'a>(
        &self,
        table: Table,
        named: impl ExactSizeIterator<Item = (&'a Arc<str>, &'a [u8])> + Send,
    ) -> Result<()> {
        let mut writes = Vec::with_capacity(named.len());
        for (name, value) in named {
            writes.push(VaultWrite::Put { key: self.name(table, name.as_ref())?, value: raw(value) });
        }
        self.rows.defer(writes).await
    }

    pub(super) async fn get_named(&self, table: Table, name: &str) -> Result<Option<Bytes>> {
        self.rows.get(&self.name(table, name)?).await?.map(|row| open(&row)).transpose()
    }

    pub(super) async fn delete_named(&self, table: Table, name: &str) -> Result<()> {
        self.rows.defer(vec![VaultWrite::Delete { key: self.name(table, name)? }]).await
    }
}

#[async_trait]
impl SignalStore for VaultBackend {
    async fn put_identity(&self, address: &str, key: [u8; 32]) -> Result<()> {
        self.put_named(Table::Identity, address, &key).await
    }

    async fn put_identities_batch(&self, identities: &[(Arc<str>, [u8; 32])]) -> Result<()> {
        self.put_all_named(Table::Identity, identities.iter().map(|(name, key)| (name, key.as_slice()))).await
    }

    async fn load_identity(&self, address: &str) -> Result<Option<[u8; 32]>> {
        self.rows.get(&self.name(Table::Identity, address)?).await?.map(|row| open_sized(&row)).transpose()
    }

    async fn delete_identity(&self, address: &str) -> Result<()> {
        self.delete_named(Table::Identity, address).await
    }

    async fn get_session(&self, address: &str) -> Result<Option<Bytes>> {
        self.get_named(Table::Session, address).await
    }

    async fn put_session(&self, address: &str, session: &[u8]) -> Result<()> {
        self.put_named(Table::Session, address, session).await
    }

    async fn put_sessions_batch(&self, sessions: &[(Arc<str>, Bytes)]) -> Result<()> {
        self.put_all_named(Table::Session, sessions.iter().map(|(name, session)| (name, session.as_ref()))).await
    }

    async fn delete_session(&self, address: &str) -> Result<()> {
        self.delete_named(Table::Session, address).await
    }

    async fn has_signal_state_for_user(&self, user: &str) -> Result<bool> {
        for table in [Table::Session, Table::Identity] {
            if self.rows.first(&self.names.row(table, &[user])?).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn store_prekey(&self, id: u32, record: &[u8], _uploaded: bool) -> Result<()> {
        self.rows.write(vec![VaultWrite::Put { key: Table::PreKey.numbered_down(id), value: raw(record) }]).await
    }

    async fn store_prekeys_batch(&self, keys: &[(u32, Bytes)], _uploaded: bool) -> Result<()> {
        let put =
            |(id, record): &(u32, Bytes)| VaultWrite::Put { key: Table::PreKey.numbered_down(*id), value: raw(record) };
        self.rows.write(keys.iter().map(put).collect()).await
    }

    async fn load_prekey(&self, id: u32) -> Result<Option<Bytes>> {
        self.rows.get(&Table::PreKey.numbered_down(id)).await?.map(|row| open(&row)).transpose()
    }

    /// Nothing to do: which keys the server has is counted in the device, and nobody asks for it key by key.
    /// Writing the rows again could bring back one that was used meanwhile.
    async fn mark_prekeys_uploaded(&self, _ids: &[u32]) -> Result<()> {
        Ok(())
    }

    /// In the commit of its session or a later one.
    async fn remove_prekey(&self, id: u32) -> Result<()> {
        self.rows.defer(vec![VaultWrite::Delete { key: Table::PreKey.numbered_down(id) }]).await
    }

    async fn get_max_prekey_id(&self) -> Result<u32> {
        let first = self.rows.first(&Table::PreKey.all()).await?;
        Ok(first.and_then(|(key, _)| Table::PreKey.number_down(&key)).unwrap_or(0))
    }

    async fn store_signed_prekey(&self, id: u32, record: &[u8]) -> Result<()> {
        self.rows.write(vec![VaultWrite::Put { key: Table::SignedPreKey.numbered(id), value: raw(record) }]).await
    }

    async fn load_signed_prekey(&self, id: u32) -> Result<Option<Vec<u8>>> {
        let row = self.rows.get(&Table::SignedPreKey.numbered(id)).await?;
        row.map(|row| Ok(open(&row)?.to_vec())).transpose()
    }

    async fn load_all_signed_prekeys(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        let mut keys = Vec::new();
        for (key, row) in self.rows.all(&Table::SignedPreKey.all()).await? {
            if let Some(id) = Table::SignedPreKey.number(&key) {
                keys.push((id, open(&row)?.to_vec()));
            }
        }
        Ok(keys)
    }

    async fn remove_signed_prekey(&self, id: u32) -> Result<()> {
        self.rows.write(vec![VaultWrite::Delete { key: Table::SignedPreKey.numbered(id) }]).await
    }

    async fn put_sender_key(&self, address: &str, record: &[u8]) -> Result<()> {
        self.put_named(Table::SenderKey, address, record).await
    }

    async fn put_sender_keys_batch(&self, sender_keys: &[(Arc<str>, Bytes)]) -> Result<()> {
        self.put_all_named(Table::SenderKey, sender_keys.iter().map(|(name, record)| (name, record.as_ref()))).await
    }

    async fn get_sender_key(&self, address: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_named(Table::SenderKey, address).await?.map(|record| record.to_vec()))
    }

    async fn delete_sender_key(&self, address: &str) -> Result<()> {
        self.delete_named(Table::SenderKey, address).await
    }
}
