//! Where accounts are linked and changed: by the server that runs, or by a runtime in this process.

use super::data::server_of;
use super::failure::Failure;
use greenroom::config::Config;
use greenroom::contract::ids::{AccountId, OwnerId};
use greenroom::contract::limits;
use greenroom::contract::linking::LoginMethod;
use greenroom::storage::StorageError;
use greenroom::{Handle, LinkRefused, LinkRequest, RunError, Running, Runtime};
use greenroom_client::{AccountView, Client, ClientError, LinkBody, LoginProgress};
use greenroom_gateway::view;

/// Who carries wishes about accounts out.
pub(crate) enum Desk {
    /// The server that holds the data.
    Server(Client),
    /// A runtime of one channel, in this process, as long as the command runs.
    Here(Running),
}

/// What became of the wish to link.
pub(crate) enum Begun {
    /// This account is being linked.
    Linking(String),
    /// This must be read and accepted first.
    Warned(String),
}

impl Desk {
    /// Finds the server, or starts what this channel needs and nothing else.
    pub(crate) async fn open(config: &Config, channel: &str) -> Result<Self, Failure> {
        let mut config = config.clone();
        config.gateway.enabled = false;
        config.channels.retain(|one| one.name.as_str() == channel);
        match Runtime::builder().with_config(config).build()?.start().await {
            Ok(running) => Ok(Self::Here(running)),
            Err(RunError::Storage(StorageError::InUse { path, .. })) => server_of(&path).map(Self::Server),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the bot goes on when the command ends.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    pub(crate) async fn link(&self, channel: &str, body: &LinkBody) -> Result<Begun, Failure> {
        match self {
            Self::Server(server) => match server.link(channel, body).await {
                Ok(linking) => Ok(Begun::Linking(linking.account)),
                Err(ClientError::WarningNotAccepted { warning }) => Ok(Begun::Warned(warning)),
                Err(error) => Err(error.into()),
            },
            Self::Here(running) => match running.handle().begin_link(request(channel, body)?).await {
                Ok(account) => Ok(Begun::Linking(account.to_string())),
                Err(LinkRefused::WarningNotAccepted { warning, .. }) => Ok(Begun::Warned(warning)),
                Err(refused) => Err(refused.into()),
            },
        }
    }

    /// What to do now, as soon as that is not what `after` names.
    pub(crate) async fn login(&self, account: &str, after: Option<u64>) -> Result<LoginProgress, Failure> {
        match self {
            Self::Server(server) => Ok(server.login(account, after).await?),
            Self::Here(running) => {
                let steps = running.handle().login_steps(&named(account)?);
                let mut steps = steps.ok_or_else(|| Failure::new(format!("account {account} is gone")))?;
                let news = steps.wait_for(|view| Some(view.sequence) != after);
                let _ = tokio::time::timeout(limits::LOGIN_POLL_MAX, news).await;
                let progress = view::login(&steps.borrow());
                Ok(progress)
            }
        }
    }

    pub(crate) async fn cancel(&self, account: &str) -> Result<(), Failure> {
        match self {
            Self::Server(server) => Ok(server.cancel_login(account).await?),
            Self::Here(running) => Ok(running.handle().cancel_login(&named(account)?, &owner()).await?),
        }
    }

    pub(crate) async fn forget(&self, account: &str) -> Result<(), Failure> {
        match self {
            Self::Server(server) => Ok(server.forget_account(account).await?),
            Self::Here(running) => Ok(running.handle().forget_account(&named(account)?, &owner()).await?),
        }
    }

    pub(crate) async fn disconnect(&self, account: &str) -> Result<(), Failure> {
        match self {
            Self::Server(server) => Ok(server.disconnect(account).await?),
            Self::Here(running) => Ok(running.handle().disconnect(&named(account)?, &owner()).await?),
        }
    }

    pub(crate) async fn account(&self, account: &str) -> Result<Option<AccountView>, Failure> {
        let accounts = match self {
            Self::Server(server) => server.accounts().await?,
            Self::Here(running) => list(running.handle()).await?,
        };
        Ok(accounts.into_iter().find(|one| one.account == account))
    }

    /// Ends what was started.
    pub(crate) async fn close(self) {
        if let Self::Here(running) = self {
            running.drain().await;
        }
    }
}

async fn list(handle: &Handle) -> Result<Vec<AccountView>, Failure> {
    Ok(handle.account_list().await?.iter().map(view::account).collect())
}

/// Whoever is at the command line runs this machine's greenroom.
pub(crate) fn owner() -> OwnerId {
    OwnerId::local()
}

pub(crate) fn named(account: &str) -> Result<AccountId, Failure> {
    account.parse().map_err(|error| Failure::usage(format!("{error}")))
}

fn request(channel: &str, body: &LinkBody) -> Result<LinkRequest, Failure> {
    let method = body.phone.clone().map_or(LoginMethod::Qr, |phone| LoginMethod::Code { phone });
    Ok(LinkRequest {
        channel: channel.parse().map_err(|error| Failure::usage(format!("{error}")))?,
        owner: owner(),
        account: body.account.as_deref().map(named).transpose()?,
        method,
        accepted: body.accepted,
    })
}
