//! Tokens by which contacts trust us, and when we gave them ours.
//!
//! Two writers own one field each of the same row, so every change reads first, alone.

use super::VaultBackend;
use super::error::Result;
use super::key::Table;
use super::record::{TokenRecord, decode, encode};
use greenroom_contract::store::VaultWrite;

impl VaultBackend {
    pub(super) async fn token(&self, jid: &str) -> Result<Option<TokenRecord>> {
        self.rows.get(&self.names.row(Table::Token, &[jid])?).await?.map(|row| decode(&row)).transpose()
    }

    fn token_write(&self, record: &TokenRecord) -> Result<Vec<VaultWrite>> {
        Ok(vec![VaultWrite::Put { key: self.names.row(Table::Token, &[&record.jid])?, value: encode(record) }])
    }

    /// Awaited: the network brings a token once.
    pub(super) async fn put_token(&self, record: &TokenRecord) -> Result<()> {
        let _gate = self.gates.tokens.write().await;
        self.rows.write(self.token_write(record)?).await
    }

    pub(super) async fn delete_token(&self, jid: &str) -> Result<()> {
        let _gate = self.gates.tokens.write().await;
        self.delete_named(Table::Token, jid).await
    }

    /// Awaited. An older token never replaces a newer one.
    pub(super) async fn receive_token(&self, jid: &str, token: &[u8], received_at: i64) -> Result<()> {
        let _gate = self.gates.tokens.write().await;
        let before = self.token(jid).await?.unwrap_or_default();
        if !before.token.is_empty() && received_at < before.received_at {
            return Ok(());
        }
        let record = TokenRecord { token: token.to_vec(), received_at, given_at: before.given_at, jid: jid.to_owned() };
        self.rows.write(self.token_write(&record)?).await
    }

    /// Submitted: the worst is that ours is given once more. The time only moves forward.
    pub(super) async fn touch_token(&self, jid: &str, given_at: i64) -> Result<()> {
        let _gate = self.gates.tokens.write().await;
        let before = self.token(jid).await?;
        let none = || TokenRecord { token: Vec::new(), received_at: given_at, given_at: None, jid: jid.to_owned() };
        let mut record = before.unwrap_or_else(none);
        record.given_at = Some(record.given_at.map_or(given_at, |before| before.max(given_at)));
        self.rows.submit(self.token_write(&record)?).await
    }

    pub(super) async fn token_jids(&self) -> Result<Vec<String>> {
        let rows = self.rows.all(&Table::Token.hashed_all()).await?;
        rows.iter().map(|(_, row)| Ok(decode::<TokenRecord>(row)?.jid)).collect()
    }

    /// Deletes what has neither a token nor a time that still counts.
    pub(super) async fn delete_stale_tokens(&self, received_cutoff: i64, given_cutoff: i64) -> Result<u32> {
        let stale = |record: TokenRecord| {
            let token_counts = !record.token.is_empty() && record.received_at >= received_cutoff;
            let given_counts = record.given_at.is_some_and(|at| at >= given_cutoff);
            !token_counts && !given_counts
        };
        self.rows.sweep(&Table::Token.hashed_all(), &self.gates.tokens, |row| decode(row).is_ok_and(stale)).await
    }
}
