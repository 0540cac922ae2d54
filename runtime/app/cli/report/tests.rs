use super::*;
use greenroom_client::{NextActionView, NextView, ParcelView};
use proptest::prelude::*;

#[test]
fn a_trace_reads_as_a_story() {
    let step = |at_ms, what: &str| StepView { at_ms, what: what.to_owned(), ..StepView::default() };
    let trace = TraceView {
        message: "c-1".to_owned(),
        account: "a".to_owned(),
        chat: Some("+15555550100".to_owned()),
        steps: vec![step(1_795_000_000_123, "admitted by +15555550100"), step(u64::MAX, "asked echo, attempt 1")],
        parcels: vec![ParcelView {
            id: "3EB0".to_owned(),
            until_ms: None,
            state: "sent".to_owned(),
            steps: vec![step(1_795_000_000_200, "queued")],
        }],
        ..TraceView::default()
    };
    let expected = "\
message c-1 in chat +15555550100, Wednesday, 18 November 2026
  11:06:40.123  admitted by +15555550100
    asked echo, attempt 1
  answer 3EB0: sent
    11:06:40.200  queued
";
    assert_eq!(traces(&[trace], &Near::default(), &TimeZone::UTC), expected);
}

proptest! {
    #[test]
    fn json_of_anything_is_read_back_and_commands_no_terminal(
        words in any::<String>(),
        evil in prop::collection::vec(prop::sample::select(vec!['\x1b', '\n', '\u{9b}', '\u{202e}', '\u{2028}']), 0..8),
    ) {
        let value = vec![format!("{words}{}", evil.iter().collect::<String>())];
        let text = as_json(&value).unwrap();
        prop_assert!(matches!(printable(&text), Cow::Borrowed(_)), "{:?}", text);
        prop_assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), value);
    }

    /// A stranger chooses ids on some networks.
    #[test]
    fn a_stranger_can_neither_command_the_terminal_nor_add_a_line(
        words in any::<String>(),
        evil in prop::collection::vec(prop::sample::select(vec!['\x1b', '\n', '\r', '\u{9b}', '\u{202e}', '\0']), 0..8),
    ) {
        let foreign = format!("{words}{}", evil.iter().collect::<String>());
        let step = StepView { at_ms: 1_795_000_000_000, what: foreign.clone(), ..StepView::default() };
        let parcel = ParcelView { id: foreign.clone(), state: foreign.clone(), until_ms: None, steps: vec![step.clone()] };
        let trace = TraceView {
            message: foreign.clone(),
            account: foreign.clone(),
            chat: Some(foreign.clone()),
            steps: vec![step],
            parcels: vec![parcel],
            ..TraceView::default()
        };
        let text = traces(&[trace], &Near::default(), &TimeZone::UTC);
        prop_assert_eq!(text.lines().count(), 4, "{:?}", text);
        let row = QuarantinedView {
            sequence: 1,
            message: Some(foreign.clone()),
            account: foreign.clone(),
            chat: foreign.clone(),
            reason: foreign.clone(),
            at_ms: 0,
        };
        let entry = AllowView { entry: foreign.clone(), channel: Some(foreign.clone()), account: None, origin: foreign.clone() };
        let wake = WakeView {
            number: 1,
            at_ms: 0,
            assistant: foreign.clone(),
            token: foreign.clone(),
            account: foreign.clone(),
            chat: foreign.clone(),
        };
        let wakes = wakes(&[wake], &TimeZone::UTC);
        prop_assert_eq!(wakes.lines().count(), 2, "{:?}", wakes);
        for text in [text, wakes, quarantine(&[row], &TimeZone::UTC), allow_list(&[entry])] {
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{:?}", text);
            prop_assert!(!text.contains('\u{202e}'), "{:?}", text);
        }
    }
}

#[test]
fn an_account_is_listed_with_its_age_and_what_to_do() {
    let account = SessionView {
        answered_today: 0,
        refused_today: 0,
        session: "acc-1".to_owned(),
        channel: "front".to_owned(),
        adapter: "web".to_owned(),
        owner: "local".to_owned(),
        label: Some("+1555".to_owned()),
        status: "replaced".to_owned(),
        code: "replaced".to_owned(),
        reason: Some("another client uses the same keys".to_owned()),
        next: Some(NextView {
            action: NextActionView::StopOtherClient { account: "acc-1".to_owned() },
            sentence: "stop the other client".to_owned(),
        }),
        since_ms: 1_795_000_000_000,
        until_ms: None,
        created_at_ms: 1_794_000_000_000,
        linked_at_ms: Some(1_794_000_060_000),
        last_frame_ms: Some(1_795_000_000_000),
        last_inbound_ms: None,
        last_acknowledged_ms: None,
        phone_seen_ms: Some(1_794_000_060_000),
        phone_absent_max_ms: Some(14 * 86_400_000),
        outbox_waiting: 0,
        connections: 1,
        unreadable: 2,
        gaps: Vec::new(),
    };
    let expected = "\
account  channel  owner  number  status    since      made              linked
acc-1    front    local  +1555   replaced  5 min ago  2026-11-06 21:20  2026-11-06 21:21
    last sign of the network 5 min ago, last message never, last acknowledgement never, phone seen 11 days ago (at most 14 days)
    2 message(s) could not be read here; open them on the phone
    another client uses the same keys
    next: stop the other client, then run: greenroom accounts reconnect acc-1
warning: channel front: 2 post(s) refused (first 5 min ago, last 10 s ago)
";
    let rejection = RejectionView {
        channel: Some("front".to_owned()),
        cause: "signature".to_owned(),
        what: "channel front: 2 post(s) refused".to_owned(),
        count: 2,
        first_ms: 1_795_000_000_000,
        last_ms: 1_795_000_290_000,
    };
    let shown = accounts(&[account], &[rejection], true, 1_795_000_300_000, &TimeZone::UTC);
    assert_eq!(shown, expected);
}

#[test]
fn a_table_is_aligned() {
    let rows = [["a", "bbb", "c"], ["aaaa", "b", "c"]].map(|row| row.map(String::from).into());
    assert_eq!(table(&rows), "a     bbb  c\naaaa  b    c\n");
}
