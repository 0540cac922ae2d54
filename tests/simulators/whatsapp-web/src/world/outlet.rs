//! Which device is meant, and the way to its connection.

use tokio::sync::mpsc;
use whatsapp_rust::wacore_binary::Node;

/// A device within the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DeviceId {
    pub(crate) account: usize,
    pub(crate) device: u16,
}

/// What a connection is told to do.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Write a stanza.
    Node(Node),
    /// Write what is due, wait a moment as the real server does, then close.
    Close,
    /// Cut the connection at once.
    Cut,
    /// Neither read nor write any more, but leave the connection open; or go on.
    Freeze(bool),
}

pub(crate) type Outlet = mpsc::UnboundedSender<Outgoing>;
