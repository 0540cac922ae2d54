//! Plays WhatsApp's multi-device server on this machine, with phones and people: for tests of clients.
//!
//! A client links to it as to the real one: by Noise (XX and IK) with a signed chain of certificates, by a QR code or
//! a pairing code that a simulated [`Phone`] scans and verifies, with prekeys, device lists, LIDs, direct and group
//! messages in real Signal encryption, receipts, retries, an offline queue, notifications and a media host.
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! use greenroom_simulator_whatsapp_web::{Options, Simulator};
//! use std::time::Duration;
//!
//! let whatsapp = Simulator::start(Options::default()).await?;
//! let bot_phone = whatsapp.phone("15550000001", "Bot").await?;
//! let ana = whatsapp.phone("15551234567", "Ana").await?;
//!
//! // Start the client at whatsapp.url(), take the text of the QR code it shows, then:
//! # let qr = "";
//! let device = bot_phone.scan(qr).await?;
//! whatsapp.until_connected(("15550000001", device), Duration::from_secs(10)).await?;
//!
//! // Ana and the bot write to each other (see `Phone`), and in the end:
//! assert_eq!(whatsapp.violations(), []);
//! # Ok(()) }
//! ```
//!
//! # What a client must be told
//!
//! * [`Simulator::url`]: the WebSocket, without TLS.
//! * [`Simulator::root_public_key_hex`]: the root of the certificates, for clients that can replace theirs. Others must
//!   skip that check.
//! * [`Simulator::certificate_pem`]: what to trust for the media host. Clients are told `localhost:PORT` of
//!   [`Simulator::media_url`] by the protocol and ask it by TLS; the same files are at [`Simulator::media_plain_url`]
//!   without TLS, for a client that rewrites addresses.
//!
//! # Strict
//!
//! What the real server refuses is refused in the same way. Beside that it is noted in [`Simulator::violations`]:
//! malformed stanzas, forged signatures, and a message key used twice for two ciphertexts (a client that lost the
//! state it had sent with). A good test ends with asserting that the list is empty. Requests it does not know are
//! answered with an empty result and listed in [`Simulator::unknown_requests`].
//!
//! A stanza leaves a device's queue only when the device acknowledged it (a message by its receipt). After a crash in
//! between it comes again. [`DeviceStatus::unacknowledged`] counts what is left.
//!
//! # Faults
//!
//! Each fault is a method of [`Simulator`]: stream errors, refused logins and bans, a device replaced or unlinked,
//! connections cut, flapping or dead, acks held back, messages refused, swallowed, corrupted, withheld or doubled,
//! references expired, the clock pushed forward, the media host failing.
//!
//! # Waiting
//!
//! Nothing here asks for a sleep: `until_…` methods return as soon as what is awaited is so, or [`TimedOut`].
//!
//! # Not like WhatsApp
//!
//! History, app-state patches, calls and communities are missing, and newsletters only post: what asks for them gets an
//! empty answer. Nothing is stored; it ends with the process.
#![warn(missing_docs)]

mod address;
mod clock;
pub mod control;
mod exchange;
mod faults;
mod groups;
mod hub;
mod media;
mod observe;
mod options;
pub mod people;
mod seam;
mod server;
mod stanza;
mod stream_end;
mod wire;
mod world;

pub use address::DeviceAddress;
pub use control::serve_control;
pub use faults::Flapping;
pub use groups::Group;
pub use observe::{DeviceStatus, TimedOut};
pub use options::Options;
pub use people::Phone;
pub use stream_end::{LoginRefusal, StreamError};
pub use whatsapp_rust::wacore_binary::Node;
pub use world::device::Stripped;
pub use world::record::{Traffic, Violation};

use anyhow::{Context as _, Result, ensure};
use exchange::Line;
use hub::Hub;
use media::MediaStore;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

/// A running simulator. Clones share it; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Simulator {
    hub: Arc<Hub>,
    running: Arc<Running>,
}

/// Ends the simulator's tasks.
struct Running {
    hub: Arc<Hub>,
    url: String,
    phones: Mutex<HashMap<String, Arc<OnceCell<Phone>>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.hub.closing.cancel();
    }
}

impl Simulator {
    /// Starts one. It must be called within a tokio runtime.
    pub async fn start(options: Options) -> Result<Self> {
        ensure!(options.listen.ip().is_loopback(), "the simulator only listens on loopback addresses");
        let listener = TcpListener::bind(options.listen).await.context("binding the WebSocket's port")?;
        let url = format!("ws://{}/ws/chat", listener.local_addr()?);
        let (media, media_listeners) = MediaStore::bind().await?;
        let now = clock::Clock::default().now();
        let identity = wire::certificate::Identity::generate(now, options.certificates_expired)?;
        let hub = Arc::new(Hub::new(options, identity, media.clone()));
        let closing = hub.closing.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = closing.cancelled() => {}
                () = media_listeners.serve(media) => {}
            }
        });
        tokio::spawn(wire::socket::serve(hub.clone(), listener));
        let running = Running { hub: hub.clone(), url, phones: Mutex::default() };
        Ok(Self { hub, running: Arc::new(running) })
    }

    /// The address of the WebSocket.
    pub fn url(&self) -> &str {
        &self.running.url
    }

    /// The public key of the root that signed the server's certificates: 32 bytes in hexadecimal.
    pub fn root_public_key_hex(&self) -> String {
        self.hub.identity.root_hex()
    }

    /// The certificate of the media host, for `localhost` and `127.0.0.1`.
    pub fn certificate_pem(&self) -> &str {
        self.hub.media.certificate_pem()
    }

    /// The media host as clients are told it, with TLS.
    pub fn media_url(&self) -> String {
        format!("https://{}", self.hub.media.host())
    }

    /// The same media host without TLS.
    pub fn media_plain_url(&self) -> String {
        self.hub.media.plain_url()
    }

    /// The phone with this number (digits; other characters are ignored). The first call makes it, switched on, with
    /// the name others see; later calls give the same phone, whatever the name.
    pub async fn phone(&self, number: &str, name: &str) -> Result<Phone> {
        self.phone_of(people::Person { number: number.to_owned(), name: name.to_owned(), ..Default::default() }).await
    }

    /// As [`Simulator::phone`], with everything that can be said of a person. Without a LID they get one.
    pub async fn phone_of(&self, person: people::Person) -> Result<Phone> {
        let number = address::digits(&person.number);
        ensure!(number.len() >= 7, "{number:?} is no phone number");
        let place = self.running.phones.lock().entry(number.clone()).or_default().clone();
        let start = || {
            let lid = if person.lid.is_empty() { address::lid_of(&number) } else { person.lid.clone() };
            let person = people::Person { number, lid, ..person };
            let exchange = Arc::new(Line::new(self.hub.clone()));
            Phone::start(exchange, Arc::new(self.hub.media.clone()), person)
        };
        place.get_or_try_init(start).await.cloned()
    }

    /// The phone with this number, if there is one.
    pub fn known_phone(&self, number: &str) -> Result<Phone> {
        let number = address::digits(number);
        let place = self.running.phones.lock().get(&number).cloned();
        place.and_then(|place| place.get().cloned()).with_context(|| format!("there is no phone {number}"))
    }

    fn known_phones(&self, numbers: &[String]) -> Result<Vec<Phone>> {
        numbers.iter().map(|number| self.known_phone(number)).collect()
    }

    /// Answers the next requests to the media host with this status.
    pub fn fail_media(&self, requests: usize, status: u16) {
        self.hub.media.fail_next(requests, status);
    }

    /// Makes the media host forget all uploads. Phones upload again what a companion asks for.
    pub fn forget_media(&self) {
        self.hub.media.forget();
    }

    /// Makes the media host forget all uploads, and the phones as well.
    pub fn lose_media(&self) {
        self.hub.media.lose();
    }

    /// The simulator's time in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        self.hub.clock.now_ms()
    }
}
