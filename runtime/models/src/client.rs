//! The HTTP clients that all models share.

use crate::limits::{CONNECT_TIMEOUT, IDLE_CONNECTION_TIMEOUT, IDLE_CONNECTIONS_MAX};
use crate::near::is_near;
use greenroom_contract::factory::BuildError;
use url::Url;

/// The way to all providers.
pub(crate) struct Connection {
    /// To this machine and its network, where a proxy of the environment does not lead.
    near: genai::Client,
    /// To the internet.
    far: genai::Client,
}

impl Connection {
    pub(crate) fn new() -> Result<Self, BuildError> {
        Ok(Self { near: client(true)?, far: client(false)? })
    }

    /// The client for this address.
    pub(crate) fn client(&self, url: &Url) -> genai::Client {
        if is_near(url) { self.near.clone() } else { self.far.clone() }
    }
}

/// The library over a client of this project: it would make its own otherwise, with another trust in certificates.
fn client(near: bool) -> Result<genai::Client, BuildError> {
    let tls = greenroom_support::tls::client_config();
    let tls = tls.map_err(|error| BuildError::Setup { reason: error.to_string() })?;
    let builder = reqwest::Client::builder();
    let builder = if near { builder.no_proxy() } else { builder };
    let client = builder
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // One protocol, whatever other crates of the program switch on.
        .http1_only()
        // What is limited is what was sent; nothing unfolds behind the limit.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
        .tcp_nodelay(true)
        .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
        .build();
    let client = client.map_err(|error| BuildError::Setup { reason: format!("HTTP is not available: {error}") })?;
    let client = genai::Client::builder().with_reqwest(client).build();
    client.map_err(|_| BuildError::Setup { reason: "the client of language models cannot be made".to_owned() })
}
