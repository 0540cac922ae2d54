//! A certificate that is ordered here, by the protocol of RFC 8555.

use super::{Https, HttpsError};
use futures::StreamExt;
use rustls::{ClientConfig, ServerConfig};
use rustls_acme::caches::DirCache;
use rustls_acme::{AcmeConfig, AcmeState, EventOk};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory of Let's Encrypt, as its documentation has it.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The orders. The library renews after two thirds of a certificate's life, and pauses longer after each failure.
pub(crate) struct Ordered {
    state: AcmeState<io::Error, io::Error>,
    names: String,
}

impl Ordered {
    /// Prepares the folder. Nothing is ordered before [`Ordered::keep_fresh`] runs.
    pub(super) fn new(https: &Https, client: Arc<ClientConfig>) -> Result<Self, HttpsError> {
        let Https::Acme { names, contact, directory, folder } = https else {
            return Err(HttpsError::Unavailable { reason: "no names to order a certificate for".to_owned() });
        };
        make_private(folder).map_err(|error| HttpsError::File {
            path: folder.display().to_string(),
            reason: format!("the folder cannot be made: {error}"),
        })?;
        let state = AcmeConfig::new_with_client_config(names, client)
            .contact(contact.iter().map(|address| format!("mailto:{address}")))
            .directory(directory.as_deref().unwrap_or(LETS_ENCRYPT))
            .cache(DirCache::<PathBuf>::new(folder.clone()))
            .state();
        Ok(Self { state, names: names.join(", ") })
    }

    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        let mut config = (*self.state.default_rustls_config()).clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    pub(super) fn challenge_config(&self) -> Arc<ServerConfig> {
        self.state.challenge_rustls_config()
    }

    pub(super) async fn keep_fresh(&mut self) {
        while let Some(event) = self.state.next().await {
            match event {
                Ok(EventOk::DeployedNewCert) => {
                    tracing::info!(names = self.names, "a certificate was ordered, and is in use");
                }
                Ok(event) => tracing::debug!(?event, names = self.names, "certificate"),
                Err(error) => tracing::warn!(
                    %error,
                    names = self.names,
                    "no certificate could be ordered; it is tried again by itself. Does the name lead to this machine, \
                     and port 443 to this program?"
                ),
            }
        }
    }
}

/// The folder holds a private key.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
