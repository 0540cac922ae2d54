//! The supervised actors. The only crate that knows ractor.
//!
//! [`start`] takes the parts that the application made from its configuration, starts the
//! supervision tree, and returns a [`EngineHandle`]: the only way in from outside.
//!
//! # Layout
//!
//! One folder, a room, for each idea. A room knows those above it in this table, never those below.
//!
//! | room | what it holds |
//! |---|---|
//! | `decide` | pure decisions: values in, values out; the others carry them out |
//! | `supervision` | what every supervisor needs |
//! | `mailbox` | what actors send each other |
//! | `voice` | voice notes, heard and made |
//! | `context` | what all actors share |
//! | `intake` | what an adapter hands its events to |
//! | `assistants` | the hosts of the assistants |
//! | `conversations` | from a stored message to its answer |
//! | `accounts` | who may link what, linking runs, what is written down about accounts, what is shown |
//! | `sessions` | what keeps an account connected and sends its outbox |
//! | `run` | the root, the way in from outside, and what runs beside |

use crate::accounts::loading;
use crate::context::{Books, Context, Events, Identities, Sequences, Stages, Wiring};
use crate::run::clock_watch::ClockWatch;
use crate::run::janitor::Janitor;
use crate::run::journal_keeper::JournalKeeper;
use crate::run::root::{Root, RootArguments};
use crate::supervision::Crashes;
use arc_swap::ArcSwap;
use greenroom_contract::limits::MEDIA_HELD_BYTES_MAX;
use greenroom_contract::store::Store;
use greenroom_contract::time::Clock;
use greenroom_contract::transcriber::Transcriber;
use greenroom_contract::voice::VoiceEncoder;
use parking_lot::RwLock;
use ractor::Actor;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};

mod accounts;
mod assistants;
mod context;
mod conversations;
mod decide;
mod intake;
mod mailbox;
mod run;
mod sessions;
mod supervision;
mod voice;

pub use context::Identity;
pub use decide::access::{Access, AccessRule, RuleOrigin};
pub use decide::blueprint::{
    AssistantPart, Blueprint, BlueprintProblem, Change, ChannelPart, ChannelPlan, RunLimits, diff,
};
pub use decide::counted::{refusal as refusal_word, refusal_in_words};
pub use decide::events::{Counts, Event, EventPage, Happened};
pub use decide::health::{AccountHealth, Health, HealthProblem, NotReady};
pub use decide::journal::{Gap, RefusedCount};
pub use decide::linking_rules::{LinkRequest, SessionLimits};
pub use decide::markdown::rendered as rendered_markdown;
pub use decide::next_action::NextAction;
pub use decide::refused::{LinkRefused, SessionScope};
pub use decide::rejections::{Rejection, RejectionCause};
pub use decide::status::AccountStatus;
pub use decide::unsent::UnsentMessage;
pub use mailbox::accounts::LinkView;
pub use run::access_handle::{AccessAsked, access};
pub use run::conversation_handle::ForgetRefused;
pub use run::doors::Doors;
pub use run::handle::{Drained, EndReason, EngineHandle};
pub use run::journal_handle::{gaps, refused_since};
pub use run::list_handle::ListRefused;
pub use run::reconfigure::ReconfigureRefused;
pub use run::released::release_conversation;
pub use run::send::{Queued, SendRefused, SendTo};
pub use run::service::{Service, ServiceError};
pub use run::tree::ActorView;

/// What an engine is made of.
pub struct Parts {
    /// The durable queues.
    pub store: Arc<dyn Store>,
    /// The configured channels.
    pub channels: Vec<ChannelPart>,
    /// The configured assistants.
    pub assistants: Vec<AssistantPart>,
    /// What hears voice notes.
    pub transcriber: Arc<dyn Transcriber>,
    /// What makes voice notes of the audio in answers.
    pub voice_encoder: Arc<dyn VoiceEncoder>,
    /// How many voice notes are heard at once.
    pub voice_workers: usize,
    /// The time.
    pub clock: Clock,
    /// What runs beside, under the same root, such as the gateway. Started last, stopped first.
    pub services: Vec<Arc<dyn Service>>,
    /// How long an idle conversation stays in memory.
    pub conversation_idle: Duration,
    /// How many accounts may be linked at run time.
    pub session_limits: SessionLimits,
    /// How people are known beyond one network; `None`: they are not.
    pub identity: Option<Identity>,
}

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] greenroom_contract::store::StoreError),
    /// An actor could not be started: a bug.
    #[error("an actor could not be started: {reason}")]
    Actor {
        /// Why.
        #[source]
        reason: greenroom_contract::cause::Cause,
    },
}

/// Starts everything, consumers before producers, and returns once all sessions are under way.
///
/// Must be called inside a tokio runtime. The engine runs until [`EngineHandle::drain`] or until every
/// input came to its end.
pub async fn start(parts: Parts) -> Result<EngineHandle, StartError> {
    let limits = RunLimits { sessions: parts.session_limits, conversation_idle: parts.conversation_idle };
    let Parts { store, channels, assistants, clock, mut services, .. } = parts;
    let (transcriber, voice_workers) = (parts.transcriber, parts.voice_workers);
    let blueprint = channels.into_iter().fold(Blueprint::new(limits), Blueprint::with_channel);
    let blueprint = Arc::new(assistants.into_iter().fold(blueprint, Blueprint::with_assistant));
    let loaded = loading::load(&*store, &blueprint, None, clock.now()).await?;
    let events = Arc::new(Events::new(clock));
    let (accounts, resting) = loaded.cards(&events, clock.now());
    let stored = store.allow_entries().await?;
    let context = Arc::new(Context {
        store,
        clock,
        transcriber,
        voice_note_encoder: voice::encode::VoiceNoteEncoder::new(parts.voice_encoder),
        voice_workers,
        media_room: Arc::new(Semaphore::new((MEDIA_HELD_BYTES_MAX / 1024) as usize)),
        wiring: ArcSwap::from_pointee(Wiring::new(blueprint, &stored)),
        rewiring: tokio::sync::Mutex::default(),
        accounts: RwLock::new(accounts),
        resting: RwLock::new(resting),
        supervisors: OnceLock::new(),
        activity: Arc::default(),
        links: Arc::default(),
        lives: Arc::default(),
        recovering: AtomicBool::new(false),
        started_at: clock.now(),
        began: clock.instant(),
        sequences: Sequences::default(),
        claims: Arc::default(),
        freed: Notify::new(),
        stages: Stages::default(),
        books: Books::default(),
        events,
        lists: tokio::sync::Mutex::default(),
        conversations_active: AtomicU64::new(0),
        crashes: Crashes::default(),
        identities: parts.identity.map(|identity| Arc::new(Identities::new(identity))),
    });
    services.push(Arc::new(Janitor { context: Arc::clone(&context) }));
    services.push(Arc::new(ClockWatch { context: Arc::clone(&context) }));
    services.push(Arc::new(JournalKeeper { context: Arc::clone(&context) }));
    let (ended_sender, ended) = watch::channel(None);
    let handle = EngineHandle { context: Arc::clone(&context), root: Arc::default(), ended };
    let arguments = RootArguments { context, services, ended: ended_sender, handle: handle.clone() };
    let (root, _) =
        Actor::spawn(None, Root, arguments).await.map_err(|error| StartError::Actor { reason: error.into() })?;
    // The cell is fresh, so this cannot fail.
    let _ = handle.root.set(root);
    Ok(handle)
}
