//! Rows of earlier versions, whose names are plain text, under their new names.
//!
//! A page is moved in one commit, so a crash in between leaves each row under one name or the other, and the next opening
//! continues. A row that is there under its new name already is the younger one.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::names::user;
use super::record::{MappingRecord, SenderKeyDeviceRecord, TokenRecord, decode, encode, open, open_sized, raw, text};
use crate::limits;
use bytes::Bytes;
use greenroom_contract::store::VaultWrite;

/// The tables whose rows had names in plain text, with the parts of those names.
const PLAIN: [(Table, usize); 13] = [
    (Table::Identity, 1),
    (Table::Session, 1),
    (Table::SenderKey, 1),
    (Table::SenderKeyDevice, 2),
    (Table::LidMapping, 1),
    (Table::PhoneMapping, 1),
    (Table::BaseKey, 2),
    (Table::DeviceList, 1),
    (Table::Group, 1),
    (Table::Token, 1),
    (Table::Sent, 2),
    (Table::Inbound, 3),
    (Table::Secret, 3),
];

impl VaultBackend {
    /// Moves all rows that have a plain name.
    pub(super) async fn rename_plain_rows(&self) -> Result<()> {
        let mut moved = 0;
        for (table, parts) in PLAIN {
            loop {
                let page = self.rows.page(&table.all(), limits::SCAN_ROWS).await?;
                if page.is_empty() {
                    break;
                }
                moved += page.len();
                let mut writes = Vec::with_capacity(page.len() * 2);
                for (key, row) in page {
                    match self.renamed(table, parts, &key, &row) {
                        Ok((new, value)) if self.rows.get(&new).await?.is_none() => {
                            writes.push(VaultWrite::Put { key: new, value });
                        }
                        Ok(_) => {}
                        Err(error) => {
                            tracing::warn!("a row of an earlier version cannot be read and is left out: {error}");
                        }
                    }
                    writes.push(VaultWrite::Delete { key });
                }
                self.rows.write(writes).await?;
            }
        }
        if moved > 0 {
            tracing::info!(rows = moved, "the names of stored keys do not tell phone numbers any more");
        }
        Ok(())
    }

    fn renamed(&self, table: Table, parts: usize, key: &[u8], row: &Bytes) -> Result<(Bytes, Bytes)> {
        let names = plain_parts(table, parts, key)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // Written again, so that it counts as written today.
        let value = match table {
            Table::SenderKeyDevice => {
                let [has_key] = open_sized(row)?;
                encode(&SenderKeyDeviceRecord { device: names[1].to_owned(), has_key: has_key != 0 })
            }
            Table::Token => encode(&TokenRecord { jid: names[0].to_owned(), ..decode(row)? }),
            Table::LidMapping => encode(&decode::<MappingRecord>(row)?),
            _ => raw(&open(row)?),
        };
        let name = match table {
            Table::Identity | Table::Session => self.names.row(table, &[&user(names[0]), names[0]])?,
            _ => self.names.row(table, &names)?,
        };
        Ok((name, value))
    }
}

/// The parts of a plain name: all but the last with their length.
fn plain_parts(table: Table, parts: usize, key: &[u8]) -> Result<Vec<String>> {
    let mut rest = table.last(&[], key).unwrap_or_default();
    let mut found = Vec::with_capacity(parts);
    for _ in 1..parts {
        let length = rest.split_first_chunk::<2>();
        let part = length.and_then(|(length, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        found.push(text(part.map(|(part, _)| part))?);
        rest = part.map_or(rest, |(_, rest)| rest);
    }
    found.push(text(Some(rest))?);
    Ok(found)
}
