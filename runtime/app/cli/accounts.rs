//! `accounts`: what is linked, and what its owner can do.

use super::admin::{self, Bot};
use super::args::AccountsCommand;
use super::failure::Failure;
use super::logging::{self, Reader};
use super::report;
use greenroom::config::Config;
use greenroom::contract::time::Clock;
use jiff::tz::TimeZone;

/// Carries one of the commands out.
pub(crate) async fn carry_out(config: &Config, command: AccountsCommand) -> Result<(), Failure> {
    match command {
        AccountsCommand::List { json } => list(config, json).await,
        AccountsCommand::Disconnect { account } => disconnect(config, &account).await,
        AccountsCommand::Reconnect { account } => reconnect(config, &account).await,
        AccountsCommand::Clean { account } => clean(config, account.as_deref()).await,
    }
}

async fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let running = admin.bot() == Bot::Runs;
    let (accounts, rejections) = (admin.accounts().await, admin.rejections().await);
    admin.close().await?;
    if json {
        return report::json(&accounts?);
    }
    let now_ms = Clock::System.now().0;
    report::print(&report::accounts(&accounts?, &rejections?, running, now_ms, &TimeZone::system()))
}

async fn disconnect(config: &Config, account: &str) -> Result<(), Failure> {
    logging::install(config, Reader::Talk)?;
    let admin = admin::open(config).await?;
    let found = admin.accounts().await;
    admin.close().await?;
    let Some(view) = found?.into_iter().find(|one| one.session == account) else {
        return Err(admin::unknown(account));
    };
    let admin = admin::open_channel(config, &view.channel).await?;
    let done = admin.disconnect(account).await;
    admin.close().await?;
    done?;
    report::print(&format!("{account} is unlinked; its history stays\n"))
}

async fn reconnect(config: &Config, account: &str) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let done = admin.reconnect(account).await;
    admin.close().await?;
    done?;
    report::print(&format!("{account} is being connected again; greenroom accounts shows its state\n"))
}

async fn clean(config: &Config, account: Option<&str>) -> Result<(), Failure> {
    let admin = admin::open(config).await?;
    let done = match account {
        Some(account) => admin.forget(account).await.map(|()| vec![account.to_owned()]),
        None => admin.forget_pending().await,
    };
    admin.close().await?;
    let forgotten = done?;
    if forgotten.is_empty() {
        return report::print("there was nothing to forget\n");
    }
    report::print(&format!("forgotten: {}\n", forgotten.join(", ")))
}
