//! An account is linked: steps that tell what to do now, rules that hold before anything begins.

use crate::support::linking::{PHONE, WARNING, code_of, linkable, local, wish, wish_of};
use crate::support::quiet_panics;
use crate::support::setup::{ANA, Bot, Setup};
use greenroom::{LinkRefused, LinkRequest, LinkView, NextAction, SessionLimits, SessionScope};
use greenroom_channel_loopback::{LinkPlan, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::FaultyStore;
use greenroom_conformance::messages::id;
use greenroom_contract::ids::AccountId;
use greenroom_contract::limits;
use greenroom_contract::linking::{Answers, LinkMethod, LinkStep, Linking, Page, Question, Showing, Shown};
use greenroom_contract::secret::Secret;
use greenroom_contract::store::{AccountState, Accounts, ListScope};
use std::sync::Arc;
use std::time::Duration;

fn codes(of: u32, gap: u64) -> LinkPlan {
    let seconds = Duration::from_secs;
    LinkPlan::Codes { of, first: seconds(60), later: seconds(20), gap: seconds(gap) }
}

#[tokio::test(start_paused = true)]
async fn a_scanned_code_links_the_account_which_then_connects_and_answers() {
    let bot = linkable().start().await;
    let begun = bot.clock.now();
    let account = bot.linked("local").await;
    let row = bot.row(&account).await.expect("it is stored");
    assert_eq!((row.state, row.label.as_deref()), (AccountState::Linked, Some(PHONE)));
    assert!(row.linked_at.expect("it is linked") >= begun);
    assert_eq!(row.adapter.as_deref(), Some("program"));
    assert_eq!(bot.account(&account).await.label.as_deref(), Some(PHONE), "the linked number is shown");
    let view = bot.step(&account, |_| true).await;
    assert_eq!(view.step, Some(LinkStep::Done { label: PHONE.to_owned() }));
    assert!(!view.running);
    bot.network.deliver(account.as_str(), said::text(ANA, "hi")).await.acknowledged().await.expect("it is taken");
    bot.network.sent_to_reached(ANA, 1).await;
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn codes_rotate_and_a_dead_one_is_never_shown() {
    let bot = linkable().start().await;
    bot.network.next_links([codes(6, 3)]);
    let account = bot.link(wish()).await.expect("it may be linked");
    let (mut seen, mut gaps, mut sequence) = (Vec::new(), 0, 0);
    // Not at the very moment at which a code dies: then both happen at once.
    bot.passes(Duration::from_millis(250)).await;
    loop {
        let view = bot.step(&account, |_| true).await;
        assert!(view.sequence >= sequence, "a sequence never goes back");
        sequence = view.sequence;
        let status = bot.account(&account).await.status;
        match &view.step {
            Some(step @ LinkStep::Show(Showing { shown: Shown::Qr(code), number, of, .. })) => {
                let left = step.valid_until().expect("a code dies").since(bot.clock.now());
                assert!(left > Duration::ZERO, "a dead code is shown: {step:?}");
                assert_eq!((status.word(), *of), ("awaiting scan", 6));
                if seen.last().is_none_or(|(last, _)| last != code) {
                    assert_eq!(*number as usize, seen.len() + 1);
                    seen.push((code.clone(), left));
                }
            }
            None if view.running && !seen.is_empty() => {
                gaps += 1;
                assert_eq!(status.word(), "code expired");
                assert_eq!(bot.network.codes(), Vec::<String>::new());
            }
            Some(step) if step.is_expired() => break,
            other => assert!(other.is_none(), "{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(seen.len(), 6);
    assert!(seen[0].1 > Duration::from_secs(59), "the first one works for a minute: {seen:?}");
    assert!(seen[1..].iter().all(|(_, left)| left.as_secs() < 21 && left.as_secs() >= 19), "{seen:?}");
    assert!(gaps >= 5, "the gaps were looked at: {gaps}");
}

#[tokio::test(start_paused = true)]
async fn codes_that_ran_out_leave_a_pending_account_until_it_is_asked_for_again() {
    let bot = linkable().start().await;
    let account = bot.link(wish()).await.expect("it may be linked");
    bot.step(&account, |view| view.step.as_ref().is_some_and(LinkStep::is_expired)).await;
    let seen = bot.status_is(&account, "not linked").await;
    assert!(seen.status.reason().is_some_and(|reason| reason.contains("expired")), "{seen:?}");
    let link = NextAction::Link { channel: id("loopback"), account: Some(account.clone()) };
    assert_eq!(seen.next, Some(link));
    let begun = bot.clock.now();
    bot.passes(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(bot.network.codes(), Vec::<String>::new(), "nobody asked for another code");
    assert!(matches!(bot.row(&account).await.expect("kept").state, AccountState::Expired { .. }));
    let again = bot.link(LinkRequest { account: Some(account.clone()), ..wish() }).await;
    assert_eq!(again, Ok(account.clone()));
    bot.scanned(&account).await;
    assert!(bot.row(&account).await.expect("kept").created_at < begun, "it is the same account");
}

#[tokio::test(start_paused = true)]
async fn a_code_can_be_typed_instead() {
    let bot = linkable().start().await;
    let method = |phone: &str| LinkMethod::Code { phone: phone.to_owned() };
    let refused = bot.link(LinkRequest { method: method("555"), ..wish() }).await;
    assert!(matches!(refused, Err(LinkRefused::BadPhone { .. })), "{refused:?}");
    let account = bot.link(LinkRequest { method: method("+1 555 777 0001"), ..wish() }).await.expect("a number");
    let view = bot.step(&account, |view| code_of(view).is_some()).await;
    assert!(matches!(view.step, Some(LinkStep::Show(Showing { shown: Shown::Text(_), .. }))), "{view:?}");
    assert_eq!(bot.account(&account).await.status.word(), "code shown");
    bot.scanned(&account).await;
}

#[tokio::test(start_paused = true)]
async fn what_must_be_done_elsewhere_is_a_state_with_guidance() {
    let bot = linkable().start().await;
    for page in [None, Some("https://login.example/42".to_owned())] {
        bot.network.next_links([LinkPlan::Elsewhere { page: page.clone(), stands: Duration::from_secs(120) }]);
        let account = bot.link(wish()).await.expect("it may be linked");
        let seen = bot.status_is(&account, "action needed").await;
        assert!(seen.next.is_some_and(|next| next.to_string().contains("browser")));
        let view = bot.step(&account, |_| true).await;
        let opened = match view.step {
            Some(LinkStep::Open(Page { address, .. })) => Some(address),
            _ => None,
        };
        assert_eq!(opened, page);
        bot.network.confirm();
        bot.network.connected(account.as_str()).await;
    }
}

/// Waits for the question that comes after `sequence`.
async fn question(bot: &Bot, account: &AccountId, sequence: u64) -> (Question, u64) {
    let is_question = |view: &LinkView| view.sequence > sequence && matches!(view.step, Some(LinkStep::Ask(_)));
    let view = bot.step(account, is_question).await;
    let Some(LinkStep::Ask(question)) = view.step else { unreachable!("just seen") };
    (question, view.sequence)
}

fn typed(fields: &[(&str, &str)]) -> Answers {
    Answers::new(fields.iter().map(|(name, typed)| ((*name).to_owned(), Secret::new(*typed))))
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_is_asked_until_the_answer_is_right() {
    let bot = linkable().start().await;
    let plan = || LinkPlan::Questions { secret: "sesame".to_owned(), stands: Duration::from_secs(120) };
    bot.network.next_links([plan(), plan()]);
    let account = bot.link(wish()).await.expect("it may be linked");
    let (first, at) = question(&bot, &account, 0).await;
    assert_eq!(first.fields.iter().map(|field| field.secret).collect::<Vec<_>>(), [false, true]);
    assert_eq!(bot.account(&account).await.next, Some(NextAction::AnswerQuestion));
    let answer = |typed: Answers| bot.running.handle().answer_link(&account, &local(), typed);
    let half = answer(typed(&[("number", PHONE)]));
    assert!(
        matches!(&half, Err(LinkRefused::Answers(_)) if half.as_ref().unwrap_err().to_string() == "secret is empty")
    );
    let foreign = bot.running.handle().answer_link(&account, &id("otto"), typed(&[]));
    assert!(matches!(foreign, Err(LinkRefused::WrongOwner { .. })), "{foreign:?}");
    answer(typed(&[("number", PHONE), ("secret", "guess")])).expect("it fits the question");
    let twice = answer(typed(&[("number", PHONE), ("secret", "sesame")]));
    assert!(twice.is_err(), "one answer at a time: {twice:?}");
    let (second, _) = question(&bot, &account, at).await;
    assert!(second.guidance.contains("wrong"), "{second:?}");
    answer(typed(&[("number", PHONE), ("secret", "sesame")])).expect("it fits the question");
    let view = bot.step(&account, |view| !view.running).await;
    assert_eq!(view.step, Some(LinkStep::Done { label: PHONE.to_owned() }));
    bot.network.connected(account.as_str()).await;
    let late = answer(typed(&[("number", PHONE), ("secret", "sesame")]));
    assert!(matches!(late, Err(LinkRefused::NotLinking { .. })), "{late:?}");

    // A question that is not answered ends, and so does one that is cancelled.
    let left = bot.link(wish()).await.expect("it may be linked");
    question(&bot, &left, 0).await;
    bot.step(&left, |view| view.step.as_ref().is_some_and(LinkStep::is_expired)).await;
    let shown = bot.link(wish()).await.expect("it may be linked");
    bot.code(&shown).await;
    let nothing = bot.running.handle().answer_link(&shown, &local(), typed(&[("number", PHONE)]));
    assert!(matches!(nothing, Err(LinkRefused::NothingAsked { .. })), "{nothing:?}");
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn full_device_slots_and_failures_say_what_to_do() {
    let bot = linkable().start().await;
    let fail = LinkPlan::Fail { reason: "the phone said no".to_owned() };
    bot.network.next_links([LinkPlan::SlotsFull { devices_max: 4 }, fail]);
    let full = bot.link(wish()).await.expect("it may be linked");
    let seen = bot.status_is(&full, "device slots full").await;
    assert!(seen.status.reason().is_some_and(|reason| reason.starts_with("4 devices")), "{seen:?}");
    assert!(seen.next.is_some_and(|next| next.to_string().contains("remove a device on the phone")));
    let refused = bot.link(wish()).await.expect("it may be linked");
    let view = bot.step(&refused, |view| matches!(view.step, Some(LinkStep::Failed { .. }))).await;
    assert!(format!("{view:?}").contains("the phone said no"), "{view:?}");
    let seen = bot.status_is(&refused, "not linked").await;
    assert!(seen.status.reason().is_some_and(|reason| reason.contains("the phone said no")), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_is_ended_and_one_that_panics_takes_nobody_with_it() {
    quiet_panics();
    let bot = linkable().start().await;
    bot.network.next_links([LinkPlan::Hang, LinkPlan::Panic]);
    let begun = bot.clock.now();
    let hangs = bot.link(wish()).await.expect("it may be linked");
    let panics = bot.link(wish()).await.expect("it may be linked");
    let view = bot.step(&panics, |view| matches!(view.step, Some(LinkStep::Failed { .. }))).await;
    assert!(format!("{view:?}").contains("told to panic"), "{view:?}");
    bot.step(&hangs, |view| !view.running && view.step.is_some()).await;
    let took = bot.clock.now().since(begun);
    assert!(took <= limits::LINK_RUN_MAX + limits::LINK_STOP_TIMEOUT * 2, "{took:?}");
    for account in [hangs, panics] {
        bot.status_is(&account, "not linked").await;
        bot.link(LinkRequest { account: Some(account.clone()), ..wish() }).await.expect("it may be tried again");
        bot.scanned(&account).await;
    }
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_ends_at_once_even_if_the_adapter_does_not_obey() {
    let bot = linkable().start().await;
    bot.network.next_links([codes(6, 0), LinkPlan::Hang]);
    for obeys in [true, false] {
        let account = bot.link(wish()).await.expect("it may be linked");
        if obeys {
            bot.code(&account).await;
        }
        let begun = bot.clock.now();
        bot.running.handle().cancel_link(&account, &local()).await.expect("it is under way");
        let took = bot.clock.now().since(begun);
        let most = if obeys { Duration::from_millis(100) } else { limits::LINK_STOP_TIMEOUT * 2 };
        assert!(took <= most, "{took:?}");
        assert_eq!(bot.network.codes(), Vec::<String>::new());
        let AccountState::Expired { reason } = bot.row(&account).await.expect("kept").state else { panic!() };
        assert_eq!(reason, "linking was cancelled");
        let again = bot.running.handle().cancel_link(&account, &local()).await;
        assert!(matches!(again, Err(LinkRefused::NotLinking { .. })), "{again:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_gives_another_code_and_ends_the_one_before() {
    let bot = linkable().start().await;
    let account = bot.link(wish()).await.expect("it may be linked");
    let first = bot.code(&account).await;
    let before = bot.step(&account, |_| true).await.sequence;
    bot.running.handle().refresh_link(&account, &local(), LinkMethod::Qr).await.expect("it is under way");
    let view = bot.step(&account, |view| code_of(view).is_some_and(|code| code != first)).await;
    assert!(view.sequence > before);
    assert!(!bot.network.scan(&first, PHONE), "the old code is dead");
    bot.scanned(&account).await;
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn the_warning_is_accepted_once_and_again_when_its_words_change() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let start = async |warning: &str| {
        let mut setup = linkable();
        setup.options.linking = Some(Linking { warning: warning.to_owned() });
        setup.store = Some(store.clone());
        setup.start().await
    };
    let unread = |owner: &str| LinkRequest { accepted: false, ..wish_of(owner) };
    let bot = start(WARNING).await;
    let refused = bot.link(unread("local")).await;
    let expected = LinkRefused::WarningNotAccepted { channel: id("loopback"), warning: WARNING.to_owned() };
    assert_eq!(refused, Err(expected));
    assert_eq!(bot.store.accounts().await.expect("healthy").len(), 1, "nothing was made");
    let at = bot.clock.now();
    let account = bot.linked("local").await;
    let accepted = bot.store.accepted_warning(&id("loopback"), &local()).await.expect("healthy").expect("kept");
    assert_eq!((accepted.text.as_str(), accepted.at), (WARNING, at));
    let second = bot.link(unread("local")).await.expect("it was accepted");
    bot.running.handle().cancel_link(&second, &local()).await.expect("it is under way");
    let other = bot.link(unread("olga")).await;
    assert!(matches!(other, Err(LinkRefused::WarningNotAccepted { .. })), "each owner reads it: {other:?}");
    bot.running.drain().await;
    let bot = start("other words").await;
    assert!(bot.row(&account).await.is_some());
    let refused = bot.link(unread("local")).await;
    assert!(matches!(refused, Err(LinkRefused::WarningNotAccepted { .. })), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_linked_before_somebody_is_admitted() {
    let mut setup = linkable();
    setup.policy.allow_from.clear();
    let bot = setup.start().await;
    let refused = bot.link(wish()).await.expect_err("nobody is admitted");
    assert_eq!(refused.next(), Some(NextAction::AllowSomeone { channel: id("loopback") }), "{refused}");
    let handle = bot.running.handle();
    handle.allow(ListScope::Channel(id("loopback")), id(ANA), "a test").await.expect("healthy");
    let account = bot.linked("local").await;
    bot.network.deliver(account.as_str(), said::text(ANA, "hi")).await.acknowledged().await.expect("it is taken");
    bot.network.sent_to_reached(ANA, 1).await;
    // An entry of the account itself does as well, for that account.
    bot.network.unlink(account.as_str(), "removed on the phone");
    bot.status_is(&account, "logged out").await;
    handle.disallow(ListScope::Channel(id("loopback")), &id(ANA)).await.expect("healthy");
    let again = LinkRequest { account: Some(account.clone()), ..wish() };
    assert!(matches!(bot.link(again.clone()).await, Err(LinkRefused::NobodyAdmitted { .. })));
    handle.allow(ListScope::Account(account.clone()), id(ANA), "a test").await.expect("healthy");
    bot.link(again).await.expect("somebody is admitted to this account");
    assert!(matches!(bot.link(wish()).await, Err(LinkRefused::NobodyAdmitted { .. })), "not to a new one");
}

#[tokio::test(start_paused = true)]
async fn sessions_are_limited_per_owner_and_in_total() {
    let mut setup = linkable();
    setup.sessions = SessionLimits { per_owner: 2, total: 3 };
    let bot = setup.start().await;
    let reached = |scope, count, limit| Err(LinkRefused::MaximumSessions { scope, count, limit });
    let linked = bot.linked("olga").await;
    let pending = bot.link(wish_of("olga")).await.expect("the second");
    assert_eq!(bot.link(wish_of("olga")).await, reached(SessionScope::Owner, 2, 2), "pending ones count");
    bot.link(wish_of("otto")).await.expect("the third");
    assert_eq!(bot.link(wish_of("otto")).await, reached(SessionScope::Total, 3, 3));
    bot.step(&pending, |view| view.step.as_ref().is_some_and(LinkStep::is_expired)).await;
    bot.status_is(&pending, "not linked").await;
    let other = bot.link(wish_of("olga")).await.expect("expired ones do not count");
    let again = LinkRequest { account: Some(pending), ..wish_of("olga") };
    assert_eq!(bot.link(again).await, reached(SessionScope::Owner, 2, 2), "one that is asked for again does");
    bot.running.handle().cancel_link(&other, &id("olga")).await.expect("it is under way");
    bot.running.handle().disconnect(&linked, &id("olga")).await.expect("it is linked");
    bot.link(wish_of("olga")).await.expect("disconnected ones do not count");
}

#[tokio::test(start_paused = true)]
async fn many_wishes_at_once_do_not_get_beyond_the_limit() {
    let bot = linkable().start().await;
    let mut wishes = tokio::task::JoinSet::new();
    for number in 0..40 {
        let handle = bot.running.handle().clone();
        wishes.spawn(async move { handle.begin_link(wish_of(&format!("owner-{}", number % 8))).await });
    }
    let results = wishes.join_all().await;
    let allowed = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(allowed, limits::SESSIONS_MAX as usize, "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn every_other_refusal_names_its_cause() {
    let bot = linkable().start().await;
    let unknown = bot.link(LinkRequest { channel: id("nowhere"), ..wish() }).await.expect_err("no such channel");
    assert_eq!(unknown.to_string(), "there is no channel nowhere; configured: loopback");
    let account = bot.link(wish_of("olga")).await.expect("it may be linked");
    let again = LinkRequest { account: Some(account.clone()), ..wish_of("olga") };
    assert!(matches!(bot.link(again.clone()).await, Err(LinkRefused::AlreadyLinking { .. })));
    bot.scanned(&account).await;
    let linked = bot.link(again.clone()).await.expect_err("it is linked");
    assert_eq!(linked.to_string(), format!("account {account} is linked already to {PHONE}"));
    let otto = LinkRequest { owner: id("otto"), ..again };
    assert!(matches!(bot.link(otto).await, Err(LinkRefused::WrongOwner { .. })));
    let strange: AccountId = id("acc-999");
    let nobody = LinkRequest { account: Some(strange.clone()), ..wish() };
    assert_eq!(bot.link(nobody).await, Err(LinkRefused::UnknownAccount { account: strange }));
    let fixed = bot.store.accounts().await.expect("healthy").remove(0);
    assert!(fixed.configured_key.is_some());
    let fixed = LinkRequest { account: Some(fixed.id), ..wish() };
    assert!(matches!(bot.link(fixed).await, Err(LinkRefused::Configured { .. })));
    bot.running.drain().await;
    assert_eq!(bot.link(wish()).await, Err(LinkRefused::Stopping));
}

#[tokio::test(start_paused = true)]
async fn a_channel_whose_accounts_are_configured_links_nobody() {
    let bot = Setup::new(assistants::echo()).start().await;
    let refused = bot.link(wish()).await;
    assert!(matches!(refused, Err(LinkRefused::CannotLink { .. })), "{refused:?}");
}

/// A bot with a channel that links, on a store that outlives it.
async fn start_on(store: &Arc<FaultyStore>) -> Bot {
    let mut setup = linkable();
    setup.store = Some(store.clone());
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn what_is_being_linked_when_the_process_ends_was_interrupted() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = start_on(&store).await;
    let account = bot.link(wish()).await.expect("it may be linked");
    bot.code(&account).await;
    bot.running.drain().await;
    let bot = start_on(&store).await;
    let seen = bot.account(&account).await;
    assert_eq!(seen.status.to_string(), "not linked: linking was interrupted");
    assert_eq!(bot.network.codes(), Vec::<String>::new());
    bot.link(LinkRequest { account: Some(account.clone()), ..wish() }).await.expect("it may be linked");
    bot.scanned(&account).await;
}

#[tokio::test(start_paused = true)]
async fn keys_that_a_run_left_behind_are_tried_before_a_code_is_shown() {
    let store = FaultyStore::lasting(greenroom_store::memory());
    let bot = start_on(&store).await;
    let account = bot.linked("local").await;
    bot.running.drain().await;
    // As if the process had ended between the keys and the end of the linking run.
    let reason = "linking was interrupted".to_owned();
    store.set_account_state(&account, AccountState::Expired { reason }, None, bot.clock.now()).await.expect("healthy");
    let again = LinkRequest { account: Some(account.clone()), ..wish() };
    let bot = start_on(&store).await;
    assert_eq!(bot.account(&account).await.status.word(), "not linked");
    bot.link(again.clone()).await.expect("it may be linked");
    let view = bot.step(&account, |view| !view.running || code_of(view).is_some()).await;
    assert_eq!(view.step, Some(LinkStep::Done { label: PHONE.to_owned() }), "nobody has to scan anything");
    bot.status_is(&account, "connected").await;
    assert_eq!(bot.row(&account).await.expect("kept").state, AccountState::Linked);
    bot.passes(Duration::from_secs(300)).await;
    assert_eq!(bot.account(&account).await.connections, 1, "the connection that proved it goes on");
    bot.running.drain().await;
    // The phone removed the device meanwhile: its keys go, and a code is shown.
    let reason = "linking was interrupted".to_owned();
    store.set_account_state(&account, AccountState::Expired { reason }, None, bot.clock.now()).await.expect("healthy");
    let bot = start_on(&store).await;
    bot.network.unlink(account.as_str(), "removed on the phone");
    bot.link(again).await.expect("it may be linked");
    bot.scanned(&account).await;
    bot.promises_kept();
}
