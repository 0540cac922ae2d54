//! Baileys as a child process: a WhatsApp Web client that nobody here wrote, driven by a test.
//!
//! ```ignore
//! if !baileys::available() { return }
//! let peer = Baileys::start(&Place { url, root_public_key_hex, certificate_pem });
//! peer.connect(Keys::Memory, "Alice").await;
//! phone.scan(&peer.qr().await);
//! peer.until_open().await;
//! let id = peer.text("15550002222@s.whatsapp.net", "hello").await;
//! let answer = peer.until_message(|message| message.text() == Some("hello to you")).await;
//! ```
//!
//! The client itself is tests/web/baileys/peer.mjs; the protocol between the two is in the README.md beside it.

use super::baileys_events::{Event, Message};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

/// How long anything may take before the test fails. Generous: the machine may be building something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a peer connects to.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The WebSocket, with its path.
    pub(crate) url: String,
    /// The key that the server's certificate chain must end in.
    pub(crate) root_public_key_hex: String,
    /// The certificate of the media host.
    pub(crate) certificate_pem: String,
}

/// Where a peer keeps its keys.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    Memory,
    /// Baileys' multi-file auth state; another process can go on with it.
    Folder(PathBuf),
}

/// A running client. Dropping it kills it.
pub(crate) struct Baileys {
    place: Place,
    child: Child,
    input: tokio::sync::Mutex<ChildStdin>,
    next: AtomicU64,
    seen: Arc<Seen>,
    /// Kept for as long as node reads it.
    _certificate: tempfile::NamedTempFile,
}

/// What the child has written, from its first line on.
struct Seen {
    events: Mutex<Vec<Event>>,
    answers: Mutex<Vec<Value>>,
    lines: watch::Sender<usize>,
}

/// Whether the tests with Baileys can run. Under CI they must; elsewhere what is missing is said aloud.
pub(crate) fn available() -> bool {
    let Some(missing) = missing() else { return true };
    assert!(std::env::var_os("CI").is_none(), "{missing}");
    eprintln!("\n!!! SKIPPED: {missing}; `./x test` installs what it can\n");
    false
}

/// Why they cannot.
pub(crate) fn missing() -> Option<String> {
    let version = std::process::Command::new("node").arg("--version").stdin(Stdio::null()).output();
    let Ok(version) = version else { return Some("node is not installed, and Baileys needs it".to_owned()) };
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < 20) {
        return Some(format!("Baileys needs node 20 or later; this is {version}"));
    }
    let installed = folder().join("node_modules/baileys/package.json").exists();
    (!installed).then(|| format!("Baileys is not installed in {}", folder().display()))
}

/// The folder of the client.
fn folder() -> PathBuf {
    let below = Path::new("tests/web/baileys");
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own.ancestors().find(|root| root.join(below).join("peer.mjs").exists());
    root.expect("this crate stands in the repository").join(below)
}

impl Baileys {
    /// Starts the process. It does not connect yet.
    pub(crate) fn start(place: &Place) -> Self {
        let certificate = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        std::fs::write(certificate.path(), &place.certificate_pem).expect("a temporary file can be written");
        let mut child = Command::new("node")
            .arg(folder().join("peer.mjs"))
            .env("NODE_EXTRA_CA_CERTS", certificate.path())
            .env_remove("NODE_OPTIONS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be started");
        let input = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let (lines, _) = watch::channel(0);
        let seen = Arc::new(Seen { events: Mutex::default(), answers: Mutex::default(), lines });
        tokio::spawn(seen.clone().read(output));
        Self {
            place: place.clone(),
            child,
            input: tokio::sync::Mutex::new(input),
            next: AtomicU64::new(1),
            seen,
            _certificate: certificate,
        }
    }

    /// Starts and connects with keys in memory.
    pub(crate) async fn connected(place: &Place, name: &str) -> Self {
        let peer = Self::start(place);
        peer.connect(Keys::Memory, name).await;
        peer
    }

    /// Connects, and stays away when the connection ends, but for the restart that the server asks for.
    pub(crate) async fn connect(&self, keys: Keys, name: &str) {
        self.connect_with(keys, name, false).await;
    }

    /// Connects; `reconnect`: comes back a quarter of a second after a connection ends.
    pub(crate) async fn connect_with(&self, keys: Keys, name: &str, reconnect: bool) {
        let keys = match keys {
            Keys::Memory => Value::Null,
            Keys::Folder(folder) => json!(folder),
        };
        let Place { url, root_public_key_hex: root, .. } = &self.place;
        let options = json!({ "url": url, "root": root, "keys": keys, "name": name, "reconnect": reconnect });
        self.order("connect", options).await;
    }

    /// The code that is shown now.
    pub(crate) async fn qr(&self) -> String {
        self.until("a QR code", |event| match event {
            Event::Qr { code, .. } => Some(code.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until the server has accepted a login and everything that waited there was handed over;
    /// returns the account's own JID and LID, with the device.
    pub(crate) async fn until_open(&self) -> (String, String) {
        self.until_open_since(0).await
    }

    /// The same, of what happened since [`Self::mark`].
    pub(crate) async fn until_open_since(&self, mark: usize) -> (String, String) {
        let own = self.until_since(mark, "a login", |event| match event {
            Event::Open { jid, lid } => Some((jid.clone(), lid.clone().unwrap_or_default())),
            _ => None,
        });
        let own = own.await;
        self.until_since(mark, "the end of what waited", |event| matches!(event, Event::CaughtUp).then_some(())).await;
        own
    }

    /// Waits for the connection to end; returns the status that Baileys gives it.
    pub(crate) async fn until_closed(&self) -> u16 {
        self.until("the end of the connection", |event| match event {
            // 515 is the restart after linking.
            Event::Close { status, .. } if *status != 515 => Some(*status),
            _ => None,
        })
        .await
    }

    pub(crate) async fn until_message(&self, wanted: impl Fn(&Message) -> bool) -> Message {
        self.until("a message", |event| match event {
            Event::Message(message) if wanted(message) => Some(message.clone()),
            _ => None,
        })
        .await
    }

    /// How much has happened so far.
    pub(crate) fn mark(&self) -> usize {
        self.seen.events.lock().len()
    }

    /// Everything that happened so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.seen.events.lock().clone()
    }

    /// All messages so far that say this; to see that there is one and no more.
    pub(crate) fn heard(&self, text: &str) -> usize {
        let said = |event: &&Event| matches!(event, Event::Message(message) if message.text() == Some(text));
        self.seen.events.lock().iter().filter(said).count()
    }

    /// Waits for the first event that `pick` takes, of all that ever happened.
    pub(crate) async fn until<T>(&self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        self.until_since(0, what, pick).await
    }

    /// The same, of what happened since [`Self::mark`].
    pub(crate) async fn until_since<T>(&self, mark: usize, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let found = self.seen.first(|seen| seen.events.lock().iter().skip(mark).find_map(&pick)).await;
        found.unwrap_or_else(|| panic!("Baileys never saw {what}; it saw:\n{:#?}", self.events()))
    }

    /// Gives an order and returns at once, for what is answered later or never.
    pub(crate) async fn begin(&self, order: &str, mut options: Value) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        options["id"] = json!(id);
        options["do"] = json!(order);
        let line = format!("{options}\n");
        self.input.lock().await.write_all(line.as_bytes()).await.expect("Baileys reads its orders");
        id
    }

    /// Gives an order and waits until it is carried out.
    pub(crate) async fn try_order(&self, order: &str, options: Value) -> Result<Value, String> {
        let id = self.begin(order, options).await;
        let answer = self.seen.first(|seen| {
            let mut answers = seen.answers.lock();
            let at = answers.iter().position(|answer| answer["id"] == id)?;
            Some(answers.swap_remove(at))
        });
        let answer = answer.await.unwrap_or_else(|| panic!("`{order}` was never carried out: {:#?}", self.events()));
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// The same; the test fails when the order does.
    pub(crate) async fn order(&self, order: &str, options: Value) -> Value {
        let done = self.try_order(order, options).await;
        done.unwrap_or_else(|error| panic!("Baileys could not `{order}`: {error}\n{:#?}", self.events()))
    }

    /// The process, for measuring it from outside.
    pub(crate) fn process(&self) -> Option<u32> {
        self.child.id()
    }
}

impl Seen {
    async fn read(self: Arc<Self>, output: ChildStdout) {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // Only lines of ours are read, and no other is repeated anywhere: it could hold keys.
            let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
            if line.get("event").is_some() {
                let event = serde_json::from_value(line.clone()).unwrap_or(Event::Unknown(line));
                self.events.lock().push(event);
            } else {
                self.answers.lock().push(line);
            }
            self.lines.send_modify(|count| *count += 1);
        }
        self.events.lock().push(Event::Ended);
        self.lines.send_modify(|count| *count += 1);
    }

    /// What `look` finds, now or after a later line.
    async fn first<T>(&self, look: impl Fn(&Self) -> Option<T>) -> Option<T> {
        let mut lines = self.lines.subscribe();
        tokio::time::timeout(PATIENCE, async {
            loop {
                lines.mark_unchanged();
                if let Some(found) = look(self) {
                    return Some(found);
                }
                if matches!(self.events.lock().last(), Some(Event::Ended)) || lines.changed().await.is_err() {
                    return None;
                }
            }
        })
        .await
        .ok()
        .flatten()
    }
}
