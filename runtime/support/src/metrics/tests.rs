use super::set::Set;
use super::words::{Arrival, Queue, SendEnd, Stage, Tokens, TurnEnd};
use super::{Happened, MEDIA_TYPE};
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

/// The value of a series, as it is written in the text.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[test]
fn what_is_counted_is_in_the_text() {
    let set = Set::new();
    set.count(Happened::Message(Arrival::Taken), 1);
    set.count(Happened::Refused("stranger"), 2);
    set.count(Happened::NotTaken("signature"), 3);
    set.count(Happened::Turn(TurnEnd::Answered), 4);
    set.count(Happened::Send(SendEnd::Sent), 5);
    set.count(Happened::Tokens(Tokens::In), 1_200);
    set.count(Happened::Restart, 1);
    set.took(Stage::Flush, Duration::from_millis(3));
    set.depth(Queue::Inbox, 7);
    let text = set.text();
    for (series, expected) in [
        (r#"greenroom_messages_total{outcome="taken"}"#, 1.0),
        (r#"greenroom_messages_total{outcome="duplicate"}"#, 0.0),
        (r#"greenroom_messages_refused_total{cause="stranger"}"#, 2.0),
        (r#"greenroom_not_taken_total{cause="signature"}"#, 3.0),
        (r#"greenroom_turns_total{outcome="answered"}"#, 4.0),
        (r#"greenroom_sends_total{outcome="sent"}"#, 5.0),
        (r#"greenroom_tokens_total{direction="in"}"#, 1_200.0),
        ("greenroom_restarts_total", 1.0),
        (r#"greenroom_stage_seconds_count{stage="flush"}"#, 1.0),
        (r#"greenroom_stage_seconds_bucket{stage="flush",le="0.0025"}"#, 0.0),
        (r#"greenroom_stage_seconds_bucket{stage="flush",le="0.005"}"#, 1.0),
        (r#"greenroom_stage_seconds_bucket{stage="send",le="+Inf"}"#, 0.0),
        (r#"greenroom_queue_depth{queue="inbox"}"#, 7.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series} in\n{text}");
    }
    assert!(MEDIA_TYPE.contains("0.0.4"));
}

#[test]
fn every_line_is_one_that_prometheus_reads() {
    for line in Set::new().text().lines() {
        let is_comment = line.starts_with("# HELP greenroom_") || line.starts_with("# TYPE greenroom_");
        let is_sample =
            line.starts_with("greenroom_") && line.rsplit(' ').next().is_some_and(|value| value.parse::<f64>().is_ok());
        assert!(is_comment || is_sample, "{line:?}");
    }
}

#[test]
fn counting_more_makes_no_more_series() {
    let set = Set::new();
    let tell = |set: &Set| {
        for _ in 0..1_000 {
            set.took(Stage::Assistant, Duration::from_millis(40));
            set.count(Happened::Turn(TurnEnd::Answered), 1);
            set.count(Happened::Refused("stranger"), 1);
            set.depth(Queue::Outbox, 3);
        }
    };
    tell(&set);
    let series = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    let before = set.text();
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| tell(&set)))));
    let after = set.text();
    assert_eq!(series(&before), series(&after));
    assert_eq!(value(&after, r#"greenroom_turns_total{outcome="answered"}"#), Some(5_000.0));
}

#[test]
fn no_word_means_two_things() {
    fn check<T: Copy>(all: &[T], word: fn(T) -> &'static str) {
        let words: BTreeSet<&str> = all.iter().map(|one| word(*one)).collect();
        assert_eq!(words.len(), all.len());
        assert!(words.iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')), "{words:?}");
    }
    check(Arrival::ALL, Arrival::word);
    check(TurnEnd::ALL, TurnEnd::word);
    check(SendEnd::ALL, SendEnd::word);
    check(Stage::ALL, Stage::word);
    check(Queue::ALL, Queue::word);
    check(Tokens::ALL, Tokens::word);
}
