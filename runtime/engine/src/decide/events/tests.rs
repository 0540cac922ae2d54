use super::*;
use proptest::prelude::*;

const START: Timestamp = Timestamp(1_800_000_000_000);

fn event(account: u8, what: Happened) -> Event {
    Event {
        number: 0,
        at: START,
        owner: if account.is_multiple_of(2) { "olga" } else { "otto" }.parse().unwrap(),
        channel: "front".parse().unwrap(),
        account: format!("acc-{account}").parse().unwrap(),
        what,
    }
}

fn link(sequence: u64) -> Happened {
    Happened::Link { sequence, running: true }
}

fn counts(received: u64) -> Happened {
    Happened::Counts(Counts { received, ..Counts::default() })
}

fn numbers(page: &EventPage) -> Vec<u64> {
    page.events.iter().map(|event| event.number).collect()
}

#[test]
fn numbers_grow_and_those_of_an_earlier_run_are_a_gap() {
    let mut log = EventLog::new(START);
    let first = log.note(event(0, link(1)));
    let second = log.note(event(0, link(2)));
    let all = log.after(log.lost, 10, |_| true);
    assert_eq!((numbers(&all), all.gap, all.newest), (vec![first, second], false, second));
    assert_eq!(numbers(&log.after(first, 10, |_| true)), [second]);
    assert_eq!(numbers(&log.after(second, 10, |_| true)), [0; 0]);
    for elsewhere in [0, first - 2, second + 1, u64::MAX] {
        let page = log.after(elsewhere, 10, |_| true);
        assert_eq!((numbers(&page), page.gap), (vec![first, second], true), "{elsewhere}");
    }
    let later = EventLog::new(START.plus(std::time::Duration::from_secs(1)));
    assert!(later.newest() > second);
}

#[test]
fn the_counts_of_an_account_are_one_event_and_push_no_other_out() {
    let mut log = EventLog::new(START);
    let state = log.note(event(0, link(1)));
    let mut last = 0;
    for received in 0..3 * limits::EVENTS_KEPT_MAX as u64 {
        last = log.note(event(0, counts(received)));
    }
    let page = log.after(log.lost, 10, |_| true);
    assert_eq!((numbers(&page), page.gap), (vec![state, last], false));
    // What a reader saw in between was replaced, not lost.
    assert!(!log.after(state + 1, 10, |_| true).gap);
}

#[test]
fn a_new_day_begins_with_nothing() {
    let mut counts = DayCounts::default();
    let day = std::time::Duration::from_secs(24 * 3_600);
    counts.count(Count::Received, START);
    counts.count(Count::Failed, START);
    assert_eq!(counts.count(Count::Received, START), Counts { received: 2, failed: 1, ..Counts::default() });
    assert_eq!(counts.today(START.plus(day)), Counts::default());
    assert_eq!(counts.count(Count::Sent, START.plus(day)), Counts { sent: 1, ..Counts::default() });
}

proptest! {
    /// Whoever asks on from what they have sees each event that concerns them once and in order, or hears of a gap.
    #[test]
    fn nothing_is_missed_without_a_word(
        steps in proptest::collection::vec((0_u8..4, any::<bool>(), 0_usize..400), 1..30),
        page_max in 1_usize..40,
    ) {
        let mut log = EventLog::new(START);
        let mut cursor = log.newest();
        for (account, reads, many) in steps {
            let mut made = Vec::new();
            for sequence in 0..many as u64 {
                made.push(log.note(event(account, link(sequence))));
            }
            prop_assert!(log.kept.len() <= limits::EVENTS_KEPT_MAX);
            if !reads {
                continue;
            }
            let olga: OwnerId = "olga".parse().unwrap();
            let expected: Vec<u64> =
                log.kept.values().filter(|event| event.owner == olga && event.number > cursor).map(|event| event.number).collect();
            let (mut seen, begun, mut gap) = (Vec::new(), cursor, false);
            loop {
                let page = log.after(cursor, page_max, |event| event.owner == olga);
                prop_assert!(page.newest >= cursor && page.events.len() <= page_max);
                gap |= page.gap;
                cursor = page.newest;
                seen.extend(numbers(&page));
                if page.events.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(seen, expected);
            prop_assert_eq!(gap, begun < log.lost);
            prop_assert_eq!(cursor, log.newest());
        }
    }
}
