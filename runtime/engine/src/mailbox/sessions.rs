//! What the Channels actor is told, and what one session is told.

use super::accounts::OutcomeSender;
use super::activity::Busy;
use crate::decide::blueprint::Change;
use crate::decide::breaker::Network;
use crate::decide::link_end::LinkEnd;
use crate::decide::reconcile::ParcelOrigin;
use crate::decide::refused::LinkRefused;
use crate::decide::session_phase::EarlierKeys;
use crate::supervision::Describing;
use greenroom_contract::channel::{ConnectError, Ended, Link};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId};
use greenroom_contract::linking::LinkMethod;
use greenroom_contract::message::Sender;
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{MergedConversation, ParcelKey, PendingParcel, StoreError};
use greenroom_contract::time::Timestamp;
use ractor::ActorRef;
use std::sync::Arc;
use std::time::Duration;

/// To the Channels actor.
pub(crate) enum ChannelsMsg {
    /// The whole tree stands: connect.
    Begin,
    /// The network accepts this account.
    Connected(AccountId),
    /// Parcels were put into the outbox.
    Posted { account: AccountId, parcels: Vec<PendingParcel>, busy: Busy },
    /// Something became of a parcel.
    Evidence(ParcelKey),
    /// One conversation became a part of another one.
    Merged(MergedConversation),
    /// The person of this conversation wrote.
    Opened { account: AccountId, conversation: ConversationId },
    /// Parcels may be in the outbox that nobody was told of.
    RescanAll,
    /// The wall's clock was moved.
    ClockMoved,
    /// Show, or go on showing, that an answer is prepared, unless this person was taken off the list.
    Typing { route: Route, message: Option<MessageId>, person: Sender },
    /// Stop showing it.
    Paused { route: Route },
    /// The input of this account came to its end.
    Finished(AccountId),
    /// A crashed session comes back.
    Respawn(AccountId),
    /// The session of this account, which is started if there is none, begins the linking run with this
    /// number.
    Link { account: AccountId, linking: u64, method: LinkMethod, keys: EarlierKeys },
    /// Its session is told something, if there is one.
    Tell { account: AccountId, message: SessionMsg },
    /// A fresh connection is wanted, also of an account whose session was given up.
    Restart { account: AccountId, reply: OutcomeSender },
    /// The owner wants the device removed.
    Unlink { account: AccountId, reply: OutcomeSender },
    /// The account was forgotten: its session ends.
    Remove { account: AccountId, reply: OutcomeSender },
    /// Tell which sessions there are.
    Describe(Describing),
    /// Another blueprint holds.
    Reconfigure(Change),
}

/// A session, as it and its helpers know it.
pub(crate) type SessionRef = ActorRef<SessionMsg>;

/// To the session of one account.
pub(crate) enum SessionMsg {
    /// The link with this generation was made, or not.
    LinkMade {
        generation: u64,
        made: Result<Arc<dyn Link>, ConnectError>,
    },
    /// The adapter panicked while it made the link.
    Crashed(String),
    /// The pause with this generation is over.
    Reconnect(u64),
    /// The network accepts us.
    Connected,
    /// The connection with this generation ended; `Err` is a panic of the adapter.
    RunEnded {
        generation: u64,
        ended: Result<Ended, String>,
    },
    /// The account is linked and on disk: connect.
    Connect,
    /// A fresh connection is wanted, whatever happens now.
    Restart,
    /// The connection with this generation did not end, or its keys did not answer, in time.
    Abandon(u64),
    /// Codes to link this account are wanted, or fresh ones.
    Link {
        method: LinkMethod,
        keys: EarlierKeys,
    },
    /// Codes are not wanted any more.
    CancelLink,
    /// The linking run with this generation ended; `Err` is a panic of the adapter.
    LinkingEnded {
        generation: u64,
        end: Result<LinkEnd, String>,
    },
    /// The owner wants the device removed.
    Logout(OutcomeSender),
    /// The network was told, or could not be.
    LogoutEnded {
        outcome: Result<(), LinkRefused>,
        reply: OutcomeSender,
    },
    /// The channel of this account was removed, or has another adapter: begin no send, let those under way end, then
    /// the connection, then stop.
    Retire,
    /// The connection did not end in time after that.
    RetireNow,
    Posted {
        parcels: Vec<PendingParcel>,
        busy: Busy,
    },
    Scanned(Result<Vec<PendingParcel>, StoreError>),
    /// The unsent parcels of a chat whose person wrote.
    Loaded {
        conversation: ConversationId,
        parcels: Vec<PendingParcel>,
    },
    Rescan,
    /// The wall's clock was moved: windows may be open that seemed closed.
    ClockMoved,
    SendEnded {
        conversation: ConversationId,
        end: SendEnd,
        network: Network,
    },
    Evidence(ParcelKey),
    /// What waits of the one conversation stands in the line of the other one from now on.
    Merged {
        kept: ConversationId,
        gone: ConversationId,
    },
    /// The person of this conversation wrote.
    Opened(ConversationId),
    /// A wait is over.
    Tick,
    Typing {
        route: Route,
        message: Option<MessageId>,
        person: Sender,
    },
    Paused {
        route: Route,
    },
}

/// How an attempt ended, for the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SendEnd {
    /// The parcel is done with.
    Done,
    /// Look at it again then.
    Wait { until: Timestamp, origin: ParcelOrigin },
    /// It was not handed over, to keep the rate of its chat. Look at it again so long after the engine began.
    Paced { until: Duration, origin: ParcelOrigin },
    /// The network takes it only after the person writes again.
    WaitForPerson { origin: ParcelOrigin },
    /// The account has to wait.
    AccountWaits { until: Timestamp, origin: ParcelOrigin },
    /// The account cannot send until a person acts.
    AccountStopped { reason: String },
}
