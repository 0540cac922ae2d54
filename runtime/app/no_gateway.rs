//! What stands where the gateway would, in a program that was built without it.

use crate::config::Origin;
use crate::reload::Reloader;
use crate::running::RunError;
use crate::runtime::Runtime;
use async_trait::async_trait;
use greenroom_engine::{ChannelPart, EngineHandle, Service, ServiceError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Has no value: [`bind`] never makes one, so the rest is never reached.
pub(crate) enum Gateway {}

/// What would open it.
pub(crate) struct Announcement {
    pub(crate) token: String,
}

/// Refuses a gateway that was asked for. What networks post must come by the handle, which a program that embeds the
/// runtime does; to the person who started the program `greenroom` it is said that nothing will arrive.
pub(crate) fn bind(
    runtime: &Runtime,
    _folder: Option<PathBuf>,
    (channels, _reloader): (&[ChannelPart], &Arc<Reloader>),
    notices: &mut Vec<String>,
) -> Result<Option<Gateway>, RunError> {
    if runtime.config.gateway.enabled {
        return Err(RunError::Component { path: "gateway".to_owned(), reason: crate::without("gateway") });
    }
    if runtime.config.origin != Origin::Program {
        let called = channels.iter().filter(|part| part.channel.webhook().is_some());
        notices.extend(called.map(|part| {
            format!("nothing that is posted to channel {} arrives: {}", part.name, crate::without("gateway"))
        }));
    }
    Ok(None)
}

impl Gateway {
    pub(crate) fn address(&self) -> SocketAddr {
        match *self {}
    }

    pub(crate) fn announcement(&self) -> Announcement {
        match *self {}
    }

    #[allow(clippy::unused_async)] // as the gateway that is left out
    pub(crate) async fn stopped(&self) {
        match *self {}
    }
}

#[async_trait]
impl Service for Gateway {
    fn name(&self) -> &'static str {
        match *self {}
    }

    async fn run(&self, _handle: EngineHandle, _stop: CancellationToken) -> Result<(), ServiceError> {
        match *self {}
    }
}
