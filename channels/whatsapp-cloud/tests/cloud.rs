//! What the adapter promises beyond the rules for every adapter, through real HTTP against the simulator.
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

mod common;

use bytes::Bytes;
use common::{Stage, config, direct, parts, reply, row, settings, text};
use greenroom_channel_whatsapp_cloud::config::{Pacing, Template};
use greenroom_channel_whatsapp_cloud::{CloudChannel, Config};
use greenroom_conformance::sink::FakeSink;
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::capabilities::{DailyBudget, Rate, WhenClosed};
use greenroom_contract::channel::{BackOff, Channel, Ended, MediaError, SendError};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::ids::MessageId;
use greenroom_contract::message::{Body, Contact, Media, MediaRef};
use greenroom_contract::outbound::{Outbound, OutboundBody, Window};
use greenroom_contract::secret::Secret;
use greenroom_contract::store::AccountVault;
use greenroom_simulator_whatsapp_cloud::*;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const ANA: &str = "+15551234567";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much more";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn voice() -> Bytes {
    let mut bytes = b"OggS0000000000000000000000000000OpusHead\x01\x01".to_vec();
    bytes.resize(4_000, 7);
    Bytes::from(bytes)
}

fn template() -> Template {
    Template { name: "late_answer".into(), language: "en_US".into() }
}

fn unpaced(config: Config) -> Config {
    Config { pacing: Pacing::Off, ..config }
}

#[tokio::test]
async fn a_message_is_answered_and_its_statuses_come_back_under_our_id() {
    let stage = Stage::with(Settings { statuses: Statuses::All, ..settings() }, |c| c).await;
    let ana = stage.meta.person(ANA).named("Ana");
    let wamid = ana.says("hi").await;
    let heard = stage.heard();
    assert_eq!(heard.sender.name.as_deref(), Some("Ana"));
    let answer = Outbound { reply_to: Some(MessageId::new(&wamid).unwrap()), ..text(&heard, "hello") };
    let receipt = stage.link.send(&answer).await.unwrap();
    let got = ana.received().await;
    assert_eq!(
        (got.text(), got.context.as_deref(), got.id.as_str()),
        ("hello", Some(wamid.as_str()), receipt.message.as_str())
    );
    assert_eq!(got.callback_data.as_deref(), Some(answer.id.as_str()));
    stage.until(|stage| stage.statuses().len() == 3).await;
    let id = &answer.id;
    let expected = ["sent", "delivered", "read"].map(|word| format!("Outbound(OutboundId({id})) {word}"));
    assert_eq!(stage.statuses(), expected);
    assert_eq!(stage.billed_as(), vec![Some("service".to_owned()); 3], "each status says so");
    let usage = stage.gateway.channel.usage();
    assert_eq!(usage[0].sent_total, 1);
    assert_eq!(stage.gateway.channel.sent_in(&heard.key.account, &heard.key.chat), 1);
}

#[tokio::test]
async fn somebody_without_a_number_gets_an_answer() {
    let stage = Stage::new().await;
    let bob = stage.meta.username_person("bob");
    bob.says("hi").await;
    stage.link.send(&text(&stage.heard(), "hello bob")).await.unwrap();
    assert_eq!(bob.received().await.text(), "hello bob");
    assert_eq!(stage.meta.counters().silently_dropped, 0);
}

#[tokio::test]
async fn all_kinds_are_sent() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    let wamid = ana.says("hi").await;
    let heard = stage.heard();
    let picture = Media { mime: "image/png".into(), bytes: Bytes::from_static(PNG) };
    stage.link.send(&reply(&heard, OutboundBody::Image { media: picture, caption: Some("us".into()) })).await.unwrap();
    let Content::Image { media, caption } = ana.received().await.content else { panic!("no picture") };
    assert_eq!((stage.meta.medium(&media).unwrap(), caption.as_deref()), (Bytes::from_static(PNG), Some("us")));
    let note = Media { mime: "audio/ogg".into(), bytes: voice() };
    stage.link.send(&reply(&heard, OutboundBody::Voice { media: note, sound: None })).await.unwrap();
    assert!(matches!(ana.received().await.content, Content::Audio { voice: true, .. }));
    let to = MessageId::new(&wamid).unwrap();
    stage.link.send(&reply(&heard, OutboundBody::Reaction { to, emoji: Some("👀".into()) })).await.unwrap();
    assert_eq!(ana.received().await.content, Content::Reaction { message: wamid, emoji: "👀".into() });
    let strange = Media { mime: "image/webp".into(), bytes: Bytes::from_static(b"x") };
    let refused = stage.link.send(&reply(&heard, OutboundBody::Image { media: strange, caption: None })).await;
    assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
}

fn question(options: &[(&str, &str)]) -> Choices {
    Choices::new("which one?", options.iter().map(|(id, title)| Choice::new(*id, *title)))
}

/// Three are buttons, four are a list, and what a person taps comes back with its id.
#[tokio::test]
async fn a_question_is_asked_with_buttons_or_a_list_and_a_tap_keeps_its_id() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    ana.says("hi").await;
    let heard = stage.heard();
    let mut options = vec![("t", "Tea"), ("c", "Coffee"), ("w", "Water")];
    for label in [None, Some("Options")] {
        stage.link.send(&reply(&heard, OutboundBody::Choices(question(&options)))).await.unwrap();
        let asked = ana.received().await;
        let seen = asked.question().expect("a question");
        let shown: Vec<_> = seen.options.iter().map(|option| (option.id.as_str(), option.title.as_str())).collect();
        assert_eq!((seen.text.as_str(), shown, seen.open_label.as_deref()), ("which one?", options.clone(), label));
        ana.chooses(&asked, "c").await;
        let tapped = stage.heard();
        assert_eq!(tapped.body, Body::Choice { id: "c".into(), title: "Coffee".into() });
        assert_eq!(tapped.quote.map(|quote| quote.message.as_str().to_owned()), Some(asked.id));
        options.push(("j", "Juice"));
    }
    ana.taps_quick_reply("stop", "Stop it").await;
    assert_eq!(stage.heard().body, Body::Choice { id: "stop".into(), title: "Stop it".into() });
    assert!(stage.meta.counters().refused.is_empty(), "{:?}", stage.meta.counters());
}

/// The engine makes words of them; what comes here all the same is refused before Meta is asked.
#[tokio::test]
async fn a_question_that_meta_has_no_form_for_is_refused_here() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    let group = stage.meta.group("120363", &[&ana]);
    ana.says("hi").await;
    let direct = stage.heard();
    ana.says("hi").in_group(&group).await;
    let in_group = stage.heard();
    let eleven: Vec<(String, String)> = (0..11).map(|at| (at.to_string(), format!("option {at}"))).collect();
    let eleven: Vec<(&str, &str)> = eleven.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    for (to, options) in [(&direct, eleven.as_slice()), (&direct, &[]), (&in_group, &[("t", "Tea")])] {
        let refused = stage.link.send(&reply(to, OutboundBody::Choices(question(options)))).await;
        assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
    }
    assert_eq!((ana.received_total(), stage.meta.counters().refused.len()), (0, 0));
}

#[tokio::test]
async fn documents_and_places_go_both_ways() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    let pdf = Bytes::from_static(b"%PDF-1.7 and so on");
    ana.sends_document("application/pdf", pdf.clone(), "menu.pdf", Some("for today")).await;
    let heard = stage.heard();
    let Body::Document { media, name, caption } = &heard.body else { panic!("{:?}", heard.body) };
    assert_eq!((name.as_deref(), caption.as_deref()), (Some("menu.pdf"), Some("for today")));
    let fetched = stage.link.fetch(media, 1_000).await.unwrap();
    assert_eq!((fetched.mime.as_str(), &fetched.bytes), ("application/pdf", &pdf));
    assert!(matches!(stage.link.fetch(media, 5).await, Err(MediaError::TooLarge { bytes_max: 5 })));

    let back = OutboundBody::Document { media: fetched, name: "menu.pdf".into(), caption: Some("thanks".into()) };
    stage.link.send(&reply(&heard, back)).await.unwrap();
    let Content::Document { media, filename, caption } = ana.received().await.content else { panic!("no document") };
    assert_eq!((filename.as_deref(), caption.as_deref()), (Some("menu.pdf"), Some("thanks")));
    assert_eq!(stage.meta.medium(&media).unwrap(), pdf);
    let table = Media { mime: "text/csv".into(), bytes: Bytes::from_static(b"a,b") };
    let table = OutboundBody::Document { media: table, name: "sums.csv".into(), caption: None };
    stage.link.send(&reply(&heard, table)).await.unwrap();
    assert!(
        matches!(ana.received().await.content, Content::Document { filename: Some(name), .. } if name == "sums.csv")
    );
    let archive = Media { mime: "application/zip".into(), bytes: Bytes::from_static(b"PK") };
    let archive = OutboundBody::Document { media: archive, name: "a.zip".into(), caption: None };
    let refused = stage.link.send(&reply(&heard, archive)).await;
    assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");

    ana.shares_location(52.5, 13.25, Some("Zoo"), Some("Gate 1")).await;
    let Body::Location(place) = stage.heard().body else { panic!("no place") };
    assert_eq!((place.latitude, place.longitude, place.name.as_deref()), (52.5, 13.25, Some("Zoo")));
    stage.link.send(&reply(&heard, OutboundBody::Location(place))).await.unwrap();
    let (name, address) = (Some("Zoo".to_owned()), Some("Gate 1".to_owned()));
    assert_eq!(ana.received().await.content, Content::Location { latitude: 52.5, longitude: 13.25, name, address });
    ana.shares_contacts(&[("Ben", "+15550000002"), ("Cy", "+15550000003")]).await;
    let contact = |name: &str, phone: &str| Contact { name: Some(name.into()), phones: vec![phone.into()] };
    assert_eq!(stage.heard().body, Body::Contacts(vec![contact("Ben", "+15550000002"), contact("Cy", "+15550000003")]));
    assert!(stage.meta.counters().refused.is_empty(), "{:?}", stage.meta.counters());
}

#[tokio::test]
async fn an_upload_is_tried_again_once_and_a_lost_medium_is_uploaded_anew() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    ana.says("hi").await;
    let body = OutboundBody::Voice { media: Media { mime: "audio/ogg".into(), bytes: voice() }, sound: None };
    stage.meta.fail_next_upload(131_053);
    stage.meta.fail_next_sends(1, 131_053);
    stage.link.send(&reply(&stage.heard(), body.clone())).await.unwrap();
    assert_eq!(ana.received_total(), 1);
    stage.meta.fail_next_upload(131_053);
    stage.meta.fail_next_upload(131_053);
    let error = stage.link.send(&reply(&stage.heard(), body)).await.unwrap_err();
    assert!(matches!(error, SendError::Retry { .. }), "{error:?}");
    assert_eq!(ana.received_total(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_uncertain_and_its_status_tells() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    ana.says("hi").await;
    for fault in [SendFault::TakeAndCut, SendFault::TakeAndGarble, SendFault::CutOnly, SendFault::Status(502)] {
        let taken = matches!(fault, SendFault::TakeAndCut | SendFault::TakeAndGarble);
        stage.meta.plan_send(fault.clone());
        let answer = text(&stage.heard(), "hello");
        let error = stage.link.send(&answer).await.unwrap_err();
        assert!(matches!(error, SendError::Uncertain { .. }), "{fault:?}: {error:?}");
        if taken {
            let expected = format!("Outbound(OutboundId({})) sent", answer.id);
            stage.until(|stage| stage.statuses().contains(&expected)).await;
        }
    }
    assert_eq!(ana.received_total(), 2, "nothing below repeats a send by itself");
    stage.meta.plan_send(SendFault::Status(503));
    let error = stage.link.send(&text(&stage.heard(), "hello")).await.unwrap_err();
    assert!(matches!(error, SendError::Retry { .. }), "{error:?}");
}

#[tokio::test]
async fn every_code_has_its_consequence_on_the_wire() {
    let stage = Stage::with(settings(), unpaced).await;
    stage.meta.person(ANA).says("hi").await;
    let expect = |code: u32, error: &SendError| match code {
        0 | 190 | 3 | 10 | 200 | 131_005 | 131_031 | 368 | 131_037 | 131_042 | 131_045 | 133_010 => {
            matches!(error, SendError::AccountStopped { .. })
        }
        4 | 17 | 613 | 80_007 | 130_429 | 131_048 | 131_057 | 131_064 => {
            matches!(error, SendError::Retry { scope: BackOff::Account, after: Some(_), .. })
        }
        131_000 | 131_016 | 2 | 131_056 | 131_049 | 130_472 | 199_999 => {
            matches!(error, SendError::Retry { scope: BackOff::Conversation, after: Some(_), .. })
        }
        131_047 | 137_000 | 132_000..=132_016 => matches!(error, SendError::WindowClosed { .. }),
        _ => matches!(error, SendError::Refused { .. }),
    };
    for code in [
        0, 190, 3, 10, 200, 131_005, 131_031, 368, 130_497, 131_042, 131_045, 133_010, 4, 80_007, 130_429, 131_048,
        131_037, 131_057, 17, 613, 130_472, 199_999, 131_064, 131_000, 131_016, 2, 131_056, 131_049, 131_047, 137_000,
        132_000, 132_001, 132_016, 131_026, 131_021, 131_030, 131_050, 131_062, 131_008, 131_009, 100, 131_051,
    ] {
        stage.meta.fail_next_sends(1, code);
        let error = stage.link.send(&text(&stage.heard(), "hello")).await.unwrap_err();
        assert!(expect(code, &error) && error.to_string().contains(&code.to_string()), "{code}: {error:?}");
    }
}

#[tokio::test]
async fn an_expired_token_stops_the_account_with_words_and_a_new_one_goes_on() {
    let stage = Stage::new().await;
    stage.meta.person(ANA).says("hi").await;
    let token = stage.meta.settings().access_token.clone();
    stage.meta.expire_token(&token);
    let error = stage.link.send(&text(&stage.heard(), "hello")).await.unwrap_err();
    let SendError::AccountStopped { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("System User token") && reason.contains("190"), "{reason}");
    assert_eq!(stage.ended().await, Ended::Refused { reason });
    // The next run finds out by itself.
    let sink = FakeSink::new();
    let ended = stage.link.run(sink.clone(), CancellationToken::new()).await;
    assert!(matches!(ended, Ended::Refused { .. }) && sink.signs().is_empty(), "{ended:?}");
    stage.meta.set_token(&token, Token::permanent());
    stage.start().await;
    stage.link.send(&text(&stage.heard(), "hello again")).await.unwrap();
}

#[tokio::test]
async fn a_run_that_is_aborted_lets_its_sink_go() {
    let stage = Stage::new().await;
    let sink = FakeSink::new();
    let (link, held) = (stage.link.clone(), sink.clone());
    let run = tokio::spawn(async move { link.run(held, CancellationToken::new()).await });
    stage.until(|_| !sink.signs().is_empty()).await;
    run.abort();
    run.await.unwrap_err();
    assert_eq!(std::sync::Arc::strong_count(&sink), 1);
}

#[tokio::test]
async fn nobody_listening_is_certain_and_ends_the_run() {
    let meta = Simulator::start_with(settings()).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let channel = CloudChannel::new(Config { graph_url: gone, ..config(&meta) }, &parts()).unwrap();
    let account = row(&meta.settings().numbers[0].id);
    let link = channel.connect(&account, AccountVault::new(account.id.clone(), MemoryVault::new())).await.unwrap();
    assert_eq!(link.send(&direct("15551234567", "x")).await, Err(SendError::NotConnected));
    let ended = link.run(FakeSink::new(), CancellationToken::new()).await;
    assert!(matches!(&ended, Ended::Dropped { reason } if reason.contains("cannot be reached")), "{ended:?}");
}

#[tokio::test]
async fn a_wrong_number_id_is_refused_with_advice() {
    let stage = Stage::new().await;
    let config = Config { numbers: vec!["42".into()], ..config(&stage.meta) };
    let channel = CloudChannel::new(config, &parts()).unwrap();
    let account = row("42");
    let link = channel.connect(&account, AccountVault::new(account.id.clone(), MemoryVault::new())).await.unwrap();
    let ended = link.run(FakeSink::new(), CancellationToken::new()).await;
    assert!(matches!(&ended, Ended::Refused { reason } if reason.contains("phone_number_id")), "{ended:?}");
    assert!(channel.connect(&row("43"), AccountVault::new(account.id, MemoryVault::new())).await.is_err());
}

#[tokio::test]
async fn a_token_with_a_line_break_is_refused_before_the_start() {
    let meta = Simulator::start_with(settings()).await;
    let config = Config { access_token: Secret::new("EAAB\n"), ..config(&meta) };
    let error = CloudChannel::new(config, &parts()).err().unwrap().to_string();
    assert!(error.contains("copy it again") && !error.contains("EAAB"), "{error}");
}

#[tokio::test]
async fn outside_the_window_only_the_template_leaves_and_never_free_text() {
    let late = |outbound: Outbound| Outbound { window: Window::Closed, ..outbound };
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    ana.says("old").written_ago(DAY).await;
    let error = stage.link.send(&late(text(&stage.heard(), "late"))).await.unwrap_err();
    assert!(matches!(error, SendError::WindowClosed { .. }), "{error:?}");
    assert_eq!(stage.meta.counters().refused.len(), 0, "Meta was not even asked");

    let stage = Stage::with(settings(), |c| Config { template: Some(template()), ..c }).await;
    let ana = stage.meta.person(ANA);
    ana.says("old").written_ago(DAY).await;
    stage.link.send(&late(text(&stage.heard(), "two\nlines"))).await.unwrap();
    let Content::Template { parameters, .. } = ana.received().await.content else { panic!("no template") };
    assert_eq!(parameters, ["two lines"]);
    let note = OutboundBody::Voice { media: Media { mime: "audio/ogg".into(), bytes: voice() }, sound: None };
    let error = stage.link.send(&late(reply(&stage.heard(), note))).await.unwrap_err();
    assert!(matches!(error, SendError::WindowClosed { .. }), "{error:?}");
}

#[tokio::test]
async fn the_rules_of_meta_are_declared_and_follow_the_configuration() {
    let meta = Simulator::start_with(settings()).await;
    let declared = |config: Config| CloudChannel::new(config, &parts()).unwrap().capabilities().clone();
    let able = declared(config(&meta));
    let rates = able.rates.unwrap();
    assert_eq!((rates.account.burst, rates.inbound_debt_max), (70, Some(70)));
    assert_eq!(rates.chat.unwrap().rate, Rate { period: Duration::from_secs(6), burst: 20 });
    assert!(!rates.chat.unwrap().groups.is_there());
    assert_eq!((able.window.unwrap().closed, able.budget), (WhenClosed::Hold, None));
    let able = declared(Config { template: Some(template()), daily_budget: Some(2), ..unpaced(config(&meta)) });
    assert_eq!((able.rates, able.window.unwrap().closed), (None, WhenClosed::Template));
    assert_eq!(able.budget, Some(DailyBudget { messages_max: 2 }));
}

#[tokio::test]
async fn a_window_that_meta_finds_closed_is_treated_the_same() {
    let stage = Stage::new().await;
    stage.meta.person(ANA).says("hi").await;
    stage.meta.advance(DAY);
    let error = stage.link.send(&text(&stage.heard(), "late")).await.unwrap_err();
    assert!(matches!(error, SendError::WindowClosed { .. }), "{error:?}");

    let stage = Stage::with(settings(), |c| Config { template: Some(template()), ..c }).await;
    let ana = stage.meta.person(ANA);
    ana.says("hi").await;
    stage.meta.advance(DAY);
    stage.link.send(&text(&stage.heard(), "late")).await.unwrap();
    assert!(matches!(ana.received().await.content, Content::Template { .. }));
}

#[tokio::test]
async fn without_pacing_the_limits_are_met_and_understood() {
    let stage = Stage::with(settings(), unpaced).await;
    stage.meta.person(ANA).says("hi").await;
    let mut errors = Vec::new();
    for _ in 0..60 {
        errors.extend(stage.link.send(&text(&stage.heard(), "flood")).await.err());
    }
    assert!(!errors.is_empty());
    for error in &errors {
        assert!(matches!(error, SendError::Retry { scope: BackOff::Conversation, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn media_are_checked_and_their_urls_renewed() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    ana.shows("image/png", PNG, None).await;
    let Body::Image { media, .. } = stage.heard().body else { panic!("no picture") };
    let fetch = |bytes_max| stage.link.fetch(&media, bytes_max);
    assert_eq!(fetch(1_000).await.unwrap().bytes, PNG);
    for fault in [DownloadFault::UrlExpired, DownloadFault::Damaged] {
        stage.meta.plan_download(fault);
        assert_eq!(fetch(1_000).await.unwrap().bytes, PNG, "{fault:?} is mended by a fresh url");
    }
    stage.meta.plan_download(DownloadFault::Cut);
    assert!(matches!(fetch(1_000).await, Err(MediaError::Retry { .. })));
    stage.meta.plan_download(DownloadFault::Endless);
    assert_eq!(fetch(1_000_000).await, Err(MediaError::TooLarge { bytes_max: 1_000_000 }));
    assert_eq!(fetch(5).await, Err(MediaError::TooLarge { bytes_max: 5 }));
    for _ in 0..2 {
        stage.meta.plan_download(DownloadFault::Damaged);
    }
    let gone = fetch(1_000).await;
    assert!(matches!(&gone, Err(MediaError::Gone { reason }) if reason.to_string().contains("damaged")), "{gone:?}");
}

#[tokio::test]
async fn a_dead_id_is_asked_for_once() {
    let stage = Stage::new().await;
    stage.meta.person(ANA).speaks(voice()).await;
    let Body::Voice { media, .. } = stage.heard().body else { panic!("no voice note") };
    assert_eq!(stage.link.fetch(&media, 10_000).await.unwrap().bytes, voice());
    stage.meta.advance(8 * DAY);
    for _ in 0..30 {
        assert!(matches!(stage.link.fetch(&media, 10_000).await, Err(MediaError::Gone { .. })));
    }
    assert_eq!(stage.meta.counters().failed_lookups, 1);
    for token in [serde_json::json!({}), serde_json::json!({"id": "../../debug_token"})] {
        let made_up = MediaRef { mime: "x".into(), size_bytes: None, token };
        assert!(matches!(stage.link.fetch(&made_up, 10).await, Err(MediaError::Gone { .. })));
    }
}

#[tokio::test]
async fn typing_is_shown_in_direct_chats_only_and_not_too_often() {
    let stage = Stage::new().await;
    let ana = stage.meta.person(ANA);
    let group = stage.meta.group("G1", &[&ana]);
    ana.says("hi").await;
    let heard = stage.heard();
    let answer = text(&heard, "");
    let presence = stage.link.presence().unwrap();
    for _ in 0..5 {
        presence.typing(&answer.route, Some(&heard.key.message)).await;
    }
    assert!(ana.waits_for_typing(Duration::from_secs(5)).await && ana.sees_typing());
    ana.says("all").in_group(&group).await;
    let in_group = stage.heard();
    presence.typing(&text(&in_group, "").route, Some(&in_group.key.message)).await;
    stage.link.send(&text(&heard, "done")).await.unwrap();
    ana.received().await;
    assert_eq!((ana.typing_calls(), stage.meta.counters().read_marks, ana.sees_typing()), (1, 1, false));
}
