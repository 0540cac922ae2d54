//! A device: the phone itself, or a companion.

use super::outlet::Outlet;
use super::queue::Queue;
use std::collections::VecDeque;
use whatsapp_rust::wacore_binary::Node;

#[derive(Debug, Default)]
pub(crate) struct Device {
    pub(crate) number: u16,
    /// The index its identity was signed with; 0 for the phone.
    pub(crate) key_index: u32,
    pub(crate) noise_public: [u8; 32],
    pub(crate) identity: [u8; 32],
    pub(crate) platform: String,
    /// The complete serialized `ADVSignedDeviceIdentity`; empty for the phone.
    pub(crate) signed: Vec<u8>,
    pub(crate) keys: Keys,
    pub(crate) queue: Queue,
    pub(crate) connection: Option<Connection>,
    /// The routing information it showed when it connected.
    pub(crate) routing: Option<Vec<u8>>,
    /// Whether it said that its person is looking.
    pub(crate) available: bool,
    /// Completed logins.
    pub(crate) logins: u64,
    pub(crate) last_seen_ms: Option<u64>,
    pub(crate) faults: DeviceFaults,
}

impl Device {
    /// Whether stanzas go out at once.
    pub(crate) fn is_active(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.active)
    }
}

/// A connection of a device that has logged in.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) outlet: Outlet,
    /// Whether it asked for its stanzas.
    pub(crate) active: bool,
}

/// What a device published so that others can write to it.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// 4 bytes, big endian.
    pub(crate) registration: Vec<u8>,
    pub(crate) signed: Option<SignedPrekey>,
    pub(crate) one_time: VecDeque<Prekey>,
    /// How many were given out.
    pub(crate) given: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Prekey {
    /// 3 bytes, big endian.
    pub(crate) id: Vec<u8>,
    pub(crate) public: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct SignedPrekey {
    pub(crate) id: Vec<u8>,
    pub(crate) public: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// What arrives of a message that the phone alone gets whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stripped {
    /// `<unavailable/>`: the phone has it and gives it to who asks.
    Unavailable,
    /// It can be viewed once.
    ViewOnce,
    /// It was written on a device that the network hosts.
    Hosted,
    /// A bot wrote it.
    Bot,
    /// Nothing at all.
    Empty,
    /// A ciphertext of a kind that no client knows.
    Foreign,
}

/// What goes wrong for this device.
#[derive(Debug, Default)]
pub(crate) struct DeviceFaults {
    /// How many of the next messages to it arrive with a broken ciphertext.
    pub(crate) corrupt: u32,
    /// How its next messages arrive instead of with a ciphertext.
    pub(crate) strip: VecDeque<Stripped>,
    /// How many of the next messages to it wait until it connects again.
    pub(crate) withhold: u32,
    /// How many of the next messages to it arrive twice.
    pub(crate) duplicate: u32,
    /// Whether acks of what it sends are held back.
    pub(crate) hold_acks: bool,
    pub(crate) held: Vec<Node>,
    /// Codes with which its next messages are refused.
    pub(crate) refuse: VecDeque<u16>,
    /// How many of its next messages with a hash of devices are answered as if its list of devices were an old one.
    pub(crate) stale: u32,
    /// How many of its next messages vanish: neither acknowledged nor delivered.
    pub(crate) swallow: u32,
}
