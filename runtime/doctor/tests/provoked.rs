//! Each trouble of the table, provoked: on a real server with a network in this process where a network can cause it, else by
//! the facts that its cause leaves.

mod server;

use greenroom_channel_loopback::{LinkPlan, SendPlan, said};
use greenroom_client::{ChannelKindView, ChannelView, GapView, SessionView, StageView, TraceStateView, TraceView};
use greenroom_contract::channel::{Ended, SendError};
use greenroom_contract::store::ParcelVerdict;
use greenroom_contract::trace::{Decision, Step};
use greenroom_doctor::{
    Facts, Finding, Machine, Part, ServerFact, Severity, Space, StoreFact, TROUBLES, Tried, examine, exit_code, limits,
};
use greenroom_engine::{Doors, RejectionCause};
use server::{ANA, STRANGER, Server};
use std::time::Duration;

/// That this is found, that it is in the table under these words, and that it says what to do.
#[track_caller]
fn found<'a>(said: &str, code: &str, findings: &'a [Finding]) -> &'a Finding {
    let trouble = TROUBLES.iter().find(|trouble| trouble.said == said).expect("the table has it");
    assert!(trouble.codes.contains(&code), "{said} may be {:?}", trouble.codes);
    let finding = findings.iter().find(|finding| finding.code == code);
    let finding = finding.unwrap_or_else(|| panic!("{said}: {code} is not among {findings:#?}"));
    assert!(finding.severity >= Severity::Note && finding.command.is_some(), "{finding:?}");
    assert!(finding.severity < Severity::Warning || exit_code(findings) != 0, "{finding:?}");
    finding
}

/// Looks until this is found.
async fn until(server: &Server, code: &str) -> Vec<Finding> {
    let looks = async {
        loop {
            let findings = server.findings().await;
            if findings.iter().any(|finding| finding.code == code) {
                return findings;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if let Ok(findings) = tokio::time::timeout(Duration::from_secs(30), looks).await {
        return findings;
    }
    panic!("{code} was not found: {:#?}", server.findings().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn qr_code_expired_and_what_to_do_before_it_is_there() {
    let server = Server::that_links(&[ANA]).await;
    let findings = server.findings().await;
    let linked = found("Configured but not connected", "not-linked", &findings);
    assert_eq!(linked.command.as_deref(), Some("greenroom link front"));
    let moment = Duration::from_millis(50);
    server.network.next_links([LinkPlan::Codes { of: 1, first: moment, later: moment, gap: Duration::ZERO }]);
    let session = server.begin_link().await;
    let findings = until(&server, "code-expired").await;
    let expired = found("QR code expired", "code-expired", &findings);
    assert_eq!(expired.command.as_deref(), Some(format!("greenroom link front --account {session}").as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn qr_not_appearing_while_no_one_is_admitted_or_all_places_are_taken() {
    let server = Server::that_links(&[]).await;
    let findings = server.findings().await;
    let refused = found("QR not appearing", "link-refused", &findings);
    assert!(refused.command.as_ref().is_some_and(|command| command.contains("--channel front")), "{refused:?}");
    let server = Server::that_links(&[ANA]).await;
    for _ in 0..server::SESSIONS_MAX {
        server.begin_link().await;
    }
    let findings = until(&server, "maximum-sessions").await;
    found("Maximum sessions reached", "maximum-sessions", &findings);
    found("QR not appearing", "maximum-sessions", &findings);
    // A network that sends no code.
    let silent = SessionView { code: "linking_begun".to_owned(), ..session() };
    let findings = examine(&Facts { sessions: vec![silent], ..facts() });
    found("QR not appearing", "no-code", &findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn configured_but_not_connected() {
    let server = Server::of(&[ANA]).await;
    assert!(server.findings().await.iter().any(|finding| finding.code == "connected"));
    server.network.cut("main", Ended::Refused { reason: "the token is wrong".to_owned() });
    let findings = until(&server, "stopped").await;
    let stopped = found("Configured but not connected", "stopped", &findings);
    assert!(stopped.what.contains("the token is wrong"), "{stopped:?}");
    assert_eq!(exit_code(&findings), 1);
    let waits = SessionView { code: "reconnecting".to_owned(), ..session() };
    found("Configured but not connected", "not-connected", &examine(&Facts { sessions: vec![waits], ..facts() }));
    let rests = Facts { server: ServerFact::Rests, ..facts() };
    found("Configured but not connected", "not-running", &examine(&rests));
}

#[tokio::test(flavor = "multi_thread")]
async fn bot_does_not_respond_to_someone_who_is_not_on_the_list() {
    let server = Server::of(&[ANA]).await;
    server.hears(said::text(STRANGER, "hello?")).await;
    let findings = until(&server, "no-one-answered").await;
    let silent = found("Bot does not respond", "no-one-answered", &findings);
    assert!(silent.what.contains("1 not on the allow-list"), "{silent:?}");
    found("Messages not received", "no-one-answered", &findings);
    let empty = Server::of(&[]).await;
    found("Bot does not respond", "list-empty", &empty.findings().await);
    let fails = Tried::Fails { what: "it failed".to_owned(), command: "greenroom check".to_owned() };
    let part = Part { kind: "assistant", name: "helper".to_owned(), tried: fails };
    found("Bot does not respond", "assistant-fails", &examine(&Facts { parts: vec![part], ..facts() }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_within_moments_keeps_dropping() {
    let server = Server::of(&[ANA]).await;
    // One that ends before the session took it for a connection is no loss, so it is cut until enough are counted.
    while server.losses().await < 4 {
        let connected = server.network.connected("main");
        tokio::time::timeout(Duration::from_secs(60), connected).await.expect("it comes back");
        server.network.cut("main", Ended::RestartRequested);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let findings = until(&server, "keeps-dropping").await;
    found("Connection keeps dropping", "keeps-dropping", &findings);
    let connected = server.network.connected("main");
    tokio::time::timeout(Duration::from_secs(60), connected).await.expect("it comes back");
    server.network.cut("main", Ended::Replaced);
    let findings = until(&server, "replaced").await;
    found("Connection keeps dropping", "replaced", &findings);
}

#[test]
fn losses_with_good_times_between_them_are_frequent_disconnects() {
    let minutes = |number: u64| facts().now_ms - number * 60_000;
    let gap = |from: u64, until: u64| GapView {
        from_ms: minutes(from),
        until_ms: Some(minutes(until)),
        reason: "the wire broke".to_owned(),
    };
    let gaps = vec![gap(50, 49), gap(40, 39), gap(30, 29), gap(20, 19)];
    let findings = examine(&Facts { sessions: vec![SessionView { gaps: gaps.clone(), ..connected() }], ..facts() });
    let often = found("Disconnects frequently", "disconnects-often", &findings);
    assert!(often.what.contains("4 times") && often.what.contains("the wire broke"), "{often:?}");
    let fewer = Facts { sessions: vec![SessionView { gaps: gaps[1..].to_vec(), ..connected() }], ..facts() };
    assert!(!examine(&fewer).iter().any(|finding| finding.code == "disconnects-often"), "three are weather");
}

#[test]
fn connected_but_messages_do_not_work() {
    let channel = ChannelView { kind: ChannelKindView::Linked, ..channel() };
    let silent = SessionView { last_frame_ms: Some(facts().now_ms - limits::SILENCE_MAX_MS), ..connected() };
    let with =
        |session: SessionView| examine(&Facts { sessions: vec![session], channels: vec![channel.clone()], ..facts() });
    found("Connected but messages do not work", "connected-but-silent", &with(silent));
    let garbled = SessionView { unreadable: 3, last_frame_ms: Some(facts().now_ms), ..connected() };
    found("Connected but messages do not work", "messages-unreadable", &with(garbled));
}

#[tokio::test(flavor = "multi_thread")]
async fn gateway_not_configured_out_of_reach_or_with_another_secret() {
    let of = |server: ServerFact| examine(&Facts { server, ..facts() });
    let missing = ServerFact::NotConfigured { reason: "gateway not configured: set WHATSAPP_GATEWAY_URL".to_owned() };
    found("Gateway not configured", "gateway-not-configured", &of(missing));
    found("Gateway not configured", "gateway-off", &of(ServerFact::Mute));
    let server = Server::of(&[ANA]).await;
    let mut wrong = Facts { now_ms: facts().now_ms, ..Facts::default() };
    greenroom_doctor::ask(&server.with_another_token(), &mut wrong).await;
    found("Gateway not configured", "gateway-refuses", &examine(&wrong));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_not_received_because_posts_are_refused() {
    let server = Server::of(&[ANA]).await;
    let front = "front".parse().expect("a name");
    server.handle.note_rejected(Some(&front), RejectionCause::Signature, None, 1);
    let findings = until(&server, "posts-refused").await;
    let refused = found("Messages not received", "posts-refused", &findings);
    assert!(refused.command.as_ref().is_some_and(|command| command.contains("WHATSAPP_APP_SECRET")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_fail_to_send_and_wait_for_their_owner() {
    let server = Server::of(&[ANA]).await;
    let closed = || SendPlan::Fail(SendError::WindowClosed { reason: "24 hours are over".to_owned() });
    server.network.on_send("main", Box::new(move |_| closed()));
    server.hears(said::text(ANA, "hello")).await;
    server.handle.settled().await;
    let store = server.handle.whole_store();
    let parcel = store.unsent(None, 1).await.expect("healthy").remove(0);
    let reason = || "refused for a day".to_owned();
    let step = Step::new(parcel.created_at, Decision::Held { reason: reason() });
    store.verdict(&parcel.key, ParcelVerdict::Held { reason: reason() }, step).await.expect("healthy");
    let findings = until(&server, "held").await;
    let held = found("Messages fail to send", "held", &findings);
    assert!(held.command.as_ref().is_some_and(|command| command.contains("greenroom outbox")), "{held:?}");
    let banned = SessionView { code: "banned".to_owned(), ..session() };
    found("Messages fail to send", "restricted", &examine(&Facts { sessions: vec![banned], ..facts() }));
}

#[test]
fn slow_responses_name_the_stage_that_took_the_time() {
    let stage = |stage: &str, at_ms: u64, took_ms: Option<u64>| StageView {
        stage: stage.to_owned(),
        at_ms: Some(at_ms),
        took_ms,
        what: String::new(),
    };
    let trace = TraceView {
        message: "m".to_owned(),
        account: "acc-1".to_owned(),
        chat: None,
        conversation: 1,
        steps: Vec::new(),
        parcels: Vec::new(),
        state: TraceStateView::default(),
        way: vec![
            stage("admission", 0, None),
            stage("queue", 100, Some(100)),
            stage("assistant", 31_000, Some(30_900)),
            stage("outbox", 31_200, Some(200)),
        ],
    };
    let findings = examine(&Facts { traces: vec![trace.clone(); 4], ..facts() });
    let slow = found("Slow responses", "slow", &findings);
    assert!(slow.what.contains("assistant") && slow.command.as_ref().is_some_and(|it| it.contains("doctor models")));
    let two = examine(&Facts { traces: vec![trace; 2], ..facts() });
    assert!(!two.iter().any(|finding| finding.code == "slow"), "two say nothing");
}

#[test]
fn a_full_or_read_only_disk_a_damaged_store_and_a_clock_that_is_a_day_off() {
    let of = |machine: Machine| examine(&Facts { machine, ..facts() });
    let space = |free: u64| Machine { space: Some(Space { free, total: 1 << 40 }), ..Machine::default() };
    found("The disk is full", "disk-full", &of(space(limits::FREE_BYTES_MIN - 1)));
    found("The disk is full", "disk-low", &of(space(limits::FREE_BYTES_MIN)));
    let shut = Machine { unwritable: Some("the disk is mounted read-only".to_owned()), ..Machine::default() };
    found("The disk is full", "read-only", &of(shut));
    let damaged = Facts { store: StoreFact::Damaged { records: 2 }, ..facts() };
    found("The store is damaged", "store-damaged", &examine(&damaged));
    let day = 24 * 3_600 * 1_000;
    let ahead = Machine { newest_ms: Some(facts().now_ms + day), ..Machine::default() };
    let behind = of(ahead);
    let clock = found("Everything is too old, or in the future", "clock-wrong", &behind);
    assert!(clock.what.contains("24 h behind"), "{clock:?}");
    let early = Facts { now_ms: limits::RELEASED_MS - 1, ..facts() };
    found("Everything is too old, or in the future", "clock-wrong", &examine(&early));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_well_has_nothing_to_be_done() {
    let server = Server::of(&[ANA]).await;
    server.hears(said::text(ANA, "hello")).await;
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let findings = until(&server, "connected").await;
    assert!(findings.iter().all(|finding| finding.severity <= Severity::Note), "{findings:#?}");
    assert_eq!(exit_code(&findings), 0);
    let json = serde_json::to_value(&findings).expect("words are JSON");
    assert!(
        json.as_array().is_some_and(|all| all.iter().all(|one| one["severity"].is_string() && one["code"].is_string()))
    );
}

/// A moment at which nothing is wrong.
fn facts() -> Facts {
    Facts { now_ms: limits::RELEASED_MS + 30 * 24 * 3_600 * 1_000, ..Facts::default() }
}

fn session() -> SessionView {
    SessionView {
        session: "acc-1".to_owned(),
        channel: "front".to_owned(),
        adapter: "loopback".to_owned(),
        owner: "local".to_owned(),
        label: None,
        status: "a state".to_owned(),
        code: "a_state".to_owned(),
        reason: Some("because".to_owned()),
        next: None,
        since_ms: facts().now_ms - 3_600_000,
        until_ms: None,
        created_at_ms: 0,
        linked_at_ms: Some(0),
        last_frame_ms: None,
        last_inbound_ms: None,
        last_acknowledged_ms: None,
        phone_seen_ms: None,
        phone_absent_max_ms: None,
        outbox_waiting: 0,
        connections: 1,
        unreadable: 0,
        answered_today: 0,
        refused_today: 0,
        gaps: Vec::new(),
    }
}

fn connected() -> SessionView {
    SessionView { code: "connected".to_owned(), reason: None, ..session() }
}

fn channel() -> ChannelView {
    ChannelView {
        channel: "front".to_owned(),
        adapter: "loopback".to_owned(),
        kind: ChannelKindView::Local,
        can_link: true,
        methods: Vec::new(),
        warning: None,
        licence: None,
        webhook_url: None,
        sessions: 1,
        sessions_max: 5,
        allowed: 1,
    }
}
