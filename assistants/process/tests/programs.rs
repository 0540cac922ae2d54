//! Real programs, well-behaved and hostile: whatever they do, a turn is answered once and whole or not at all, nothing of
//! them is left behind, and they come back.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests stand outside the test functions")]

mod running;

use greenroom_contract::assistant::{Answer, AssistantError};
use running::{ANSWERS, Running, hello, is_running, later, word};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_shell_is_an_assistant() {
    let running = Running::shell(ANSWERS, "").await;
    for id in 1..=20 {
        assert_eq!(running.answered(hello(id)).await, Ok(Answer::text("hello")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_runs_and_after_it_was_stopped_it_is_away() {
    let mut running = Running::made(&["sh", "-c", ANSWERS], "").await;
    assert_eq!(word(&running.assistant.respond(hello(1)).await).0, "away");
    running.run();
    assert_eq!(running.answered(hello(2)).await, Ok(Answer::text("hello")));
    running.stop().await;
    assert_eq!(word(&running.assistant.respond(hello(3)).await).0, "away");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_is_away_and_says_why() {
    let running = Running::started(&["/no/such/program"], "").await;
    let outcome = later(async || {
        let outcome = running.assistant.respond(hello(1)).await;
        word(&outcome).1.contains("/no/such/program").then_some(outcome)
    })
    .await;
    let Err(AssistantError::Unavailable { after: Some(_), .. }) = outcome else { panic!("{outcome:?}") };
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_ended_with_all_that_it_started_and_comes_back() {
    let script = format!(
        "echo $$ >> pids; if [ ! -e second ]; then touch second; sleep 1000 & echo $! >> pids; read line; sleep 1000; fi; {ANSWERS}"
    );
    let running = Running::shell(&script, "").await;
    let mut slow = hello(1);
    slow.answer_within = Duration::from_secs(2);
    let outcome = running.answered(slow).await;
    let (became, why) = word(&outcome);
    assert!(became == "retry" && why.contains("hung"), "{became}: {why}");
    assert_eq!(running.answered(hello(1)).await, Ok(Answer::text("hello")), "the same turn, asked once more");
    let pids = running.numbers("pids");
    let [first, sleeper, second] = pids.as_slice() else { panic!("{pids:?}") };
    assert!(!is_running(*first) && !is_running(*sleeper) && is_running(*second), "{pids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grandchild_that_stays_ends_with_its_program() {
    // It holds the output open, too.
    let script = format!("sleep 1000 & echo $! >> pids; read line; echo \"$line\" | {ANSWERS}; exit 3");
    let running = Running::shell(&script, "").await;
    assert_eq!(running.answered(hello(1)).await, Ok(Answer::text("hello")), "said before it ended");
    // It may be given to the one that is just ending, and is asked once more then.
    assert_eq!(running.until_answered(hello(2)).await, Answer::text("hello"), "and the next one answers");
    let pids = running.numbers("pids");
    later(async || (!is_running(pids[0])).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_it_and_all_that_it_started() {
    let script = format!("echo $$ > pids; sleep 1000 & echo $! >> pids; {ANSWERS}; sleep 1000");
    let mut running = Running::shell(&script, "").await;
    assert_eq!(running.answered(hello(1)).await, Ok(Answer::text("hello")));
    running.stop().await;
    for pid in running.numbers("pids") {
        later(async || (!is_running(pid)).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_any_moment_is_one_more_attempt_and_never_two_answers() {
    // Every other line it ends: before it answers, in the middle of the line, or right after it.
    let script = "while read -r line; do id=$(printf '%s' \"$line\" | sed 's/.*\"turn\":\"\\([^\"]*\\)\".*/\\1/'); \
                  n=$(($(cat n 2>/dev/null || echo 0) + 1)); echo $n > n; \
                  case $((n % 6)) in 1) exit 1 ;; 3) printf '{\"turn\":\"%s\",\"repl' \"$id\"; kill -9 $$ ;; esac; \
                  printf '{\"turn\":\"%s\",\"replies\":[{\"text\":\"%s\"}]}\\n' \"$id\" \"$id\"; \
                  case $((n % 6)) in 5) exit 0 ;; esac; done";
    let running = Running::shell(script, "").await;
    for id in 1..=12 {
        let answer = running.until_answered(hello(id)).await;
        assert_eq!(answer, Answer::text(format!("t-{id}")), "the answer to this turn and to no other");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_refused_soon_and_says_where() {
    let cases = [
        (r#"{"turn":"TURN","replies":[{"txt":"a"}]}"#, "retry", "replies[0].txt"),
        (r#"{"turn":"TURN","replies":[{"text":"a"}"#, "retry", "not understood"),
        (r#"{"replies":[{"text":"a"}]}"#, "retry", "does not name"),
        (r#"{"turn":"TURN","never":"not for me"}"#, "never", "not for me"),
        (r#"{"turn":"TURN"}"#, "answer", ""),
    ];
    for (line, expected, reason) in cases {
        let line = line.replace("TURN", "t-1");
        let running = Running::shell(&format!("while read -r l; do echo '{line}'; done"), "").await;
        let begin = Instant::now();
        let outcome = running.answered(hello(1)).await;
        let (became, why) = word(&outcome);
        assert!(became == expected && why.contains(reason), "{line}: {became}: {why}");
        assert!(begin.elapsed() < Duration::from_secs(15), "it did not wait for its deadline");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stray_lines_and_answers_to_other_turns_are_passed_over() {
    let script = format!(
        "echo 'Loading the model'; echo; printf '\\377\\376\\n'; \
         echo '{{\"turn\":\"t-999\",\"replies\":[{{\"text\":\"stolen\"}}]}}'; {ANSWERS}"
    );
    let running = Running::shell(&script, "").await;
    assert_eq!(running.answered(hello(1)).await, Ok(Answer::text("hello")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_holds_nothing_up() {
    let script = format!("(while :; do echo \"$PATH$PATH$PATH\"; done) >&2 & {ANSWERS}");
    let running = Running::shell(&script, "").await;
    for id in 1..=5 {
        assert_eq!(running.answered(hello(id)).await, Ok(Answer::text("hello")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_end_is_cut_and_its_program_ended() {
    let script = format!(
        "if [ -e second ]; then {ANSWERS}; else touch second; read line; echo $$ > pids; tr '\\0' x < /dev/zero; fi"
    );
    let running = Running::shell(&script, "").await;
    let outcome = running.answered(hello(1)).await;
    let (became, why) = word(&outcome);
    assert!(became == "retry" && why.contains("longer than any answer"), "{became}: {why}");
    let pid = running.numbers("pids")[0];
    later(async || (!is_running(pid)).then_some(())).await;
    assert_eq!(running.answered(hello(1)).await, Ok(Answer::text("hello")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_read_is_slow_and_no_trouble() {
    let running = Running::shell("sleep 1000", "").await;
    let mut turn = hello(1);
    turn.answer_within = Duration::from_millis(500);
    // More than a pipe holds.
    turn.state = Some(format!(r#"{{"a":"{}"}}"#, "x".repeat(200_000)).into());
    let outcome = running.answered(turn).await;
    assert!(["retry", "away"].contains(&word(&outcome).0), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_turns_are_told_apart_by_their_names() {
    // It reads two and answers them the other way round.
    let script = "while read -r a && read -r b; do for line in \"$b\" \"$a\"; do id=$(printf '%s' \"$line\" | \
                  sed 's/.*\"turn\":\"\\([^\"]*\\)\".*/\\1/'); \
                  printf '{\"turn\":\"%s\",\"replies\":[{\"text\":\"%s\"}]}\\n' \"$id\" \"$id\"; done; done";
    let running = Running::shell(script, "parallel = 2").await;
    running.up().await;
    for id in (1..20).step_by(2) {
        let (one, two) = tokio::join!(running.answered(hello(id)), running.answered(hello(id + 1)));
        assert_eq!(one, Ok(Answer::text(format!("t-{id}"))));
        assert_eq!(two, Ok(Answer::text(format!("t-{}", id + 1))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_is_kept_also_when_a_turn_is_given_up() {
    let script = "while read -r line; do echo in >> log; while [ ! -e go ]; do sleep 0.05; done; echo out >> log; \
                  id=$(printf '%s' \"$line\" | sed 's/.*\"turn\":\"\\([^\"]*\\)\".*/\\1/'); \
                  printf '{\"turn\":\"%s\",\"replies\":[{\"text\":\"%s\"}]}\\n' \"$id\" \"$id\"; done";
    let running = Running::shell(script, "").await;
    running.up().await;
    // Newer messages came: the turn is dropped, and the program still works on it.
    tokio::select! {
        outcome = running.assistant.respond(hello(1)) => panic!("{outcome:?}"),
        () = later(async || running.text("log").contains("in").then_some(())) => {}
    }
    let second = running.assistant.respond(hello(2));
    let opened = async {
        tokio::task::yield_now().await;
        std::fs::write(running.folder.path().join("go"), "").unwrap();
    };
    let (second, ()) = tokio::join!(second, opened);
    assert_eq!(second, Ok(Answer::text("t-2")), "its own answer, not that of the turn before");
    assert_eq!(running.text("log"), "in\nout\nin\nout\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_busy_for_long_is_weather() {
    let running = Running::shell("while read -r line; do sleep 1000; done", "").await;
    running.up().await;
    let long = running.assistant.respond(hello(1));
    let mut short = hello(2);
    short.answer_within = Duration::from_millis(400);
    tokio::select! {
        biased;
        outcome = long => panic!("{outcome:?}"),
        outcome = running.assistant.respond(short) => {
            let (became, why) = word(&outcome);
            assert!(became == "away" && why.contains("busy"), "{became}: {why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_the_named_variables_and_no_others() {
    // Tests run with many variables of cargo's; a shell sets some of its own.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let running =
        Running::shell(&format!("env > variables; pwd > here; {ANSWERS}"), "env = [\"PATH\", \"NO_SUCH\"]").await;
    assert_eq!(running.answered(hello(1)).await, Ok(Answer::text("hello")));
    let mut names: Vec<String> = running
        .text("variables")
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.to_owned())
        .collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str()));
    assert_eq!(names, ["PATH"]);
    let here = std::fs::canonicalize(running.text("here").trim()).unwrap();
    assert_eq!(here, std::fs::canonicalize(running.folder.path()).unwrap());
}

/// Ten thousand starts that fail take as long as the pauses say, and no longer.
#[tokio::test(start_paused = true)]
async fn ten_thousand_restarts_pause_a_minute_each() {
    let mut running = Running::made(&["/no/such/program"], "").await;
    let begin = tokio::time::Instant::now();
    running.run();
    let minutes = Duration::from_secs(60 * 10_000);
    tokio::time::sleep(minutes).await;
    let outcome = running.assistant.respond(hello(1)).await;
    let Err(AssistantError::Unavailable { after: Some(after), .. }) = outcome else { panic!("{outcome:?}") };
    assert!(after <= Duration::from_secs(60), "{after:?}");
    assert!(begin.elapsed() < minutes * 2);
    running.stop().await;
}
