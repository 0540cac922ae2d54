//! What the protocol had to remember of people who have been silent for long goes.
//!
//! Strangers leave traces here: a session, an identity, a pair of addresses, because the protocol cannot even refuse to
//! understand what arrives. Nothing breaks without them: who writes again is asked to encrypt once more. Identities and
//! pairs of addresses are written once, so they stay for as long as their person has a session.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::names::first_part;
use super::record::{day_of, open, today};
use crate::limits;
use bytes::Bytes;

/// What stays for as long as its person has a session is swept after the sessions. Who has a sender key of ours is swept
/// before the key, so that no device is thought to have one that does not exist.
const ORDER: [Table; 13] = [
    Table::Session,
    Table::SenderKeyDevice,
    Table::SenderKey,
    Table::Identity,
    Table::LidMapping,
    Table::PhoneMapping,
    Table::BaseKey,
    Table::DeviceList,
    Table::Group,
    Table::Token,
    Table::Sent,
    Table::Inbound,
    Table::Secret,
];

impl VaultBackend {
    /// Deletes what was written more than [`SILENT_DAYS_MAX`](limits::SILENT_DAYS_MAX) days ago, and tells how many rows.
    pub async fn sweep_silent(&self) -> Result<u32> {
        let oldest = today().saturating_sub(limits::SILENT_DAYS_MAX);
        let mut count = 0;
        for table in ORDER {
            let prefix = table.hashed_all();
            let mut after: Option<Bytes> = None;
            loop {
                let page = self.rows.page_after(&prefix, after.as_deref(), limits::SCAN_ROWS).await?;
                after = page.last().map(|(key, _)| key.clone());
                let full = page.len() >= limits::SCAN_ROWS;
                let mut silent = Vec::new();
                for (key, row) in page {
                    if day_of(&row).is_some_and(|day| day < oldest) && !self.is_needed(table, &key, &row).await? {
                        silent.push(key);
                    }
                }
                count += self.rows.delete_unless_written(silent).await?;
                if !full {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Whether an old row belongs to a person who is not silent.
    async fn is_needed(&self, table: Table, key: &[u8], row: &Bytes) -> Result<bool> {
        match table {
            Table::Identity | Table::LidMapping => {
                let Some(person) = first_part(key) else { return Ok(false) };
                let sessions = [Table::Session.hashed().as_slice(), person.as_slice()].concat();
                Ok(self.rows.first(&sessions).await?.is_some())
            }
            Table::PhoneMapping => {
                let lid = open(row)?;
                let Ok(lid) = std::str::from_utf8(&lid) else { return Ok(false) };
                Ok(self.rows.get(&self.names.row(Table::LidMapping, &[lid])?).await?.is_some())
            }
            _ => Ok(false),
        }
    }
}
