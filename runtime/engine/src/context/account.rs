//! One account, as all actors see it.

use super::events::{Events, Teller};
use super::journals::Kept;
use super::sent_texts::SentTexts;
use crate::decide::blueprint::ChannelCard;
use crate::decide::budget::Spending;
use crate::decide::directory::DirectoryBook;
use crate::decide::linking_rules;
use crate::decide::listening::Listening;
use crate::decide::pacing::Pacer;
use crate::decide::refused::LinkRefused;
use crate::decide::status::AccountStatus;
use crate::decide::window::{Heard, Moment};
use crate::mailbox::accounts::LinkView;
use greenroom_contract::channel::Link;
use greenroom_contract::ids::{AccountId, ChatId};
use greenroom_contract::linking::{Answers, LinkStep};
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::store::{AccountRow, AccountState, ParcelDraft, ParcelKey, Scope};
use greenroom_contract::time::Timestamp;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// One account while it runs.
pub(crate) struct AccountCard {
    id: AccountId,
    row: Mutex<AccountRow>,
    pub(crate) channel: Arc<ChannelCard>,
    pub(crate) scope: Scope,
    /// The link, once its session has made it. Used to fetch media.
    pub(crate) link: Mutex<Option<Arc<dyn Link>>>,
    pub(crate) vitals: Mutex<Vitals>,
    /// What the rules of its network about sending depend on. Outlives a crash of its session, and its adapter.
    pub(crate) rules: Arc<Mutex<SendRules>>,
    /// Tells pages and programs that look on. Its counts outlive its adapter.
    pub(crate) teller: Teller,
    /// When it was not connected, and what was refused. Outlives its adapter.
    pub(crate) journal: Arc<Mutex<Kept>>,
    /// What was sent lately, where the network may take it back by closing the window later.
    pub(crate) sent: Mutex<SentTexts>,
    /// What the network said about the numbers of the allow-list.
    pub(crate) directory: Mutex<DirectoryBook>,
    /// Since when its network can be heard.
    listening: Mutex<Listening>,
    /// Whether turns wait until it is connected.
    pub(crate) awaited: AtomicBool,
    /// What somebody who links it has to do now.
    pub(crate) link_progress: watch::Sender<LinkView>,
    /// Where what was typed goes, for the linking run that is under way.
    link_answers: Mutex<Option<mpsc::Sender<Answers>>>,
}

/// Of a message whose window is closed, whatever is known of when the person wrote.
const NEVER_OPEN: Timestamp = Timestamp(0);

/// What the rules of a network about sending depend on, for one account.
#[derive(Debug)]
pub(crate) struct SendRules {
    pub(crate) pacer: Pacer,
    pub(crate) heard: Heard,
    pub(crate) spending: Spending,
    /// Its sessions whose sends may be under way, also after they crashed.
    pub(crate) sending: Vec<Weak<()>>,
}

/// Proof of life.
#[derive(Debug, Clone)]
pub(crate) struct Vitals {
    pub(crate) status: AccountStatus,
    pub(crate) since: Timestamp,
    /// The same by a clock that does not jump.
    pub(crate) since_instant: Instant,
    pub(crate) last_frame: Option<Timestamp>,
    pub(crate) last_inbound: Option<Timestamp>,
    pub(crate) last_acknowledged: Option<Timestamp>,
    pub(crate) outbox_waiting: usize,
    /// Until when nothing is sent because the network takes nothing now.
    pub(crate) sends_pause_until: Option<Timestamp>,
    pub(crate) connections: u64,
    pub(crate) unreadable: u64,
}

impl AccountCard {
    pub(crate) fn new(row: AccountRow, channel: Arc<ChannelCard>, events: Arc<Events>, now: Timestamp) -> Self {
        let scope = Scope { channel: row.channel.clone(), owner: row.owner.clone() };
        let (status, since) = resting_status(&row).map_or((AccountStatus::Connecting, now), |it| (it, row.changed_at));
        let vitals = Vitals {
            status,
            since,
            since_instant: Instant::now(),
            last_frame: None,
            last_inbound: None,
            last_acknowledged: None,
            outbox_waiting: 0,
            sends_pause_until: None,
            connections: 0,
            unreadable: 0,
        };
        let pacer = Pacer::new(channel.capabilities.rates.clone());
        let teller = Teller::new(events, scope.clone(), row.id.clone());
        Self {
            id: row.id.clone(),
            row: Mutex::new(row),
            channel,
            scope,
            link: Mutex::new(None),
            vitals: Mutex::new(vitals),
            rules: Arc::new(Mutex::new(SendRules {
                pacer,
                heard: Heard::default(),
                spending: Spending::default(),
                sending: Vec::new(),
            })),
            teller,
            journal: Arc::default(),
            sent: Mutex::default(),
            directory: Mutex::default(),
            listening: Mutex::default(),
            awaited: AtomicBool::new(false),
            link_progress: watch::Sender::default(),
            link_answers: Mutex::new(None),
        }
    }

    /// The same account with another adapter. What it sent counts on, so that no rate is exceeded by the change.
    pub(crate) fn with_channel(&self, channel: Arc<ChannelCard>, now: Timestamp) -> Self {
        self.rules.lock().pacer.follow(channel.capabilities.rates.clone());
        let (rules, teller, journal) = (Arc::clone(&self.rules), self.teller.clone(), Arc::clone(&self.journal));
        Self { rules, teller, journal, ..Self::new(self.row(), channel, self.teller.events(), now) }
    }

    pub(crate) fn id(&self) -> &AccountId {
        &self.id
    }

    /// A person wrote in a chat at `at`, and the message is durable now, `uptime` after the engine began.
    pub(crate) fn heard(&self, chat: &ChatId, at: Moment, uptime: Duration) {
        let mut rules = self.rules.lock();
        rules.pacer.note_inbound(uptime);
        if self.channel.capabilities.window.is_some() {
            rules.heard.note(chat, at);
        }
    }

    /// The text of a parcel that is handed to the network, if it may come back because a window turns out to be closed.
    /// Others are not kept: they would fill the vault, and no template carries them. One that came back does so once.
    pub(crate) fn may_come_back<'a>(&self, draft: &'a ParcelDraft) -> Option<&'a str> {
        let has_window = self.channel.capabilities.window.is_some() && draft.opened_at != NEVER_OPEN;
        match &draft.body {
            OutboundBody::Text(text) if has_window => Some(text),
            _ => None,
        }
    }

    /// The network accepts us.
    pub(crate) fn connected(&self, steady: Timestamp) {
        self.listening.lock().connected(steady);
    }

    /// Something of the network arrived.
    pub(crate) fn heard_of_network(&self, steady: Timestamp) {
        self.listening.lock().heard(steady);
    }

    /// Since when silence about a message of `made_at` says something.
    pub(crate) fn listening_since(&self, made_at: Timestamp, steady: Timestamp) -> Timestamp {
        let calls_us = self.channel.channel.webhook().is_some();
        self.listening.lock().since(calls_us, made_at, steady)
    }

    /// A text that the network took and found later that its window is closed: as it is to be sent again. `draft` is what
    /// the store still knows of it.
    pub(crate) fn taken_back(&self, key: &ParcelKey, draft: ParcelDraft) -> Option<ParcelDraft> {
        let text = self.sent.lock().get(key)?.to_owned();
        self.rules.lock().heard.forget(&draft.route.chat);
        Some(ParcelDraft { opened_at: NEVER_OPEN, body: OutboundBody::Text(text), ..draft })
    }

    /// The account as it is, or soon will be, in the store.
    pub(crate) fn row(&self) -> AccountRow {
        self.row.lock().clone()
    }

    /// Takes over a new state. Only the Accounts actor calls this, which also writes it down.
    pub(crate) fn enter(&self, state: AccountState, label: Option<&str>, now: Timestamp) {
        let mut row = self.row.lock();
        let was_linked = matches!(row.state, AccountState::Linked | AccountState::Stopped { .. });
        if state == AccountState::Linked && (!was_linked || row.linked_at.is_none()) {
            row.linked_at = Some(now);
        }
        if let Some(label) = label {
            row.label = Some(label.to_owned());
        }
        row.state = state;
        row.changed_at = now;
    }

    /// A linking run begins: what is typed from now on is for it.
    pub(crate) fn take_answers(&self) -> mpsc::Receiver<Answers> {
        let (sender, answers) = mpsc::channel(1);
        *self.link_answers.lock() = Some(sender);
        answers
    }

    /// Hands what was typed to the linking run, if its question is still the one that is shown.
    pub(crate) fn answer(&self, answers: Answers) -> Result<(), LinkRefused> {
        let account = self.id.clone();
        let sender = self.link_answers.lock().clone();
        let view = self.link_progress.borrow();
        let (Some(sender), true) = (sender, view.running) else { return Err(LinkRefused::NotLinking { account }) };
        let Some(LinkStep::Ask(question)) = &view.step else { return Err(LinkRefused::NothingAsked { account }) };
        question.check(&answers)?;
        sender.try_send(answers).map_err(|error| match error {
            TrySendError::Full(_) => LinkRefused::Busy { account },
            TrySendError::Closed(_) => LinkRefused::NotLinking { account },
        })
    }

    /// Shows what somebody who links has to do now.
    pub(crate) fn show_link_step(&self, step: Option<LinkStep>, running: bool) {
        self.link_progress.send_modify(|view| {
            view.sequence += 1;
            view.step = step;
            view.running = running;
            self.teller.link(view.sequence, running);
        });
    }

    /// Whether it is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.vitals.lock().status == AccountStatus::Connected
    }

    /// A message was refused for the first time.
    pub(crate) fn refused(&self, cause: &str, now: Timestamp) {
        self.journal.lock().note(|journal| journal.refused(cause, now));
    }

    /// Whether it is connected. If not, it is told to the conversations when it is.
    pub(crate) fn is_connected_or_awaited(&self) -> bool {
        // First the wish, then the look: a connection that is made in between is seen by one of the two.
        self.awaited.store(true, Ordering::SeqCst);
        self.vitals.lock().status == AccountStatus::Connected
    }

    /// Shows a new state of the link.
    pub(crate) fn show(&self, status: AccountStatus, now: Timestamp) {
        let mut vitals = self.vitals.lock();
        if vitals.status != status {
            // While it is locked, so that the states are told in their order.
            self.teller.state(status.clone());
            let connected = AccountStatus::Connected;
            if status == connected {
                self.journal.lock().note(|journal| journal.up(now));
            } else if vitals.status == connected {
                self.journal.lock().note(|journal| journal.down(now, &status.to_string()));
            }
            vitals.status = status;
            vitals.since = now;
            vitals.since_instant = Instant::now();
        }
    }
}

/// How an account is shown that is not connected at the start; `None` for one that is.
fn resting_status(row: &AccountRow) -> Option<AccountStatus> {
    if linking_rules::connects(row) {
        return None;
    }
    Some(match &row.state {
        AccountState::LoggedOut { reason } => AccountStatus::LoggedOut { reason: reason.clone() },
        AccountState::Expired { reason } => AccountStatus::NotLinked { reason: reason.clone() },
        _ => AccountStatus::LinkingBegun,
    })
}
