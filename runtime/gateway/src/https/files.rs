//! A certificate in files.

use super::HttpsError;
use crate::limits;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Two files, and what was read from them last.
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    read_at: [Option<SystemTime>; 2],
}

/// What handshakes use.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Files {
    /// Reads both.
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, HttpsError> {
        let read_at = [changed_at(certificate), changed_at(key)];
        let current = Arc::new(Current(ArcSwap::from_pointee(read(certificate, key)?)));
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), current, read_at })
    }

    pub(super) fn server_config(&self) -> Result<ServerConfig, HttpsError> {
        let builder = ServerConfig::builder_with_provider(provider()?).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| HttpsError::Unavailable { reason: error.to_string() })?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::<Current>::clone(&self.current));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    pub(super) async fn keep_fresh(&mut self) {
        loop {
            tokio::time::sleep(limits::CERTIFICATE_PAUSE).await;
            self.look();
        }
    }

    /// Reads the files again if they changed. A pair that does not fit, as while only one of the two was replaced, is
    /// looked at once more after the next pause; until then the one that works stays.
    pub(super) fn look(&mut self) {
        let changed = [changed_at(&self.certificate), changed_at(&self.key)];
        if changed == self.read_at {
            return;
        }
        match read(&self.certificate, &self.key) {
            Ok(key) => {
                self.current.0.store(Arc::new(key));
                self.read_at = changed;
                tracing::info!(path = %self.certificate.display(), "the renewed certificate is in use");
            }
            Err(error) => tracing::warn!(%error, "the certificate changed and cannot be used; the last one stays"),
        }
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn provider() -> Result<Arc<CryptoProvider>, HttpsError> {
    let unavailable = || HttpsError::Unavailable { reason: "no TLS provider is installed".to_owned() };
    CryptoProvider::get_default().cloned().ok_or_else(unavailable)
}

/// Reads a pair, and checks that the two belong together.
fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, HttpsError> {
    let wrong = |path: &Path, reason: String| HttpsError::File { path: path.display().to_string(), reason };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| wrong(certificate, pem(error, "certificate")))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "there is no certificate in PEM form in it".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, pem(error, "private key")))?;
    let pair = CertifiedKey::from_der(chain, private, &*provider()?);
    pair.map_err(|error| wrong(key, format!("this key and {} do not fit: {error}", certificate.display())))
}

fn pem(error: rustls::pki_types::pem::Error, what: &str) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) => format!("cannot be read: {error}"),
        _ => format!("there is no {what} in PEM form in it"),
    }
}
