//! What the Channels actor is told, and what one session is told.

use super::accounts::{AccountRequest, LoginEnd, OutcomeSender, PreparedLink, StateChange};
use super::activity::Busy;
use crate::decide::linking_rules::LinkRequest;
use crate::decide::reconcile::ParcelOrigin;
use crate::decide::refused::LinkRefused;
use greenroom_contract::channel::{ConnectError, Ended, Link};
use greenroom_contract::ids::{AccountId, ConversationId, MessageId, OwnerId};
use greenroom_contract::linking::LoginMethod;
use greenroom_contract::outbound::Route;
use greenroom_contract::store::{ParcelKey, PendingParcel, StoreError};
use greenroom_contract::time::Timestamp;
use ractor::ActorRef;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

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
    /// The person of this conversation wrote, and a send may wait for that.
    Opened { account: AccountId, conversation: ConversationId },
    /// Parcels may be in the outbox that nobody was told of.
    RescanAll,
    /// Show, or go on showing, that an answer is prepared.
    Typing { route: Route, message: Option<MessageId> },
    /// Stop showing it.
    Paused { route: Route },
    /// The input of this account came to its end.
    Finished(AccountId),
    /// A crashed session comes back.
    Respawn(AccountId),
    /// Somebody wants to link an account.
    Link { request: LinkRequest, reply: oneshot::Sender<Result<AccountId, LinkRefused>> },
    /// The store was asked for it.
    LinkPrepared(Box<PreparedLink>),
    /// Somebody wants something of an account that is there.
    Request { account: AccountId, owner: OwnerId, request: AccountRequest, reply: OutcomeSender },
    /// A linking run ended.
    LoginEnded { account: AccountId, end: LoginEnd },
    /// A session learned something that must be kept.
    Set { account: AccountId, change: StateChange },
    /// A state was written, or not.
    Written { account: AccountId, result: Result<(), StoreError> },
    /// It is tried again.
    WriteAgain(AccountId),
    /// An account was deleted, or not.
    Forgotten { account: AccountId, result: Result<(), LinkRefused>, reply: OutcomeSender },
}

/// A session, as it and its helpers know it.
pub(crate) type SessionRef = ActorRef<SessionMsg>;

/// To the session of one account.
pub(crate) enum SessionMsg {
    /// The link was made, or not.
    Linked(Result<Arc<dyn Link>, ConnectError>),
    /// The adapter panicked while it made the link.
    Crashed(String),
    /// The pause with this number is over: make the link, or the connection, again.
    Reconnect(u64),
    /// The network accepts us.
    Connected,
    /// The connection with this number ended; `Err` is a panic of the adapter.
    RunEnded {
        run: u64,
        ended: Result<Ended, String>,
    },
    /// The account is linked and on disk: connect.
    Connect,
    /// Somebody wants a fresh connection, whatever happens now.
    Restart,
    /// The connection did not end in time.
    Abandon(u64),
    /// Somebody wants codes to link this account, which may have keys already if it was known before.
    Login {
        method: LoginMethod,
        known: bool,
    },
    /// Make the link now.
    MakeLink,
    /// Nobody wants them any more.
    CancelLogin,
    /// A linking run ended; `Err` is a panic of the adapter.
    LoginEnded(Result<LoginEnd, String>),
    /// The owner wants the device removed.
    Logout(OutcomeSender),
    /// The network was told, or could not be.
    LogoutEnded {
        outcome: Result<(), LinkRefused>,
        reply: OutcomeSender,
    },
    Posted {
        parcels: Vec<PendingParcel>,
        busy: Busy,
    },
    Scanned(Result<Vec<(PendingParcel, Timestamp)>, StoreError>),
    Rescan,
    SendEnded {
        conversation: ConversationId,
        end: SendEnd,
    },
    Evidence(ParcelKey),
    /// The person of this conversation wrote.
    Opened(ConversationId),
    /// A wait is over.
    Tick,
    Typing {
        route: Route,
        message: Option<MessageId>,
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
