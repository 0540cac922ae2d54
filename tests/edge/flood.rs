//! Hundreds of peers that mean no good, and real deliveries among them: every delivery is taken soon, and the process
//! does not grow.
//!
//! The program runs as a process of its own: with the descriptors that it gets here, and with 128.

use crate::cloud::{ANA, quick};
use crate::support::process::{clean, folder};
use futures::StreamExt;
use greenroom_simulator_whatsapp_cloud::{Rates, Settings, Simulator, Statuses, signature};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// More than any pool has permits.
const SLOW_BODIES: usize = 520;
const HALF_HEADS: usize = 600;
const IDLE: usize = 600;
const LARGE_BODIES: usize = 500;
/// Of each kind of flood.
const GOOD_POSTS: usize = 40;
const GROWTH_MAX_KIB: u64 = 64 * 1024;
/// Of the process that floods; each of its peers is one.
const FILES: u64 = 4_096;

/// The program, with a channel that Meta calls.
struct Bot {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Bot {
    fn start(meta: &Simulator, files_max: Option<u32>) -> Self {
        let folder = folder();
        let (child, address) = listening(Self::command(meta, &folder, files_max));
        Self { child, address, _folder: folder }
    }

    fn command(meta: &Simulator, folder: &TempDir, files_max: Option<u32>) -> Command {
        let program = env!("CARGO_BIN_EXE_greenroom");
        let mut command = match files_max {
            None => clean(program, folder.path()),
            Some(files_max) => {
                let mut shell = clean("sh", folder.path());
                shell.args(["-c", &format!("ulimit -n {files_max}; exec \"$0\" \"$@\""), program]);
                shell
            }
        };
        let settings = meta.settings();
        command
            .env("WHATSAPP_PHONE_NUMBER_ID", &settings.numbers[0].id)
            .env("WHATSAPP_ACCESS_TOKEN", &settings.access_token)
            .env("WHATSAPP_APP_SECRET", &settings.app_secret)
            .env("WHATSAPP_VERIFY_TOKEN", &settings.verify_token)
            .env("WHATSAPP_GRAPH_URL", meta.graph_url())
            .env("GREENROOM_CHANNELS__WHATSAPP__ALLOW_FROM", ANA)
            .arg("run");
        command
    }

    fn url(&self) -> String {
        format!("http://{}/api/channels/whatsapp", self.address)
    }

    /// What is in memory, in KiB.
    fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says it");
        line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the program and reads where it listens.
fn listening(mut command: Command) -> (Child, String) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it was built");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut said = String::new();
    while let Some(Ok(line)) = lines.next() {
        said.push_str(&line);
        if let Some((_, rest)) = line.split_once("http://") {
            let address = rest.split(',').next().unwrap_or_default().to_owned();
            // It must not block on what it says later.
            std::thread::spawn(move || lines.for_each(drop));
            return (child, address);
        }
    }
    let _ = child.wait();
    panic!("it never listened: {said}");
}

/// A way to keep a server busy with nothing.
#[derive(Debug, Clone, Copy)]
enum Flood {
    SlowBodies,
    HalfHeads,
    Idle,
    LargeBodies,
}

impl Flood {
    const ALL: [Self; 4] = [Self::SlowBodies, Self::HalfHeads, Self::Idle, Self::LargeBodies];

    fn peers(self) -> usize {
        match self {
            Self::SlowBodies => SLOW_BODIES,
            Self::HalfHeads => HALF_HEADS,
            Self::Idle => IDLE,
            Self::LargeBodies => LARGE_BODIES,
        }
    }

    /// What each peer sends before it waits for ever.
    fn bytes(self) -> Vec<u8> {
        let post = |length: usize| {
            let signature = "0".repeat(64);
            format!(
                "POST /api/channels/whatsapp HTTP/1.1\r\nHost: bot.example.com\r\nX-Hub-Signature-256: sha256={signature}\r\n\
                 Content-Length: {length}\r\n\r\n"
            )
            .into_bytes()
        };
        let large = 2_900_000;
        match self {
            Self::SlowBodies => [post(2_097_152), b"{".to_vec()].concat(),
            Self::HalfHeads => {
                format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: {}", "a".repeat(31_000)).into_bytes()
            }
            Self::Idle => Vec::new(),
            Self::LargeBodies => [post(large), vec![b' '; large - 1]].concat(),
        }
    }

    /// Starts all peers on a thread of their own, so that they keep no delivery of this test waiting.
    async fn start(self, address: &str) -> Peers {
        let (address, bytes): (String, std::sync::Arc<[u8]>) = (address.to_owned(), self.bytes().into());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (asked, all_asked) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut peers = JoinSet::new();
                for _ in 0..self.peers() {
                    // The bot may have closed by now.
                    let Ok(mut stream) = TcpStream::connect(&address).await else { continue };
                    let bytes = bytes.clone();
                    peers.spawn(async move {
                        let _ = stream.write_all(&bytes).await;
                        let _ = stream.read_to_end(&mut Vec::new()).await;
                    });
                }
                let _ = asked.send(());
                let _ = stopped.await;
            });
        });
        // All of them have asked for their connection before the first delivery comes.
        let _ = tokio::time::timeout(Duration::from_secs(10), all_asked).await;
        Peers { stop: Some(stop), thread: Some(thread) }
    }
}

/// The peers of one flood; they are gone when this is dropped.
struct Peers {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Peers {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Posts deliveries, each on a connection of its own, and says how long each took; all are answered with 200.
async fn deliver(meta: &Simulator, url: &str, flood: &str) -> Vec<Duration> {
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(20)).build();
    let client = client.expect("a client");
    let ana = meta.person(ANA);
    let posts = (0..GOOD_POSTS).map(|_| {
        let (_, body) = ana.says("hello").into_body();
        let signature = signature(&meta.settings().app_secret, &body);
        let request = client.post(url).header("x-hub-signature-256", signature).body(body);
        async move {
            let begun = Instant::now();
            let answer = request.send().await.map(|answer| answer.status().as_u16());
            (answer, begun.elapsed())
        }
    });
    let answers: Vec<_> = futures::stream::iter(posts).buffer_unordered(4).collect().await;
    for (answer, _) in &answers {
        assert_eq!(answer.as_ref().ok(), Some(&200), "{flood}: {answer:?}");
    }
    answers.into_iter().map(|(_, took)| took).collect()
}

async fn withstands(files_max: Option<u32>) {
    rlimit::increase_nofile_limit(FILES).expect("this test may open some thousand files");
    let meta = Simulator::start_with(Settings { statuses: Statuses::None, rates: Rates::Lifted, ..quick() }).await;
    let bot = Bot::start(&meta, files_max);
    meta.connect(&bot.url()).await.expect("the handshake");
    let calm = deliver(&meta, &bot.url(), "no flood").await.into_iter().max().unwrap_or_default();
    // A machine on which a post takes long without any flood is not the server's fault.
    let allowed = Duration::from_secs(1).max(calm * 4);
    let before = bot.resident_kib();
    let (mut times, mut peak) = (Vec::new(), 0);
    for flood in Flood::ALL {
        let peers = flood.start(&bot.address).await;
        let mut taken = deliver(&meta, &bot.url(), &format!("{flood:?}")).await;
        let resident = bot.resident_kib();
        println!("{flood:?}: {resident} KiB, the slowest took {:?}", taken.iter().max());
        times.append(&mut taken);
        peak = peak.max(resident);
        drop(peers);
    }
    // All at the same time.
    let mut peers = Vec::new();
    for flood in Flood::ALL {
        peers.push(flood.start(&bot.address).await);
    }
    times.extend(deliver(&meta, &bot.url(), "all floods").await);
    peak = peak.max(bot.resident_kib());
    times.sort();
    let slow = times[times.len() * 99 / 100];
    println!("{files_max:?} files: p99 {slow:?}, memory {before} KiB and {} KiB more", peak.saturating_sub(before));
    assert!(slow < allowed, "the slowest of a hundred took {slow:?}, of {allowed:?} allowed");
    assert!(peak < before + GROWTH_MAX_KIB, "{before} KiB became {peak} KiB");
    let health = format!("http://{}/healthz", bot.address);
    assert_eq!(reqwest::get(health).await.expect("it answers").status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_keep_no_delivery_from_being_taken() {
    withstands(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_keep_no_delivery_from_being_taken_with_few_descriptors() {
    withstands(Some(128)).await;
}

/// An address of this machine that is no proxy's.
#[cfg(target_os = "linux")]
async fn connect_from(from: &str, to: &str) -> std::io::Result<TcpStream> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(std::net::SocketAddr::new(from.parse().expect("an address"), 0))?;
    // What is dropped is reset and keeps no port for a minute.
    socket.set_zero_linger()?;
    socket.connect(to.parse().expect("an address")).await
}

/// A peer that is slow and means well: its request takes a second to come in.
#[cfg(target_os = "linux")]
async fn slow_question(address: &str) -> std::io::Result<String> {
    let mut stream = connect_from("127.0.0.3", address).await?;
    for piece in ["GET /healthz", " HTTP/1.1\r\nHost: local", "host\r\nConnection: close\r\n", "\r\n"] {
        stream.write_all(piece.as_bytes()).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

/// Whoever is replaced by a new connection is the slowest, so a peer that connects again and again would push out all
/// others that are not in a hurry.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_reconnects_without_pause_turns_no_one_else_away() {
    let meta = Simulator::start_with(Settings { statuses: Statuses::None, rates: Rates::Lifted, ..quick() }).await;
    let bot = Bot::start(&meta, Some(128));
    meta.connect(&bot.url()).await.expect("the handshake");
    let calm = deliver(&meta, &bot.url(), "no flood").await.into_iter().max().unwrap_or_default();
    let stop = tokio_util::sync::CancellationToken::new();
    let connected = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (address, stopped, counted) = (bot.address.clone(), stop.clone(), connected.clone());
    // On a thread of its own, so that it keeps nothing of this test waiting.
    let flood = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let peer = async || {
                while !stopped.is_cancelled() {
                    let Ok(mut stream) = connect_from("127.0.0.2", &address).await else { continue };
                    counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nX-A: ").await;
                    // Until it is turned away, or for a moment.
                    let _ = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
                }
            };
            futures::future::join_all((0..100).map(|_| peer())).await;
        });
    });
    let url = bot.url();
    let questions = (0..6).map(|_| slow_question(&bot.address));
    let delivered = deliver(&meta, &url, "reconnecting");
    let (answers, mut taken) = tokio::join!(futures::future::join_all(questions), delivered);
    stop.cancel();
    flood.join().expect("it ends");
    let times = connected.load(std::sync::atomic::Ordering::Relaxed);
    println!("{times} connections of one peer, the slowest delivery took {:?}", taken.iter().max());
    assert!(times > 200, "that was no flood: {times}");
    for answer in answers {
        assert_eq!(answer.expect("it is not turned away"), "HTTP/1.1 200 OK");
    }
    taken.sort();
    let slow = taken[taken.len() * 99 / 100];
    assert!(slow < Duration::from_secs(1).max(calm * 4), "{slow:?}");
}

/// What becomes of a program that may open very few files: its exit code and its words, or the answer of its gateway.
fn fate(mut command: Command) -> Result<u16, (Option<i32>, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it was built");
    let said = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let (heard, stderr) = (said.clone(), child.stderr.take().expect("it is piped"));
    let listening = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut said = heard.lock().expect("nothing panics with it");
            said.push_str(&line);
            said.push('\n');
        }
    });
    let begun = Instant::now();
    let fate = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            let _ = listening.join();
            break Err((status.code(), said.lock().expect("nothing panics with it").clone()));
        }
        let text = said.lock().expect("nothing panics with it").clone();
        let address = text.split_once("http://").and_then(|(_, rest)| rest.split(',').next().map(str::to_owned));
        if let Some(status) = address.and_then(|address| health(&address)) {
            break Ok(status);
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it lives on and answers nothing: {text}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let _ = child.kill();
    let _ = child.wait();
    fate
}

/// The status of `/healthz`, if there is an answer.
fn health(address: &str) -> Option<u16> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    std::str::from_utf8(&head[9..]).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_hardly_any_descriptors_it_answers_or_ends_with_a_sentence() {
    let meta = Simulator::start_with(quick()).await;
    let fates = [8, 12, 14, 16, 18, 20, 24, 28, 32].map(|files_max| {
        let folder = folder();
        let command = Bot::command(&meta, &folder, Some(files_max));
        tokio::task::spawn_blocking(move || {
            let fate = fate(command);
            drop(folder);
            (files_max, fate)
        })
    });
    for fate in futures::future::join_all(fates).await {
        match fate.expect("it is judged") {
            // The loader or the shell may have had too few already.
            (_, Ok(200) | Err((Some(127), _))) => {}
            (files_max, Err((code, said))) => {
                assert!(code == Some(1) && said.contains("error: "), "{files_max} files: {code:?}: {said}");
            }
            (files_max, other) => panic!("{files_max} files: {other:?}"),
        }
    }
}
