//! Accepts connections and serves HTTP/1.1 on them, within limits of number, time and memory that hold before anything is
//! known about a peer.
//!
//! | module | holds |
//! |---|---|
//! | `room` | all connections, and who makes room when it is full |
//! | `peer` | who is at the other end |
//! | `place` | one connection's place: its stage and its deadline |
//! | `stream` | its bytes, watched |
//! | `answer` | from its requests to the routes |

mod answer;
mod peer;
mod place;
mod room;
mod stream;

pub(crate) use peer::{PeerAddress, Proxies};
pub(crate) use place::Place;
pub(crate) use room::Room;

use crate::limits;
use answer::Answers;
use axum::Router;
use greenroom_contract::limits::GATEWAY_STOP_TIMEOUT;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use stream::Watched;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many connections fit, when so many files may be open.
pub(crate) fn places_max(files_max: u64) -> usize {
    let places = usize::try_from(files_max / limits::FILES_PER_CONNECTION).unwrap_or(limits::CONNECTIONS_MAX);
    places.clamp(limits::CONNECTIONS_MIN, limits::CONNECTIONS_MAX)
}

/// Serves until `stop` is cancelled; then requests that are under way may finish for a while. Fails when the system lets
/// it accept nothing for a while.
pub(crate) async fn serve(
    listener: TcpListener,
    room: Arc<Room>,
    proxies: Proxies,
    routes: Router,
    opening: Opening,
    stop: CancellationToken,
) -> io::Result<()> {
    let tasks = TaskTracker::new();
    let mut failing_since = None;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address, peer) = match accepted {
            Ok((stream, address)) => {
                failing_since = None;
                let address = PeerAddress::seen(address.ip(), stream.local_addr().ok().map(|own| own.ip()));
                (stream, address, proxies.peer(address.0))
            }
            Err(error) if is_of_one_peer(&error) => continue,
            Err(error) => {
                tracing::debug!(%error, "a connection could not be accepted");
                if failing_since.get_or_insert_with(Instant::now).elapsed() > limits::ACCEPT_FAILING_MAX {
                    room.close();
                    return Err(error);
                }
                room.turned_away();
                room.make_room();
                tokio::time::sleep(limits::ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = room.enter(peer) => place,
        };
        // One peer has its share in use and does not wait for the others' places.
        let Some(place) = place else { continue };
        // Without it a small answer could wait for more.
        let _ = stream.set_nodelay(true);
        tasks.spawn(opened(stream, address, place, routes.clone(), opening.clone(), stop.clone()));
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(GATEWAY_STOP_TIMEOUT, tasks.wait()).await.is_err() {
        room.close();
        tasks.wait().await;
    }
    Ok(())
}

/// The header in which a proxy says how it was called, and the server itself where it encrypts.
pub(crate) const SCHEME: &str = "x-forwarded-proto";

/// Whether this program encrypts a connection itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encrypted {
    /// By its own certificate.
    #[cfg_attr(not(feature = "https"), allow(dead_code, reason = "only HTTPS makes one"))]
    Yes,
    /// What a proxy does before it is told by a header.
    No,
}

/// Serves one connection to its end.
async fn connection<S>(
    stream: S,
    encrypted: Encrypted,
    address: PeerAddress,
    place: Place,
    routes: Router,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    // The place keeps the deadlines, which differ between a head and the time before it.
    http.header_read_timeout(None).max_buf_size(limits::HEAD_BYTES_MAX).max_headers(limits::HEADERS_MAX);
    let stream = TokioIo::new(Watched::new(stream, place.clone()));
    let mut served =
        std::pin::pin!(http.serve_connection(stream, Answers { routes, encrypted, address, place: place.clone() }));
    let mut over = std::pin::pin!(place.is_over());
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = served.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                }
                return;
            }
            () = over.as_mut() => return,
            () = stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Errors that say something about one peer and nothing about this machine.
fn is_of_one_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// How accepted connections are opened.
#[derive(Debug, Clone)]
pub(crate) enum Opening {
    /// They speak HTTP.
    Plain,
    /// They speak HTTPS.
    #[cfg(feature = "https")]
    Https(crate::https::Opener),
}

/// Opens an accepted connection within the time that its place has, and serves it.
async fn opened(
    stream: TcpStream,
    address: PeerAddress,
    place: Place,
    routes: Router,
    opening: Opening,
    stop: CancellationToken,
) {
    match opening {
        Opening::Plain => connection(stream, Encrypted::No, address, place, routes, stop).await,
        #[cfg(feature = "https")]
        Opening::Https(handshakes) => {
            use crate::https::Opened;
            let opened = tokio::select! {
                opened = handshakes.open(stream, address.0) => opened,
                () = place.is_over() => return,
                () = stop.cancelled() => return,
            };
            match opened {
                Ok(Opened::Secure(stream)) => connection(*stream, Encrypted::Yes, address, place, routes, stop).await,
                Ok(Opened::Plain(stream)) => connection(stream, Encrypted::No, address, place, routes, stop).await,
                Ok(Opened::Answered) => {}
                Err(error) => tracing::debug!(%error, "a connection was not opened"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
