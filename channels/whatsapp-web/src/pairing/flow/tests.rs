use super::*;
use crate::config::Config;
use crate::connection::account::{Account, Shared};
use crate::connection::phone::Phone;
use crate::wire::http::Http;
use greenroom_conformance::messages::{START, id};
use greenroom_conformance::vault::MemoryVault;
use greenroom_contract::store::AccountVault;
use greenroom_contract::time::Clock;

/// A link that never connects anywhere; its clock follows tokio's.
async fn link() -> WebLink {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::tokio(START);
    let url = "ws://127.0.0.1:9/".to_owned();
    let shared = Shared { config: Config::default(), http: Http::new(None).unwrap(), url, clock };
    let vault = AccountVault::new(id("account-1"), MemoryVault::new());
    let phone = Phone::load(vault.clone()).await.unwrap();
    WebLink::new(Arc::new(Account::new(id("account-1"), Arc::new(shared), vault, phone)))
}

fn qr(seconds: u64) -> News {
    News::Qr { code: format!("code for {seconds} s"), valid: Duration::from_secs(seconds) }
}

fn shown(steps: &mut mpsc::Receiver<LinkStep>) -> (u32, u32, u64) {
    match steps.try_recv().unwrap() {
        LinkStep::Show(Showing { number, of, valid_until, .. }) => (number, of, valid_until.since(START).as_secs()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn codes_rotate_with_their_deadlines() {
    let link = link().await;
    let (sender, mut steps) = mpsc::channel(16);
    let mut run = Run::new(&link, LinkMethod::Qr, &sender);
    run.take(News::References(6)).await;
    run.take(qr(60)).await;
    assert_eq!(shown(&mut steps), (1, 6, 60));
    tokio::time::advance(Duration::from_secs(10)).await;
    // The same reference, drawn anew because a key in it changed.
    run.take(qr(50)).await;
    assert_eq!(shown(&mut steps), (1, 6, 60));
    tokio::time::advance(Duration::from_secs(50)).await;
    for number in 2..=6 {
        run.take(qr(20)).await;
        assert_eq!(shown(&mut steps), (number, 6, 40 + 20 * u64::from(number)));
        tokio::time::advance(Duration::from_secs(20)).await;
    }
    assert!(matches!(run.take(News::UsedUp).await, Some(Last::Step(step)) if step.is_expired()));
}

#[tokio::test(start_paused = true)]
async fn a_dead_code_is_never_shown() {
    let link = link().await;
    let (sender, mut steps) = mpsc::channel(1);
    sender.try_send(LinkStep::wait("looked at for long")).unwrap();
    let mut run = Run::new(&link, LinkMethod::Qr, &sender);
    let reader = async {
        // Whoever shows the steps looks away for longer than the code lives.
        tokio::time::sleep(Duration::from_secs(61)).await;
        steps.recv().await
    };
    let (_, first) = tokio::join!(run.take(qr(60)), reader);
    assert_eq!(first, Some(LinkStep::wait("looked at for long")));
    assert!(steps.try_recv().is_err(), "the code had died meanwhile");
}

#[tokio::test(start_paused = true)]
async fn a_code_for_typing_hides_those_for_scanning() {
    let link = link().await;
    let (sender, mut steps) = mpsc::channel(16);
    let mut run = Run::new(&link, LinkMethod::Code { phone: "+15550000001".to_owned() }, &sender);
    run.take(qr(60)).await;
    run.take(News::Code { code: "ABCD1234".to_owned(), valid: Duration::from_secs(180) }).await;
    let valid_until = START.plus(Duration::from_secs(180));
    let step = steps.try_recv().unwrap();
    assert_eq!((step.code(), step.qr(), step.valid_until()), (Some("ABCD-1234"), None, Some(valid_until)));
    let throttled = News::CodeRefused { rejection: Some(PairCodeRejection::RateOverlimit), reason: String::new() };
    assert!(matches!(run.take(throttled).await, Some(Last::Step(LinkStep::Failed { .. }))));
}

#[tokio::test(start_paused = true)]
async fn the_restart_after_the_scan_is_no_end() {
    let link = link().await;
    let (sender, mut steps) = mpsc::channel(16);
    let mut run = Run::new(&link, LinkMethod::Qr, &sender);
    assert!(run.take(News::Paired).await.is_none());
    assert!(matches!(steps.try_recv().unwrap(), LinkStep::Wait { valid_until: None, .. }));
    for news in [News::Ended(Ended::RestartRequested), News::Lost, News::Unreachable("x".to_owned()), qr(20)] {
        assert!(run.take(news).await.is_none());
    }
    assert!(steps.try_recv().is_err(), "no code is shown to somebody who has scanned one");
    assert!(matches!(run.take(News::Connected).await, Some(Last::Linked)));
    let unlinked = News::Ended(Ended::LoggedOut { reason: "removed".to_owned() });
    assert!(matches!(run.take(unlinked).await, Some(Last::Unlinked(_))));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_loses_its_connection_again_and_again_ends() {
    let link = link().await;
    let (sender, _steps) = mpsc::channel(16);
    let mut run = Run::new(&link, LinkMethod::Qr, &sender);
    for _ in 0..limits::LOST_CONNECTIONS_MAX {
        assert!(run.take(News::Lost).await.is_none());
    }
    assert!(matches!(run.take(News::Lost).await, Some(Last::Step(LinkStep::Failed { .. }))));
}

#[test]
fn a_full_account_is_told_from_other_refusals() {
    assert_eq!(not_paired("companion-limit reached"), LinkStep::no_room(4));
    assert!(matches!(not_paired("hmac mismatch"), LinkStep::Failed { .. }));
}

#[test]
fn a_code_is_shown_as_people_read_it() {
    assert_eq!(spaced("ABCD1234"), "ABCD-1234");
    assert_eq!(spaced("ABC"), "ABC");
    assert_eq!(spaced(""), "");
}

#[tokio::test(start_paused = true)]
async fn what_silence_means_depends_on_the_stage() {
    let link = link().await;
    let (sender, _steps) = mpsc::channel(16);
    let (news, _told) = mpsc::channel(16);
    let state = ConnectionState::pairing(link.account.clone(), news);
    let mut run = Run::new(&link, LinkMethod::Qr, &sender);
    assert!(matches!(run.too_late(&state), Last::Step(LinkStep::Failed { .. })));
    run.take(qr(60)).await;
    run.take(News::Lost).await;
    assert!(matches!(run.too_late(&state), Last::Step(step) if step.is_expired()));
    run.take(News::Paired).await;
    assert!(matches!(run.too_late(&state), Last::Step(LinkStep::Failed { .. })));
    run.take(News::Settled).await;
    assert!(matches!(run.too_late(&state), Last::Linked));
}
