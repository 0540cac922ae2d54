//! The network and everybody on it, played by the parent of a [`super::child`].

use super::wire::{FromBot, ToBot, WireMessage, line};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// How long the parent waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A network that delivers every message until it is acknowledged, and shows ours once per id.
#[derive(Clone)]
pub(crate) struct People {
    shared: Arc<Shared>,
    pub(crate) address: String,
}

struct Shared {
    net: Mutex<Net>,
    /// Grows with everything that happens.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Net {
    /// Everything that was said, in order.
    said: Vec<WireMessage>,
    /// Places in `said` that are not acknowledged.
    open: Vec<usize>,
    acknowledged: HashSet<String>,
    /// Messages of ours by chat, in the order in which they were first seen: id and text.
    seen: BTreeMap<String, Vec<(String, String)>>,
    repetitions: HashMap<String, u32>,
    connections: u64,
    wire: Option<mpsc::UnboundedSender<ToBot>>,
    /// What the bot last said is left: rows, parcels, quarantined rows.
    settled: Option<(u64, u64, u64)>,
}

impl People {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port").to_string();
        let shared = Arc::new(Shared { net: Mutex::default(), changed: watch::Sender::new(0) });
        tokio::spawn(accept(listener, shared.clone()));
        Self { shared, address }
    }

    fn net(&self) -> MutexGuard<'_, Net> {
        self.shared.net()
    }

    /// Somebody says something; it goes out now, or with the next connection.
    pub(crate) fn say(&self, message: WireMessage) {
        let mut net = self.net();
        let place = net.said.len();
        net.open.push(place);
        net.said.push(message.clone());
        net.settled = None;
        if let Some(wire) = &net.wire {
            let _ = wire.send(ToBot::Message(message));
        }
    }

    /// The network delivers a message again that it delivered before, acknowledged or not.
    pub(crate) fn repeat(&self, place: usize) {
        let net = self.net();
        if let (Some(message), Some(wire)) = (net.said.get(place), &net.wire) {
            let _ = wire.send(ToBot::Message(message.clone()));
        }
    }

    /// How many messages were said.
    pub(crate) fn said(&self) -> Vec<WireMessage> {
        self.net().said.clone()
    }

    /// How many were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.net().acknowledged.len()
    }

    /// What was seen of us in each chat: id and text, each id once.
    pub(crate) fn seen(&self) -> BTreeMap<String, Vec<(String, String)>> {
        self.net().seen.clone()
    }

    /// How many messages of ours came more than once and were shown once.
    pub(crate) fn repetitions(&self) -> usize {
        self.net().repetitions.len()
    }

    /// Connections made so far.
    pub(crate) fn connections(&self) -> u64 {
        self.net().connections
    }

    /// Waits until `holds`; says what was waited for when it does not come.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        let all = async {
            while !holds(self) {
                // A process that died says nothing; so it is asked again after a moment.
                let _ = tokio::time::timeout(Duration::from_millis(50), changed.changed()).await;
            }
        };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            let net = self.net();
            let (open, seen) = (net.open.len(), net.seen.values().map(Vec::len).sum::<usize>());
            panic!("it did not come: {what} ({} said, {open} open, {seen} seen, {:?})", net.said.len(), net.settled);
        }
    }

    /// Waits until everything is acknowledged and the bot says that nothing is left to do.
    pub(crate) async fn all_settled(&self) {
        self.until("everything is acknowledged", |people| people.net().open.is_empty()).await;
        // A report that was on its way, or begun, when the last acknowledgement came does not count: it may have looked
        // before that message was there. The one after it was begun later.
        for report in ["the report that was begun", "nothing waits"] {
            self.net().settled = None;
            self.until(report, |people| matches!(people.net().settled, Some((0, 0, _)))).await;
        }
    }
}

impl Shared {
    fn net(&self) -> MutexGuard<'_, Net> {
        self.net.lock().expect("nothing panics while it holds this lock")
    }

    fn changed(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }

    fn take(&self, told: FromBot, wire: &mpsc::UnboundedSender<ToBot>) {
        let mut net = self.net();
        match told {
            FromBot::Acknowledge(ids) => {
                net.acknowledged.extend(ids);
                let Net { open, said, acknowledged, .. } = &mut *net;
                open.retain(|place| !acknowledged.contains(&said[*place].id));
            }
            FromBot::Send { id, chat, text } => {
                let seen = net.seen.entry(chat).or_default();
                if seen.iter().any(|(known, _)| *known == id) {
                    *net.repetitions.entry(id.clone()).or_default() += 1;
                } else {
                    seen.push((id.clone(), text));
                }
                let _ = wire.send(ToBot::Receipt(id));
            }
            FromBot::Settled { waiting, unsent, quarantined } => net.settled = Some((waiting, unsent, quarantined)),
        }
        drop(net);
        self.changed();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, shared.clone()));
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let (reading, mut writing) = stream.into_split();
    let (wire, mut outgoing) = mpsc::unbounded_channel::<ToBot>();
    {
        let mut net = shared.net();
        for place in &net.open {
            let _ = wire.send(ToBot::Message(net.said[*place].clone()));
        }
        net.wire = Some(wire.clone());
        net.connections += 1;
        net.settled = None;
    }
    shared.changed();
    let writer = tokio::spawn(async move {
        while let Some(told) = outgoing.recv().await {
            if writing.write_all(line(&told).as_bytes()).await.is_err() {
                return;
            }
        }
    });
    let mut lines = BufReader::new(reading).lines();
    while let Ok(Some(text)) = lines.next_line().await {
        // A line that was cut by a kill says nothing.
        if let Ok(told) = serde_json::from_str(&text) {
            shared.take(told, &wire);
        }
    }
    writer.abort();
    let mut net = shared.net();
    if net.wire.as_ref().is_some_and(|current| current.same_channel(&wire)) {
        net.wire = None;
    }
    drop(net);
    shared.changed();
}
