//! "Typing …" and read marks, without waiting for either.

use crate::connection::account::Account;
use crate::connection::live::Live;
use crate::ids::address;
use crate::limits;
use greenroom_contract::ids::MessageId;
use greenroom_contract::outbound::Route;
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Semaphore;
use whatsapp_rust::{Client, Jid};

/// What is shown, and what was.
pub(crate) struct PresenceSignals {
    permits: Arc<Semaphore>,
    /// Messages that were marked as read.
    read: Mutex<Memory<MessageId, ()>>,
}

/// One thing to show.
enum Show {
    Composing,
    Paused,
    Read { id: MessageId, author: Option<Jid> },
}

impl PresenceSignals {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(limits::PRESENCE_MAX)),
            read: Mutex::new(Memory::new(limits::REMEMBERED)),
        }
    }

    /// Shows that an answer is being written, and the message as read.
    pub(crate) fn typing(&self, account: &Account, live: &Arc<Live>, route: &Route, message: Option<&MessageId>) {
        let Some(chat) = address::of_chat(&route.chat) else { return };
        if let Some(id) = message.filter(|_| account.shared.config.read_receipts)
            && self.is_unread(id)
        {
            let heard = account.message_cache.heard(&chat, id.as_str());
            let author = heard.map(|heard| heard.author).filter(|_| route.kind.is_group());
            // Nobody is told who read a message of a group if its author is not known any more.
            if author.is_some() || !route.kind.is_group() {
                self.show(live, chat.clone(), Show::Read { id: id.clone(), author });
            }
        }
        live.online.begin(&chat);
        self.show(live, chat, Show::Composing);
    }

    /// Takes "typing …" away.
    pub(crate) fn paused(&self, live: &Arc<Live>, route: &Route) {
        if let Some(chat) = address::of_chat(&route.chat) {
            live.online.end(&chat);
            self.show(live, chat, Show::Paused);
        }
    }

    fn is_unread(&self, id: &MessageId) -> bool {
        let mut read = self.read.lock();
        let is_unread = read.get(id).is_none();
        read.entry(id, || ());
        is_unread
    }

    fn show(&self, live: &Arc<Live>, chat: Jid, show: Show) {
        let Ok(permit) = self.permits.clone().try_acquire_owned() else { return };
        let live = live.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let shown = async {
                // Typing is shown only for an account that is online, so it is so first and until after.
                let is_paused = matches!(show, Show::Paused);
                if !is_paused {
                    live.online.show(&live.client).await;
                }
                let shown = show.now(&live.client, &chat).await;
                if is_paused {
                    live.online.show(&live.client).await;
                }
                shown
            };
            match tokio::time::timeout(limits::PRESENCE_TIMEOUT, shown).await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => tracing::debug!("typing or a read mark was not shown: {reason}"),
                Err(_) => tracing::debug!("typing or a read mark was not shown in time"),
            }
        });
    }
}

impl Show {
    async fn now(&self, client: &Client, chat: &Jid) -> Result<(), String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        match self {
            Self::Composing => client.chatstate().send_composing(chat).await.map_err(|error| words(&error)),
            Self::Paused => client.chatstate().send_paused(chat).await.map_err(|error| words(&error)),
            Self::Read { id, author } => {
                client.mark_as_read(chat, author.as_ref(), &[id.as_str()]).await.map_err(|error| words(&error))
            }
        }
    }
}
