use super::*;
use proptest::prelude::*;

const ZURICH: &str = "Europe/Zurich";

fn moment_of(written: &str) -> Timestamp {
    moment::timestamp(&written.parse::<DateTime>().unwrap().to_zoned(moment::zone(Some(ZURICH))).unwrap()).unwrap()
}

fn local(at: Timestamp) -> String {
    moment::written(at, &moment::zone(Some(ZURICH)))
}

fn wanted(json: &str) -> Wanted {
    serde_json::from_str(json).unwrap()
}

/// On a Saturday.
const NOW: &str = "2026-11-28T06:20:00";

fn planned(json: &str) -> Result<String, String> {
    let asker = Asker { now: moment_of(NOW), zone: Some(ZURICH), who: Some("Ana") };
    Reminder::planned(wanted(json), 1, &asker).map(|(_, due)| local(due))
}

#[test]
fn a_moment_is_read_as_models_write_it() {
    for (json, due) in [
        (r#"{"text":"tea","in_minutes":10}"#, "2026-11-28 06:30"),
        (r#"{"text":"tea","at":"2026-11-30T09:00"}"#, "2026-11-30 09:00"),
        (r#"{"text":"tea","at":"2026-11-30 09:00:00"}"#, "2026-11-30 09:00"),
        (r#"{"text":"tea","at":"2026-11-30T09:00:00Z"}"#, "2026-11-30 10:00"),
        (r#"{"text":"tea","at":"2026-11-30T09:00:00-05:00"}"#, "2026-11-30 15:00"),
        (r#"{"text":"tea","at":"07:00"}"#, "2026-11-28 07:00"),
        (r#"{"text":"tea","at":"06:00"}"#, "2026-11-29 06:00"),
        (r#"{"text":"tea","at":"07:00","every":"weekdays"}"#, "2026-11-30 07:00"),
        (r#"{"text":"tea","at":"2026-11-01T08:00","every":"daily"}"#, "2026-11-28 08:00"),
        (r#"{"text":"tea","at":"2020-01-31T08:00","every":"monthly"}"#, "2026-11-30 08:00"),
    ] {
        assert_eq!(planned(json).as_deref(), Ok(due), "{json}");
    }
    for json in [
        r#"{"text":" ","in_minutes":10}"#,
        r#"{"text":"tea"}"#,
        r#"{"text":"tea","in_minutes":-1}"#,
        r#"{"text":"tea","in_minutes":1,"at":"07:00"}"#,
        r#"{"text":"tea","at":"tomorrow"}"#,
        r#"{"text":"tea","at":"2026-11-30"}"#,
        r#"{"text":"tea","at":"2026-11-27T09:00"}"#,
        r#"{"text":"tea","at":"2100-01-01T09:00"}"#,
    ] {
        assert!(planned(json).is_err(), "{json}");
    }
}

#[test]
fn a_repeated_one_stays_at_its_time_of_day_through_summer_time_and_short_months() {
    let reminder = |first: &str, every| Reminder {
        number: 1,
        text: "tea".to_owned(),
        who: None,
        every,
        first: first.parse().unwrap(),
        zone: ZURICH.to_owned(),
    };
    let next = |first: &str, every, now: &str| reminder(first, every).after(moment_of(now)).map(local).unwrap();
    assert_eq!(next("2027-03-26T09:00", Every::Daily, "2027-03-27T09:00"), "2027-03-28 09:00", "an hour shorter");
    assert_eq!(next("2027-03-26T02:30", Every::Daily, "2027-03-27T12:00"), "2027-03-28 03:30", "no such time that day");
    assert_eq!(next("2027-03-26T02:30", Every::Daily, "2027-03-28T12:00"), "2027-03-29 02:30");
    assert_eq!(next("2027-10-30T02:30", Every::Daily, "2027-10-30T12:00"), "2027-10-31 02:30", "twice that day");
    assert_eq!(next("2027-01-31T09:00", Every::Monthly, "2027-01-31T09:00"), "2027-02-28 09:00");
    assert_eq!(next("2027-01-31T09:00", Every::Monthly, "2027-02-28T09:00"), "2027-03-31 09:00");
    assert_eq!(next("2026-11-27T09:00", Every::Weekdays, "2026-11-27T09:00"), "2026-11-30 09:00", "after a Friday");
    assert_eq!(next("2026-11-27T09:00", Every::Weekly, "2027-11-26T08:59"), "2027-11-26 09:00");
    assert_eq!(reminder("2026-11-27T09:00", Every::Once).after(moment_of(NOW)), None);
}

#[test]
fn a_token_is_a_reminder_and_others_are_not() {
    let asker = Asker { now: moment_of(NOW), zone: Some(ZURICH), who: Some("Ana") };
    let (reminder, _) = Reminder::planned(wanted(r#"{"text":"buy\nmilk","at":"07:00"}"#), 7, &asker).unwrap();
    let token = reminder.token().unwrap();
    assert_eq!(
        token,
        r#"{"reminder":7,"text":"buy\\u{a}milk","who":"Ana","every":"once","first":"2026-11-28T07:00:00","zone":"Europe/Zurich"}"#
    );
    assert_eq!(Reminder::from_token(&token), Some(reminder));
    for token in ["tea", "", "{}", "7", "null"] {
        assert_eq!(Reminder::from_token(token), None, "{token}");
    }
}

proptest! {
    #[test]
    fn a_token_is_never_too_long(text in "\\PC{1,900}|[\"\\\\\u{1}]{1,900}", who in proptest::option::of(any::<String>())) {
        let asker = Asker { now: moment_of(NOW), zone: None, who: who.as_deref() };
        let wanted = Wanted { text, at: None, in_minutes: Some(5.0), every: Some(Every::Monthly) };
        if let Ok((reminder, _)) = Reminder::planned(wanted, u32::MAX, &asker) {
            let token = reminder.token().expect("it has room");
            prop_assert!(token.len() <= WAKE_TOKEN_BYTES_MAX && Reminder::from_token(&token).is_some());
        }
    }

    #[test]
    fn the_next_time_is_ahead_and_on_the_clock(days in -2_000_i64..2_000, minute in 0..1440_i64, now in 0..4_000_000_u64, every in 0..4_usize) {
        let every = [Every::Daily, Every::Weekdays, Every::Weekly, Every::Monthly][every];
        let first = "2026-06-15T00:00:00".parse::<DateTime>().unwrap() + days.days() + minute.minutes();
        let reminder = Reminder { number: 1, text: "tea".to_owned(), who: None, every, first, zone: ZURICH.to_owned() };
        let now = Timestamp((1_700_000_000 + now * 60) * 1000);
        let due = reminder.after(now).expect("there is a next time");
        prop_assert!(due > now);
        let local = moment::local(due, &moment::zone(Some(ZURICH)));
        // An hour off only where there is no such time on that day.
        prop_assert!(local.time() == first.time() || (local.time() - first.time()).get_hours() == 1);
        prop_assert!(due >= moment::timestamp(&reminder.zoned(0).unwrap()).unwrap());
        prop_assert!(local.date() >= first.date());
    }
}
