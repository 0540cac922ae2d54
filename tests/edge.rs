//! What comes from outside and must not be taken, or must not be lost.
//!
//! | module | what it shows |
//! |---|---|
//! | `flood` | slow, idle, half and large requests by the hundred keep no delivery from being taken |

#[cfg(target_os = "linux")]
mod flood;

use crate::cloud::{ANA, Setup, pair, quick};
use crate::support::process::{clean, folder, run};
use greenroom_contract::secret::Secret;
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator, Statuses};
use std::time::Duration;
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_an_old_post_is_acknowledged_refused_and_explained() {
    let (meta, bot, _folder) = pair(Settings { statuses: Statuses::None, ..quick() }).await;
    let ana = meta.person(ANA);
    let copy = ana.says("pay again").written_ago(40 * DAY).await;
    let why = bot.until_why(&copy, "too old").await;
    assert!(why.contains("sent 40 days ago, and its network delivers within 8 days"), "{why}");
    assert_eq!(meta.counters().rejected, 0, "it is not asked for again");
    // What Meta may still repeat is answered.
    ana.says("hello").written_ago(Duration::from_secs(600)).await;
    assert_eq!(ana.received().await.text(), "hello");
    let late = ana.says("late").written_ago(7 * DAY).await;
    bot.until_why(&late, "admitted by").await;
    bot.settled().await;
    assert_eq!(ana.history().iter().filter(|one| one.text() == "pay again").count(), 0);
    let health = bot.running.handle().health().await;
    assert_eq!(health.rejections.len(), 1, "{:?}", health.rejections);
    assert!(health.rejections[0].to_string().contains("1 message(s) refused as too old"), "{:?}", health.rejections);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_app_secret_shows_in_the_health_and_does_not_look_like_a_dead_process() {
    let meta = Simulator::start_with(Settings { statuses: Statuses::None, ..quick() }).await;
    let folder = TempDir::new().expect("a temporary folder");
    let mut setup = Setup::new(&meta, folder.path());
    setup.config.app_secret = Secret::new("copied from another app");
    let bot = setup.start().await;
    meta.connect(&bot.url).await.expect("the verify token is right");
    let _ = meta.person(ANA).says("hello?").soon();
    let problem = bot.until_problem("wrong signature").await;
    assert!(problem.contains("channel whatsapp") && problem.contains("secret"), "{problem}");
    let handle = bot.running.handle();
    assert_eq!((handle.alive(), handle.ready()), (Ok(()), Ok(())), "a restart would change nothing");
    let shown = handle.health().await.rejections[0].to_string();
    assert!(shown.contains("the signature was missing or wrong"), "{shown}");
}

#[cfg(feature = "simulator")]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_an_id_that_cannot_be_kept_is_answered_and_found_by_its_id() {
    use crate::web::{World, hears, times, to_bot};
    use greenroom_contract::ids::MessageId;
    use greenroom_simulator_whatsapp_web::people::Draft;
    let world = World::new().await;
    for (words, id) in [("long", "A".repeat(700)), ("odd", " a\u{1b}[31mb ".to_owned())] {
        world.ana.send(&to_bot(), Draft::text(words).with_id(&id)).await.expect("the network takes any id");
        hears(&world.ana, words).await;
        let kept = MessageId::of_network(&id).expect("it is not empty");
        assert!(kept.is_stand_in());
        world.bot.until_why(kept.as_str(), "sent").await;
        assert_eq!(times(&world.ana, words), 1);
    }
}

#[test]
fn recipes_pass_on_the_webhook_and_nothing_else() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy");
    // How each of them begins a rule that passes requests on to the gateway.
    for (file, rule, passes_on) in [
        ("Caddyfile", "handle", "reverse_proxy 127.0.0.1:8787"),
        ("nginx.conf", "location", "proxy_pass http://127.0.0.1:8787"),
        ("cloudflared.yml", "- ", "service: http://127.0.0.1:8787"),
        ("tunnel.md", "handle", "reverse_proxy 127.0.0.1:8787"),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).expect("the recipe is there");
        let rules: Vec<&str> = text.split(rule).filter(|rule| rule.contains(passes_on)).collect();
        assert_eq!(rules.len(), 1, "{file}");
        assert!(rules[0].contains("/api/channels/"), "{file}: {}", rules[0]);
        assert!(text.contains("404"), "{file} answers everything else itself");
    }
    let tunnel = std::fs::read_to_string(folder.join("tunnel.md")).expect("the recipe is there");
    let ngrok = tunnel.lines().find(|line| line.starts_with("ngrok http")).expect("it is in there");
    assert!(ngrok.contains("--traffic-policy-file"), "{ngrok}");
    assert!(!tunnel.contains("--url http://127.0.0.1:8787"), "a tunnel to the whole gateway");
}

#[test]
fn a_gateway_that_cannot_listen_is_a_sentence_and_a_failure() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder.path());
    command.env("GREENROOM_GATEWAY__LISTEN", &address).args(["run"]);
    let output = run(command, "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("{address} is already taken by another program")), "{said}");
}
