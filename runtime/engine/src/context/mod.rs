//! What all actors share: the parts, the wiring, and counters and books in memory. Nothing here survives a crash,
//! and nothing here needs to.

mod account;
pub(crate) mod away;
pub(crate) mod bills;
mod books;
mod claims;
mod events;
mod identity;
pub(crate) mod journals;
mod mailboxes;
mod posting;
pub(crate) mod sent_texts;
mod sequences;
mod wiring;

pub(crate) use account::AccountCard;
pub(crate) use books::Books;
pub(crate) use claims::{Claim, Claimed, Claims};
pub(crate) use events::Events;
pub use identity::Identity;
pub(crate) use identity::{Identities, Prepared};
pub(crate) use mailboxes::Supervisors;
pub(crate) use sequences::{SequenceMark, Sequences};
pub(crate) use wiring::Wiring;

use crate::decide::rejections::RejectionCause;
use crate::mailbox::activity::Activity;
use crate::mailbox::conversations::ConversationsMsg;
use crate::mailbox::sessions::ChannelsMsg;
use crate::supervision::{Crashes, Pauses, retry};
use crate::voice::encode::VoiceNoteEncoder;
use arc_swap::ArcSwap;
use greenroom_contract::ids::{AccountId, ChannelName};
use greenroom_contract::limits;
use greenroom_contract::store::{Store, StoreError};
use greenroom_contract::time::{Clock, Timestamp};
use greenroom_contract::transcriber::Transcriber;
use greenroom_support::metrics::{Happened, count_many};
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Shared by all actors of one engine.
pub(crate) struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) transcriber: Arc<dyn Transcriber>,
    pub(crate) voice_note_encoder: VoiceNoteEncoder,
    pub(crate) voice_workers: usize,
    /// Room for fetched pictures, in KiB.
    pub(crate) media_room: Arc<Semaphore>,
    /// What holds now. Looked at once for each turn, message and send.
    pub(crate) wiring: ArcSwap<Wiring>,
    /// Held while it is replaced.
    pub(crate) rewiring: tokio::sync::Mutex<()>,
    pub(crate) accounts: RwLock<HashMap<AccountId, Arc<AccountCard>>>,
    /// Accounts that are stored and have no session: of another adapter, or not configured now.
    pub(crate) resting: RwLock<HashSet<AccountId>>,
    pub(crate) supervisors: OnceLock<Supervisors>,
    pub(crate) activity: Arc<Activity>,
    /// Connections that have not ended.
    pub(crate) links: Arc<Activity>,
    /// Assistants whose life beside the turns has not ended.
    pub(crate) lives: Arc<Activity>,
    /// Whether somebody waits for the store to work again.
    pub(crate) recovering: AtomicBool,
    /// When this run began.
    pub(crate) started_at: Timestamp,
    /// The same by a clock that does not jump.
    pub(crate) began: Instant,
    /// Which rows are of this run.
    pub(crate) sequences: Sequences,
    /// Which rows are worked on.
    pub(crate) claims: Arc<Claims>,
    /// Rung when a settled turn made room in the inbox.
    pub(crate) freed: Notify,
    pub(crate) stages: Stages,
    pub(crate) books: Books,
    /// What happens to accounts, for pages and programs that look on.
    pub(crate) events: Arc<Events>,
    /// Held while someone decides about a stored allow-list and changes it.
    pub(crate) lists: tokio::sync::Mutex<()>,
    /// Conversations in memory.
    pub(crate) conversations_active: AtomicU64,
    pub(crate) crashes: Crashes,
    /// How people are known beyond one network, where that is configured.
    pub(crate) identities: Option<Arc<Identities>>,
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

impl Context {
    /// The time on the wall, which may be moved: for stamps, for windows that a network measures, and for what a
    /// person wrote down. For everything else there is [`Context::steady`].
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long this run has lasted. Never goes back and never jumps, as [`Context::now`] may.
    pub(crate) fn uptime(&self) -> Duration {
        self.clock.instant().duration_since(self.began)
    }

    /// The time as it would be on the wall if its clock had not been moved since the start: for pauses, rates, silence
    /// and deadlines. Compared with other moments of this kind only.
    pub(crate) fn steady(&self) -> Timestamp {
        self.started_at.plus(self.uptime())
    }

    /// A steady moment as it is shown to people.
    pub(crate) fn on_the_wall(&self, steady: Timestamp) -> Timestamp {
        self.now().plus(steady.since(self.steady()))
    }

    /// Waits so long, or until that moment on the wall if it is reached earlier: a machine may have slept, and its timers
    /// with it.
    pub(crate) async fn wait_until(&self, wall: Timestamp, pause: Duration) {
        let end = self.uptime().saturating_add(pause);
        loop {
            let left = end.saturating_sub(self.uptime());
            if left.is_zero() || self.now() >= wall {
                return;
            }
            tokio::time::sleep(left.min(limits::WALL_SLEEP_MAX)).await;
        }
    }

    pub(crate) fn account(&self, account: &AccountId) -> Option<Arc<AccountCard>> {
        self.accounts.read().get(account).cloned()
    }

    /// Counts what was not taken, and logs the first of its kind.
    pub(crate) fn note_rejected(
        &self,
        channel: Option<&ChannelName>,
        cause: RejectionCause,
        about: Option<&str>,
        times: u64,
    ) {
        count_many(Happened::NotTaken(cause.code()), times);
        if let Some(first) = self.books.rejections.lock().note(channel, cause, about, times, self.now()) {
            tracing::warn!(cause = cause.code(), "{first}");
        }
    }

    /// Has the texts here that an account sent lately, also those of an earlier run. They are missed only if the vault
    /// cannot be read.
    pub(crate) async fn resume_sent(&self, card: &AccountCard) {
        if card.sent.lock().is_resumed() {
            return;
        }
        match self.store.vault_scan(card.id(), sent_texts::PREFIX, None, limits::SENT_REMEMBERED).await {
            Ok(kept) => card.sent.lock().resume(kept.iter().map(|(_, value)| value)),
            Err(error) => tracing::warn!(account = %card.id(), %error, "what was sent lately cannot be read now"),
        }
    }

    /// Reads the stored allow-lists again, for the blueprint that holds.
    pub(crate) async fn refresh_admission(&self) -> Result<(), StoreError> {
        // One at a time, or an older reading could replace a newer one.
        let _one = self.rewiring.lock().await;
        let stored = self.store.allow_entries().await?;
        let blueprint = Arc::clone(&self.wiring.load().blueprint);
        self.wiring.store(Arc::new(Wiring::new(blueprint, &stored)));
        Ok(())
    }

    /// A commit ended without anybody knowing whether it was one. When the store works again
    /// everything that waits is rung, because a bell may have been lost.
    pub(crate) fn recover_soon(self: &Arc<Self>) {
        if self.recovering.swap(true, Ordering::SeqCst) {
            return;
        }
        let context = Arc::clone(self);
        tokio::spawn(async move {
            let works = |_| async {
                // A change of the lists may have been a commit after all, too.
                let works = context.store.rows_waiting().await.is_ok() && context.refresh_admission().await.is_ok();
                if works { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let pauses = Pauses::every(limits::STORE_RETRY_PAUSE);
            let Some(()) = retry(pauses, &context.stages.draining, works).await else { return };
            context.recovering.store(false, Ordering::SeqCst);
            tracing::info!("the store works again; continuing with everything that waits");
            if let Some(supervisors) = context.supervisors.get() {
                let _ = supervisors.conversations.send_message(ConversationsMsg::Begin);
                let _ = supervisors.channels.send_message(ChannelsMsg::RescanAll);
            }
        });
    }
}
