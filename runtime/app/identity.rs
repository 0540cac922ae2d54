//! How people are known by their e-mail addresses, as it is configured.

use crate::config::Config;
use crate::running::RunError;
use greenroom_contract::time::Clock;
use greenroom_engine::Identity;

/// What the engine needs for it, if it is configured.
#[cfg(feature = "identity")]
pub(crate) fn parts(config: &Config, clock: Clock) -> Result<Option<Identity>, RunError> {
    use greenroom_contract::identity::{Mailer, PersonLookup};
    use greenroom_identity::{HttpLookup, IdentityConfig, SmtpMailer};
    use std::sync::Arc;
    let Some(keys) = &config.identity else { return Ok(None) };
    let component = |error| crate::making::first(vec![crate::making::component("identity", error)]);
    let keys: IdentityConfig = crate::sections::keys_of(keys.handed_over()).map_err(component)?;
    let mailer: Arc<dyn Mailer> = Arc::new(SmtpMailer::new(&keys).map_err(component)?);
    let lookup = HttpLookup::new(&keys, clock).map_err(component)?;
    Ok(Some(Identity {
        mailer,
        lookup: lookup.map(|lookup| Arc::new(lookup) as Arc<dyn PersonLookup>),
        secret: keys.secret,
        offer: keys.offer,
        codes_max: keys.codes_per_hour,
        shared_memory: keys.shared_memory.into_iter().collect(),
    }))
}

/// Whether the mail server can be reached and lets this program in; `None` where none is configured. Nothing is sent.
#[cfg(feature = "identity")]
pub(crate) async fn mail_works(config: &Config) -> Option<Result<(), String>> {
    use greenroom_contract::cause::chain;
    use greenroom_identity::{IdentityConfig, SmtpMailer};
    let keys = crate::sections::keys_of::<IdentityConfig>(config.identity.as_ref()?.handed_over());
    let mailer = keys.and_then(|keys| SmtpMailer::new(&keys));
    Some(match mailer {
        Ok(mailer) => mailer.reach().await.map_err(|error| chain(&error)),
        Err(error) => Err(error.to_string()),
    })
}

/// Without the feature none can be configured.
#[cfg(not(feature = "identity"))]
#[allow(clippy::unused_async, reason = "with the feature there is something to wait for")]
pub(crate) async fn mail_works(_: &Config) -> Option<Result<(), String>> {
    None
}

/// Without the feature it cannot be configured.
#[cfg(not(feature = "identity"))]
#[allow(clippy::unnecessary_wraps, reason = "with the feature there is something to refuse")]
pub(crate) fn parts(_: &Config, _: Clock) -> Result<Option<Identity>, RunError> {
    Ok(None)
}
