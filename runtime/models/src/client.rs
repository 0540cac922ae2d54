//! The HTTP client that all models share.

use crate::limits::{CONNECT_TIMEOUT, IDLE_CONNECTION_TIMEOUT, IDLE_CONNECTIONS_MAX};
use greenroom_contract::factory::BuildError;

/// The library over a client of ours: it would make its own otherwise, with another trust in certificates.
pub(crate) fn client() -> Result<genai::Client, BuildError> {
    let tls = greenroom_support::tls::client_config();
    let tls = tls.map_err(|error| BuildError::Setup { reason: error.to_string() })?;
    let client = reqwest::Client::builder()
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
