//! Real programs, well-behaved and hostile: whatever they do, a call is made once, ends in time and says what is known of
//! it, nothing of the program is left behind, and it comes back.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod server;

use greenroom_contract::ids::PersonId;
use greenroom_contract::tools::{ToolError, ToolReturn};
use greenroom_tools::WhomKey;
use greenroom_tools::limits::{LINE_BYTES_MAX, TOOLS_MAX};
use serde_json::{Value, json};
use server::{LONG, Running, is_running, later, name, word};
use std::time::{Duration, Instant};

/// Nothing that goes wrong may take as long as a call may.
const SOON: Duration = Duration::from_secs(15);

fn said(text: &str) -> ToolReturn {
    ToolReturn { text: text.to_owned(), ..ToolReturn::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_a_tool_server() {
    let running = Running::started(&[], "");
    let offers = running.offers().await;
    let confirm = |name: &str| offers.iter().find(|offer| offer.spec.name == name).map(|offer| offer.confirm);
    assert_eq!((confirm("echo"), confirm("reads"), confirm("nothing")), (Some(true), Some(false), None));
    for number in 0..20 {
        let text = format!("number {number}");
        let returned = running.call_within("echo", json!({ "text": text }), LONG).await;
        assert_eq!(returned, Ok(said(&text)));
    }
    assert_eq!(
        running.call_within("echo", Value::Null, LONG).await,
        Ok(said("echo")),
        "no arguments are an empty object"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_names_its_turn() {
    let running = Running::started(&[], "");
    let meta: Value = serde_json::from_str(&running.until_called("meta").await.text).unwrap();
    assert_eq!(meta["greenroom/turn"], "t-81");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_told_for_whom_it_is_called_only_where_its_owner_wants_that() {
    let meta = async |running: &Running, person: u64| -> Value {
        let called = running.call_for(PersonId(person), "meta", json!({}), LONG).await;
        let mut meta: serde_json::Map<String, Value> = serde_json::from_str(&called.unwrap().text).unwrap();
        // The protocol's library tells more, and counts.
        meta.retain(|key, _| key.starts_with("greenroom/"));
        Value::Object(meta)
    };
    let key = || WhomKey::from_bytes(&[7; 32]).unwrap();
    let silent = Running::started(&[], "");
    silent.tools.know(key());
    silent.offers().await;
    assert_eq!(meta(&silent, 7).await, json!({ "greenroom/turn": "t-81" }));

    let telling = Running::started(&[], "tell_person = true");
    telling.offers().await;
    let (became, why) = word(&telling.call("meta").await);
    assert!(became == "away" && why.contains("for whom"), "{became}: {why}");
    telling.tools.know(key());
    let (one, other) = (meta(&telling, 7).await, meta(&telling, 8).await);
    for told in [&one, &other] {
        let name = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        assert!(name("greenroom/person").starts_with("p-") && name("greenroom/person").len() == 34, "{told}");
        assert!(name("greenroom/conversation").starts_with("c-"), "{told}");
    }
    assert_eq!(one, meta(&telling, 7).await, "the same each time");
    assert_ne!(one["greenroom/person"], other["greenroom/person"]);
    assert_eq!(one["greenroom/conversation"], other["greenroom/conversation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_says_of_a_failure_and_what_its_server_refuses() {
    let running = Running::started(&[], "");
    assert_eq!(word(&running.call("fails").await), ("failed", "no such task".to_owned()));
    let (became, why) = word(&running.call("refuses").await);
    assert!(became == "refused" && why.ends_with("text is\\u{a}missing"), "{became}: {why}");
    for arguments in [json!([]), json!("text"), json!({ "text": "x".repeat(300_000) })] {
        let refused = running.call_within("echo", arguments, LONG).await;
        assert_eq!(word(&refused).0, "refused");
    }
    assert_eq!(running.text("calls"), "fails\nrefuses\n", "what is wrong from the beginning is not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_its_owner_allows_is_offered_and_called() {
    let running =
        Running::started(&[], "allow = [\"e*\", \"fails\", \"mistake\"]\ndeny = [\"fails\"]\nconfirm = \"never\"");
    let offers = running.offers().await;
    assert_eq!(offers.iter().map(|offer| offer.spec.name.as_str()).collect::<Vec<_>>(), ["echo"]);
    assert!(!offers[0].confirm);
    for name in ["fails", "reads", "nothing"] {
        assert_eq!(word(&running.call(name).await).0, "unknown");
    }
    assert_eq!(running.text("calls"), "");
    let tried = running.tools.try_out(&name(), LONG).await.unwrap().unwrap();
    assert_eq!(tried.in_vain, ["mistake"]);
    assert!(tried.left_out.iter().any(|one| one.name == "fails"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_files_come_with_it_and_what_is_not_understood_is_said() {
    let running = Running::started(&[], "");
    let returned = running.until_called("pictures").await;
    let media: Vec<(&str, &[u8], Option<&str>)> = returned
        .media
        .iter()
        .map(|one| (one.media.mime.as_str(), one.media.bytes.as_ref(), one.name.as_deref()))
        .collect();
    assert_eq!(media, [("image/png", &b"picture"[..], None), ("application/pdf", &b"picture"[..], Some("bill.pdf"))]);
    assert!(returned.text.starts_with("look\n") && returned.text.contains("hologram"), "{}", returned.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_says_why_and_when_it_comes_back() {
    let cases = [
        (&["exits"][..], "", "exit status: 2"),
        (&[], "command = [\"/no/such/program\"]", "/no/such/program cannot be started: there is no such file"),
        (&[], "command = [\"no-such-program\"]", "no program of this name is in the PATH"),
        (&["deaf"], "start_seconds = 1", "not ready within 1 s"),
        (&["hangs_listing"], "start_seconds = 3", "cannot be listed: it did not answer in time"),
        (&["wrong_start"], "", "not that of a tool server"),
        (&["stray"], "", "not messages"),
    ];
    let tried = cases.map(|(modes, more, expected)| async move {
        let running = Running::started(modes, more);
        let outcome = running.server.offers(LONG).await;
        let Err(ToolError::Away { server, what, after: Some(_) }) = outcome else { panic!("{modes:?}: {outcome:?}") };
        assert!(server == "tasks" && what.contains(expected), "{modes:?}: {what}");
        for pid in running.numbers("pids").into_iter().rev().skip(1) {
            assert!(!is_running(pid), "{modes:?}: only the last one runs");
        }
    });
    futures::future::join_all(tried).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_hangs_ends_in_time_and_its_server_is_ended_with_all_that_it_started() {
    let running = Running::started(&["grandchild"], "timeout_seconds = 1");
    running.until_called("echo").await;
    let begin = Instant::now();
    let (became, why) = word(&running.call("hang").await);
    assert!(became == "unclear" && why.contains("within 1.0 s") && begin.elapsed() < SOON, "{became}: {why}");
    assert_eq!(running.until_called("echo").await, said("echo"), "it comes back");
    let pids = running.numbers("pids");
    let [first, sleeper, second, _] = pids.as_slice() else { panic!("{pids:?}") };
    assert!(!is_running(*first) && !is_running(*sleeper) && is_running(*second), "{pids:?}");
    assert_eq!(running.text("calls"), "echo\nhang\necho\n", "no call is made twice");
    // It hung, so it was told but did not listen; one that is only slow is told and listens.
    let slow = running.call_within("slow", json!({}), Duration::from_millis(100)).await;
    assert_eq!(word(&slow).0, "unclear");
    assert_eq!(running.until_called("echo").await, said("echo"));
    assert!(running.text("heard").contains("notifications/cancelled"));
    assert!(is_running(*second), "one that is slow is not ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_is_given_up_and_the_server_is_told() {
    let running = Running::started(&[], "");
    running.offers().await;
    tokio::select! {
        outcome = running.call("slow") => panic!("{outcome:?}"),
        () = later(async || running.text("calls").contains("slow").then_some(())) => {}
    }
    later(async || running.text("heard").contains("notifications/cancelled").then_some(())).await;
    assert_eq!(running.call("echo").await, Ok(said("echo")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_dies_in_a_call_leaves_it_unclear_and_comes_back() {
    for how in ["die", "half"] {
        let running = Running::started(&["grandchild"], "");
        running.offers().await;
        let begin = Instant::now();
        let (became, why) = word(&running.call(how).await);
        assert!(became == "unclear" && why.contains("ended before it answered"), "{how}: {became}: {why}");
        assert!(begin.elapsed() < SOON, "it did not wait for its deadline");
        assert_eq!(running.until_called("echo").await, said("echo"));
        assert_eq!(running.text("calls"), format!("{how}\necho\n"), "no call is made twice");
        assert!(!is_running(running.numbers("pids")[1]), "the grandchild ended with it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_of_eight_megabytes_is_cut_and_a_longer_line_ends_its_call_immediately() {
    for modes in [&[][..], &["last"]] {
        let running = Running::started(modes, "output_bytes_max = 1000");
        let returned = running.until_called("long").await;
        assert!(returned.text.len() <= 1_000 && returned.text.ends_with("[cut: 8000000 bytes in all]"), "{modes:?}");
        let begin = Instant::now();
        let (became, why) = word(&running.call("longer").await);
        assert!(became == "unclear" && why.contains("longer than any message"), "{modes:?}: {became}: {why}");
        assert!(begin.elapsed() < SOON, "it did not wait for its deadline");
        assert_eq!(running.call("echo").await, Ok(said("echo")), "and the connection goes on");
        assert_eq!(running.numbers("pids").len(), 1, "the server was not ended");
    }
    const { assert!(LINE_BYTES_MAX > 8_000_000) };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_line_among_several_calls_ends_only_its_own() {
    let running = Running::started(&["last"], "calls_at_once = 8");
    running.offers().await;
    let (long, one, two) = tokio::join!(running.call("longer"), running.call("echo"), running.call("echo"));
    assert_eq!(word(&long).0, "unclear");
    assert_eq!((one, two), (Ok(said("echo")), Ok(said("echo"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_its_server_and_it_comes_back() {
    let running = Running::started(&[], "");
    running.offers().await;
    let begin = Instant::now();
    let (became, why) = word(&running.call("flood").await);
    assert!(became == "unclear" && begin.elapsed() < SOON, "{became}: {why}");
    let pid = running.numbers("pids")[0];
    later(async || (!is_running(pid)).then_some(())).await;
    assert_eq!(running.until_called("echo").await, said("echo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stray_lines_and_chatter_are_passed_over_and_what_is_not_an_answer_is_told_soon() {
    let running = Running::started(&[], "timeout_seconds = 2");
    running.offers().await;
    for name in ["garbage", "chatter"] {
        assert_eq!(running.call(name).await, Ok(said(name)));
    }
    let begin = Instant::now();
    let (became, why) = word(&running.call("broken_json").await);
    assert!(
        became == "unclear" && why.contains("not JSON") && begin.elapsed() < Duration::from_secs(2),
        "{became}: {why}"
    );
    let (became, why) = word(&running.call("wrong_id").await);
    assert!(became == "unclear" && why.contains("did not answer within"), "{became}: {why}");
    assert_eq!(running.call("echo").await, Ok(said("echo")));
    assert_eq!(running.numbers("pids").len(), 1, "the server was not ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_model_or_for_folders_gets_neither() {
    let running = Running::started(&[], "");
    let answers: Value = serde_json::from_str(&running.until_called("asks").await.text).unwrap();
    let answer = |id: &str| answers.as_array().unwrap().iter().find(|answer| answer["id"] == id).unwrap();
    assert!(answer("s1")["error"].is_object() && answer("s3")["result"].is_object(), "{answers}");
    assert!(answer("s2")["result"]["roots"].as_array().is_none_or(Vec::is_empty), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_holds_nothing_up() {
    let running = Running::started(&["log_flood"], "");
    running.offers().await;
    for _ in 0..5 {
        assert_eq!(running.call("echo").await, Ok(said("echo")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_model_takes_is_left_out_and_a_long_list_is_cut() {
    let odd = Running::started(&["odd"], "");
    let offers = odd.offers().await;
    assert_eq!(offers.iter().map(|offer| offer.spec.name.as_str()).collect::<Vec<_>>(), ["good"]);
    let tried = odd.tools.try_out(&name(), LONG).await.unwrap().unwrap();
    assert_eq!(tried.left_out.len(), 8, "{:?}", tried.left_out);
    assert_eq!(Running::started(&["thousands"], "").offers().await.len(), TOOLS_MAX);
    let paged = Running::started(&["pages"], "");
    assert!(paged.offers().await.len() > 8, "all pages were read");
    let endless = Running::started(&["pages", "endless_pages"], "");
    assert!(endless.offers().await.len() > 8, "and a list without end is read as far as it goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_changed_is_read_again() {
    let running = Running::started(&[], "");
    assert!(!running.offers().await.iter().any(|offer| offer.spec.name == "more"));
    std::fs::write(running.folder.path().join("more"), "").unwrap();
    running.call("reads").await.unwrap();
    later(async || running.offers().await.iter().any(|offer| offer.spec.name == "more").then_some(())).await;
    assert_eq!(running.call("more").await, Ok(said("more")));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_bounded_and_one_too_many_is_weather() {
    let running = Running::started(&[], "calls_at_once = 1");
    running.offers().await;
    let long = running.call("hang");
    let short = running.call_within("echo", json!({}), Duration::from_millis(400));
    tokio::select! {
        biased;
        outcome = long => panic!("{outcome:?}"),
        outcome = short => {
            let (became, why) = word(&outcome);
            assert!(became == "away" && why.contains("busy"), "{became}: {why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_it_and_all_that_it_started() {
    let mut running = Running::started(&["grandchild"], "");
    running.until_called("echo").await;
    running.stop().await;
    for pid in running.numbers("pids") {
        later(async || (!is_running(pid)).then_some(())).await;
    }
    assert_eq!(word(&running.call("echo").await).0, "away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_that_is_dropped_ends_it_and_all_that_it_started() {
    let mut running = Running::started(&["grandchild"], "");
    running.until_called("echo").await;
    running.drop_life();
    for pid in running.numbers("pids") {
        later(async || (!is_running(pid)).then_some(())).await;
    }
    assert_eq!(word(&running.call("echo").await).0, "away");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_run_is_started_to_be_tried_out_and_ended() {
    let running = Running::made(&["grandchild"], "env = [\"PATH\", \"NO_SUCH_VARIABLE\"]");
    let tried = running.tools.try_out(&name(), LONG).await.unwrap().unwrap();
    assert_eq!((tried.about.name.as_str(), tried.about.version.as_str()), ("test\\u{1b}[2J", "1"));
    assert!(tried.offers.len() > 8 && !tried.about.protocol.is_empty(), "{tried:?}");
    assert_eq!(tried.unset, ["NO_SUCH_VARIABLE"]);
    assert_eq!(running.text("calls"), "", "no tool was called");
    for pid in running.numbers("pids") {
        later(async || (!is_running(pid)).then_some(())).await;
    }
    let broken = Running::made(&["exits"], "");
    let error = broken.tools.try_out(&name(), LONG).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("exit status: 2"), "{error}");
    assert!(running.tools.try_out(&"other".parse().unwrap(), LONG).await.is_none());
}

/// Ten thousand starts that fail take as long as the pauses say, and no longer.
#[tokio::test(start_paused = true)]
async fn ten_thousand_restarts_pause_a_minute_each() {
    let mut running = Running::made(&[], "command = [\"/no/such/program\"]");
    let begin = tokio::time::Instant::now();
    running.run();
    let minutes = Duration::from_secs(60 * 10_000);
    tokio::time::sleep(minutes).await;
    let outcome = running.server.offers(Duration::from_secs(9)).await;
    let Err(ToolError::Away { after: Some(after), .. }) = outcome else { panic!("{outcome:?}") };
    assert!(after <= Duration::from_secs(60), "{after:?}");
    assert!(begin.elapsed() < minutes * 2);
    running.stop().await;
}
