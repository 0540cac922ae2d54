//! How a server is reached: a program is started, a web service is connected to.

use crate::config::Place;
use crate::limits::{CONNECT_TIMEOUT, IDLE_CONNECTION_TIMEOUT, IDLE_CONNECTIONS_MAX, LINE_BYTES_MAX, READ_TIMEOUT};
use crate::session::Ear;
use greenroom_contract::factory::BuildError;
use greenroom_contract::secret::Secret;
use greenroom_support::resolver::{self, Resolver};
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use rmcp::RoleClient;
use rmcp::service::RunningService;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use std::path::Path;
use url::Url;

/// How a server is reached.
#[derive(Debug)]
pub(crate) enum Way {
    /// It is a program.
    #[cfg(unix)]
    Program(greenroom_support::programs::Recipe),
    /// It is a web service.
    Service { client: Client, url: Url },
}

/// A service that runs, as the protocol's library sees it.
pub(crate) type Running = RunningService<RoleClient, Ear>;

impl Way {
    pub(crate) fn new(
        place: Place,
        folder: &Path,
        variables: Vec<String>,
        token: Option<&Secret>,
        allow_private: bool,
    ) -> Result<Self, BuildError> {
        match place {
            Place::Program(program, arguments) => Self::program(program, arguments, folder, variables),
            Place::Service(url) => Ok(Self::Service { client: client(token, allow_private)?, url }),
        }
    }

    #[cfg(unix)]
    fn program(
        program: String,
        arguments: Vec<String>,
        folder: &Path,
        variables: Vec<String>,
    ) -> Result<Self, BuildError> {
        if !folder.is_dir() {
            let reason = format!("is not a folder: {}", folder.display());
            return Err(BuildError::Config { path: "folder".to_owned(), reason });
        }
        let folder = folder.to_owned();
        Ok(Self::Program(greenroom_support::programs::Recipe { program, arguments, folder, variables }))
    }

    #[cfg(not(unix))]
    fn program(_: String, _: Vec<String>, _: &Path, _: Vec<String>) -> Result<Self, BuildError> {
        let reason = "a tool server that is a program needs Linux or macOS, where a program can be ended together with \
                      everything that it started; one with a url works everywhere";
        Err(BuildError::Setup { reason: reason.to_owned() })
    }
}

/// A client that goes where it is told and nowhere else.
fn client(token: Option<&Secret>, allow_private: bool) -> Result<Client, BuildError> {
    let setup = |reason: String| BuildError::Setup { reason };
    let tls = greenroom_support::tls::client_config().map_err(|error| setup(error.to_string()))?;
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut value = value.map_err(|_| BuildError::Config {
            path: "token".to_owned(),
            reason: "holds characters that no header can have".to_owned(),
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .default_headers(headers)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .dns_resolver(Resolver { look_up: resolver::system(), allow_private })
        // A proxy would look the name up where its addresses cannot be checked.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
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
    client.map_err(|error| setup(format!("HTTP is not available: {error}")))
}

/// A connection to a web service.
pub(crate) fn transport(client: &Client, url: &Url) -> StreamableHttpClientTransport<Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .max_sse_event_size(LINE_BYTES_MAX)
        .max_json_response_size(LINE_BYTES_MAX)
        // What it says of an error is not repeated.
        .max_error_response_size(0);
    StreamableHttpClientTransport::with_client(client.clone(), config)
}
