use super::*;
use greenroom_contract::linking::LinkStep;
use proptest::prelude::*;
use std::fmt::Write;

/// A link is a name, a reply is a number.
type TestPhase = Phase<&'static str, u32>;
type TestEvent = Event<&'static str, u32>;
type TestEffect = Effect<&'static str, u32>;
type TestLifecycle = Lifecycle<&'static str, u32>;

fn around(state: AccountState) -> Surroundings {
    let row = AccountRow {
        id: "acc-1".parse().unwrap(),
        channel: "front".parse().unwrap(),
        adapter: None,
        owner: "local".parse().unwrap(),
        configured_key: None,
        label: None,
        state,
        created_at: Timestamp(0),
        changed_at: Timestamp(0),
        linked_at: None,
    };
    Surroundings { now: Timestamp(0), row, spread: 1.0 }
}

fn code() -> LinkMethod {
    LinkMethod::Code { phone: "+1".to_owned() }
}

fn words() -> String {
    "words".to_owned()
}

fn phases() -> Vec<TestPhase> {
    let (link, method) = ("old", LinkMethod::Qr);
    vec![
        Phase::Idle { link: None },
        Phase::Idle { link: Some(link) },
        Phase::MakingLink { leaving: vec![] },
        Phase::MakingLink { leaving: vec![1, 2] },
        Phase::Connecting { link },
        Phase::Open { link },
        Phase::InputOver { link },
        Phase::Restarting { link },
        Phase::Pausing { link: None },
        Phase::Pausing { link: Some(link) },
        Phase::PreparingLinking { method: method.clone(), keys: EarlierKeys::Absent },
        Phase::PreparingLinking { method: method.clone(), keys: EarlierKeys::Possible },
        Phase::TryingKeys { link, method },
        Phase::Linking { link, again: None },
        Phase::Linking { link, again: Some(code()) },
        Phase::Closed,
    ]
}

fn ends() -> Vec<(&'static str, Ended)> {
    vec![
        ("stopped", Ended::Stopped),
        ("finished", Ended::Finished),
        ("dropped", Ended::Dropped { reason: words() }),
        ("restart requested", Ended::RestartRequested),
        ("suspended", Ended::Suspended { until: Timestamp(9_000), reason: words() }),
        ("not linked", Ended::NotLinked),
        ("logged out", Ended::LoggedOut { reason: words() }),
        ("replaced", Ended::Replaced),
        ("refused", Ended::Refused { reason: words() }),
    ]
}

/// Every event, by its name in the table; signs are of this generation.
fn events(generation: u64) -> Vec<(String, TestEvent)> {
    let vault = ConnectError::Vault { reason: words().into() };
    let mut events: Vec<(String, TestEvent)> = [
        ("link made", Event::LinkMade { generation, made: Ok("new") }),
        ("vault unread", Event::LinkMade { generation, made: Err(vault) }),
        ("setup wrong", Event::LinkMade { generation, made: Err(ConnectError::Setup { reason: words() }) }),
        ("pause over", Event::PauseOver { generation }),
        ("accepted", Event::Accepted),
        ("timed out", Event::TimedOut { generation }),
        ("send refused", Event::SendRefused { reason: words() }),
        ("connect", Event::Connect),
        ("restart", Event::Restart),
        ("link", Event::Link { method: code(), keys: EarlierKeys::Absent }),
        ("link again", Event::Link { method: code(), keys: EarlierKeys::Possible }),
        ("cancel linking", Event::CancelLinking),
        ("leave", Event::Leave(7)),
        ("left", Event::Left { outcome: Ok(()), reply: 8 }),
        ("not left", Event::Left { outcome: Err(LinkRefused::Stopping), reply: 9 }),
        ("close", Event::Close),
    ]
    .map(|(name, event)| (name.to_owned(), event))
    .into();
    for (name, ended) in ends() {
        events.push((format!("run ended: {name}"), Event::RunEnded { generation, ended, up: Duration::ZERO }));
    }
    let ends = [LinkEnd::Done { label: words() }, LinkEnd::of(LinkStep::expired()).unwrap(), LinkEnd::Cancelled];
    for (name, end) in ["linked", "expired", "cancelled"].into_iter().zip(ends) {
        events.push((format!("linking ended: {name}"), Event::LinkingEnded { generation, end }));
    }
    events
}

const GENERATION: u64 = 5;

fn at(phase: TestPhase) -> TestLifecycle {
    Lifecycle { phase, generation: GENERATION, drops: 1 }
}

/// Whether a connection runs in this phase.
fn runs(phase: &TestPhase) -> bool {
    matches!(phase, Phase::Connecting { .. } | Phase::Open { .. } | Phase::Restarting { .. } | Phase::TryingKeys { .. })
}

fn is_linking(phase: &TestPhase) -> bool {
    matches!(phase, Phase::PreparingLinking { .. } | Phase::TryingKeys { .. } | Phase::Linking { .. })
}

/// Every phase with every event. A linking account is pending, as the registrar keeps it.
fn table() -> String {
    let mut out = String::from("phase | event -> phase | effects\n");
    let mut row = |phase: &TestPhase, name: &str, event: TestEvent, state: AccountState| {
        let mut lifecycle = at(phase.clone());
        let effects = lifecycle.next(event, &around(state));
        let next = if lifecycle.phase == *phase { "same".to_owned() } else { format!("{:?}", lifecycle.phase) };
        writeln!(out, "{phase:?} | {name} -> {next} | {effects:?}").unwrap();
    };
    for phase in phases() {
        let state = || if is_linking(&phase) { AccountState::Pending } else { AccountState::Linked };
        for (name, event) in events(GENERATION) {
            row(&phase, &name, event, state());
        }
    }
    for phase in [Phase::Connecting { link: "old" }, Phase::Open { link: "old" }] {
        row(&phase, "accepted, although stopped", Event::Accepted, AccountState::Stopped { reason: words() });
    }
    let made = Event::LinkMade { generation: GENERATION, made: Ok("new") };
    let unlinked = AccountState::LoggedOut { reason: words() };
    row(&Phase::MakingLink { leaving: vec![1] }, "link made, but unlinked", made, unlinked);
    out
}

#[test]
fn the_table_is_as_it_was_agreed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decide/session_phase.golden");
    let table = table();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), table);
}

#[test]
fn a_sign_of_an_earlier_generation_changes_nothing() {
    for phase in phases() {
        for (name, event) in events(GENERATION - 1) {
            if event.generation().is_none() {
                continue;
            }
            let mut lifecycle = at(phase.clone());
            let effects = lifecycle.next(event, &around(AccountState::Linked));
            assert_eq!((&lifecycle.phase, lifecycle.generation), (&phase, GENERATION), "{name}");
            assert_eq!(effects, [], "{name}");
        }
    }
}

#[test]
fn a_link_that_may_send_is_accepted_by_the_network() {
    for phase in phases() {
        let may_send = matches!(phase, Phase::Open { .. } | Phase::InputOver { .. });
        assert_eq!(at(phase.clone()).open_link().is_some(), may_send, "{phase:?}");
    }
}

#[test]
fn pauses_grow_while_no_connection_lasts_and_a_wish_for_a_fresh_one_begins_again() {
    let mut lifecycle = at(Phase::MakingLink { leaving: vec![] });
    let mut pause_s = || {
        let generation = lifecycle.generation;
        let made = Err(ConnectError::Vault { reason: words().into() });
        let effects = lifecycle.next(Event::LinkMade { generation, made }, &around(AccountState::Linked));
        let pause = effects.into_iter().find_map(|effect| match effect {
            Effect::Pause { pause, .. } => Some(pause.as_secs()),
            _ => None,
        });
        lifecycle.next(Event::PauseOver { generation: lifecycle.generation }, &around(AccountState::Linked));
        pause
    };
    assert_eq!((pause_s(), pause_s(), pause_s()), (Some(2), Some(4), Some(8)));
    lifecycle.next(Event::Restart, &around(AccountState::Linked));
    assert_eq!(lifecycle.drops(), 0);
}

/// The replies that an effect carries.
fn reply_of(effect: &TestEffect) -> Option<u32> {
    match effect {
        Effect::Unlink { reply, .. } | Effect::Answer { reply, .. } | Effect::Keep { reply: Some(reply), .. } => {
            Some(*reply)
        }
        _ => None,
    }
}

fn waiting(phase: &TestPhase) -> Vec<u32> {
    match phase {
        Phase::MakingLink { leaving } => leaving.clone(),
        _ => Vec::new(),
    }
}

/// Takes an event in and checks what holds for every step. Returns the effects.
fn checked(lifecycle: &mut TestLifecycle, event: TestEvent, state: AccountState) -> Vec<TestEffect> {
    let before = lifecycle.phase.clone();
    let mut due = waiting(&before);
    if let Event::Leave(reply) | Event::Left { reply, .. } = &event {
        due.push(*reply);
    }
    let what = format!("{before:?} {event:?}");
    let effects = lifecycle.next(event, &around(state));
    // Each reply still waits for the link, or is on its way.
    let mut found: Vec<u32> = effects.iter().filter_map(reply_of).chain(waiting(&lifecycle.phase)).collect();
    due.sort_unstable();
    found.sort_unstable();
    assert_eq!(due, found, "{what}");
    // One connection at most.
    let mut running = runs(&before);
    for effect in &effects {
        match effect {
            Effect::Run { .. } => assert!(!std::mem::replace(&mut running, true), "two connections: {what}"),
            Effect::BeginLinking { .. } => assert!(!running, "linking while connected: {what}"),
            Effect::EndRun => running = false,
            _ => {}
        }
    }
    if lifecycle.phase != Phase::Closed {
        assert_eq!(running, runs(&lifecycle.phase), "{what}");
    }
    if before == Phase::Closed {
        assert_eq!(lifecycle.phase, Phase::Closed, "{what}");
        for effect in &effects {
            let begins = matches!(
                effect,
                Effect::MakeLink { .. }
                    | Effect::Run { .. }
                    | Effect::Pause { .. }
                    | Effect::BeginLinking { .. }
                    | Effect::Unlink { .. }
            );
            assert!(!begins, "after the end: {what} {effect:?}");
        }
    }
    effects
}

proptest! {
    #[test]
    fn whatever_happens_in_whatever_order(
        steps in proptest::collection::vec((0_usize..28, 0_u64..3, 0_u8..4), 0..60),
    ) {
        let mut lifecycle = TestLifecycle::default();
        for (event, age, state) in steps {
            let state = match state {
                0 => AccountState::Pending,
                1 => AccountState::LoggedOut { reason: words() },
                _ => AccountState::Linked,
            };
            let generation = lifecycle.generation.saturating_sub(age / 2);
            let (_, event) = events(generation).swap_remove(event);
            checked(&mut lifecycle, event, state);
        }
        // Who waits for the link is answered when it is there, and when the engine stops.
        checked(&mut lifecycle, Event::Close, AccountState::Linked);
        prop_assert_eq!(waiting(&lifecycle.phase), Vec::<u32>::new());
    }
}

#[test]
fn every_event_in_every_phase_keeps_what_must_hold() {
    for phase in phases() {
        for (_, event) in events(GENERATION) {
            checked(&mut at(phase.clone()), event, AccountState::Linked);
        }
    }
    assert_eq!(events(GENERATION).len(), 28);
}
