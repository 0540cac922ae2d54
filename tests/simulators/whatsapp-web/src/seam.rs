//! What the server and a simulated phone know of each other.
//!
//! A phone is device 0 of its account. It is a client like any other, with real Signal keys, but its
//! stanzas travel in memory instead of through Noise: the phone writes nodes into [`Line::out`] and
//! reads nodes from [`Line::incoming`]. Linking is the one thing that only phones do, so it has calls of its own.

use std::sync::Arc;
use tokio::sync::mpsc;
use whatsapp_rust::wacore_binary::Node;

/// The server, as a simulated phone sees it.
pub(crate) trait Exchange: Send + Sync {
    /// Makes the account of a phone number (digits) with its LID (digits) and the name it shows.
    /// The identity key is the account key: the public key (32 bytes) that signs the device list.
    fn register(&self, number: &str, lid: &str, name: &str, identity: [u8; 32], sign: Arc<dyn SignsDevices>);

    /// Opens the line of device 0. A line that was open before ends.
    fn attach(&self, number: &str) -> Line;

    /// What a companion that shows this reference offered when it connected; `None` if the reference
    /// is unknown, was used or is no longer the valid one.
    fn offered(&self, reference: &[u8]) -> Option<Offer>;

    /// Links the companion: `blob` is the serialized `ADVSignedDeviceIdentityHMAC`, `key_index` the index
    /// signed in it. The server sends `pair-success`, checks the answer and restarts the connection; returns
    /// the device number when the companion's answer was verified, or why not.
    fn pair<'a>(
        &'a self,
        number: &'a str,
        reference: &'a [u8],
        blob: Vec<u8>,
        key_index: u32,
    ) -> futures::future::BoxFuture<'a, anyhow::Result<u16>>;

    /// A key index that no companion of this account has used, from 1.
    fn next_key_index(&self, number: &str) -> u32;

    /// Removes a companion: it is told, disconnected, and vanishes from device lists.
    fn unlink(&self, number: &str, device: u16) -> anyhow::Result<()>;
}

/// Signs a device list with the account's identity key: only the phone has its private half.
pub(crate) trait SignsDevices: Send + Sync {
    /// XEdDSA over `message`.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// The in-memory connection of a phone.
pub(crate) struct Line {
    /// Stanzas to the server.
    pub(crate) out: mpsc::UnboundedSender<Node>,
    /// Stanzas from the server.
    pub(crate) incoming: mpsc::UnboundedReceiver<Node>,
}

/// What a companion offers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    /// The static Noise key of its connection.
    pub(crate) noise_public: [u8; 32],
}
