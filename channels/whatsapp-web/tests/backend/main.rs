//! The storage of a linked account: that it behaves like the library's own reference, and that no crash breaks it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod conformance;
mod crash;
mod failing;
mod golden;
mod names;
mod reads;
mod restored;
mod submitted;
mod vaults;

use greenroom_channel_whatsapp_web::keys::VaultBackend;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::{AccountVault, Vault};
use std::sync::Arc;

fn account() -> AccountId {
    AccountId::new("web-1").expect("an id")
}

fn vault_of(vault: Arc<dyn Vault>) -> AccountVault {
    AccountVault::new(account(), vault)
}

async fn open(vault: &Arc<vaults::CrashVault>) -> Arc<VaultBackend> {
    VaultBackend::open(vault_of(vault.clone())).await.expect("the vault can be read")
}
