//! The scripted model server, as a process of its own.

use greenroom_simulator_models::{ModelServer, Protocol, Script, Settings};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Set where this program plays the server.
pub(crate) const CHILD: &str = "GREENROOM_BENCH_MODEL_SERVER";
/// How long the model thinks.
pub(crate) const THINKING_MS: u64 = 300;
/// How long the slow model thinks.
pub(crate) const SLOW_SECONDS: u64 = 25;

/// What the model answers: about what people are answered in a chat.
fn script() -> Script {
    let text = format!(
        "when says contains \"slowly\"\n  say It took me a while.\n  fault slow {SLOW_SECONDS}s\n\
         otherwise\n  say The kitchen is open from seven to ten in the morning, and from six to half past nine in the \
         evening. On Sundays there is a brunch until two, for which it is better to ask for a table the day before.\n  \
         fault slow {THINKING_MS}ms\n"
    );
    Script::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// Few requests are remembered: the memory of the server is not what is measured, but its time is.
fn settings() -> Settings {
    Settings { recorded_max: 1, ..Settings::default() }
}

/// Plays the server until the parent is gone.
pub(crate) fn child() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let server = ModelServer::start_with(settings(), script()).await;
        println!("{}\n{}", server.base(Protocol::OpenAiChat), server.key());
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
        // Whatever it reads: the parent is gone, or wants it to end.
        let _ = ended.await;
    });
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Its address for chat completions.
    pub(crate) base: String,
    /// A key that it takes.
    pub(crate) key: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let child = Command::new(program).env(CHILD, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("a child process runs");
        let mut said = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = || {
            let mut line = String::new();
            said.read_line(&mut line).expect("it says where it is");
            line.trim().to_owned()
        };
        let (base, key) = (line(), line());
        Self { child, base, key }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is gone already is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes of a request that a bot makes for one short message.
pub(crate) async fn request_of_a_bot() -> serde_json::Value {
    let server = ModelServer::start(Script::echo()).await;
    let bot = super::bot::Bot::start(&server.base(Protocol::OpenAiChat), server.key()).await;
    let mut person = bot.person(super::bot::THINKS, 999);
    person.says("When is the kitchen open?").await;
    server.last().expect("it was asked").raw.clone()
}
