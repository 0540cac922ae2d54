//! Our bot as a process of its own: the real runtime with its store on a disk, and the echo.

use super::Bot;
use greenroom::{Running, Runtime};
use greenroom_assistant_echo::Echo;
use greenroom_conformance::messages::id;
use greenroom_contract::linking::{LinkMethod, LinkStep, Showing, Shown};
use greenroom_engine::{AccountStatus, LinkRequest};
use greenroom_simulator_whatsapp_web::Simulator;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than linking or connecting takes.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Ours {
    child: Child,
    folder: TempDir,
    engine: &'static str,
}

impl Ours {
    /// Starts with this engine of the store, and links an account for each of these numbers.
    pub(crate) async fn start(simulator: &Simulator, numbers: &[&str], engine: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("media.pem"), simulator.certificate_pem()).expect("a writable folder");
        let (child, mut lines) = spawn(simulator, folder.path(), numbers.len(), engine);
        for number in numbers {
            let phone = simulator.phone(number, "Bot").await.expect("a phone is made");
            let (code, rest) =
                tokio::task::spawn_blocking(move || (line_after(&mut lines, "scan "), lines)).await.expect("reading");
            lines = rest;
            phone.scan(&code).await.expect("the phone accepts the code");
        }
        tokio::task::spawn_blocking(move || line_after(&mut lines, "connected")).await.expect("reading");
        Self { child, folder, engine }
    }

    /// Kills the process and starts another on the same store; says how long it took until all were connected.
    pub(crate) async fn restart(&mut self, simulator: &Simulator, numbers: &[&str]) -> Duration {
        let mut before = Vec::new();
        for number in numbers {
            before.push(simulator.device((*number, 1)).expect("it was linked").logins);
        }
        end(&mut self.child);
        let begun = Instant::now();
        let (child, mut lines) = spawn(simulator, self.folder.path(), numbers.len(), self.engine);
        self.child = child;
        tokio::task::spawn_blocking(move || line_after(&mut lines, "connected")).await.expect("reading");
        for (number, before) in numbers.iter().zip(before) {
            // The bot's word alone is no proof.
            let back = simulator.until_device((*number, 1), PATIENCE, |one| one.connected && one.logins > before);
            back.await.expect("the server sees it, too");
        }
        begun.elapsed()
    }
}

impl Bot for Ours {
    fn name(&self) -> &'static str {
        if self.engine == "sled" { "greenroom" } else { "greenroom on fjall" }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn spawn(
    simulator: &Simulator,
    folder: &Path,
    accounts: usize,
    engine: &str,
) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.env("GREENROOM_BENCH_BOT", format!("{}\n{}\n{accounts}\n{engine}", simulator.url(), folder.display()));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a child process runs");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    (child, lines)
}

/// The rest of the next line that starts so.
fn line_after(lines: &mut Lines<BufReader<ChildStdout>>, start: &str) -> String {
    let found = lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix(start).map(str::to_owned));
    found.unwrap_or_else(|| panic!("the bot ended before it said {start:?}"))
}

/// The work of the bot's process.
pub(crate) fn child(options: &str) {
    let mut lines = options.lines();
    let mut next = || lines.next().expect("written by the parent").to_owned();
    let (url, folder, accounts, engine) = (next(), next(), next(), next());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let accounts = accounts.parse().expect("a number");
    runtime.expect("a runtime starts").block_on(live(&url, Path::new(&folder), accounts, &engine));
}

async fn live(url: &str, folder: &Path, accounts: usize, engine: &str) {
    let certificate = folder.join("media.pem");
    // Without the pace, which would be all that is measured.
    let configuration = format!(
        "[store]\nengine = \"{engine}\"\n[gateway]\nsessions_per_owner_max = 1000\nsessions_max = 1000\n\
         [channels.front]\nadapter = \"whatsapp-web\"\nassistant = \"helper\"\nallow_from = [\"*\"]\n\
         pacing = \"off\"\nsocket_url = \"{url}\"\nmedia_certificate = \"{}\"\n\
         rates = {{ person_per_minute = 1000000, person_per_day = 1000000 }}\n",
        certificate.display()
    );
    let running = Runtime::builder()
        .config(configuration)
        .assistant("helper", Echo::default())
        .store_path(folder.join("store"))
        .build()
        .expect("sound")
        .start()
        .await
        .expect("it starts");
    let there = running.handle().account_list().await.expect("a healthy store").len();
    for _ in there..accounts {
        link(&running).await;
    }
    tokio::time::timeout(PATIENCE, connected(&running, accounts)).await.expect("all connect");
    say("connected");
    let _ = running.ended().await;
}

/// Shows a code, and waits until it was scanned.
async fn link(running: &Running) {
    let handle = running.handle();
    let request =
        LinkRequest { channel: id("front"), owner: id("local"), account: None, method: LinkMethod::Qr, accepted: true };
    let account = handle.begin_link(request).await.expect("it may be linked");
    let mut steps = handle.link_steps(&account).expect("it was just made");
    let mut shown = String::new();
    loop {
        match steps.borrow_and_update().step.clone() {
            Some(LinkStep::Show(Showing { shown: Shown::Qr(code), .. })) if code != shown => {
                say(&format!("scan {code}"));
                shown = code;
            }
            Some(LinkStep::Done { .. }) => return,
            Some(step) if step.is_last() => panic!("not linked: {step:?}"),
            _ => {}
        }
        let changed = tokio::time::timeout(PATIENCE, steps.changed()).await;
        changed.expect("linking goes on").expect("the engine runs");
    }
}

async fn connected(running: &Running, accounts: usize) {
    loop {
        let list = running.handle().account_list().await.expect("a healthy store");
        if list.iter().filter(|account| account.status == AccountStatus::Connected).count() >= accounts {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
