//! A gateway on another machine, where the environment names one. Then commands ask it, and look at no data here.

use super::failure::Failure;
use greenroom::config::Config;
use greenroom_client::Client;

/// The way there; `None` where nothing names one.
#[cfg(feature = "remote")]
pub(crate) fn client(config: &Config) -> Result<Option<Client>, Failure> {
    use greenroom_client::remote::{AUDIENCE_VARIABLE, Remote, RemoteError, SECRET_VARIABLE};
    let gateway = &config.gateway;
    let variable = |name: &str| match name {
        SECRET_VARIABLE => gateway.auth_secret.as_ref().map(|secret| secret.expose().to_owned()),
        AUDIENCE_VARIABLE => std::env::var(name).ok().or_else(|| Some(gateway.audience.clone())),
        _ => std::env::var(name).ok(),
    };
    match Remote::of(variable) {
        Ok(remote) => Ok(Some(remote.client()?)),
        Err(RemoteError::NotConfigured) => Ok(None),
        Err(error) => Err(Failure::usage(error.to_string())),
    }
}

/// What is asked for and not in the program is refused by name.
#[cfg(not(feature = "remote"))]
pub(crate) fn client(_: &Config) -> Result<Option<Client>, Failure> {
    match std::env::var_os("WHATSAPP_GATEWAY_URL").filter(|url| !url.is_empty()) {
        Some(_) => Err(Failure::usage(format!("WHATSAPP_GATEWAY_URL: {}", greenroom::without("remote")))),
        None => Ok(None),
    }
}

/// What is said where there is no data here, and a secret shows that a gateway elsewhere is meant.
pub(crate) fn not_configured(config: &Config, failure: Failure) -> Failure {
    if config.gateway.auth_secret.is_none() {
        return failure;
    }
    let path = config.store.path.display();
    Failure::usage("gateway not configured: set WHATSAPP_GATEWAY_URL")
        .hint(format!("AUTH_SECRET is set, and there is no data in {path}, so a gateway elsewhere is probably meant."))
}
