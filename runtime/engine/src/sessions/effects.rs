//! What a session does: the effects of [`crate::decide::session_phase`], carried out.

use super::directory;
use super::session::{AbortOnDrop, LinkingTask, Run, SessionState};
use crate::accounts::link_run;
use crate::decide::reconnect::Keys;
use crate::decide::refused::LinkRefused;
use crate::decide::session_phase as phase;
use crate::decide::status::AccountStatus;
use crate::intake::sink::AccountSink;
use crate::mailbox::accounts::{AccountsMsg, AfterWrite, OutcomeSender, StateChange};
use crate::mailbox::sessions::{ChannelsMsg, SessionMsg, SessionRef};
use crate::supervision::isolate;
use greenroom_contract::channel::{ConnectError, Link};
use greenroom_contract::event::EventSink;
use greenroom_contract::limits;
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::store::{AccountState, AccountVault};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What follows an event, for a session.
pub(super) type Effect = phase::Effect<Arc<dyn Link>, OutcomeSender>;

impl SessionState {
    pub(super) fn carry_out(&mut self, myself: &SessionRef, effect: Effect) {
        let now = self.context.now();
        match effect {
            Effect::Show(status) => self.card.show(status, now),
            Effect::MakeLink { generation, keys } => self.make_link(myself, generation, keys),
            Effect::Run { generation, link } => self.run(myself, generation, link),
            Effect::StopRun => {
                if let Some(run) = &mut self.run {
                    drop(run.stop.take());
                }
            }
            Effect::EndRun => self.run = None,
            Effect::Accepted => {
                self.card.show(AccountStatus::Connected, now);
                self.card.vitals.lock().connections += 1;
                if let Some(run) = &mut self.run {
                    run.directory = directory::begin(&self.context, &self.card);
                }
                self.context.tell_connected(&self.card);
            }
            Effect::DropLink => *self.card.link.lock() = None,
            Effect::Watch { generation, after } => {
                myself.send_after(after, move || SessionMsg::Abandon(generation));
            }
            Effect::Pause { generation, pause, status } => {
                tracing::info!(account = %self.card.id(), %status, ?pause, "the connection ended and is made again");
                self.card.show(status, now);
                let (context, myself) = (Arc::clone(&self.context), myself.clone());
                tokio::spawn(async move {
                    context.wait_until(now.plus(pause), pause).await;
                    // The session is gone only if it was retired, or the engine is stopping.
                    let _ = myself.send_message(SessionMsg::Reconnect(generation));
                });
            }
            Effect::AwaitPerson { ended, status } => {
                tracing::error!(account = %self.card.id(), ?ended, %status, "the operator has to act");
                self.card.show(status, now);
            }
            Effect::Finish => self.context.tell_channels(ChannelsMsg::Finished(self.card.id().clone())),
            Effect::BeginLinking { generation, link, method } => self.begin_linking(myself, generation, link, method),
            Effect::StopLinking => {
                if let Some(linking) = &self.linking {
                    linking.stop.cancel();
                }
            }
            Effect::Report(end) => {
                self.context.tell_accounts(AccountsMsg::LinkingEnded { account: self.card.id().clone(), end });
            }
            Effect::Unlink { link, reply } => self.unlink(myself, link, reply),
            Effect::Answer { reply, outcome } => drop(reply.send(outcome)),
            Effect::Keep { state, keys, reply } => self.keep(state, keys, reply),
        }
    }

    /// Makes a link, after useless keys were deleted.
    fn make_link(&self, myself: &SessionRef, generation: u64, keys: Keys) {
        let (context, card, myself) = (Arc::clone(&self.context), Arc::clone(&self.card), myself.clone());
        tokio::spawn(async move {
            if keys == Keys::Delete
                && let Err(error) = context.store.vault_clear(card.id()).await
            {
                let made = Err(ConnectError::Vault { reason: error.into() });
                return drop(myself.send_message(SessionMsg::LinkMade { generation, made }));
            }
            let vault = AccountVault::new(card.id().clone(), context.store.clone());
            let row = card.row();
            let made = isolate("connect", card.channel.channel.connect(&row, vault)).await;
            let message = match made {
                Ok(made) => SessionMsg::LinkMade { generation, made },
                Err(panic) => SessionMsg::Crashed(panic),
            };
            let _ = myself.send_message(message);
        });
    }

    /// Runs the link until its connection ends.
    fn run(&mut self, myself: &SessionRef, generation: u64, link: Arc<dyn Link>) {
        *self.card.link.lock() = Some(Arc::clone(&link));
        let stop = self.closing.child_token();
        let guard = stop.clone().drop_guard();
        let sink = AccountSink { context: Arc::clone(&self.context), card: Arc::clone(&self.card) };
        let sink: Arc<dyn EventSink> = Arc::new(sink);
        let myself = myself.clone();
        let running = self.context.links.begin();
        let task = tokio::spawn(async move {
            let _running = running;
            let ended = isolate("connection", link.run(sink, stop)).await;
            let _ = myself.send_message(SessionMsg::RunEnded { generation, ended });
        });
        let acknowledged_before = self.card.vitals.lock().last_acknowledged;
        let begun = Instant::now();
        let (stop, task) = (Some(guard), AbortOnDrop(task.abort_handle()));
        self.run = Some(Run { stop, begun, acknowledged_before, directory: None, _task: task });
    }

    /// How long the connection lasted.
    pub(super) fn up(&self) -> Duration {
        self.run.as_ref().map_or(Duration::ZERO, |run| run.begun.elapsed())
    }

    /// Whether the network acknowledged anything on this connection.
    pub(super) fn acknowledged(&self) -> bool {
        let last = self.card.vitals.lock().last_acknowledged;
        self.run.as_ref().is_some_and(|run| last != run.acknowledged_before)
    }

    fn begin_linking(&mut self, myself: &SessionRef, generation: u64, link: Arc<dyn Link>, method: LinkMethod) {
        self.card.show_link_step(None, true);
        let stop = self.closing.child_token();
        let guard = stop.clone().drop_guard();
        let (context, card) = (Arc::clone(&self.context), Arc::clone(&self.card));
        let (myself, told) = (myself.clone(), stop.clone());
        let running = self.context.links.begin();
        let task = tokio::spawn(async move {
            let _running = running;
            let end = link_run::run(&context, &card, link, method, told).await;
            let _ = myself.send_message(SessionMsg::LinkingEnded { generation, end });
        });
        self.linking = Some(LinkingTask { stop, _guard: guard, _task: AbortOnDrop(task.abort_handle()) });
    }

    /// Removes the device on the network, while the connection continues.
    fn unlink(&self, myself: &SessionRef, link: Arc<dyn Link>, reply: OutcomeSender) {
        let myself = myself.clone();
        let running = self.context.links.begin();
        tokio::spawn(async move {
            let _running = running;
            let outcome = unlink(&*link).await;
            let _ = myself.send_message(SessionMsg::LogoutEnded { outcome, reply });
        });
    }

    /// Has a new state written down.
    fn keep(&self, state: AccountState, keys: Keys, reply: Option<OutcomeSender>) {
        let then = reply.into_iter().map(AfterWrite::Report).collect();
        let change = StateChange { keys, then, ..StateChange::to(state) };
        self.context.tell_accounts(AccountsMsg::Set { account: self.card.id().clone(), change });
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
