//! Secrets of messages, by which later edits, reactions and votes are understood.
//!
//! Submitted: the library collects them in memory before it hands them over, so it counts on losing some.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{SecretRecord, decode, encode};
use async_trait::async_trait;
use bytes::Bytes;
use greenroom_contract::store::VaultWrite;
use whatsapp_rust::wacore::store::traits::{
    MsgSecretEntry, MsgSecretStore, merge_msg_secret_expiry, merge_msg_secret_message_ts,
};

impl VaultBackend {
    async fn secret(&self, key: &[u8]) -> Result<Option<SecretRecord>> {
        self.rows.get(key).await?.map(|row| decode(&row)).transpose()
    }
}

#[async_trait]
impl MsgSecretStore for VaultBackend {
    async fn put_msg_secrets(&self, entries: Vec<MsgSecretEntry>) -> Result<usize> {
        let _gate = self.gates.secrets.write().await;
        let count = entries.len();
        // One after another, because two entries may name the same message.
        for entry in entries {
            let key = self.names.row(Table::Secret, &[&entry.chat, &entry.sender, entry.msg_id.as_ref()])?;
            let mut record = SecretRecord {
                secret: Bytes::copy_from_slice(&entry.secret),
                expires_at: entry.expires_at,
                message_at: entry.message_ts,
            };
            if let Some(before) = self.secret(&key).await? {
                record.expires_at = merge_msg_secret_expiry(before.expires_at, record.expires_at);
                record.message_at = merge_msg_secret_message_ts(before.message_at, record.message_at);
            }
            self.rows.submit(vec![VaultWrite::Put { key, value: encode(&record) }]).await?;
        }
        Ok(count)
    }

    async fn get_msg_secret(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_msg_secret_with_ts(chat, sender, msg_id).await?.map(|(secret, _)| secret))
    }

    async fn get_msg_secret_with_ts(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<(Vec<u8>, i64)>> {
        let record = self.secret(&self.names.row(Table::Secret, &[chat, sender, msg_id])?).await?;
        Ok(record.map(|record| (record.secret.to_vec(), record.message_at)))
    }

    async fn delete_expired_msg_secrets(&self, cutoff_timestamp: i64) -> Result<u32> {
        let expired = |record: SecretRecord| record.expires_at != 0 && record.expires_at <= cutoff_timestamp;
        self.rows.sweep(&Table::Secret.hashed_all(), &self.gates.secrets, |row| decode(row).map_or(true, expired)).await
    }
}
