//! An answer is said whole, or not at all.

use super::setup::Setup;
use crate::support::setup::ANA;
use greenroom_channel_loopback::said;
use greenroom_simulator_models::{Fault, ModelServer, Protocol, Reply};

const WHOLE: &str = "The first half of it, and the second half: grüße.";

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_never_said() {
    let faults = [
        Fault::EndEarly(1),
        Fault::EndEarly(2),
        Fault::Cut(40),
        Fault::Stuck(60),
        Fault::BadJson,
        Fault::Html,
        Fault::ErrorEvent(1),
        Fault::status(500),
        Fault::status(529),
    ];
    for protocol in Protocol::ALL {
        let server = ModelServer::scripted("otherwise\n  say I do not know.\n").await;
        let setup = Setup { model: "read_timeout_seconds = 1".to_owned(), ..Setup::new() };
        let bot = setup.start(&server, protocol).await;
        for (number, fault) in faults.iter().enumerate() {
            server.fail_next(1, fault.clone());
            server.plan(Reply::say(WHOLE));
            let message = bot.hears(said::text(ANA, format!("question {number}"))).await;
            let answers = bot.answers(ANA).await;
            let expected = vec![WHOLE.to_owned(); number + 1];
            assert_eq!(answers, expected, "{protocol} {fault:?}: {}", bot.why(&message).await);
        }
        server.assert_no_violations();
        bot.promises_kept();
    }
}
