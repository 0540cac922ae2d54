//! Which phone number stands behind a hidden identity.
//!
//! Submitted: every message brings the pair again. A session that rests on a mapping is written after it, so there
//! is never one without the other.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{MappingRecord, decode, encode, open, raw, text};
use greenroom_contract::store::VaultWrite;
use whatsapp_rust::wacore::store::traits::LidPnMappingEntry;

impl VaultBackend {
    async fn mapping(&self, lid: &str) -> Result<Option<MappingRecord>> {
        self.rows.get(&self.names.row(Table::LidMapping, &[lid])?).await?.map(|row| decode(&row)).transpose()
    }

    pub(super) async fn mapping_of_lid(&self, lid: &str) -> Result<Option<LidPnMappingEntry>> {
        Ok(self.mapping(lid).await?.map(Into::into))
    }

    pub(super) async fn mapping_of_phone(&self, phone: &str) -> Result<Option<LidPnMappingEntry>> {
        let Some(row) = self.rows.get(&self.names.row(Table::PhoneMapping, &[phone])?).await? else { return Ok(None) };
        self.mapping_of_lid(&text(Some(&open(&row)?))?).await
    }

    pub(super) async fn put_mappings(&self, entries: &[LidPnMappingEntry]) -> Result<()> {
        let _gate = self.gates.mappings.write().await;
        // One after another, because an entry may move a number that an earlier one named.
        for entry in entries {
            let mut writes = Vec::with_capacity(3);
            let before = self.mapping_of_lid(&entry.lid).await?;
            if let Some(before) = before.filter(|before| before.phone_number != entry.phone_number) {
                writes.push(VaultWrite::Delete { key: self.names.row(Table::PhoneMapping, &[&before.phone_number])? });
            }
            let phone = self.names.row(Table::PhoneMapping, &[&entry.phone_number])?;
            writes.push(VaultWrite::Put { key: phone, value: raw(entry.lid.as_bytes()) });
            let record = MappingRecord::from(entry);
            writes.push(VaultWrite::Put {
                key: self.names.row(Table::LidMapping, &[&entry.lid])?,
                value: encode(&record),
            });
            self.rows.submit(writes).await?;
        }
        Ok(())
    }

    pub(super) async fn all_mappings(&self) -> Result<Vec<LidPnMappingEntry>> {
        let rows = self.rows.all(&Table::LidMapping.hashed_all()).await?;
        rows.iter().map(|(_, row)| Ok(decode::<MappingRecord>(row)?.into())).collect()
    }
}
