//! The connection of a phone: what goes out, and who waits for which answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use whatsapp_rust::wacore_binary::Node;

use super::node;

/// How long a phone waits for an answer before it gives up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The way to the server.
#[derive(Default)]
pub(super) struct Wire {
    out: Mutex<Out>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Node>>>,
    asked: AtomicU64,
}

#[derive(Default)]
struct Out {
    sender: Option<mpsc::UnboundedSender<Node>>,
    /// Which line this is, so that the end of an earlier one does not end it.
    line: u64,
}

impl Wire {
    /// Takes a fresh line into use and returns its number; what waited for answers of the old one is told.
    pub(super) fn open(&self, sender: mpsc::UnboundedSender<Node>) -> u64 {
        let mut out = self.out.lock();
        *out = Out { sender: Some(sender), line: out.line + 1 };
        self.waiting.lock().clear();
        out.line
    }

    /// Ends the line.
    pub(super) fn close(&self) {
        self.out.lock().sender = None;
        self.waiting.lock().clear();
    }

    /// Notes that the server ended the line of this number.
    pub(super) fn ended(&self, line: u64) {
        let mut out = self.out.lock();
        if out.line == line {
            out.sender = None;
            self.waiting.lock().clear();
        }
    }

    /// Whether the phone is online.
    pub(super) fn is_open(&self) -> bool {
        self.out.lock().sender.as_ref().is_some_and(|out| !out.is_closed())
    }

    /// Writes a stanza.
    pub(super) fn send(&self, stanza: Node) -> anyhow::Result<()> {
        let out = self.out.lock();
        let out = out.sender.as_ref().ok_or_else(|| anyhow::anyhow!("the phone is offline"))?;
        out.send(stanza).map_err(|_| anyhow::anyhow!("the server ended the line"))
    }

    /// Writes a stanza whose loss nobody would notice: an acknowledgement on a line that just ended.
    pub(super) fn tell(&self, stanza: Node) {
        if let Err(error) = self.send(stanza) {
            tracing::debug!(%error, "not told");
        }
    }

    /// Writes a request and waits for its answer; an answer of type `error` is an error.
    pub(super) async fn ask(&self, mut request: Node) -> anyhow::Result<Node> {
        let id = format!("p{}", self.asked.fetch_add(1, Ordering::Relaxed));
        request.attrs.insert("id", id.as_str());
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(id.clone(), sender);
        self.send(request)?;
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => anyhow::bail!("the line ended before the answer came"),
            Err(_) => {
                self.waiting.lock().remove(&id);
                anyhow::bail!("no answer within {ANSWER_TIMEOUT:?}")
            }
        };
        if node::text(&answer, "type").as_deref() == Some("error") {
            let error = answer.get_optional_child("error");
            let code = error.and_then(|error| node::text(error, "code")).unwrap_or_default();
            let text = error.and_then(|error| node::text(error, "text")).unwrap_or_default();
            anyhow::bail!("the server refused: {code} {text}");
        }
        Ok(answer)
    }

    /// Hands an answer to whoever asked.
    pub(super) fn answered(&self, answer: Node) {
        let waiting = node::text(&answer, "id").and_then(|id| self.waiting.lock().remove(&id));
        if let Some(waiting) = waiting {
            // Whoever asked may have given up meanwhile.
            let _ = waiting.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_line_does_not_end_its_successor() {
        let wire = Wire::default();
        assert!(wire.send(node::blob("a", [1])).is_err());
        let (first, _first) = mpsc::unbounded_channel();
        let (second, mut answers) = mpsc::unbounded_channel();
        let before = wire.open(first);
        let now = wire.open(second);
        wire.ended(before);
        assert!(wire.is_open());
        let asked = wire.ask(node::request("get", "w:p", node::server(), node::blob("ping", [])));
        let ended = async {
            answers.recv().await.unwrap();
            wire.ended(now);
        };
        let (asked, ()) = tokio::join!(asked, ended);
        assert!(asked.unwrap_err().to_string().contains("ended"));
        assert!(!wire.is_open());
    }
}
