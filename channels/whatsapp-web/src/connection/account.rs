//! What one account keeps while its connections come and go.

use crate::config::Config;
use crate::connection::groups::Groups;
use crate::connection::missing::Missing;
use crate::connection::phone::Phone;
use crate::messages::message_cache::MessageCache;
use crate::wire::http::Http;
use greenroom_contract::ids::AccountId;
use greenroom_contract::store::AccountVault;
use greenroom_contract::time::Clock;
use std::sync::Arc;

/// What all accounts of a channel share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) http: Http,
    /// The WebSocket to connect to.
    pub(crate) url: String,
    pub(crate) clock: Clock,
}

/// One account.
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) shared: Arc<Shared>,
    pub(crate) vault: AccountVault,
    pub(crate) clock: Clock,
    pub(crate) message_cache: MessageCache,
    pub(crate) groups: Groups,
    pub(crate) phone: Phone,
    /// Messages whose content is awaited.
    pub(crate) missing: Missing,
}

impl Account {
    pub(crate) fn new(id: AccountId, shared: Arc<Shared>, vault: AccountVault, phone: Phone) -> Self {
        let clock = shared.clock;
        Self {
            id,
            shared,
            vault,
            clock,
            message_cache: MessageCache::new(),
            groups: Groups::new(clock),
            phone,
            missing: Missing::default(),
        }
    }
}
