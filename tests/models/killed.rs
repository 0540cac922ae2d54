//! kill -9 while models are asked, and while they fail: every message is answered one time, and whole.
//!
//! A turn during which the process dies three times goes into quarantine, as it should; so there are two kills, and more of
//! them need other expectations.

use crate::crash::{Scene, check, say_something};
use crate::support::number;
use crate::support::rng::Rng;
use greenroom_simulator_models::{Asked, Fault, ModelServer, Protocol, Reply, Script};
use std::time::Duration;

/// Says back the last thing that was said: `text 7`.
fn echo(asked: &Asked) -> Reply {
    let said = asked.said();
    let number = said.rsplit("text ").next().unwrap_or_default();
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    Reply::say(format!("text {number}"))
}

fn fault(rng: &mut Rng) -> Fault {
    match rng.below(6) {
        0 => Fault::Slow(Duration::from_millis(rng.below(100))),
        1 => Fault::Pause(Duration::from_millis(rng.below(20))),
        2 => Fault::Cut(rng.below(300) as usize),
        3 => Fault::EndEarly(rng.below(4) as usize),
        4 => Fault::status(503),
        _ => Fault::BadJson,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_models_are_asked_everything_is_answered_once() {
    let (rounds, seed) = (number("GREENROOM_MODEL_KILL_ROUNDS", 2), Rng::seed());
    println!("GREENROOM_SEED={seed} GREENROOM_MODEL_KILL_ROUNDS={rounds}");
    let mut rng = Rng::new(seed);
    let server = ModelServer::start(Script::from_fn(echo)).await;
    let scene = Scene::new("sled", &format!("model {}", server.base(Protocol::OpenAiChat))).await;
    for _ in 0..rounds {
        let mut child = scene.started(None).await;
        for _ in 0..5 + rng.below(20) {
            if rng.percent(20) {
                server.fail_next(1, fault(&mut rng));
            }
            say_something(&scene.people, &mut rng);
            tokio::time::sleep(Duration::from_millis(rng.below(20))).await;
        }
        child.kill();
    }
    let _last = scene.started(None).await;
    scene.people.all_settled().await;
    check(&scene.people, &scene.options.folder);
    assert!(server.requests() > 0, "no model was asked");
}
