//! The socket: bytes to the network and back, without knowing what they mean.
//!
//! One task reads. It tells [`TransportEvent::Connected`] first, then what arrives, and at the end exactly one
//! [`TransportEvent::Disconnected`], whoever ended it: the network, an error, a write that took too long, or
//! [`Transport::disconnect`]. What arrives waits in a bounded queue; when it is full the network waits.
//!
//! Nothing that is sent or received is ever logged.

use crate::limits;
use crate::wire::loopback::{self, NotLoopback};
use crate::wire::proxy;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::ORIGIN;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;
use whatsapp_rust::anyhow;
use whatsapp_rust::transport::{DisconnectReason, Transport, TransportEvent, TransportFactory};
use whatsapp_rust::wacore::net::WHATSAPP_WEB_ORIGIN;

/// Told the number of bytes that arrived, as soon as they do: a proof of life. Called by the task that reads, so it
/// must be quick and must not wait.
pub type Observer = Arc<dyn Fn(usize) + Send + Sync>;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why no socket can be made, whatever the network does.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The address is not one of a WebSocket.
    #[error("{url:?} is not the address of a WebSocket: {reason}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This build talks to simulated servers only.
    #[error(transparent)]
    NotLoopback(#[from] NotLoopback),
    /// The program did not choose how TLS is done.
    #[error(
        "no TLS provider is installed: call rustls::crypto::ring::default_provider().install_default() first in main"
    )]
    NoTlsProvider,
}

/// How long things may take, and how much may come at once.
#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    /// For connecting, handshakes included.
    pub connect: Duration,
    /// For one write. A peer that takes longer is dead.
    pub write: Duration,
    /// For the farewell.
    pub close: Duration,
    /// For one message, in bytes.
    pub message_bytes_max: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            connect: limits::CONNECT_TIMEOUT,
            write: limits::WRITE_TIMEOUT,
            close: limits::CLOSE_TIMEOUT,
            message_bytes_max: limits::SOCKET_MESSAGE_BYTES_MAX,
        }
    }
}

/// Makes sockets to one address, a new one each time the library connects.
pub struct SocketFactory {
    url: Url,
    observer: Observer,
    limits: SocketLimits,
}

impl SocketFactory {
    /// Sockets to `url` (`wss://` or `ws://`). Refuses an address that no socket can have, and, in a build for
    /// simulated servers, every one that is not this machine.
    pub fn new(url: &str, observer: Observer) -> Result<Self, TransportError> {
        Self::with_limits(url, observer, SocketLimits::default())
    }

    /// The same with limits of its own, for tests.
    pub fn with_limits(url: &str, observer: Observer, limits: SocketLimits) -> Result<Self, TransportError> {
        let refused = |reason: String| TransportError::Address { url: url.to_owned(), reason };
        let url = Url::parse(url).map_err(|error| refused(error.to_string()))?;
        match url.scheme() {
            "wss" if rustls::crypto::CryptoProvider::get_default().is_none() => {
                return Err(TransportError::NoTlsProvider);
            }
            "ws" | "wss" => {}
            other => return Err(refused(format!("it begins with {other}:// instead of wss://"))),
        }
        loopback::require(&url)?;
        Ok(Self { url, observer, limits })
    }

    fn request(&self) -> Result<Request, tungstenite::Error> {
        let mut request = self.url.as_str().into_client_request()?;
        request.headers_mut().insert(ORIGIN, HeaderValue::from_static(WHATSAPP_WEB_ORIGIN));
        Ok(request)
    }

    fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(limits::SOCKET_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(self.limits.message_bytes_max))
            .max_frame_size(Some(self.limits.message_bytes_max))
    }
}

impl fmt::Debug for SocketFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketFactory({})", self.url)
    }
}

#[async_trait]
impl TransportFactory for SocketFactory {
    async fn create_transport(&self) -> anyhow::Result<(Arc<dyn Transport>, async_channel::Receiver<TransportEvent>)> {
        let connecting = async {
            let connector = match self.url.scheme() {
                "wss" => Connector::Rustls(Arc::new(greenroom_support::tls::client_config()?)),
                _ => Connector::Plain,
            };
            let stream = proxy::connect(&self.url).await?;
            Ok::<_, anyhow::Error>(
                client_async_tls_with_config(self.request()?, stream, Some(self.config()), Some(connector)).await?,
            )
        };
        let connected = timeout(self.limits.connect, connecting).await;
        let (socket, _) = connected
            .map_err(|_| anyhow::anyhow!("no connection within {} s", self.limits.connect.as_secs_f32()))?
            .map_err(|error| anyhow::anyhow!("no connection: {error:#}"))?;
        let (sink, stream) = socket.split();
        let (events, receiver) = async_channel::bounded(limits::SOCKET_QUEUE_MAX);
        let end = CancellationToken::new();
        let sink = Arc::new(Mutex::new(Some(sink)));
        let reader = Reader { stream, events, observer: self.observer.clone(), end: end.clone(), sink: sink.clone() };
        tokio::spawn(reader.run());
        Ok((
            Arc::new(SocketTransport { sink, limits: self.limits, end: end.clone(), _ended: end.drop_guard() }),
            receiver,
        ))
    }
}

type SharedSink = Arc<Mutex<Option<SplitSink<Socket, Message>>>>;

/// The writing half. Dropping it ends the socket.
struct SocketTransport {
    /// `None` once the socket has ended.
    sink: SharedSink,
    limits: SocketLimits,
    end: CancellationToken,
    _ended: DropGuard,
}

#[async_trait]
impl Transport for SocketTransport {
    async fn send(&self, data: Bytes) -> anyhow::Result<()> {
        let write = async {
            let mut sink = self.sink.lock().await;
            let sink = sink.as_mut().ok_or_else(|| anyhow::anyhow!("the socket has ended"))?;
            sink.send(Message::Binary(data)).await.map_err(|error| anyhow::anyhow!("the socket failed: {error}"))
        };
        let written = tokio::select! {
            biased;
            () = self.end.cancelled() => anyhow::bail!("the socket has ended"),
            written = timeout(self.limits.write, write) => written,
        };
        let written = written.unwrap_or_else(|_| Err(anyhow::anyhow!("the peer takes nothing any more")));
        if written.is_err() {
            // Half a message may be on its way; nothing can follow it.
            self.end.cancel();
        }
        written
    }

    async fn disconnect(&self) {
        let farewell = async {
            if let Some(sink) = self.sink.lock().await.as_mut() {
                // The peer may be gone already.
                let _ = sink.send(Message::Close(None)).await;
            }
        };
        if !self.end.is_cancelled() {
            let _ = timeout(self.limits.close, farewell).await;
        }
        self.end.cancel();
    }
}

/// The reading half.
struct Reader {
    stream: SplitStream<Socket>,
    events: async_channel::Sender<TransportEvent>,
    observer: Observer,
    end: CancellationToken,
    sink: SharedSink,
}

impl Reader {
    async fn run(mut self) {
        // The queue is empty, so this does not wait.
        let _ = self.events.send(TransportEvent::Connected).await;
        let end = self.end.clone();
        let events = self.events.clone();
        let reason = tokio::select! {
            biased;
            () = end.cancelled() => DisconnectReason::Unknown,
            // Nobody listens any more.
            () = events.closed() => DisconnectReason::Unknown,
            reason = self.read() => reason,
        };
        self.end.cancel();
        let Self { stream, sink, events, .. } = self;
        // Whoever writes gives up the lock at once, because the end was told. Then both halves are dropped, which
        // closes the connection, before the end is told to a listener who may be slow.
        sink.lock().await.take();
        drop(stream);
        let _ = events.send(TransportEvent::Disconnected(reason)).await;
    }

    /// Hands on what arrives until nothing does any more.
    async fn read(&mut self) -> DisconnectReason {
        while let Some(message) = self.stream.next().await {
            let data = match message {
                Ok(Message::Binary(data)) => data,
                Ok(Message::Close(frame)) => {
                    let code = frame.as_ref().map(|frame| frame.code.into());
                    let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    return DisconnectReason::ServerClose { code, reason };
                }
                // Answered by the library; still a sign of life.
                Ok(other) => {
                    (self.observer)(other.len());
                    continue;
                }
                Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => break,
                Err(error) => return DisconnectReason::ReadError(error.to_string()),
            };
            (self.observer)(data.len());
            if self.events.send(TransportEvent::DataReceived(data)).await.is_err() {
                return DisconnectReason::Unknown;
            }
        }
        DisconnectReason::StreamEnded
    }
}

#[cfg(test)]
mod tests;
