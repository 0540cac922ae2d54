//! Titles of groups: asked for once, kept for hours, changed when the network tells.

use crate::ids::address;
use crate::limits;
use greenroom_contract::time::Clock;
use greenroom_support::memory::Memory;
use parking_lot::Mutex;
use tokio::time::Instant;
use whatsapp_rust::wacore::stanza::groups::GroupNotificationAction;
use whatsapp_rust::{Client, Jid};

struct Known {
    title: Option<String>,
    until: Instant,
}

/// The titles of one account's groups.
pub(crate) struct Groups {
    clock: Clock,
    known: Mutex<Memory<Jid, Known>>,
}

impl Groups {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, known: Mutex::new(Memory::new(limits::REMEMBERED)) }
    }

    /// The title; the network is asked where it is not known. Waits a little at most.
    pub(crate) async fn title(&self, client: &Client, group: &Jid) -> Option<String> {
        let group = address::bare(group);
        if let Some(known) = self.known.lock().get(&group).filter(|known| self.clock.instant() < known.until) {
            return known.title.clone();
        }
        let groups = client.groups();
        let asking = tokio::time::timeout(limits::GROUP_TIMEOUT, groups.get_metadata(&group)).await;
        let title = match asking {
            Ok(Ok(metadata)) => Some(metadata.subject).filter(|title| !title.is_empty()),
            Ok(Err(error)) => {
                tracing::debug!("the title of a group is not known: {error}");
                None
            }
            Err(_) => None,
        };
        let fresh = if title.is_some() { limits::GROUP_FRESH } else { limits::GROUP_ASKED_IN_VAIN };
        let until = self.clock.instant() + fresh;
        self.known.lock().put(&group, Known { title: title.clone(), until });
        title
    }

    /// The network told that something about a group changed.
    pub(crate) fn changed(&self, group: &Jid, action: &GroupNotificationAction) {
        let group = address::bare(group);
        match action {
            GroupNotificationAction::Subject { subject, .. } => {
                let until = self.clock.instant() + limits::GROUP_FRESH;
                self.known.lock().put(&group, Known { title: Some(subject.clone()), until });
            }
            _ => self.known.lock().remove(&group),
        }
    }
}
