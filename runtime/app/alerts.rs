//! Alerts to the owner, as they are configured.

use crate::config::Config;
use crate::running::RunError;
use greenroom_contract::time::Clock;
use greenroom_engine::Service;
use std::path::PathBuf;
use std::sync::Arc;

/// The service that sends them, if there is somewhere to send them.
#[cfg(feature = "alerts")]
pub(crate) fn service(
    config: &Config,
    folder: Option<PathBuf>,
    clock: Clock,
) -> Result<Option<Arc<dyn Service>>, RunError> {
    use greenroom_alerts::{Alerts, Options, Webhook};
    let Some(keys) = &config.alerts else { return Ok(None) };
    let component = |error| crate::making::first(vec![crate::making::component("alerts", error)]);
    let webhook = crate::sections::keys_of(keys.handed_over()).map_err(component)?;
    let webhook = Webhook::new(webhook, clock).map_err(component)?;
    Ok(Some(Arc::new(Alerts::new(webhook, Options::new(folder, clock)))))
}

/// Without the feature none can be configured.
#[cfg(not(feature = "alerts"))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature there is something to refuse")]
pub(crate) fn service(_: &Config, _: Option<PathBuf>, _: Clock) -> Result<Option<Arc<dyn Service>>, RunError> {
    Ok(None)
}
