//! What all actors share: wiring and bounded in-memory books. Nothing here survives a crash, and
//! nothing here needs to.

use crate::accounts::{LoginView, SessionLimits};
use crate::activity::Activity;
use crate::admission::Admission;
use crate::assistants::AssistantsMsg;
use crate::channels::ChannelsMsg;
use crate::conversations::{ConversationsMsg, Ring};
use crate::gate::Gate;
use crate::notices::NoticeBook;
use crate::overheard::OverheardBuffer;
use crate::rates::RateBook;
use crate::status::LinkStatus;
use crate::transcriptions::TranscriptionsMsg;
use crate::unplaced::Unplaced;
use crate::voice::Speaker;
use arc_swap::ArcSwap;
use greenroom_contract::assistant::Needs;
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::channel::{Channel, Link};
use greenroom_contract::ids::{AccountId, AssistantName, ChannelName, ConversationId};
use greenroom_contract::limits;
use greenroom_contract::linking::LoginStep;
use greenroom_contract::policy::ChannelPolicy;
use greenroom_contract::store::{AccountRow, AccountState, Scope, Store, StoreError};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::transcriber::Transcriber;
use parking_lot::{Mutex, RwLock};
use ractor::ActorRef;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

/// Shared by all actors of one engine.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) transcriber: Arc<dyn Transcriber>,
    pub(crate) speaker: Speaker,
    pub(crate) voice_workers: usize,
    pub(crate) conversation_idle: Duration,
    pub(crate) channels: BTreeMap<ChannelName, Arc<ChannelCard>>,
    pub(crate) needs: HashMap<AssistantName, Needs>,
    pub(crate) admission: ArcSwap<Admission>,
    pub(crate) refreshing: tokio::sync::Mutex<()>,
    pub(crate) accounts: RwLock<HashMap<AccountId, Arc<AccountCard>>>,
    /// Accounts that were found at the start and have no session: of another adapter, or no longer
    /// configured.
    pub(crate) resting: HashSet<AccountId>,
    pub(crate) session_limits: SessionLimits,
    pub(crate) supervisors: OnceLock<Supervisors>,
    pub(crate) activity: Arc<Activity>,
    /// Connections that have not ended.
    pub(crate) links: Arc<Activity>,
    /// Whether somebody waits for the store to work again.
    pub(crate) recovering: AtomicBool,
    /// When this run began.
    pub(crate) started_at: Timestamp,
    /// Rung when a settled turn made room in the inbox.
    pub(crate) freed: Notify,
    pub(crate) stages: Stages,
    pub(crate) rates: Mutex<RateBook>,
    pub(crate) notices: Mutex<NoticeBook>,
    pub(crate) overheard: Mutex<OverheardBuffer>,
    /// Conversations in memory.
    pub(crate) conversations_active: AtomicU64,
    /// Actors restarted since the start.
    pub(crate) restarts: AtomicU64,
    pub(crate) unplaced: Mutex<Unplaced>,
    /// Actors that were given up, by what they did, with their last crash.
    pub(crate) given_up: Mutex<BTreeMap<String, String>>,
}

/// The supervisors. They do no risky work, so these references are never stale; leaves are reached
/// through them, by key.
pub(crate) struct Supervisors {
    pub(crate) transcriptions: ActorRef<TranscriptionsMsg>,
    pub(crate) assistants: ActorRef<AssistantsMsg>,
    pub(crate) conversations: ActorRef<ConversationsMsg>,
    pub(crate) channels: ActorRef<ChannelsMsg>,
}

/// The stages of stopping, each cancelled after the one before.
#[derive(Default)]
pub(crate) struct Stages {
    /// Every channel's input came to its end.
    pub(crate) finished: CancellationToken,
    /// No new turn begins; sinks wait.
    pub(crate) draining: CancellationToken,
    /// Running turns give up and take their attempt back.
    pub(crate) halting: CancellationToken,
    /// Links end; sinks refuse.
    pub(crate) closing: CancellationToken,
}

/// A configured channel.
pub(crate) struct ChannelCard {
    pub(crate) name: ChannelName,
    pub(crate) adapter: String,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) capabilities: Capabilities,
    pub(crate) policy: Arc<ChannelPolicy>,
}

/// One account while it runs.
pub(crate) struct AccountCard {
    id: AccountId,
    row: Mutex<AccountRow>,
    pub(crate) channel: Arc<ChannelCard>,
    pub(crate) scope: Scope,
    /// The link, once its session has made it. Used to fetch media.
    pub(crate) link: Mutex<Option<Arc<dyn Link>>>,
    pub(crate) vitals: Mutex<Vitals>,
    /// Whether a send waits for a moment or for its person.
    pub(crate) sends_wait: AtomicBool,
    /// What somebody who links it has to do now.
    pub(crate) login: watch::Sender<LoginView>,
}

/// Proof of life.
#[derive(Debug, Clone)]
pub(crate) struct Vitals {
    pub(crate) status: LinkStatus,
    pub(crate) since: Timestamp,
    pub(crate) last_frame: Option<Timestamp>,
    pub(crate) last_inbound: Option<Timestamp>,
    pub(crate) last_acknowledged: Option<Timestamp>,
    pub(crate) outbox_waiting: usize,
    pub(crate) connections: u64,
}

impl AccountCard {
    pub(crate) fn new(row: AccountRow, channel: Arc<ChannelCard>, now: Timestamp) -> Self {
        let scope = Scope { channel: row.channel.clone(), owner: row.owner.clone() };
        let (status, since) = resting_status(&row).map_or((LinkStatus::Connecting, now), |it| (it, row.changed_at));
        let vitals = Vitals {
            status,
            since,
            last_frame: None,
            last_inbound: None,
            last_acknowledged: None,
            outbox_waiting: 0,
            connections: 0,
        };
        Self {
            id: row.id.clone(),
            row: Mutex::new(row),
            channel,
            scope,
            link: Mutex::new(None),
            vitals: Mutex::new(vitals),
            sends_wait: AtomicBool::new(false),
            login: watch::Sender::default(),
        }
    }

    pub(crate) fn id(&self) -> &AccountId {
        &self.id
    }

    /// The account as it is, or soon will be, in the store.
    pub(crate) fn row(&self) -> AccountRow {
        self.row.lock().clone()
    }

    /// Takes over a new state. Only the Channels actor calls this, which also writes it down.
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

    /// Shows what somebody who links has to do now.
    pub(crate) fn show_login(&self, step: Option<LoginStep>, running: bool) {
        self.login.send_modify(|view| {
            view.sequence += 1;
            view.step = step;
            view.running = running;
        });
    }

    /// Shows a new state of the link.
    pub(crate) fn show(&self, status: LinkStatus, now: Timestamp) {
        let mut vitals = self.vitals.lock();
        if vitals.status != status {
            vitals.status = status;
            vitals.since = now;
        }
    }
}

/// How an account is shown that is not connected at the start; `None` for one that is.
fn resting_status(row: &AccountRow) -> Option<LinkStatus> {
    if crate::accounts::rules::connects(row) {
        return None;
    }
    Some(match &row.state {
        AccountState::LoggedOut { reason } => LinkStatus::LoggedOut { reason: reason.clone() },
        AccountState::Expired { reason } => LinkStatus::NotLinked { reason: reason.clone() },
        _ => LinkStatus::LinkingBegun,
    })
}

impl World {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn account(&self, account: &AccountId) -> Option<Arc<AccountCard>> {
        self.accounts.read().get(account).cloned()
    }

    /// The gate of a channel, over an admission snapshot that the caller holds.
    pub(crate) fn gate<'a>(&'a self, channel: &'a ChannelCard, admission: &'a Admission) -> Gate<'a> {
        Gate { admission, channel: &channel.name, policy: &channel.policy, assistants: &self.needs }
    }

    /// Tells a conversation that there is something for it. Carries no message: it is in the inbox.
    pub(crate) fn ring(&self, account: &AccountId, conversation: ConversationId, permit: Option<OwnedSemaphorePermit>) {
        let Some(supervisors) = self.supervisors.get() else { return };
        let ring = Ring { busy: self.activity.begin(), permit };
        let message = ConversationsMsg::Ring { account: account.clone(), conversation, ring };
        // A failed send means that the engine is stopping; the row is found at the next start.
        let _ = supervisors.conversations.send_message(message);
    }

    /// Tells the Channels actor something; a failure means that the engine is stopping.
    pub(crate) fn tell_channels(&self, message: ChannelsMsg) {
        if let Some(supervisors) = self.supervisors.get() {
            let _ = supervisors.channels.send_message(message);
        }
    }

    /// A wake-up was stored for that moment.
    pub(crate) fn wake_at(&self, at: Timestamp) {
        if let Some(supervisors) = self.supervisors.get() {
            let _ = supervisors.conversations.send_message(ConversationsMsg::WakeAt(at));
        }
    }

    /// Reads the stored allow-lists again and makes a new snapshot of them.
    pub(crate) async fn refresh_admission(&self) -> Result<(), StoreError> {
        // One at a time, or an older reading could replace a newer one.
        let _one = self.refreshing.lock().await;
        let stored = self.store.allow_entries().await?;
        let policies = self.channels.iter().map(|(name, card)| (name, &card.policy));
        self.admission.store(Arc::new(Admission::new(policies, &stored)));
        Ok(())
    }

    /// A commit ended without anybody knowing whether it was one. When the store works again
    /// everything that waits is rung, because a bell may have been lost.
    pub(crate) fn recover_soon(self: &Arc<Self>) {
        if self.recovering.swap(true, Ordering::SeqCst) {
            return;
        }
        let world = Arc::clone(self);
        tokio::spawn(async move {
            while world.store.rows_waiting().await.is_err() {
                tokio::select! {
                    () = tokio::time::sleep(limits::STORE_RETRY_PAUSE) => {}
                    () = world.stages.draining.cancelled() => return,
                }
            }
            world.recovering.store(false, Ordering::SeqCst);
            tracing::info!("the store works again; continuing with everything that waits");
            if let Some(supervisors) = world.supervisors.get() {
                let _ = supervisors.conversations.send_message(ConversationsMsg::Begin);
                let _ = supervisors.channels.send_message(ChannelsMsg::RescanAll);
            }
        });
    }

    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }
}
