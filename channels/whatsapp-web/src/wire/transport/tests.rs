//! Against a real WebSocket server on this machine.

use super::*;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

type Events = async_channel::Receiver<TransportEvent>;
type ServerSide = WebSocketStream<TcpStream>;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

const SHORT: SocketLimits = SocketLimits {
    connect: Duration::from_millis(300),
    write: Duration::from_millis(300),
    close: Duration::from_millis(300),
    message_bytes_max: 64 * 1024,
};

struct Pair {
    transport: Arc<dyn Transport>,
    events: Events,
    server: ServerSide,
    heard: Arc<AtomicUsize>,
}

/// A connection, with both ends.
async fn pair(limits: SocketLimits) -> Pair {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws/chat", listener.local_addr().unwrap());
    let heard = Arc::new(AtomicUsize::new(0));
    let counter = heard.clone();
    let observer: Observer = Arc::new(move |bytes| {
        counter.fetch_add(bytes, Ordering::Relaxed);
    });
    let factory = SocketFactory::with_limits(&url, observer, limits).unwrap();
    let accepting = async { accept_async(listener.accept().await.unwrap().0).await.unwrap() };
    let (server, made) = tokio::join!(accepting, factory.create_transport());
    let (transport, events) = made.unwrap();
    assert!(matches!(soon(events.recv()).await.unwrap(), TransportEvent::Connected));
    Pair { transport, events, server, heard }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it happens soon")
}

/// What was received, and why it ended. Fails if anything follows the end.
async fn rest(events: &Events) -> (Vec<Bytes>, DisconnectReason) {
    let mut received = Vec::new();
    loop {
        match soon(events.recv()).await.expect("an end is told") {
            TransportEvent::DataReceived(data) => received.push(data),
            TransportEvent::Disconnected(reason) => {
                assert!(soon(events.recv()).await.is_err(), "nothing follows the end");
                return (received, reason);
            }
            TransportEvent::Connected => panic!("connected twice"),
        }
    }
}

#[tokio::test]
async fn bytes_go_both_ways_and_are_a_proof_of_life() {
    let mut pair = pair(SHORT).await;
    pair.transport.send(Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(soon(pair.server.next()).await.unwrap().unwrap(), Message::Binary(Bytes::from_static(b"hello")));
    for part in ["one", "two"] {
        pair.server.send(Message::Binary(part.into())).await.unwrap();
    }
    pair.server.send(Message::Ping("life".into())).await.unwrap();
    assert_eq!(soon(pair.server.next()).await.unwrap().unwrap(), Message::Pong("life".into()));
    assert_eq!(pair.heard.load(Ordering::Relaxed), 3 + 3 + 4);
    let code = CloseCode::Away;
    pair.server.close(Some(CloseFrame { code, reason: "restart".into() })).await.unwrap();
    let (received, reason) = rest(&pair.events).await;
    assert_eq!(received, [Bytes::from_static(b"one"), Bytes::from_static(b"two")]);
    assert!(matches!(reason, DisconnectReason::ServerClose { code: Some(1001), reason } if reason == "restart"));
    pair.transport.send(Bytes::from_static(b"late")).await.unwrap_err();
}

#[tokio::test]
async fn the_origin_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws/chat", listener.local_addr().unwrap());
    let factory = SocketFactory::new(&url, Arc::new(|_| {})).unwrap();
    let request = factory.request().unwrap();
    assert_eq!(request.headers()[ORIGIN], WHATSAPP_WEB_ORIGIN);
    assert_eq!(request.uri().path(), "/ws/chat");
}

#[tokio::test]
async fn an_abrupt_end_is_told_once() {
    let pair = pair(SHORT).await;
    let socket = pair.server.into_inner();
    socket.set_zero_linger().unwrap();
    drop(socket);
    let (_, reason) = rest(&pair.events).await;
    assert!(matches!(reason, DisconnectReason::ReadError(_)), "{reason:?}");
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection() {
    let mut pair = pair(SHORT).await;
    let large = vec![0; SHORT.message_bytes_max + 1];
    pair.server.send(Message::Binary(large.into())).await.unwrap();
    let (received, reason) = rest(&pair.events).await;
    assert!(received.is_empty());
    assert!(matches!(&reason, DisconnectReason::ReadError(why) if why.contains("too long")), "{reason:?}");
}

#[tokio::test]
async fn the_largest_message_passes() {
    let mut pair = pair(SHORT).await;
    let large = Bytes::from(vec![7; SHORT.message_bytes_max]);
    pair.server.send(Message::Binary(large.clone())).await.unwrap();
    assert!(matches!(soon(pair.events.recv()).await.unwrap(), TransportEvent::DataReceived(data) if data == large));
}

/// The peer goes on living, but takes nothing: its window fills, and then a write does not return.
#[tokio::test]
async fn a_peer_that_takes_nothing_is_dead() {
    let pair = pair(SHORT).await;
    let part = Bytes::from(vec![0; 512 * 1024]);
    let writing = async {
        loop {
            if let Err(error) = pair.transport.send(part.clone()).await {
                return error;
            }
        }
    };
    let error = soon(writing).await;
    assert!(error.to_string().contains("takes nothing"), "{error}");
    rest(&pair.events).await;
    drop(pair.server);
}

/// Somebody who does not read makes the peer wait, loses nothing, and hinders nobody from ending.
#[tokio::test]
async fn a_slow_listener_makes_the_peer_wait_and_loses_nothing() {
    let Pair { transport, events, mut server, heard } = pair(SHORT).await;
    let count = limits::SOCKET_QUEUE_MAX * 40;
    let sending = tokio::spawn(async move {
        for number in 0..count {
            let mut part = vec![0; 16 * 1024];
            part[..8].copy_from_slice(&(number as u64).to_be_bytes());
            server.send(Message::Binary(part.into())).await.unwrap();
        }
        server.close(None).await.unwrap();
    });
    let full = async {
        while !events.is_full() {
            tokio::task::yield_now().await;
        }
    };
    soon(full).await;
    assert!(heard.load(Ordering::Relaxed) <= (limits::SOCKET_QUEUE_MAX + 2) * 16 * 1024, "it is read ahead");
    assert!(!sending.is_finished(), "the peer does not wait");
    let (received, _) = rest(&events).await;
    let numbers: Vec<_> = received.iter().map(|part| u64::from_be_bytes(part[..8].try_into().unwrap())).collect();
    assert_eq!(numbers, (0..count as u64).collect::<Vec<_>>());
    soon(sending).await.unwrap();
    drop(transport);
}

#[tokio::test]
async fn disconnecting_says_farewell_and_ends_once() {
    let mut pair = pair(SHORT).await;
    tokio::join!(pair.transport.disconnect(), pair.transport.disconnect());
    assert!(matches!(soon(pair.server.next()).await.unwrap().unwrap(), Message::Close(_)));
    let (_, reason) = rest(&pair.events).await;
    assert!(matches!(reason, DisconnectReason::Unknown), "{reason:?}");
    pair.transport.disconnect().await;
    pair.transport.send(Bytes::from_static(b"late")).await.unwrap_err();
}

/// Disconnecting ends a connection even while the queue is full and a write hangs.
#[tokio::test]
async fn nothing_hinders_disconnecting() {
    let patient = SocketLimits { write: PATIENCE * 10, ..SHORT };
    let Pair { transport, events, mut server, .. } = pair(patient).await;
    let filling =
        tokio::spawn(async move { while server.send(Message::Binary(vec![0; 4096].into())).await.is_ok() {} });
    let part = Bytes::from(vec![0; 1024 * 1024]);
    let writer = transport.clone();
    let writing = tokio::spawn(async move { while writer.send(part.clone()).await.is_ok() {} });
    let full = async {
        while !events.is_full() {
            tokio::task::yield_now().await;
        }
    };
    soon(full).await;
    soon(transport.disconnect()).await;
    soon(writing).await.unwrap();
    soon(filling).await.unwrap();
    rest(&events).await;
}

#[tokio::test]
async fn whoever_listens_no_more_ends_the_connection() {
    let mut pair = pair(SHORT).await;
    drop(pair.events);
    assert!(soon(pair.server.next()).await.is_none_or(|message| message.is_err()), "the connection is still there");
}

#[tokio::test]
async fn dropping_the_transport_ends_the_connection() {
    let Pair { transport, events, .. } = pair(SHORT).await;
    drop(transport);
    rest(&events).await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let factory = SocketFactory::with_limits(&url, Arc::new(|_| {}), SHORT).unwrap();
    let Err(error) = soon(factory.create_transport()).await else { panic!("there is nobody who answered") };
    assert!(error.to_string().contains("within"), "{error}");
}

#[test]
fn an_address_that_no_socket_has_is_refused() {
    for url in ["", "web.whatsapp.com", "https://localhost/", "ws:/", "file:///etc/passwd"] {
        let refused = SocketFactory::new(url, Arc::new(|_| {})).map(|_| ()).unwrap_err();
        assert!(matches!(refused, TransportError::Address { .. }), "{url}: {refused}");
    }
    let elsewhere = SocketFactory::new("ws://192.0.2.1/ws/chat", Arc::new(|_| {}));
    assert_eq!(elsewhere.is_err(), loopback::SIMULATOR);
}
