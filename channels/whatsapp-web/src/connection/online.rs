//! Whether the account is shown as online: only while an answer is being prepared for an admitted person, unless the
//! configuration wants it always.
//!
//! The library announces the account by itself when a login is accepted and when its name changes. What it announced is
//! taken back immediately, so that a stranger who watches sees no more than that.

use crate::limits;
use parking_lot::Mutex;
use std::collections::HashSet;
use whatsapp_rust::{Client, Jid, NodeBuilder};

/// What is shown, and what should be.
pub(crate) struct Online {
    always: bool,
    /// Chats in which an answer is being prepared.
    busy: Mutex<HashSet<Jid>>,
    /// What the network was told last; `None` if the library may have told it something else. Held while it is told, so
    /// that the last word is the newest.
    announced: tokio::sync::Mutex<Option<bool>>,
}

impl Online {
    pub(crate) fn new(always: bool) -> Self {
        Self { always, busy: Mutex::default(), announced: tokio::sync::Mutex::new(None) }
    }

    /// An answer for this chat is being prepared.
    pub(crate) fn begin(&self, chat: &Jid) {
        let mut busy = self.busy.lock();
        if busy.len() < limits::BUSY_CHATS_MAX {
            busy.insert(chat.clone());
        }
    }

    /// That is over.
    pub(crate) fn end(&self, chat: &Jid) {
        self.busy.lock().remove(chat);
    }

    fn wanted(&self) -> bool {
        self.always || !self.busy.lock().is_empty()
    }

    /// Tells the network, if it does not know. That it failed changes nothing else.
    pub(crate) async fn show(&self, client: &Client) {
        if let Err(reason) = self.announce(client).await {
            tracing::debug!("whether the account is online was not shown: {reason}");
        }
    }

    async fn announce(&self, client: &Client) -> Result<(), String> {
        let mut announced = self.announced.lock().await;
        let wanted = self.wanted();
        if *announced == Some(wanted) {
            return Ok(());
        }
        let name = client.push_name();
        if name.is_empty() {
            return Err("the account has no name yet".to_owned());
        }
        let kind = if wanted { "available" } else { "unavailable" };
        let presence = NodeBuilder::new("presence").attr("type", kind).attr("name", name).build();
        client.send_node(presence).await.map_err(|error| error.to_string())?;
        *announced = Some(wanted);
        Ok(())
    }

    /// Tells the network whatever it was told before.
    pub(crate) async fn announce_again(&self, client: &Client) {
        *self.announced.lock().await = None;
        self.show(client).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_online_while_any_answer_is_prepared() {
        let jid = |text: &str| text.parse::<Jid>().unwrap();
        let online = Online::new(false);
        assert!(!online.wanted() && Online::new(true).wanted());
        online.begin(&jid("1@lid"));
        online.begin(&jid("2@lid"));
        online.begin(&jid("2@lid"));
        online.end(&jid("1@lid"));
        assert!(online.wanted());
        online.end(&jid("2@lid"));
        assert!(!online.wanted());
        for number in 0..2 * limits::BUSY_CHATS_MAX {
            online.begin(&jid(&format!("{number}@lid")));
        }
        assert_eq!(online.busy.lock().len(), limits::BUSY_CHATS_MAX);
    }
}
