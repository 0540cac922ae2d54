//! `accounts`: what is linked, and what its owner can do.

use super::args::AccountsCommand;
use super::data::Data;
use super::desk::Desk;
use super::failure::Failure;
use super::logging::{self, Reader};
use super::report;
use greenroom::config::Config;
use greenroom::contract::store::{AccountRow, AccountState, Store};
use greenroom::contract::time::Clock;
use greenroom_client::AccountView;
use greenroom_gateway::view;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Carries one of the commands out.
pub(crate) async fn carry_out(config: &Config, command: Option<AccountsCommand>) -> Result<(), Failure> {
    match command.unwrap_or(AccountsCommand::List) {
        AccountsCommand::List => list(config).await,
        AccountsCommand::Disconnect { account } => disconnect(config, &account).await,
        AccountsCommand::Reconnect { account } => reconnect(config, &account).await,
        AccountsCommand::Clean { account } => clean(config, account.as_deref()).await,
    }
}

async fn list(config: &Config) -> Result<(), Failure> {
    let data = Data::find(config).await?;
    let running = matches!(data, Data::Server(_));
    let accounts = views(&data).await;
    data.close().await?;
    report::print(&report::accounts(&accounts?, running, Clock::System.now().0, &TimeZone::system()))
}

async fn views(data: &Data) -> Result<Vec<AccountView>, Failure> {
    match data {
        Data::Store(store) => Ok(store.accounts().await?.iter().map(view::stored_account).collect()),
        Data::Server(server) => Ok(server.accounts().await?),
    }
}

async fn disconnect(config: &Config, account: &str) -> Result<(), Failure> {
    logging::install(config, Reader::Talk)?;
    let data = Data::find(config).await?;
    let found = views(&data).await;
    data.close().await?;
    let Some(view) = found?.into_iter().find(|one| one.account == account) else { return Err(unknown(account)) };
    let desk = Desk::open(config, &view.channel).await?;
    let done = desk.disconnect(account).await;
    desk.close().await;
    done?;
    report::print(&format!("{account} is unlinked; its history stays\n"))
}

async fn reconnect(config: &Config, account: &str) -> Result<(), Failure> {
    let data = Data::find(config).await?;
    let done = match &data {
        Data::Server(server) => server.reconnect(account).await.map_err(Failure::from),
        Data::Store(_) => {
            Err(Failure::new("greenroom is not running, so nothing is connected").hint("Start it with: greenroom run"))
        }
    };
    data.close().await?;
    done?;
    report::print(&format!("{account} is being connected again; greenroom accounts shows its state\n"))
}

async fn clean(config: &Config, account: Option<&str>) -> Result<(), Failure> {
    let data = Data::find(config).await?;
    let done = match (&data, account) {
        (Data::Server(server), None) => server.forget_pending().await.map_err(Failure::from),
        (Data::Server(server), Some(account)) => {
            server.forget_account(account).await.map(|()| vec![account.to_owned()]).map_err(Failure::from)
        }
        (Data::Store(store), account) => clean_store(store, account).await,
    };
    data.close().await?;
    let forgotten = done?;
    if forgotten.is_empty() {
        return report::print("there was nothing to forget\n");
    }
    report::print(&format!("forgotten: {}\n", forgotten.join(", ")))
}

/// Where no server runs nobody is linking: what is pending was interrupted.
async fn clean_store(store: &Arc<dyn Store>, account: Option<&str>) -> Result<Vec<String>, Failure> {
    let mut forgotten = Vec::new();
    for row in store.accounts().await? {
        let named = account.is_some_and(|account| row.id.as_str() == account);
        let wanted = named || (account.is_none() && row.linked_at.is_none());
        if wanted && is_free(&row) {
            store.delete_account(&row.id).await?;
            forgotten.push(row.id.to_string());
        } else if named {
            return Err(Failure::new(format!("account {} is in use", row.id))
                .hint(format!("Unlink it first: greenroom accounts disconnect {}", row.id)));
        }
    }
    match account {
        Some(account) if forgotten.is_empty() => Err(unknown(account)),
        _ => Ok(forgotten),
    }
}

fn is_free(row: &AccountRow) -> bool {
    let linked = matches!(row.state, AccountState::Linked | AccountState::Stopped { .. });
    row.configured_key.is_none() && !linked
}

fn unknown(account: &str) -> Failure {
    Failure::usage(format!("there is no account {account}")).hint("greenroom accounts shows them.")
}
