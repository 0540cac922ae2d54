use super::*;
use axum::routing::{get, post};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

#[test]
fn connections_stay_far_below_what_the_process_may_open() {
    for (files, places) in [(16, 8), (128, 32), (256, 64), (1_024, 256), (20_000, 1_536), (u64::MAX, 1_536)] {
        assert_eq!(places_max(files), places, "{files}");
    }
}

struct Served {
    room: Arc<Room>,
    turned_away: Arc<AtomicUsize>,
}

impl Served {
    fn new() -> Self {
        let turned_away = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turned_away);
        let count = move || _ = counted.fetch_add(1, Ordering::SeqCst);
        Self { room: Room::new(4, 256 * 1024, Box::new(count)), turned_away }
    }

    /// A connection that was just accepted.
    async fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(8 * 1024);
        let routes = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/body", post(|body: String| async move { body }));
        tokio::spawn(connection(
            theirs,
            Encrypted::No,
            PeerAddress([127, 0, 0, 1].into()),
            self.room.enter(None).await.expect("a proxy has no share"),
            routes,
            CancellationToken::new(),
        ));
        ours
    }
}

/// Everything until the other side closes.
async fn read_all(mut stream: DuplexStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

/// An answer without a body of its own end: up to the bytes that are expected.
async fn read_answer(stream: &mut DuplexStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        text.push(char::from(byte[0]));
    }
    text
}

const HELLO: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_for_a_minute_and_a_head_has_ten_seconds() {
    let served = Served::new();
    let mut stream = served.connect().await;
    for _ in 0..3 {
        stream.write_all(HELLO).await.unwrap();
        assert!(read_answer(&mut stream, "hello").await.starts_with("HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_secs(50)).await;
    }
    let begun = Instant::now();
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(read_all(stream).await, "");
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert_eq!(served.turned_away.load(Ordering::SeqCst), 1);
    let begun = Instant::now();
    let mut stream = served.connect().await;
    stream.write_all(HELLO).await.unwrap();
    read_answer(&mut stream, "hello").await;
    read_all(stream).await;
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert_eq!(served.turned_away.load(Ordering::SeqCst), 1, "it was served");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_is_answered_in_the_shape_of_all_errors() {
    let many = "X-A: b\r\n".repeat(100);
    let long = format!("X-A: {}\r\n", "b".repeat(40_000));
    let path = "a".repeat(70_000);
    let cases = [
        ("nonsense\r\n\r\n".to_owned(), 400, "bad-request"),
        ("GET / HTTP/1.1\r\nHost localhost\r\n\r\n".to_owned(), 400, "bad-request"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), 431, "request-header-fields-too-large"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{long}\r\n"), 431, "request-header-fields-too-large"),
        (format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 431, "request-header-fields-too-large"),
    ];
    for (head, status, code) in cases {
        let mut stream = Served::new().connect().await;
        let sent = async {
            // The other side may close before it read everything.
            let _ = stream.write_all(head.as_bytes()).await;
            read_all(stream).await
        };
        let text = tokio::time::timeout(Duration::from_secs(30), sent).await.expect("an answer");
        let (answer, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{status}: {text:?}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        let body: greenroom_client::ProblemView = serde_json::from_str(body).unwrap();
        assert!(!body.detail.is_empty());
        assert_eq!(body.code, code);
    }
}

#[tokio::test(start_paused = true)]
async fn answers_of_ours_stay_what_they_are_also_when_requests_come_in_one_piece() {
    let mut stream = Served::new().connect().await;
    let missing = b"GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let broken = b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n";
    stream.write_all(&[HELLO, missing, HELLO, broken].concat()).await.unwrap();
    let text = read_all(stream).await;
    let statuses: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "404", "200", "400"], "{text}");
    assert_eq!(text.matches("hello").count(), 2, "{text}");
    assert!(text.ends_with("\"code\":\"bad-request\"}"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_full_house_lets_a_new_one_in_and_heads_hold_no_more_than_their_share() {
    let served = Served::new();
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = served.connect().await;
        stream.write_all(&[HELLO[..20].to_vec(), vec![b'x'; 6_000]].concat()).await.unwrap();
        slow.push(stream);
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut good = served.connect().await;
        good.write_all(HELLO).await.unwrap();
        assert!(read_answer(&mut good, "hello").await.starts_with("HTTP/1.1 200"));
    }
    assert!(served.turned_away.load(Ordering::SeqCst) > 30);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up() {
    let served = Served::new();
    let (mut stream, begun) = (served.connect().await, Instant::now());
    let body = "x".repeat(60_000);
    let request = format!("POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    // The answer does not fit into the buffer between them, and is not read.
    while served.room.is_occupied() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!((30..=35).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}
