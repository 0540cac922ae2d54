use super::*;
use greenroom_channel_loopback::{Options, loopback};
use greenroom_conformance::assistants;
use greenroom_conformance::messages::id;
use greenroom_contract::policy::{Busy, GroupPolicy};
use proptest::prelude::*;

/// Parts with an identity: the same version is the same `Arc`.
struct Pool {
    channels: Vec<Arc<dyn Channel>>,
    assistants: Vec<Arc<dyn Assistant>>,
}

/// One part of a described blueprint: its name, its version, and that of its settings.
type Described = Vec<(&'static str, usize, usize)>;

/// Channels, assistants, and the version of the limits.
#[derive(Debug, Clone, PartialEq, Default)]
struct Description {
    channels: Described,
    assistants: Described,
    limits: usize,
}

const VERSIONS: usize = 3;

impl Pool {
    fn new() -> Self {
        let channels = (0..VERSIONS).map(|_| loopback(Options::default()).0).collect();
        let assistants = (0..VERSIONS).map(|_| assistants::echo() as Arc<dyn Assistant>).collect();
        Self { channels, assistants }
    }

    fn build(&self, description: &Description) -> Blueprint {
        let blueprint = Blueprint::new(RunLimits {
            conversation_idle: Duration::from_secs(1 + description.limits as u64),
            ..RunLimits::default()
        });
        let blueprint = description.channels.iter().fold(blueprint, |blueprint, (name, version, settings)| {
            let policy =
                ChannelPolicy { debounce: Some(Duration::from_secs(*settings as u64)), ..ChannelPolicy::new(id("a")) };
            let channel = Arc::clone(&self.channels[*version]);
            blueprint.with_channel(ChannelPart { name: id(name), adapter: "loopback".to_owned(), channel, policy })
        });
        description.assistants.iter().fold(blueprint, |blueprint, (name, version, settings)| {
            blueprint.with_assistant(AssistantPart {
                name: id(name),
                assistant: Arc::clone(&self.assistants[*version]),
                turns_max: 1 + settings,
                timeout: Duration::from_secs(1),
            })
        })
    }

    /// What [`Pool::build`] was given.
    fn describe(&self, blueprint: &Blueprint) -> String {
        let version = |found: Option<usize>| found.expect("it is from the pool");
        let channels = blueprint.channels.values().map(|plan| {
            let at = self.channels.iter().position(|one| Arc::ptr_eq(one, &plan.card.channel));
            format!("{} {} {}", plan.card.name, version(at), plan.policy.debounce.unwrap_or_default().as_secs())
        });
        let assistants = blueprint.assistants.values().map(|part| {
            let at = self.assistants.iter().position(|one| Arc::ptr_eq(one, &part.assistant));
            format!("{} {} {}", part.name, version(at), part.turns_max)
        });
        let needs = blueprint.needs.len();
        format!(
            "{:?} {:?} {needs} {:?}",
            channels.collect::<Vec<_>>(),
            assistants.collect::<Vec<_>>(),
            blueprint.limits
        )
    }
}

fn changes(old: &Description, new: &Description) -> Vec<String> {
    let pool = Pool::new();
    diff(&pool.build(old), &pool.build(new)).iter().map(ToString::to_string).collect()
}

fn base() -> Description {
    Description {
        channels: vec![("front", 0, 0), ("side", 1, 0)],
        assistants: vec![("a", 0, 0), ("b", 1, 0)],
        limits: 0,
    }
}

#[test]
fn each_difference_is_one_change() {
    type Difference = (&'static str, fn(&mut Description), &'static [&'static str]);
    let table: [Difference; 12] = [
        ("nothing", |_| {}, &[]),
        ("assistant added", |d| d.assistants.push(("c", 0, 0)), &["assistant c: added"]),
        ("assistant replaced", |d| d.assistants[1].1 = 2, &["assistant b: replaced"]),
        ("assistant run otherwise", |d| d.assistants[1].2 = 2, &["assistant b: replaced"]),
        ("assistant removed", |d| d.assistants.truncate(1), &["assistant b: removed"]),
        ("channel added", |d| d.channels.push(("top", 2, 0)), &["channel top: added, with loopback"]),
        ("channel with another adapter", |d| d.channels[0].1 = 2, &["channel front: replaced, with loopback"]),
        ("both of a channel", |d| d.channels[0] = ("front", 2, 9), &["channel front: replaced, with loopback"]),
        ("channel removed", |d| d.channels.truncate(1), &["channel side: removed"]),
        ("policy", |d| d.channels[1].2 = 7, &["channel side: another policy"]),
        ("limits", |d| d.limits = 1, &["limits: changed"]),
        (
            "a name is exchanged for another",
            |d| {
                d.assistants[1].0 = "c";
                d.channels[1].0 = "top";
            },
            &[
                "assistant c: added",
                "channel top: added, with loopback",
                "channel side: removed",
                "assistant b: removed",
            ],
        ),
    ];
    for (what, change, expected) in table {
        let mut new = base();
        change(&mut new);
        assert_eq!(changes(&base(), &new), expected, "{what}");
    }
    assert_eq!(changes(&Description::default(), &base()).len(), 4, "all of it is new");
}

#[test]
fn an_equal_part_in_another_box_is_the_same_part() {
    let pool = Pool::new();
    let (old, new) = (pool.build(&base()), pool.build(&base()));
    let kept = old.apply(&diff(&old, &new));
    let part = |blueprint: &Blueprint| Arc::as_ptr(blueprint.assistant(&id("a")).unwrap());
    assert_eq!((part(&kept), part(&kept) == part(&new)), (part(&old), false), "work under way goes on with it");
}

#[test]
fn every_problem_is_named() {
    let pool = Pool::new();
    assert_eq!(pool.build(&base()).problems(), []);
    let words = |blueprint: &Blueprint| blueprint.problems().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(words(&Blueprint::default())[0].starts_with("channels: none is configured"));
    let mut part = pool.build(&base()).channel(&id("side")).unwrap();
    let group = GroupPolicy { assistant: Some(id("c")), ..GroupPolicy::default() };
    part.policy = ChannelPolicy { busy: Busy::Collect, ..ChannelPolicy::new(id("b")) };
    part.policy.group.insert(id("g"), group);
    let mut lame = pool.build(&base()).assistants().next().unwrap().clone();
    (lame.timeout, lame.turns_max) = (Duration::ZERO, 0);
    let blueprint = pool.build(&base()).with_channel(part).without_assistant(&id("b")).with_assistant(lame);
    let expected = [
        "channels.side.assistant: unknown assistant \"b\"; known: a",
        "channels.side.group.\"g\".assistant: unknown assistant \"c\"; known: a",
        "assistants.a.timeout: without any time it could never answer; raise the timeout",
        "assistants.a.turns_max: it must work on at least one turn",
    ];
    assert_eq!(words(&blueprint), expected);
}

fn described(names: &'static [&'static str]) -> impl Strategy<Value = Described> {
    let one = proptest::option::of((0..VERSIONS, 0..VERSIONS));
    proptest::collection::vec(one, names.len()).prop_map(move |found| {
        let drawn = names.iter().zip(found);
        drawn.filter_map(|(name, one)| one.map(|(version, settings)| (*name, version, settings))).collect()
    })
}

fn description() -> impl Strategy<Value = Description> {
    (described(&["front", "side", "top"]), described(&["a", "b", "c", "d"]), 0..VERSIONS)
        .prop_map(|(channels, assistants, limits)| Description { channels, assistants, limits })
}

proptest! {
    #[test]
    fn the_changes_lead_from_the_old_to_the_new(old in description(), new in description()) {
        let pool = Pool::new();
        let (before, after) = (pool.build(&old), pool.build(&new));
        let changes = diff(&before, &after);
        let reached = before.apply(&changes);
        prop_assert_eq!(pool.describe(&reached), pool.describe(&after));
        prop_assert!(diff(&reached, &after).is_empty(), "nothing is left to change");
        prop_assert_eq!(changes.is_empty(), old == new, "{:?}", changes);
        prop_assert_eq!(pool.describe(&before), pool.describe(&pool.build(&old)), "the old one stays as it is");
    }
}
