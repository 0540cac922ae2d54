//! How fast and how much is sent, as every adapter declares it: the engine keeps it, in paused time.

use crate::support::number;
use crate::support::rng::Rng;
use crate::support::setup::{ANA, Bot, MAIN, Setup};
use greenroom::registry::Registry;
use greenroom_channel_loopback::{SendPlan, said};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::{START, id};
use greenroom_contract::capabilities::{Capabilities, DailyBudget, Rate, RateRules, WhenClosed, WindowRule};
use greenroom_contract::store::VaultWrite;
use greenroom_contract::time::Clock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// What timers round up, and what a message spends on its way through the bot.
const SLACK: Duration = Duration::from_millis(20);
const GROUP: &str = "friends";

/// Something that left: when, where, and what it says.
type Left = (Instant, String, String);

/// What every adapter of the program declares.
fn declared() -> Vec<(&'static str, Capabilities)> {
    let registry = Registry::standard();
    registry.channels().iter().filter_map(|entry| Some((entry.kind.kind(), entry.kind.capabilities()?))).collect()
}

fn of(kind: &str) -> Option<Capabilities> {
    declared().into_iter().find(|(known, _)| *known == kind).map(|(_, able)| able)
}

/// A bot on a network with these rules that notes what leaves. The clock can be moved by hand.
async fn bot(rules: impl FnOnce(&mut Capabilities)) -> (Bot, Arc<Mutex<Vec<Left>>>, &'static AtomicI64) {
    let mut setup = Setup::new(assistants::echo());
    let by_ms: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
    setup.clock = Some(Clock::Moved { start: START, origin: Instant::now(), by_ms });
    setup.policy.allow_from = vec![id("*")];
    rules(&mut setup.options.capabilities);
    let bot = setup.start().await;
    let left = Arc::<Mutex<Vec<Left>>>::default();
    let notes = Arc::clone(&left);
    bot.network.on_send(
        MAIN,
        Box::new(move |outbound| {
            let greenroom_contract::outbound::OutboundBody::Text(words) = &outbound.body else { panic!("not words") };
            let chat = outbound.route.chat.to_string();
            notes.lock().expect("nothing panics here").push((Instant::now(), chat, words.clone()));
            SendPlan::Deliver
        }),
    );
    (bot, left, by_ms)
}

/// No stretch of time carries more than the rate allows.
fn assert_kept(moments: &[Instant], rate: Rate, whose: &str) {
    for first in 0..moments.len() {
        for last in first..moments.len() {
            let stretch = moments[last] - moments[first] + SLACK;
            let allowed = u128::from(rate.burst) + stretch.as_nanos() / rate.period.as_nanos();
            assert!((last - first + 1) as u128 <= allowed, "{whose}: {} messages in {stretch:?}", last - first + 1);
        }
    }
}

/// What waited did so for a rate: each message left as soon as it was there and its chat was free, or one share
/// of a rate after the one before.
fn assert_no_longer(left: &[Left], said: &HashMap<String, Instant>, rules: Option<&RateRules>) {
    let share = |rate: Rate, more: u32| {
        let jitter = rules.map_or(0, |rules| u32::from(rules.jitter_percent));
        rate.period * (1 + more) + rate.period * jitter / 100
    };
    for (number, (moment, chat, words)) in left.iter().enumerate() {
        let before = left[..number].last().map(|(moment, ..)| *moment);
        let in_chat = left[..number].iter().rev().find(|(_, of, _)| of == chat).map(|(moment, ..)| *moment);
        let ready = in_chat.map_or(said[words], |moment| moment.max(said[words]));
        let mut latest = ready;
        if let Some(rules) = rules {
            let of_account = share(rules.account, rules.inbound_debt_max.unwrap_or(0));
            latest = latest.max(before.unwrap_or(ready).max(ready) + of_account);
            if let (Some(of_chat), Some(in_chat)) = (rules.chat, in_chat) {
                latest = latest.max(in_chat + share(of_chat.rate, 0) + of_account);
            }
        }
        assert!(*moment <= latest + SLACK, "{words:?} left {:?} too late", *moment - latest);
    }
}

async fn random_arrivals(kind: &str, able: &Capabilities, seed: u64) {
    let mut rng = Rng::new(seed);
    // A window that closes because the clock jumps is another matter.
    let (bot, left, by_ms) = bot(|of_network| of_network.rates.clone_from(&able.rates)).await;
    let mut said = HashMap::new();
    let mut order: HashMap<String, Vec<String>> = HashMap::new();
    for number in 0..120 {
        let words = format!("message {number}");
        let who = format!("+1555000{:04}", rng.below(6));
        let (chat, message) = if rng.percent(20) {
            (GROUP.to_owned(), said::text(&who, &words).in_group(GROUP).mentioning())
        } else {
            (who.clone(), said::text(&who, &words))
        };
        said.insert(words.clone(), Instant::now());
        order.entry(chat).or_default().push(words);
        bot.hears(message).await;
        if rng.percent(40) {
            bot.passes(Duration::from_millis(rng.below(4_000))).await;
        }
        if rng.percent(10) {
            let day = i64::try_from(DAY.as_millis()).expect("a day is short");
            by_ms.store([-day, 0, day][rng.below(3) as usize], Ordering::Relaxed);
        }
    }
    bot.settled().await;
    let left = left.lock().expect("nothing panics here").clone();
    assert_eq!(left.len(), 120, "{kind}: everything left once");
    let of_chat = |chat: &String| left.iter().filter(|(_, of, _)| of == chat).cloned().collect::<Vec<Left>>();
    let moments = |left: &[Left]| left.iter().map(|(moment, ..)| *moment).collect::<Vec<_>>();
    for (chat, words) in &order {
        let got: Vec<String> = of_chat(chat).into_iter().map(|(.., words)| words).collect();
        assert_eq!(&got, words, "{kind}: the order of {chat}");
    }
    if let Some(rules) = &able.rates {
        assert_kept(&moments(&left), rules.account, kind);
        for chat in order.keys().filter(|chat| *chat != GROUP) {
            if let Some(chats) = rules.chat {
                assert_kept(&moments(&of_chat(chat)), chats.rate, chat);
            }
        }
    }
    assert_no_longer(&left, &said, able.rates.as_ref());
    bot.promises_kept();
}

#[tokio::test(start_paused = true)]
async fn every_adapters_rates_are_kept_whatever_arrives_and_however_the_clock_jumps() {
    let declared = declared();
    assert!(declared.iter().any(|(_, able)| able.rates.is_some()), "an adapter declares rates");
    for (kind, able) in declared {
        for seed in 0..number("GREENROOM_PACING_SEEDS", 4) {
            random_arrivals(kind, &able, seed).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatsapp_web_answers_in_a_burst_and_then_no_faster_than_a_person() {
    // A build without the adapter has nothing to show here.
    let Some(able) = of("whatsapp-web") else { return };
    let rules = able.rates.clone().expect("it is paced unless the configuration says otherwise");
    let (bot, left, _) = bot(|of_network| of_network.rates.clone_from(&able.rates)).await;
    let begun = Instant::now();
    for number in 0..20 {
        bot.hears(said::text(ANA, format!("message {number}"))).await;
    }
    bot.settled().await;
    let after: Vec<Duration> =
        left.lock().expect("nothing panics here").iter().map(|(moment, ..)| *moment - begun).collect();
    assert!(after[2] < SLACK, "a short answer does not wait: {after:?}");
    let gaps: Vec<Duration> = after.windows(2).skip(5).map(|pair| pair[1].checked_sub(pair[0]).unwrap()).collect();
    let chat = rules.chat.expect("a chat has a rate").rate;
    assert!(gaps.iter().all(|gap| *gap + SLACK >= chat.period && *gap <= chat.period * 2), "{gaps:?}");
    let distinct: std::collections::HashSet<u128> = gaps.iter().map(Duration::as_millis).collect();
    assert!(distinct.len() > 5, "even gaps are the mark of a machine: {gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn what_arrives_counts_towards_the_rate_once_however_often_it_is_delivered() {
    let account = Rate { period: Duration::from_secs(1), burst: 10 };
    let rules = RateRules { account, inbound_debt_max: Some(10), chat: None, jitter_percent: 0 };
    let (bot, left, _) = bot(|able| able.rates = Some(rules)).await;
    let answered_after = async |words: &str| {
        let asked = Instant::now();
        bot.hears(said::text(ANA, words)).await;
        bot.settled().await;
        left.lock().expect("nothing panics here").last().expect("it was answered").0 - asked
    };
    for _ in 0..50 {
        bot.hears(said::text(ANA, "again and again").with_id("one")).await;
    }
    let waited = answered_after("now").await;
    assert!(waited < SLACK, "a repetition was counted: {waited:?}");
    for number in 0..50 {
        bot.hears(said::text(ANA, format!("talk {number}")).in_group(GROUP)).await;
    }
    let waited = answered_after("and now").await;
    assert!(
        waited > Duration::from_secs(9) && waited < Duration::from_secs(13),
        "a debt, and a bounded one: {waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_daily_budget_stops_the_account_until_midnight_and_says_so() {
    let (bot, ..) = bot(|able| able.budget = Some(DailyBudget { messages_max: 2 })).await;
    for words in ["one", "two"] {
        bot.hears(said::text(ANA, words)).await;
    }
    bot.network.sent_to_reached(ANA, 2).await;
    let third = bot.hears(said::text(ANA, "three")).await;
    bot.passes(Duration::from_secs(1)).await;
    let why = bot.why(&third).await;
    assert!(why.contains("daily budget of 2") && why.contains("midnight UTC"), "{why}");
    assert_eq!(bot.network.sent_count(), 2);
    bot.passes(DAY).await;
    assert_eq!(bot.answers(ANA).await, ["one", "two", "three"]);
    let account = bot.store.accounts().await.expect("healthy").remove(0).id;
    let kept = bot.store.vault_get(&account, b"cloud/spent").await.expect("healthy").expect("it is kept");
    assert!(String::from_utf8_lossy(&kept).contains("\"messages\":1"), "{kept:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_spent_today_counts() {
    let (bot, ..) = bot(|able| able.budget = Some(DailyBudget { messages_max: 2 })).await;
    let account = bot.store.accounts().await.expect("healthy").remove(0).id;
    // As it was written when the adapter still counted.
    let value = format!("{{\"day\":{},\"messages\":1}}", START.0 / 86_400_000).into();
    let write = VaultWrite::Put { key: b"cloud/spent".to_vec().into(), value };
    bot.store.vault_write(&account, vec![write]).await.expect("healthy");
    bot.hears(said::text(ANA, "one")).await;
    bot.hears(said::text(ANA, "two")).await;
    bot.passes(Duration::from_secs(1)).await;
    assert_eq!(bot.network.sent_count(), 1, "one was left of the two");
}

#[tokio::test(start_paused = true)]
async fn a_repetition_opens_no_window_and_a_new_message_does() {
    let rule = WindowRule { open: DAY, closed: WhenClosed::Hold };
    let (bot, ..) = bot(|able| able.window = Some(rule)).await;
    let old = said::text(ANA, "I waited").with_id("old").at(START.minus(DAY * 2));
    let late = bot.hears(old.clone()).await;
    bot.passes(Duration::from_secs(1)).await;
    assert!(bot.why(&late).await.contains("24 hours"), "{}", bot.why(&late).await);
    bot.hears(old).await;
    bot.passes(Duration::from_secs(60)).await;
    assert_eq!(bot.network.sent_count(), 0);
    bot.hears(said::text(ANA, "still there?")).await;
    assert_eq!(bot.answers(ANA).await, ["I waited", "still there?"]);
}
