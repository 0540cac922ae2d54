use super::*;
use greenroom_contract::capabilities::{ChatRate, Support};
use greenroom_contract::ids::{AccountId, Sequence};
use proptest::prelude::*;

const GROUP: Chat = Chat::Group { title: None };

fn key(number: u64) -> ParcelKey {
    ParcelKey { account: AccountId::new("a").unwrap(), sequence: Sequence(number), part: 0 }
}

fn rate(period_ms: u64, burst: u32) -> Rate {
    Rate { period: Duration::from_millis(period_ms), burst }
}

fn rules(account: Rate, chat: Rate) -> RateRules {
    let chat = Some(ChatRate { rate: chat, groups: Support::No });
    RateRules { account, inbound_debt_max: None, chat, jitter_percent: 0 }
}

/// When messages leave that are all there from the beginning, each as soon as it may.
fn sent(pacer: &mut Pacer, chats: impl IntoIterator<Item = u64>, kind: &Chat, mut at: Duration) -> Vec<Duration> {
    let mut left = Vec::new();
    for (number, chat) in chats.into_iter().enumerate() {
        let key = key(number as u64);
        let chat = ConversationId(chat);
        while let Err(until) = pacer.take_in_chat(chat, kind, &key, at) {
            at = until;
        }
        while let Err(until) = pacer.take(&key, at) {
            at = until;
        }
        left.push(at);
    }
    left
}

#[test]
fn one_chat_gets_a_burst_and_then_one_message_in_each_period() {
    let mut pacer = Pacer::new(Some(rules(rate(1, 1_000), rate(6_000, 20))));
    let left = sent(&mut pacer, [1; 23], &Chat::Direct, Duration::from_secs(100));
    assert_eq!(left[19], Duration::from_secs(100), "the burst");
    assert_eq!(left[20..], [106, 112, 118].map(Duration::from_secs));
    let other = sent(&mut pacer, [2], &Chat::Direct, Duration::from_secs(118));
    assert_eq!(other, [Duration::from_secs(118)], "another chat has a burst of its own");
    let group = sent(&mut pacer, [1; 30], &GROUP, Duration::from_secs(119));
    assert_eq!(group[29], Duration::from_secs(119), "the rule is not for groups");
}

#[test]
fn an_account_keeps_its_rate_over_many_chats() {
    let mut pacer = Pacer::new(Some(rules(rate(10, 70), rate(6_000, 20))));
    let left = sent(&mut pacer, 0..200, &Chat::Direct, Duration::ZERO);
    assert_eq!((left[69], left[199]), (Duration::ZERO, Duration::from_millis(1_300)));
}

#[test]
fn what_arrives_is_a_debt_that_is_bounded() {
    let mut pacer = Pacer::new(Some(RateRules { inbound_debt_max: Some(70), ..rules(rate(10, 70), rate(1, 9)) }));
    for _ in 0..1_000 {
        pacer.note_inbound(Duration::ZERO);
    }
    let left = sent(&mut pacer, 0..7, &Chat::Direct, Duration::ZERO);
    assert_eq!((left[0], left[6]), (Duration::from_millis(710), Duration::from_millis(770)));
    let mut deaf = Pacer::new(Some(rules(rate(10, 70), rate(1, 9))));
    deaf.note_inbound(Duration::ZERO);
    assert_eq!(sent(&mut deaf, 0..70, &Chat::Direct, Duration::ZERO)[69], Duration::ZERO);
}

#[test]
fn a_place_that_was_not_used_is_free_again() {
    let mut pacer = Pacer::new(Some(rules(rate(1_000, 1), rate(1, 1))));
    assert_eq!(pacer.take(&key(1), Duration::ZERO), Ok(()));
    assert_eq!(pacer.take(&key(2), Duration::ZERO), Err(Duration::from_secs(1)));
    pacer.give_back(&key(1));
    assert_eq!(pacer.take(&key(2), Duration::ZERO), Ok(()));
}

#[test]
fn without_rules_nothing_waits() {
    let left = sent(&mut Pacer::new(None), [1; 1_000], &Chat::Direct, Duration::ZERO);
    assert!(left.iter().all(Duration::is_zero));
}

#[test]
fn jitter_makes_gaps_irregular_and_is_the_same_each_time() {
    let jittered = || Pacer::new(Some(RateRules { jitter_percent: 30, ..rules(rate(1_000, 1), rate(1, 1)) }));
    let left = sent(&mut jittered(), 0..50, &Chat::Direct, Duration::ZERO);
    assert_eq!(left, sent(&mut jittered(), 0..50, &Chat::Direct, Duration::ZERO));
    let gaps: Vec<Duration> = left.windows(2).map(|pair| pair[1].checked_sub(pair[0]).unwrap()).collect();
    assert!(gaps.iter().all(|gap| (1_000..=1_300).contains(&gap.as_millis())), "{gaps:?}");
    let longest = gaps.iter().max().unwrap();
    let shortest = gaps.iter().min().unwrap();
    assert!((*longest).checked_sub(*shortest).unwrap() > Duration::from_millis(200), "{gaps:?}");
}

proptest! {
    /// Whatever arrives when: no stretch of time carries more than the rules allow, and the account is silent no
    /// longer than the rules and the jitter demand.
    #[test]
    fn no_stretch_of_time_carries_more_than_the_rate_and_no_wait_is_longer(
        gaps in prop::collection::vec(0_u64..3_000, 1..150),
        period in 1_u64..2_000,
        burst in 1_u32..20,
        jitter_percent in 0_u8..=100,
    ) {
        let account = rate(period, burst);
        let mut pacer = Pacer::new(Some(RateRules { jitter_percent, ..rules(account, rate(1, 1_000_000)) }));
        let (mut arrival, mut at, mut left) = (Duration::ZERO, Duration::ZERO, Vec::new());
        for (number, gap) in gaps.into_iter().enumerate() {
            arrival += Duration::from_millis(gap);
            at = at.max(arrival);
            let asked = at;
            if let Err(until) = pacer.take(&key(number as u64), at) {
                at = until;
                prop_assert_eq!(pacer.take(&key(number as u64), at), Ok(()));
            }
            let longest = account.period.mul_f64(1.0 + f64::from(jitter_percent) / 100.0);
            prop_assert!(at.checked_sub(asked).unwrap() <= longest + Duration::from_micros(1), "{:?} instead of {:?}", at.checked_sub(asked).unwrap(), longest);
            left.push(at);
        }
        for first in 0..left.len() {
            for last in first..left.len() {
                let stretch = left[last].checked_sub(left[first]).unwrap();
                let allowed = u128::from(burst) + stretch.as_nanos() / account.period.as_nanos();
                prop_assert!((last - first + 1) as u128 <= allowed);
            }
        }
    }
}
