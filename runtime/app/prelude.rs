//! What a first bot needs: `use greenroom::prelude::*`.
//!
//! An adapter of one's own needs more: [`adapter`].

pub use crate::channels::console::{Console, LOCAL_PERSON};
pub use crate::channels::loopback::{LoopbackNetwork, Options as LoopbackOptions, loopback, said};
pub use crate::contract::address::Address;
pub use crate::contract::assistant::{
    Answer, Assistant, AssistantError, Content, HandOver, Markup, Needs, Receiver, Reply, Turn, Wake, assistant_fn,
};
pub use crate::contract::choices::{Choice, Choices};
pub use crate::contract::outbound::OutboundBody;
pub use crate::{
    AssistantOptions, Builder, Ended, Handle, Policy, Queued, Result, RunError, Running, Runtime, SendRefused, SendTo,
    async_trait,
};

/// What an adapter of one's own needs besides: `use greenroom::prelude::adapter::*`.
///
/// Its [`Ended`](adapter::Ended) is that of a connection. A file that uses both preludes names the one it means.
pub mod adapter {
    pub use crate::async_trait;
    pub use crate::contract::address::Address;
    pub use crate::contract::capabilities::{Capabilities, Marks, MediaRules, Resend, Support};
    pub use crate::contract::channel::{
        BackOff, Channel, ConnectError, Ended, Identity, Link, MediaError, Receipt, SendError,
    };
    pub use crate::contract::event::{ChannelEvent, Consequence, DeliveryStatus, EventSink, Sign, SinkError, StatusOf};
    pub use crate::contract::ids::{AccountId, ChannelName, ChatId, IdError, MessageId, OutboundId, SenderId};
    pub use crate::contract::message::{
        Addressing, Body, Chat, Inbound, Media, MediaRef, MessageKey, Origin, Quote, Sender,
    };
    pub use crate::contract::outbound::{Outbound, OutboundBody, Route};
    pub use crate::contract::store::{AccountRow, AccountVault};
    pub use crate::contract::time::{Clock, Timestamp};
}
