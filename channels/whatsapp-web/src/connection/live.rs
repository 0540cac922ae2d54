//! A connection that is up.

use crate::connection::online::Online;
use crate::connection::state::ConnectionState;
use std::sync::Arc;
use whatsapp_rust::Client;

/// A connection that messages can be sent on.
pub(crate) struct Live {
    pub(crate) client: Arc<Client>,
    pub(crate) state: Arc<ConnectionState>,
    /// Whether the network shows the account as online.
    pub(crate) online: Online,
}
