//! kill -9 in a loop while people write: everybody gets one answer, nobody links again, and no message key
//! is ever used twice.
//!
//! The bot is a process of its own; this process plays WhatsApp and kills it. `GREENROOM_KILL_ROUNDS` sets
//! how often, `GREENROOM_SEED` repeats a run.

use super::{ANA, BOT, Setup, shown, times, to_bot};
use crate::support::number;
use crate::support::rng::Rng;
use greenroom_simulator_whatsapp_web::people::{Address, Heard};
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// People who write; the phone behind the bot writes to itself as well.
const FRIENDS: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(120);
const VARIABLE: &str = "GREENROOM_TEST_WEB_CHILD";

/// The other process. Not a test: returns at once when it is run as one.
#[test]
#[ignore = "started by the test of this file, as a process of its own"]
fn child() {
    let Ok(options) = std::env::var(VARIABLE) else { return };
    let [url, certificate, folder] = serde_json::from_str::<[String; 3]>(&options).expect("written by the parent");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bot = Setup::usual().start_at(&url, &certificate, &PathBuf::from(folder)).await;
        let _ = bot.running.ended().await;
    });
}

struct Process(Child);

impl Process {
    fn start(whatsapp: &Simulator, folder: &Path, fail: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test knows its own path"));
        command.args(["web::kill::child", "--exact", "--ignored", "--nocapture"]);
        let options = [whatsapp.url(), whatsapp.certificate_pem(), folder.to_str().expect("a plain path")];
        command.env(VARIABLE, serde_json::to_string(&options).expect("plain data")).env_remove("GREENROOM_FAIL");
        if let Some(fail) = fail {
            command.env("GREENROOM_FAIL", fail);
        }
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.with_extension("log"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("a writable folder"));
        Self(command.spawn().expect("this test binary can be started again"))
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("our child").is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // As kill -9 does.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What somebody wrote.
struct Said {
    who: usize,
    text: String,
}

/// A linked bot's store and the people of the test, the owner of the bot's phone first.
struct Scene {
    whatsapp: Simulator,
    people: Vec<Phone>,
    data: PathBuf,
    said: Vec<Said>,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let whatsapp = Simulator::start(Options::default()).await.unwrap();
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let mut people = vec![whatsapp.phone(BOT, "Bot").await.unwrap(), whatsapp.phone(ANA, "Ana").await.unwrap()];
        for friend in 1..FRIENDS {
            let phone = whatsapp.phone(&format!("155520000{friend:02}"), &format!("Friend {friend}")).await;
            people.push(phone.unwrap());
        }
        let bot = Setup::usual().start(&whatsapp, &data).await;
        bot.link(&people[0]).await;
        bot.stop().await;
        Self { whatsapp, people, data, said: Vec::new(), _folder: folder }
    }

    async fn say_something(&mut self, rng: &mut Rng) {
        let who = rng.below(FRIENDS + 1) as usize;
        let text = format!("text {}", self.said.len());
        let to = match who {
            0 => Address::Myself,
            who if who % 3 == 0 => Address::lid(self.people[0].lid()),
            _ => to_bot(),
        };
        self.people[who].say(&to, &text).await.expect("the simulated network works");
        self.said.push(Said { who, text });
    }

    /// Waits until everybody has an answer and nothing more comes.
    async fn all_answered(&self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.said.iter().all(|said| times(&self.people[said.who], &said.text) > 0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Whatever is still under way has been handed over once the bot acknowledged everything.
        let _ = self.whatsapp.until_acknowledged((BOT, 1), PATIENCE).await;
    }

    fn check(&self, what: &str, seed: u64) {
        let log = || {
            let text = std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(40)..].join("\n")
        };
        let count = |said: &Said| times(&self.people[said.who], &said.text);
        let missing: Vec<String> = self
            .said
            .iter()
            .filter(|said| count(said) == 0)
            .map(|said| format!("{} ({})", said.text, self.people[said.who].name()))
            .collect();
        let twice: Vec<&str> = self.said.iter().filter(|said| count(said) > 1).map(|said| said.text.as_str()).collect();
        assert!(missing.is_empty(), "seed {seed}: never answered: {missing:?}\n{}", log());
        assert!(twice.is_empty(), "seed {seed}: answered more than once: {twice:?}\n{}", log());
        for (who, person) in self.people.iter().enumerate() {
            let expected: Vec<&str> =
                self.said.iter().filter(|said| said.who == who).map(|said| said.text.as_str()).collect();
            // The bot's own phone gets copies of what the bot writes to others, too.
            let own = [person.jid(), person.lid_jid()];
            let heard: Vec<Heard> =
                shown(person).into_iter().filter(|heard| who > 0 || own.contains(&heard.chat)).collect();
            let got: Vec<&str> = heard.iter().filter_map(|heard| heard.text()).collect();
            assert_eq!(got, expected, "{what}, seed {seed}: out of order for {}", person.name());
            let (lost, healed) = (person.undecryptable(), person.heals());
            assert!(lost <= healed, "seed {seed}: {} could not read {lost} and a retry healed {healed}", person.name());
        }
        assert_eq!(self.whatsapp.violations(), [], "seed {seed}");
        let device = self.whatsapp.device((BOT, 1)).expect("it is still linked");
        let sum = |count: fn(&Phone) -> u64| self.people.iter().map(count).sum::<u64>();
        let (lost, repeated) = (sum(Phone::undecryptable), sum(Phone::repeated));
        println!("{} said, {} logins, {lost} unreadable at first, {repeated} repeated", self.said.len(), device.logins);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_everybody_gets_one_answer_and_nobody_links_again() {
    let (rounds, seed) = (number("GREENROOM_KILL_ROUNDS", 8), Rng::seed());
    println!("GREENROOM_SEED={seed} GREENROOM_KILL_ROUNDS={rounds}");
    let mut rng = Rng::new(seed);
    let mut scene = Scene::new().await;
    for round in 0..rounds {
        let logins = scene.whatsapp.device((BOT, 1)).unwrap().logins;
        let mut process = Process::start(&scene.whatsapp, &scene.data, None);
        if !rng.percent(15) {
            let online = scene.whatsapp.until_device((BOT, 1), PATIENCE, |one| one.connected && one.logins > logins);
            online.await.expect("it comes back without a new link");
        }
        for _ in 0..5 + rng.below(40) {
            scene.say_something(&mut rng).await;
            tokio::time::sleep(Duration::from_micros(rng.below(10_000))).await;
        }
        assert!(!process.has_ended(), "round {round}, seed {seed}: it ended by itself");
    }
    let _last = Process::start(&scene.whatsapp, &scene.data, None);
    scene.all_answered().await;
    scene.check("killed", seed);
}

/// Aborts at every fail point, a few hits in; needs the feature `failpoints`.
#[cfg(all(unix, feature = "failpoints"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aborted_at_every_fail_point_everybody_gets_one_answer() {
    use greenroom_support::failpoint::FailPoint;
    let seed = Rng::seed();
    println!("GREENROOM_SEED={seed}");
    let mut rng = Rng::new(seed);
    for point in FailPoint::ALL {
        // Three deaths of one turn are a quarantine, so each point has people of its own.
        let mut scene = Scene::new().await;
        for hits in [1, 2 + rng.below(4)] {
            let fail = format!("{}:{hits}", point.name());
            let mut process = Process::start(&scene.whatsapp, &scene.data, Some(&fail));
            let begun = Instant::now();
            while !process.has_ended() {
                assert!(begun.elapsed() < PATIENCE, "{fail} was never hit; seed {seed}");
                scene.say_something(&mut rng).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let _last = Process::start(&scene.whatsapp, &scene.data, None);
        scene.all_answered().await;
        scene.check(point.name(), seed);
    }
}
