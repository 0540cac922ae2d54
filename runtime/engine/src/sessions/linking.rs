//! Linking and unlinking, as far as the session of the account does it.

use super::session::{AbortOnDrop, SessionState};
use crate::accounts::login;
use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use crate::mailbox::accounts::{AfterWrite, LoginEnd, OutcomeSender, StateChange};
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg, SessionRef};
use crate::supervision::isolate;
use greenroom_contract::channel::{ConnectError, Ended, Link};
use greenroom_contract::limits;
use greenroom_contract::linking::LoginMethod;
use greenroom_contract::store::AccountState;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A linking run, from the wish to its end.
pub(super) enum Login {
    /// The link is being made first.
    Wanted {
        method: LoginMethod,
        /// Whether there may be keys already: a run may have ended between its keys and the end.
        known: bool,
    },
    /// The keys that may be there are tried first.
    Trying(LoginMethod),
    Running {
        stop: CancellationToken,
        /// Another one shall follow.
        again: Option<LoginMethod>,
        _task: (DropGuard, AbortOnDrop),
    },
}

impl SessionState {
    /// Somebody wants codes; or fresh ones.
    pub(super) fn login(&mut self, myself: &SessionRef, method: LoginMethod, known: bool) {
        match &mut self.login {
            Some(Login::Wanted { method: wanted, .. } | Login::Trying(wanted)) => *wanted = method,
            Some(Login::Running { stop, again, .. }) => {
                *again = Some(method);
                stop.cancel();
            }
            None => {
                self.card.show(AccountStatus::LinkingBegun, self.context.now());
                self.login = Some(Login::Wanted { method, known });
                self.make_link(myself);
            }
        }
    }

    /// Connects with the keys that may be there; what follows is decided by how that ends.
    pub(super) fn try_keys(&mut self, myself: &SessionRef, link: Arc<dyn Link>, method: LoginMethod) {
        self.start(myself, link);
        self.login = Some(Login::Trying(method));
        let generation = self.generation;
        // The network is asked one thing, as with a send.
        myself.send_after(limits::SEND_TIMEOUT, move || SessionMsg::Abandon(generation));
    }

    /// The keys work: the account is linked, whatever was written down.
    pub(super) fn keys_work(&mut self) {
        self.login = None;
        let label = self.card.row().label.unwrap_or_else(|| self.card.id().to_string());
        self.report(LoginEnd::Done { label });
    }

    /// The attempt with the keys that may be there ended.
    pub(super) fn tried(&mut self, myself: &SessionRef, ended: Ended, method: LoginMethod) {
        let link = self.link.take();
        *self.card.link.lock() = None;
        let reason = match (ended, link) {
            (Ended::NotLinked, Some(link)) => return self.start_login(myself, link, method),
            (Ended::LoggedOut { .. }, _) => {
                // The network knows them no more, and a new device needs new ones.
                self.login = Some(Login::Wanted { method, known: false });
                return self.make_link_without_keys(myself);
            }
            (Ended::Dropped { reason } | Ended::Suspended { reason, .. } | Ended::Refused { reason }, _) => reason,
            (other, _) => format!("{other:?}"),
        };
        let next = "link again".to_owned();
        self.report(LoginEnd::Failed { reason: format!("the keys of an earlier run were tried: {reason}"), next });
    }

    /// Deletes what certainly is of no use any more, then makes the link.
    fn make_link_without_keys(&self, myself: &SessionRef) {
        let (context, card, myself) = (Arc::clone(&self.context), Arc::clone(&self.card), myself.clone());
        tokio::spawn(async move {
            let message = match context.store.vault_clear(card.id()).await {
                Ok(()) => SessionMsg::MakeLink,
                Err(error) => SessionMsg::Linked(Err(ConnectError::Vault { reason: error.into() })),
            };
            let _ = myself.send_message(message);
        });
    }

    /// The link was made, and a linking run waits for it.
    pub(super) fn start_login(&mut self, myself: &SessionRef, link: Arc<dyn Link>, method: LoginMethod) {
        self.card.show(AccountStatus::LinkingBegun, self.context.now());
        self.card.show_login(None, true);
        self.link = Some(Arc::clone(&link));
        let stop = self.context.stages.closing.child_token();
        let guard = stop.clone().drop_guard();
        let (context, card) = (Arc::clone(&self.context), Arc::clone(&self.card));
        let (myself, told) = (myself.clone(), stop.clone());
        let running = self.context.links.begin();
        let task = tokio::spawn(async move {
            let _running = running;
            let end = login::run(&context, &card, link, method, told).await;
            let _ = myself.send_message(SessionMsg::LoginEnded(end));
        });
        let task = (guard, AbortOnDrop(task.abort_handle()));
        self.login = Some(Login::Running { stop, again: None, _task: task });
    }

    /// Nobody wants codes any more.
    pub(super) fn cancel_login(&mut self) {
        match &mut self.login {
            Some(Login::Running { stop, again, .. }) => {
                *again = None;
                stop.cancel();
            }
            Some(Login::Wanted { .. } | Login::Trying(_)) | None => {
                self.login = None;
                self.end_run();
                self.report(LoginEnd::Cancelled);
            }
        }
    }

    /// A linking run ended; `Err` is a panic of the adapter, which crashes the session too.
    pub(super) fn login_ended(&mut self, myself: &SessionRef, end: Result<LoginEnd, String>) -> Result<(), String> {
        let Some(Login::Running { again, .. }) = self.login.take() else { return Ok(()) };
        let crashed = end.as_ref().err().cloned();
        let end = end.unwrap_or_else(|panic| LoginEnd::Failed {
            reason: format!("the adapter crashed ({panic})"),
            next: "report this bug, then link again".to_owned(),
        });
        if self.context.stages.closing.is_cancelled() && !matches!(end, LoginEnd::Done { .. }) {
            // The next start says that it was interrupted.
            return Ok(());
        }
        match (again, self.link.clone(), &end) {
            (Some(method), Some(link), LoginEnd::Cancelled) => self.start_login(myself, link, method),
            (_, _, LoginEnd::Done { .. }) => self.report(end),
            _ => {
                // The next run begins with a fresh link.
                self.link = None;
                self.report(end);
            }
        }
        crashed.map_or(Ok(()), Err)
    }

    pub(super) fn report(&self, end: LoginEnd) {
        self.context.tell_channels(ChannelsMsg::LoginEnded { account: self.card.id().clone(), end });
    }

    /// Removes the device on the network, while the connection goes on.
    pub(super) fn logout(&mut self, myself: &SessionRef, reply: OutcomeSender) {
        let Some(link) = self.link.clone() else {
            // It is just being made.
            return self.leaving.push(reply);
        };
        let myself = myself.clone();
        let running = self.context.links.begin();
        tokio::spawn(async move {
            let _running = running;
            let outcome = unlink(&*link).await;
            let _ = myself.send_message(SessionMsg::LogoutEnded { outcome, reply });
        });
    }

    /// The network was told, or could not be.
    pub(super) fn logout_ended(&mut self, outcome: Result<(), LinkRefused>, reply: OutcomeSender) {
        if let Err(refused) = outcome {
            return drop(reply.send(Err(refused)));
        }
        self.end_run();
        self.link = None;
        *self.card.link.lock() = None;
        let reason = "disconnected by its owner".to_owned();
        self.card.show(AccountStatus::LoggedOut { reason: reason.clone() }, self.context.now());
        tracing::info!(account = %self.card.id(), "the account was disconnected");
        let then = vec![AfterWrite::Report(reply)];
        self.keep(StateChange { keys: Keys::Delete, then, ..StateChange::to(AccountState::LoggedOut { reason }) });
    }

    /// Has a new state written down.
    pub(super) fn keep(&self, change: StateChange) {
        self.context.tell_channels(ChannelsMsg::Set { account: self.card.id().clone(), change });
    }
}

async fn unlink(link: &dyn Link) -> Result<(), LinkRefused> {
    let unreachable = |reason: String| LinkRefused::Unreachable { reason };
    let Some(pairing) = link.pairing() else {
        return Err(unreachable("this account cannot be unlinked at run time".to_owned()));
    };
    let logout = isolate("unlinking", pairing.logout());
    match tokio::time::timeout(limits::LOGOUT_TIMEOUT, logout).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(unreachable(error.to_string())),
        Ok(Err(panic)) => Err(unreachable(format!("the adapter crashed ({panic})"))),
        Err(_) => Err(unreachable(format!("no answer within {} seconds", limits::LOGOUT_TIMEOUT.as_secs()))),
    }
}
