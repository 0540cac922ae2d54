//! One person under changing addresses: always answered, and strangers never.

use crate::support::rng::Rng;
use crate::support::setup::{Bot, MAIN, Setup};
use greenroom_channel_loopback::{Said, said};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::event::ChannelEvent;
use std::fmt::Write as _;
use std::time::Duration;

/// Someone with a number, an id that changes with it, and a name.
struct Someone {
    number: String,
    id: String,
    name: String,
}

impl Someone {
    fn new(number: u64) -> Self {
        Self { number: format!("+1555{number:07}"), id: format!("bsuid:US.{number}"), name: format!("@n{number}") }
    }

    /// Says something and shows the id, with number and name as they please.
    fn says(&self, words: &str, number: bool, name: bool) -> Said {
        let mut said = said::text(if number { &self.number } else { &self.id }, words);
        if number {
            said = said.also_known_as(&self.id);
        }
        if name { said.also_known_as(&self.name) } else { said }
    }
}

async fn changed(bot: &Bot, addresses: &[&str]) {
    let event = ChannelEvent::SamePerson { addresses: addresses.iter().copied().map(id).collect() };
    bot.network.deliver_event(MAIN, event).await.acknowledged().await.expect("it is taken");
}

async fn walk(seed: u64) {
    let mut rng = Rng::new(seed);
    let (mut ana, mut eve) = (Someone::new(1), Someone::new(500));
    let by = rng.below(3);
    let listed = [&ana.number, &ana.id, &ana.name][by as usize].clone();
    let mut setup = Setup::new(assistants::echo());
    setup.policy.allow_from = vec![id(&listed)];
    let bot = setup.start().await;
    let (mut expected, mut story) = (Vec::new(), format!("seed {seed}, listed {listed}"));
    let mut fresh = 2;
    // The first sign of her names what the list names: in a message, or in a change.
    let mut shown = false;
    for step in 0..14_u32 {
        let what = rng.below(6);
        fresh += 1;
        match what {
            0 if by != 2 || shown => {
                let next = Someone { name: ana.name.clone(), ..Someone::new(fresh) };
                let all = [&ana.number, &next.number, &ana.id, &next.id].map(String::as_str);
                changed(&bot, &all).await;
                (ana, shown) = (next, true);
            }
            1 if shown || by == 1 => {
                let next = Someone { number: ana.number.clone(), name: ana.name.clone(), ..Someone::new(fresh) };
                changed(&bot, &[&ana.id, &next.id]).await;
                (ana, shown) = (next, true);
            }
            2 if shown => ana.name = Someone::new(fresh).name,
            3 => {
                // A stranger changes too, and may come by an address that is free again.
                let mut next = Someone::new(1_000 + fresh);
                if rng.below(2) == 0 {
                    changed(&bot, &[&eve.number, &next.number, &eve.id, &next.id]).await;
                }
                if listed != "+15550000001" && ana.number != "+15550000001" {
                    "+15550000001".clone_into(&mut next.number);
                }
                eve = next;
                let number = rng.below(2) == 0;
                bot.hears(eve.says(&format!("eve {step}"), number, true)).await;
            }
            _ => {
                let words = format!("ana {step}");
                let (number, name) =
                    (rng.below(2) == 0 || (!shown && by == 0), rng.below(2) == 0 || (!shown && by == 2));
                bot.hears(ana.says(&words, number, name)).await;
                // As a person writes, who is not taken for a program.
                bot.passes(Duration::from_secs(3)).await;
                expected.push(words);
                shown = true;
            }
        }
        let _ = write!(story, ", {what}");
    }
    bot.settled().await;
    let mut heard: Vec<String> = bot.network.sent().iter().map(|sent| sent.words().to_owned()).collect();
    heard.sort();
    expected.sort();
    assert_eq!(heard, expected, "{story}");
}

#[tokio::test(start_paused = true)]
async fn a_person_is_followed_through_every_signed_change_and_a_stranger_never() {
    let seed = Rng::seed();
    println!("GREENROOM_SEED={seed}");
    for number in 0..crate::support::number("GREENROOM_WALKS", 60) {
        walk(seed.wrapping_add(number)).await;
    }
}
