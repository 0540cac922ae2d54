//! Nothing is shown to, and nothing is sent to, someone who is not admitted at that moment: whatever is edited while turns,
//! sends and what they wait for are under way.

mod parts;

use greenroom_channel_loopback::{LoopbackNetwork, Options, SendPlan, capabilities, loopback, said};
use greenroom_conformance::assistants;
use greenroom_conformance::faulty_store::{CallPlan, FaultyStore};
use greenroom_conformance::messages::{START, id};
use greenroom_contract::capabilities::{Capabilities, DailyBudget, Resend};
use greenroom_contract::cause::Cause;
use greenroom_contract::channel::SendError;
use greenroom_contract::ids::{ChannelName, ChatId};
use greenroom_contract::policy::{ChannelPolicy, GroupMode, GroupPolicy, OutboundMode, Rates};
use greenroom_contract::store::ListScope;
use greenroom_contract::time::Clock;
use greenroom_engine::{ChannelPart, EngineHandle, SendTo};
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ANA: &str = "+15550000001";
const BEN: &str = "+15550000002";
/// In whose group both write.
const GROUP: &str = "friends";
const ACCOUNT: &str = "main";

/// One thing that happens, and for how long nothing happens after it.
#[derive(Debug, Clone)]
struct Move {
    what: What,
    pause_ms: u64,
}

#[derive(Debug, Clone)]
enum What {
    /// Someone writes, in a direct chat or in the group.
    Says { ana: bool, in_group: bool },
    /// The owner sends.
    Sends { ana: bool },
    /// An entry comes or goes.
    Edits { ana: bool, admitted: bool },
    /// The whole list is replaced.
    Replaces { ana: bool, ben: bool },
    /// The configuration is read again.
    Reloads { outbound: bool, group: Option<bool> },
}

/// Who may be written to at this moment. What is being changed may be either.
#[derive(Debug, Clone, Default)]
struct Book {
    people: HashSet<String>,
    outbound: bool,
    group: bool,
    wrong: Vec<String>,
}

impl Book {
    fn may(&self, chat: &ChatId, person: Option<&str>) -> bool {
        let in_group = chat.as_str() == GROUP;
        // A person's chat is called as the person is.
        let person = person.unwrap_or(chat.as_str());
        self.outbound && (!in_group || self.group) && self.people.contains(person)
    }
}

fn policy(outbound: bool, group: Option<bool>) -> ChannelPolicy {
    let mut policy = ChannelPolicy::new(id("helper"));
    policy.rates = Rates::UNLIMITED;
    policy.groups = GroupMode::Always;
    policy.ack = Some("👀".to_owned());
    policy.outbound = if outbound { OutboundMode::On } else { OutboundMode::Off };
    if let Some(admit) = group {
        policy.group.insert(id(GROUP), GroupPolicy { admit: Some(admit), ..GroupPolicy::default() });
    }
    policy
}

fn channel() -> ChannelName {
    id("front")
}

struct World {
    handle: EngineHandle,
    network: LoopbackNetwork,
    book: Arc<Mutex<Book>>,
    /// Signs of typing that were looked at.
    signs: usize,
}

impl World {
    async fn new(delays: Vec<u16>, resend: Resend) -> Self {
        let clock = Clock::tokio(START);
        let budget = Some(DailyBudget { messages_max: 10_000 });
        let capabilities = Capabilities { resend, budget, ..capabilities() };
        let (loop_channel, network) = loopback(Options { capabilities, clock, ..Options::default() });
        let book = Arc::new(Mutex::new(Book { outbound: true, group: true, ..Book::default() }));
        let seen = Arc::clone(&book);
        let mut fails = 0;
        let judge = move |outbound: &greenroom_contract::outbound::Outbound| {
            let mut book = seen.lock().expect("no test panics with it");
            let person = outbound.recipient.as_ref().map(greenroom_contract::ids::SenderId::as_str);
            if !book.may(&outbound.route.chat, person) {
                book.wrong.push(format!("sent to {person:?} in {}: {:?}", outbound.route.chat, outbound.body));
            }
            fails += 1;
            let busy: Cause = "busy".into();
            if fails % 5 == 0 { SendPlan::Fail(SendError::Uncertain { reason: busy }) } else { SendPlan::Deliver }
        };
        network.on_send(ACCOUNT, Box::new(judge));
        let store = FaultyStore::new(greenroom_store::memory());
        let mut at = 0;
        // What a disk does to the order of things: each call takes its own while.
        store.on_call(Box::new(move |_| {
            at += 1;
            match delays[at % delays.len()] {
                0 => CallPlan::Pass,
                delay => CallPlan::PassLate(Duration::from_millis(u64::from(delay))),
            }
        }));
        let assistant = assistants::slow(Duration::from_millis(1_500));
        let parts = parts::parts(store, loop_channel, policy(true, None), assistant, clock);
        let handle = greenroom_engine::start(parts).await.expect("it starts");
        Self { handle, network, book, signs: 0 }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().expect("no test panics with it")
    }

    /// Signs of typing since the last look, by what may be shown since then.
    fn look_at_typing(&mut self) {
        let signs = self.network.typing();
        let new: Vec<_> = signs[self.signs..].iter().filter(|sign| sign.shown).cloned().collect();
        self.signs = signs.len();
        let mut book = self.book();
        // In a group it is shown for one of those who write there.
        let known = |chat: &ChatId, book: &Book| {
            if chat.as_str() == GROUP {
                !book.people.is_empty() && book.group && book.outbound
            } else {
                book.may(chat, None)
            }
        };
        let wrong: Vec<String> = new
            .iter()
            .filter(|sign| !known(&sign.chat, &book))
            .map(|sign| format!("typing in {}", sign.chat))
            .collect();
        book.wrong.extend(wrong);
    }

    /// What is taken away may be used until that is done; what is given may be used from its beginning on. The edit says
    /// whether it was made.
    async fn edits(&mut self, admitted: &[(&str, bool)], edit: impl AsyncFnOnce(&EngineHandle) -> bool) {
        self.look_at_typing();
        let before = self.book().people.clone();
        for (person, _) in admitted.iter().filter(|(_, admitted)| *admitted) {
            self.book().people.insert((*person).to_owned());
        }
        let is_made = edit(&self.handle).await;
        self.look_at_typing();
        let mut book = self.book();
        if !is_made {
            book.people = before;
            return;
        }
        for (person, _) in admitted.iter().filter(|(_, admitted)| !admitted) {
            book.people.remove(*person);
        }
    }

    async fn does(&mut self, what: &What) {
        let scope = || ListScope::Channel(channel());
        let name = |ana: bool| if ana { ANA } else { BEN };
        match what {
            What::Says { ana, in_group } => {
                let said = said::text(name(*ana), "hi");
                let said = if *in_group { said.in_group(GROUP) } else { said };
                drop(self.network.deliver(ACCOUNT, said).await);
            }
            What::Sends { ana } => {
                let to = SendTo::person(id(name(*ana)));
                // Refused where nobody admits them, which is what is asked for.
                drop(self.handle.send(to, "news").await);
            }
            What::Edits { ana, admitted } => {
                let (person, admitted) = (name(*ana), *admitted);
                self.edits(&[(person, admitted)], async |handle| {
                    let done = if admitted {
                        handle.allow(scope(), id(person), "olga").await
                    } else {
                        handle.disallow(scope(), &id(person)).await
                    };
                    done.expect("the store works");
                    true
                })
                .await;
            }
            What::Replaces { ana, ben } => {
                let admitted = [(ANA, *ana), (BEN, *ben)];
                let entries = admitted.iter().filter(|(_, admitted)| *admitted).map(|(person, _)| id(person)).collect();
                self.edits(&admitted, async |handle| {
                    // Refused where no one could write to the account any longer: then all stays.
                    handle.replace_allowed(scope(), entries, "olga").await.is_ok()
                })
                .await;
            }
            What::Reloads { outbound, group } => {
                self.look_at_typing();
                let admits = group.unwrap_or(true);
                {
                    let mut book = self.book();
                    book.outbound |= *outbound;
                    book.group |= admits;
                }
                let mut blueprint = self.handle.blueprint();
                let part = blueprint.channels().next().expect("one channel");
                blueprint = blueprint.with_channel(ChannelPart { policy: policy(*outbound, *group), ..part });
                self.handle.reconfigure(blueprint).await.expect("a sound blueprint");
                self.look_at_typing();
                let mut book = self.book();
                (book.outbound, book.group) = (*outbound, admits);
            }
        }
    }
}

async fn run(moves: Vec<Move>, delays: Vec<u16>, resend: Resend) -> Vec<String> {
    let mut world = World::new(delays, resend).await;
    for one in moves {
        world.does(&one.what).await;
        tokio::time::sleep(Duration::from_millis(one.pause_ms)).await;
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    world.look_at_typing();
    let sent = world.network.sent_count();
    let mut wrong = world.book().wrong.clone();
    wrong.sort();
    wrong.dedup();
    let _ = world.handle.drain(Duration::from_secs(5)).await;
    SENT.fetch_add(sent, std::sync::atomic::Ordering::Relaxed);
    wrong
}

/// Messages that left in all worlds.
static SENT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let what = prop_oneof![
        4 => (any::<bool>(), any::<bool>()).prop_map(|(ana, in_group)| What::Says { ana, in_group }),
        1 => any::<bool>().prop_map(|ana| What::Sends { ana }),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(ana, admitted)| What::Edits { ana, admitted }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(ana, ben)| What::Replaces { ana, ben }),
        1 => (prop::bool::weighted(0.8), prop::option::of(any::<bool>()))
            .prop_map(|(outbound, group)| What::Reloads { outbound, group }),
    ];
    let pause = prop_oneof![3 => 0_u64..40, 2 => 900_u64..2_000, 1 => 2_000_u64..8_000];
    let one = (what, pause).prop_map(|(what, pause_ms)| Move { what, pause_ms });
    prop::collection::vec(one, 8..40)
}

#[test]
fn no_interleaving_of_edits_and_turns_lets_a_byte_out_to_someone_who_is_not_admitted() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    });
    let delays = prop::collection::vec(prop_oneof![2 => Just(0_u16), 3 => 1_u16..60], 7..23);
    let resend = prop::sample::select(vec![Resend::Visible, Resend::Idempotent, Resend::SameId]);
    let outcome = runner.run(&(moves(), delays, resend), |(moves, delays, resend)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let wrong = runtime.expect("a runtime").block_on(run(moves, delays, resend));
        prop_assert!(wrong.is_empty(), "{:#?}", wrong);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let sent = SENT.load(std::sync::atomic::Ordering::Relaxed);
    assert!(sent > 100, "the worlds say something: {sent}");
}
