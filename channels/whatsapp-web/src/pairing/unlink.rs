//! Unlinking: the network is told first, and the keys are forgotten only when it knows.

use crate::connection::inbound::Inbound;
use crate::connection::live::Live;
use crate::connection::pairing_news::News;
use crate::connection::session::{Reconnect, Session};
use crate::connection::state::{ConnectionState, Phase};
use crate::connection::web_link::WebLink;
use crate::limits;
use greenroom_contract::channel::Ended;
use greenroom_contract::linking::LogoutError;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::Client;
use whatsapp_rust::wacore::iq::devices::RemoveCompanionDeviceSpec;

/// Unlinks: tells the network, then forgets the keys.
pub(crate) async fn logout(link: &WebLink) -> Result<(), LogoutError> {
    // A little less than the caller waits, so that the outcome is still told.
    let at_most = limits::LOGOUT_TIMEOUT.saturating_sub(Duration::from_secs(2));
    match tokio::time::timeout(at_most, leave(link)).await {
        Ok(left) => left.map_err(|reason| LogoutError::Unreachable { reason: reason.into() }),
        Err(_) => Err(LogoutError::Unreachable { reason: "WhatsApp did not answer in time".into() }),
    }
}

async fn leave(link: &WebLink) -> Result<(), String> {
    let _permit = tokio::select! {
        biased;
        live = link.until_live() => leave_on(link, &live).await?,
        permit = link.connection_permit.lock() => {
            leave_alone(link).await?;
            permit
        }
    };
    link.forget_keys().await
}

/// On the connection of a run, which ends by it.
async fn leave_on<'a>(link: &'a WebLink, live: &Live) -> Result<tokio::sync::MutexGuard<'a, ()>, String> {
    remove(&live.client).await?;
    link.leave();
    Ok(link.connection_permit.lock().await)
}

/// On a connection of its own.
async fn leave_alone(link: &WebLink) -> Result<(), String> {
    let (backend, own) = link.open().await?;
    if own.is_none() {
        return Ok(());
    }
    let (sender, mut news) = mpsc::channel(limits::PAIRING_NEWS_MAX);
    let state = ConnectionState::pairing(link.account.clone(), sender);
    let over = CancellationToken::new();
    let inbound = Inbound::new(link.account.clone(), state.clone(), None, over.clone());
    let mut session = Session::start(&link.account, backend, &state, inbound, Reconnect::Never, &link.ending).await?;
    let client = session.client();
    let removing = async {
        state.until(Phase::Accepted).await;
        match &client {
            Some(client) => remove(client).await,
            None => Err("there is no connection".to_owned()),
        }
    };
    let unlinked_already = async {
        while let Some(told) = news.recv().await {
            if matches!(told, News::Ended(Ended::LoggedOut { .. })) {
                return;
            }
        }
    };
    let left = tokio::select! {
        biased;
        left = removing => left,
        () = unlinked_already => Ok(()),
        () = session.over() => Err(format!("{:?}", state.reason())),
    };
    over.cancel();
    session.end(limits::END_TIMEOUT).await;
    left
}

async fn remove(client: &Client) -> Result<(), String> {
    let own = client.pn().ok_or("the account is not linked")?;
    client.execute(RemoveCompanionDeviceSpec::new(&own)).await.map_err(|error| error.to_string())
}
