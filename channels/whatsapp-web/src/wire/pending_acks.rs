//! Which sends wait for the network's acknowledgement.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Sends of one connection that wait. As many as are under way: each takes its entry away when it ends.
#[derive(Debug, Default, Clone)]
pub(crate) struct PendingAcks {
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Answer>>>>,
}

/// What the network answered to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has it.
    Taken,
    /// It refuses it, with this code.
    Refused(String),
}

/// One send that waits. Ends its waiting when it is dropped.
pub(crate) struct Waiting {
    acks: PendingAcks,
    id: String,
    answer: oneshot::Receiver<Answer>,
}

impl PendingAcks {
    /// From now on the answer for this message is kept for the caller.
    pub(crate) fn expect(&self, id: &str) -> Waiting {
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().insert(id.to_owned(), sender);
        Waiting { acks: self.clone(), id: id.to_owned(), answer }
    }

    /// The network answered.
    pub(crate) fn answer(&self, id: &str, answer: Answer) {
        if let Some(waiting) = self.waiting.lock().remove(id) {
            // Whoever waited may have given up just now.
            let _ = waiting.send(answer);
        }
    }

    /// The connection ended: nobody will be answered.
    pub(crate) fn end(&self) {
        self.waiting.lock().clear();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.waiting.lock().len()
    }
}

impl Waiting {
    /// The answer; `None` if the connection ended first.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.answer.close();
        // An entry that another attempt with the same id has taken over is still waited for.
        let mut waiting = self.acks.waiting.lock();
        if waiting.get(&self.id).is_some_and(oneshot::Sender::is_closed) {
            waiting.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_reaches_the_send_that_waits_for_it() {
        let acks = PendingAcks::default();
        let (mut one, mut two) = (acks.expect("1"), acks.expect("2"));
        acks.answer("2", Answer::Refused("479".to_owned()));
        acks.answer("1", Answer::Taken);
        acks.answer("3", Answer::Taken);
        assert_eq!(one.answer().await, Some(Answer::Taken));
        assert_eq!(two.answer().await, Some(Answer::Refused("479".to_owned())));
        assert_eq!(acks.len(), 0);
    }

    #[tokio::test]
    async fn nothing_is_left_behind() {
        let acks = PendingAcks::default();
        let mut lost = acks.expect("1");
        acks.end();
        assert_eq!(lost.answer().await, None);
        let first = acks.expect("2");
        let mut again = acks.expect("2");
        drop(first);
        acks.answer("2", Answer::Taken);
        assert_eq!(again.answer().await, Some(Answer::Taken));
        drop(acks.expect("4"));
        assert_eq!(acks.len(), 0);
    }
}
