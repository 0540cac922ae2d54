//! What the protocol remembers of people, groups and messages.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{DeviceListRow, TokenRecord, decode, encode, open, raw};
use async_trait::async_trait;
use greenroom_contract::store::VaultWrite;
use whatsapp_rust::wacore::store::traits::{
    DeviceListRecord, LidPnMappingEntry, PendingInboundKey, PendingInboundRow, ProtocolStore, TcTokenEntry,
};

#[async_trait]
impl ProtocolStore for VaultBackend {
    async fn get_sender_key_devices(&self, group_jid: &str) -> Result<Vec<(String, bool)>> {
        self.devices_with_key(group_jid).await
    }

    async fn set_sender_key_status(&self, group_jid: &str, entries: &[(&str, bool)]) -> Result<()> {
        self.set_devices_with_key(group_jid, entries).await
    }

    async fn clear_sender_key_devices(&self, group_jid: &str) -> Result<()> {
        self.clear_devices_with_key(group_jid).await
    }

    async fn delete_sender_key_device_rows(&self, device_jids: &[&str]) -> Result<()> {
        self.delete_devices_with_key(device_jids).await
    }

    async fn clear_all_sender_key_devices(&self) -> Result<()> {
        self.clear_all_devices_with_key().await
    }

    async fn get_lid_mapping(&self, lid: &str) -> Result<Option<LidPnMappingEntry>> {
        self.mapping_of_lid(lid).await
    }

    async fn get_pn_mapping(&self, phone: &str) -> Result<Option<LidPnMappingEntry>> {
        self.mapping_of_phone(phone).await
    }

    async fn put_lid_mapping(&self, entry: &LidPnMappingEntry) -> Result<()> {
        self.put_mappings(std::slice::from_ref(entry)).await
    }

    async fn put_lid_mappings(&self, entries: &[LidPnMappingEntry]) -> Result<()> {
        self.put_mappings(entries).await
    }

    async fn get_all_lid_mappings(&self) -> Result<Vec<LidPnMappingEntry>> {
        self.all_mappings().await
    }

    /// Submitted: without it one more retry is answered.
    async fn save_base_key(&self, address: &str, message_id: &str, base_key: &[u8]) -> Result<()> {
        let key = self.names.row(Table::BaseKey, &[address, message_id])?;
        self.rows.submit(vec![VaultWrite::Put { key, value: raw(base_key) }]).await
    }

    async fn has_same_base_key(&self, address: &str, message_id: &str, current_base_key: &[u8]) -> Result<bool> {
        let row = self.rows.get(&self.names.row(Table::BaseKey, &[address, message_id])?).await?;
        row.map_or(Ok(false), |row| Ok(open(&row)?.as_ref() == current_base_key))
    }

    async fn delete_base_key(&self, address: &str, message_id: &str) -> Result<()> {
        let key = self.names.row(Table::BaseKey, &[address, message_id])?;
        self.rows.submit(vec![VaultWrite::Delete { key }]).await
    }

    async fn update_device_list(&self, record: DeviceListRecord) -> Result<()> {
        self.update_device_lists(vec![record]).await
    }

    /// Submitted: the network is asked again.
    async fn update_device_lists(&self, records: Vec<DeviceListRecord>) -> Result<()> {
        let mut writes = Vec::with_capacity(records.len());
        for record in records {
            let key = self.names.row(Table::DeviceList, &[&record.user])?;
            writes.push(VaultWrite::Put { key, value: encode(&DeviceListRow::from(record)) });
        }
        self.rows.submit(writes).await
    }

    async fn get_devices(&self, user: &str) -> Result<Option<DeviceListRecord>> {
        let row = self.rows.get(&self.names.row(Table::DeviceList, &[user])?).await?;
        row.map(|row| Ok(decode::<DeviceListRow>(&row)?.into())).transpose()
    }

    /// Awaited: with a stale list a new device would get no messages.
    async fn delete_devices(&self, user: &str) -> Result<()> {
        self.delete_named(Table::DeviceList, user).await
    }

    async fn get_group_metadata(&self, group_jid: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_named(Table::Group, group_jid).await?.map(|blob| blob.to_vec()))
    }

    /// Submitted: the network is asked again.
    async fn put_group_metadata(&self, group_jid: &str, blob: &[u8]) -> Result<()> {
        self.rows
            .submit(vec![VaultWrite::Put { key: self.names.row(Table::Group, &[group_jid])?, value: raw(blob) }])
            .await
    }

    async fn delete_group_metadata(&self, group_jid: &str) -> Result<()> {
        self.delete_named(Table::Group, group_jid).await
    }

    async fn get_tc_token(&self, jid: &str) -> Result<Option<TcTokenEntry>> {
        Ok(self.token(jid).await?.map(Into::into))
    }

    async fn put_tc_token(&self, jid: &str, entry: &TcTokenEntry) -> Result<()> {
        self.put_token(&TokenRecord::of(jid, entry)).await
    }

    async fn delete_tc_token(&self, jid: &str) -> Result<()> {
        self.delete_token(jid).await
    }

    async fn get_all_tc_token_jids(&self) -> Result<Vec<String>> {
        self.token_jids().await
    }

    async fn delete_expired_tc_tokens(&self, token_cutoff: i64, sender_cutoff: i64) -> Result<u32> {
        self.delete_stale_tokens(token_cutoff, sender_cutoff).await
    }

    async fn touch_tc_token_sender_timestamp(&self, jid: &str, sender_timestamp: i64) -> Result<()> {
        self.touch_token(jid, sender_timestamp).await
    }

    async fn store_received_tc_token(&self, jid: &str, token: &[u8], token_timestamp: i64) -> Result<()> {
        self.receive_token(jid, token, token_timestamp).await
    }

    async fn store_sent_message(&self, chat_jid: &str, message_id: &str, payload: &[u8]) -> Result<()> {
        self.keep_sent(chat_jid, message_id, payload).await
    }

    async fn take_sent_message(&self, chat_jid: &str, message_id: &str) -> Result<Option<Vec<u8>>> {
        self.take_sent(chat_jid, message_id).await
    }

    async fn delete_expired_sent_messages(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.delete_old_sent(cutoff_timestamp).await
    }

    async fn store_pending_inbound(&self, chat: &str, sender: &str, id: &str, message: &[u8]) -> Result<()> {
        self.keep_inbound(&[PendingInboundRow { chat, sender, id, message }]).await
    }

    async fn get_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>> {
        self.inbound(chat, sender, id).await
    }

    async fn delete_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<()> {
        self.delete_inbound(&[PendingInboundKey { chat, sender, id }]).await
    }

    async fn delete_expired_pending_inbound(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.delete_old_inbound(cutoff_timestamp).await
    }

    async fn store_pending_inbound_batch(&self, rows: &[PendingInboundRow<'_>]) -> Result<()> {
        self.keep_inbound(rows).await
    }

    async fn delete_pending_inbound_batch(&self, keys: &[PendingInboundKey<'_>]) -> Result<()> {
        self.delete_inbound(keys).await
    }
}
