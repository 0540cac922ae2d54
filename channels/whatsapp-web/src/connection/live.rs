//! A connection that is up.

use crate::connection::state::ConnectionState;
use std::sync::Arc;
use whatsapp_rust::Client;

/// A connection that messages can be sent on.
pub(crate) struct Live {
    pub(crate) client: Arc<Client>,
    pub(crate) state: Arc<ConnectionState>,
}
