//! Leases of "typing …" on one account. In memory only; what nobody renews ends.

use greenroom_contract::channel::Link;
use greenroom_contract::ids::{ChatId, MessageId};
use greenroom_contract::limits;
use greenroom_contract::outbound::Route;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// Shown leases by chat; each has a task that ends it when it runs out.
#[derive(Default)]
pub(crate) struct Leases(HashMap<ChatId, AbortHandle>);

impl Leases {
    /// Shows typing and renews the lease, if that is `allowed` when it is shown.
    pub(crate) fn renew(
        &mut self,
        link: &Arc<dyn Link>,
        route: Route,
        message: Option<MessageId>,
        allowed: impl FnOnce(&Route) -> bool + Send + 'static,
    ) {
        if link.presence().is_none() {
            return;
        }
        let chat = route.chat.clone();
        let link = Arc::clone(link);
        let task = tokio::spawn(async move {
            if let Some(presence) = link.presence().filter(|_| allowed(&route)) {
                let show = presence.typing(&route, message.as_ref());
                // A network that hangs here must not keep a task for ever.
                let _ = tokio::time::timeout(limits::TYPING_LEASE, show).await;
                tokio::time::sleep(limits::TYPING_LEASE).await;
                let _ = tokio::time::timeout(limits::TYPING_LEASE, presence.paused(&route)).await;
            }
        });
        if let Some(earlier) = self.0.insert(chat, task.abort_handle()) {
            earlier.abort();
        }
        self.0.retain(|_, task| !task.is_finished());
    }

    /// Takes typing away.
    pub(crate) fn end(&mut self, link: &Arc<dyn Link>, route: Route) {
        let Some(lease) = self.0.remove(&route.chat) else { return };
        lease.abort();
        let link = Arc::clone(link);
        tokio::spawn(async move {
            if let Some(presence) = link.presence() {
                let _ = tokio::time::timeout(limits::TYPING_LEASE, presence.paused(&route)).await;
            }
        });
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        self.0.values().for_each(AbortHandle::abort);
    }
}
