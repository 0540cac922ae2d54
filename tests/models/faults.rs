//! Random faults of every kind: each message is answered one time, with a whole answer or a kind sentence, and no chat hangs.

use super::setup::Setup;
use crate::support::number;
use crate::support::rng::Rng;
use crate::support::setup::{ANA, BEN};
use greenroom_channel_loopback::said;
use greenroom_simulator_models::{Asked, Fault, ModelServer, Protocol, Reply, Script};
use std::time::Duration;

const MESSAGES: u64 = 6;

fn fault(rng: &mut Rng) -> Fault {
    match rng.below(12) {
        0 => Fault::Slow(Duration::from_millis(rng.below(400))),
        1 => Fault::Pause(Duration::from_millis(rng.below(40))),
        2 => Fault::Stuck(rng.below(400) as usize),
        3 => Fault::Cut(rng.below(400) as usize),
        4 => Fault::EndEarly(rng.below(6) as usize),
        5 => Fault::busy(1),
        6 => Fault::status(500),
        7 => Fault::status(503),
        8 => Fault::ErrorEvent(rng.below(4) as usize),
        9 => Fault::BadJson,
        10 => Fault::Html,
        _ => Fault::NoUsage,
    }
}

/// What a message says, answered whole.
fn whole(asked: &Asked) -> Reply {
    let said = asked.said();
    let number = said.rsplit("question-").next().unwrap_or_default();
    let number: String = number.chars().take_while(char::is_ascii_digit).collect();
    Reply::say(format!("The answer to question-{number} begins, goes on, and ends here."))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_each_message_is_answered_one_time_and_whole() {
    let from = number("GREENROOM_SEED", 1);
    for seed in from..from + number("GREENROOM_MODEL_WORLDS", 8) {
        let mut rng = Rng::new(seed);
        let protocol = Protocol::ALL[rng.below(4) as usize];
        let server = ModelServer::start(Script::from_fn(whole)).await;
        let setup = Setup {
            model: "read_timeout_seconds = 1\ntimeout_seconds = 4".to_owned(),
            assistant: "timeout_seconds = 6".to_owned(),
            ..Setup::new()
        };
        let bot = setup.start(&server, protocol).await;
        for number in 0..MESSAGES {
            for _ in 0..rng.below(3) {
                server.fail_next(1, fault(&mut rng));
            }
            let who = if rng.below(2) == 0 { ANA } else { BEN };
            bot.hears(said::text(who, format!("question-{number}"))).await;
        }
        let said = [bot.answers(ANA).await, bot.answers(BEN).await].concat();
        for number in 0..MESSAGES {
            let expected = format!("The answer to question-{number} begins, goes on, and ends here.");
            let times = said.iter().filter(|words| **words == expected).count();
            assert_eq!(times, 1, "seed {seed}, {protocol}, question {number}: {said:?}");
        }
        let halves = said.iter().filter(|words| words.starts_with("The answer") && !words.ends_with("ends here."));
        assert_eq!(halves.count(), 0, "seed {seed}, {protocol}: {said:?}");
        server.assert_no_violations();
        bot.promises_kept();
    }
}
