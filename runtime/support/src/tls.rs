//! Whom a program trusts when it speaks TLS: one answer for every client in it.
//!
//! The machine's own roots where it has any, else Mozilla's, which are compiled in: a small container often comes without.
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, and then only those count.

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// Why no TLS client can be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The program did not choose how TLS is done.
    #[error(
        "no TLS provider is installed: call rustls::crypto::ring::default_provider().install_default() first in main"
    )]
    NoProvider,
    /// Whoever set `SSL_CERT_FILE` or `SSL_CERT_DIR` means those certificates and no others.
    #[error(
        "SSL_CERT_FILE or SSL_CERT_DIR names no certificate that can be read{reason}; name a file with certificates in PEM \
         form, or unset it and install the package ca-certificates"
    )]
    NamedInVain {
        /// What was wrong with the first, after a colon; empty if nothing was there.
        reason: String,
    },
    /// The provider lacks a version of TLS that is needed.
    #[error("TLS is not available: {0}")]
    Provider(#[from] rustls::Error),
}

/// A client's configuration, with the provider that the program installed.
pub fn client_config() -> Result<ClientConfig, TlsError> {
    let provider = CryptoProvider::get_default().ok_or(TlsError::NoProvider)?;
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots()?).with_no_client_auth())
}

/// The roots, read once: every channel asks for them.
fn roots() -> Result<Arc<RootCertStore>, TlsError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    match ROOTS.get() {
        Some(roots) => Ok(roots.clone()),
        None => read_roots().map(|roots| ROOTS.get_or_init(|| Arc::new(roots)).clone()),
    }
}

/// Whether this machine, or who set `SSL_CERT_FILE` or `SSL_CERT_DIR`, names whom to trust. If not it is Mozilla's roots that
/// count. For clients that read the same places themselves.
pub fn has_own_roots() -> Result<bool, TlsError> {
    CryptoProvider::get_default().ok_or(TlsError::NoProvider)?;
    roots()?;
    Ok(!rustls_native_certs::load_native_certs().certs.is_empty())
}

fn read_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| std::env::var_os(name).is_some()) {
        let reason = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(TlsError::NamedInVain { reason });
    }
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(roots)
}
