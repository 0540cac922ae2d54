//! How a simulator starts.

use std::net::SocketAddr;

/// How a simulator starts. Everything but the addresses can be changed by a fault later.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Where the WebSocket listens. Only loopback addresses are taken. Default: a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// How many companions a phone may have linked at a time. Default: 4, as WhatsApp.
    pub companions_max: usize,
    /// Answers a login by Noise IK as if the static key had changed, so that the client falls back to XX.
    pub refuse_ik: bool,
    /// Shows certificates whose dates are past: clients then never try IK.
    pub certificates_expired: bool,
    /// Tells new companions that their account's chats are keyed by LID.
    pub lid_migrated: bool,
    /// Whether phones run the app for businesses: a companion is told the account's name while it is linked then.
    /// Otherwise it would come by app state, which is missing here: whatsapp-rust waits 10 s for it at each connect.
    /// Default: yes.
    pub business: bool,
    /// Asks companions for a passkey before it accepts a phone's scan.
    pub passkey: bool,
    /// How many one-time prekeys are left when a device is asked for more. Default: 4.
    pub prekeys_low: usize,
    /// How many stanzas the traffic log keeps; the oldest go first. Default: 20,000.
    pub traffic_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            companions_max: 4,
            refuse_ik: false,
            certificates_expired: false,
            lid_migrated: false,
            business: true,
            passkey: false,
            prekeys_low: 4,
            traffic_max: 20_000,
        }
    }
}
