//! The other side of the example: a network of one server, with people who write and read.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// One line of the protocol.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Frame {
    /// Somebody wrote.
    Message { id: String, from: String, text: String },
    /// We have it on disk.
    Taken(String),
    /// We say something.
    Say { id: String, to: String, text: String },
    /// The network has it.
    Said(String),
}

impl Frame {
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// The server. Delivers what was not taken again whenever somebody connects, and shows an id once.
#[derive(Clone)]
pub(crate) struct Network {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    /// Counts the cuts: a connection ends when it changes.
    cuts: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    delivered: u64,
    /// Messages that were not taken, oldest first.
    untaken: Vec<(String, Frame)>,
    /// What people saw: id, to whom, what.
    seen: Vec<(String, String, String)>,
    /// How far the present connection has delivered `untaken`.
    written: usize,
}

impl Network {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let network = Self { address, state: Arc::default(), changed: Arc::default(), cuts: watch::Sender::new(0) };
        let server = network.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                server.serve(stream).await;
            }
        });
        Ok(network)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody writes; returns the message's id.
    pub(crate) fn deliver(&self, from: &str, text: &str) -> String {
        let id = {
            let mut state = self.state();
            state.delivered += 1;
            let id = format!("m{}", state.delivered);
            let frame = Frame::Message { id: id.clone(), from: from.to_owned(), text: text.to_owned() };
            state.untaken.push((id.clone(), frame));
            id
        };
        self.changed.notify_waiters();
        id
    }

    /// What people saw: to whom, and what.
    pub(crate) fn seen(&self) -> Vec<(String, String)> {
        self.state().seen.iter().map(|(_, to, text)| (to.clone(), text.clone())).collect()
    }

    /// Waits until people saw so many messages.
    pub(crate) async fn seen_at_least(&self, messages: usize) {
        loop {
            let changed = self.changed.notified();
            if self.state().seen.len() >= messages {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection at a time, until it is closed or cut.
    async fn serve(&self, stream: TcpStream) {
        let mut cuts = self.cuts.subscribe();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        self.state().written = 0;
        loop {
            let changed = self.changed.notified();
            let next = {
                let mut state = self.state();
                let next = state.untaken.get(state.written).map(|(_, frame)| frame.line());
                state.written += usize::from(next.is_some());
                next
            };
            if let Some(line) = next {
                if writer.write_all(&line).await.is_err() {
                    return;
                }
                continue;
            }
            tokio::select! {
                line = lines.next_line() => {
                    let Ok(Some(line)) = line else { return };
                    let Ok(frame) = serde_json::from_str(&line) else { continue };
                    if let Some(answer) = self.hear(frame)
                        && writer.write_all(&answer.line()).await.is_err()
                    {
                        return;
                    }
                }
                () = changed => {}
                _ = cuts.changed() => return,
            }
        }
    }

    fn hear(&self, frame: Frame) -> Option<Frame> {
        let mut state = self.state();
        let answer = match frame {
            Frame::Taken(id) => {
                if let Some(place) = state.untaken.iter().position(|(untaken, _)| *untaken == id) {
                    state.untaken.remove(place);
                    state.written = state.written.saturating_sub(1);
                }
                None
            }
            Frame::Say { id, to, text } => {
                if !state.seen.iter().any(|(seen, _, _)| *seen == id) {
                    state.seen.push((id.clone(), to, text));
                }
                Some(Frame::Said(id))
            }
            Frame::Message { .. } | Frame::Said(_) => None,
        };
        drop(state);
        self.changed.notify_waiters();
        answer
    }
}

/// What only the tests play.
#[cfg(test)]
impl Network {
    pub(crate) fn is_taken(&self, id: &str) -> bool {
        !self.state().untaken.iter().any(|(untaken, _)| untaken == id)
    }

    /// Delivers everything that was not taken once more.
    pub(crate) fn deliver_again(&self) {
        self.state().written = 0;
        self.changed.notify_waiters();
    }

    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn seen_with_ids(&self) -> Vec<(String, String)> {
        self.state().seen.iter().map(|(id, _, text)| (id.clone(), text.clone())).collect()
    }
}
