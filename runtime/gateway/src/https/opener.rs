//! The handshakes.

use super::acme::Ordered;
use super::files::Files;
use super::{Https, HttpsError};
use crate::errors;
use crate::limits;
use rustls::ServerConfig;
use rustls::server::Acceptor;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// What was made of an accepted connection.
pub(crate) enum Opened {
    /// It speaks TLS.
    Secure(Box<TlsStream<TcpStream>>),
    /// It speaks plain HTTP and comes from this machine.
    Plain(TcpStream),
    /// It is answered already: the authority's question, or plain HTTP from elsewhere.
    Answered,
}

/// Opens connections with TLS. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Opener {
    usual: Arc<ServerConfig>,
    /// For the questions of an authority.
    challenge: Option<Arc<ServerConfig>>,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("orders", &self.challenge.is_some()).finish_non_exhaustive()
    }
}

/// What keeps the certificate fresh. Never ends; without it, the one that is there is used until it expires.
pub(crate) enum Upkeep {
    Files(Files),
    Acme(Box<Ordered>),
}

impl Upkeep {
    pub(crate) async fn run(&mut self) {
        match self {
            Self::Files(files) => files.keep_fresh().await,
            Self::Acme(ordered) => ordered.keep_fresh().await,
        }
    }
}

/// Reads what is there. Orders nothing yet.
pub(crate) fn prepare(https: &Https) -> Result<(Opener, Upkeep), HttpsError> {
    match https {
        Https::Files { certificate, key } => {
            let files = Files::read(certificate, key)?;
            let usual = Arc::new(files.server_config()?);
            Ok((Opener { usual, challenge: None }, Upkeep::Files(files)))
        }
        Https::Acme { .. } => {
            let client = greenroom_support::tls::client_config();
            let client = client.map_err(|error| HttpsError::Unavailable { reason: error.to_string() })?;
            let ordered = Ordered::new(https, Arc::new(client))?;
            let (usual, challenge) = (ordered.server_config(), ordered.challenge_config());
            Ok((Opener { usual, challenge: Some(challenge) }, Upkeep::Acme(Box::new(ordered))))
        }
    }
}

impl Opener {
    /// Finds out what a connection speaks, and does the handshake. The caller bounds its time.
    pub(crate) async fn open(&self, stream: TcpStream, peer: IpAddr) -> io::Result<Opened> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if first != [TLS_HANDSHAKE] {
            return if peer.is_loopback() {
                Ok(Opened::Plain(stream))
            } else {
                refuse_plain(stream).await?;
                Ok(Opened::Answered)
            };
        }
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let asks = rustls_acme::is_tls_alpn_challenge(&start.client_hello());
        match &self.challenge {
            Some(challenge) if asks => {
                start.into_stream(Arc::clone(challenge)).await?.shutdown().await?;
                Ok(Opened::Answered)
            }
            _ => Ok(Opened::Secure(Box::new(start.into_stream(Arc::clone(&self.usual)).await?))),
        }
    }
}

/// The first byte of every TLS connection: a record that holds a handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 22;

async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(&errors::plain_on_https()).await?;
    stream.shutdown().await?;
    // Until the peer closes too, so that it reads the answer instead of a reset.
    let mut rest = (&mut stream).take(limits::HEAD_BYTES_MAX as u64);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
