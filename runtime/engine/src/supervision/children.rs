//! The actors under one supervisor, by key.

use super::{Crashes, Described};
use crate::decide::restart::{Restart, Restarts};
use greenroom_contract::time::Timestamp;
use ractor::{Actor, ActorCell, ActorId, ActorRef, Message, SpawnErr};
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use tokio::time::Instant;

/// One actor for each key, and how often the actor of that key crashed.
pub(crate) struct Children<K, M> {
    by_key: HashMap<K, ActorRef<M>>,
    by_actor: HashMap<ActorId, K>,
    restarts: HashMap<K, Restarts>,
    /// When each actor began, and how often the one of its key crashed.
    lives: HashMap<K, (Instant, u64)>,
}

impl<K, M> Default for Children<K, M> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), by_actor: HashMap::new(), restarts: HashMap::new(), lives: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash, M: Message> Children<K, M> {
    /// Starts the actor of a key under this supervisor. An earlier one of the same key is replaced.
    pub(crate) async fn spawn<A: Actor<Msg = M>>(
        &mut self,
        key: K,
        actor: A,
        arguments: A::Arguments,
        supervisor: ActorCell,
    ) -> Result<(), SpawnErr> {
        let (child, _) = Actor::spawn_linked(None, actor, arguments, supervisor).await?;
        self.by_actor.insert(child.get_id(), key.clone());
        self.lives.entry(key.clone()).or_insert((Instant::now(), 0)).0 = Instant::now();
        self.by_key.insert(key, child);
        Ok(())
    }

    /// The actor of a key. One that just crashed may still be found.
    pub(crate) fn find(&self, key: &K) -> Option<&ActorRef<M>> {
        self.by_key.get(key)
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.by_key.contains_key(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &ActorRef<M>)> {
        self.by_key.iter()
    }

    /// What is to be shown of them; what waits for each says `waiting`.
    pub(crate) fn described(
        &self,
        kind: &'static str,
        name: impl Fn(&K) -> String,
        waiting: impl Fn(&K) -> Option<u64>,
    ) -> Vec<Described> {
        let described = |(key, child): (&K, &ActorRef<M>)| {
            let (since, restarts) = self.lives.get(key).copied().unwrap_or_else(|| (Instant::now(), 0));
            Described { name: name(key), kind, actor: child.get_cell(), since, restarts, waiting: waiting(key) }
        };
        self.by_key.iter().map(described).collect()
    }

    /// Lets an actor go. A later failure of it is not a crash of this key.
    pub(crate) fn remove(&mut self, key: &K) -> Option<ActorRef<M>> {
        self.lives.remove(key);
        let child = self.by_key.remove(key)?;
        self.by_actor.remove(&child.get_id());
        Some(child)
    }

    /// Takes out the actor of a key that crashed. How often that happened stays with the key.
    pub(crate) fn lost(&mut self, key: &K) {
        self.by_key.remove(key);
    }

    /// Whose actor failed; `None` if it was let go before. Told once.
    pub(crate) fn failed(&mut self, actor: ActorId) -> Option<K> {
        self.by_actor.remove(&actor)
    }

    /// Notes the crash of a key's actor, which health calls `what`, and decides whether it is
    /// restarted soon or rarely.
    pub(crate) fn crashed(
        &mut self,
        key: &K,
        what: &str,
        reason: &dyn Display,
        crashes: &Crashes,
        now: Timestamp,
    ) -> Restart {
        if let Some((_, crashed)) = self.lives.get_mut(key) {
            *crashed += 1;
        }
        crashes.note(what, self.restarts.entry(key.clone()).or_default(), reason, now)
    }

    /// Forgets how often the actor of a key crashed.
    pub(crate) fn forgive(&mut self, key: &K) {
        self.restarts.remove(key);
    }

    /// Forgets how often each of them crashed.
    pub(crate) fn forgive_all(&mut self) {
        self.restarts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::limits;
    use ractor::ActorProcessingErr;
    use std::time::Duration;

    struct Idle;

    impl Actor for Idle {
        type Msg = ();
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_child_is_found_by_key_and_by_actor_until_it_is_let_go() {
        let (supervisor, _) = Actor::spawn(None, Idle, ()).await.unwrap();
        let mut children = Children::default();
        for key in ["a", "b"] {
            children.spawn(key, Idle, (), supervisor.get_cell()).await.unwrap();
        }
        let id = |children: &Children<&str, ()>, key| children.find(&key).map(|child| child.get_id());
        let (a, b) = (id(&children, "a").unwrap(), id(&children, "b").unwrap());
        assert_eq!((children.failed(a), children.failed(a)), (Some("a"), None));
        assert!(children.contains(&"a"), "the supervisor decides when it lets go");
        children.remove(&"b").unwrap().stop(None);
        assert_eq!((children.failed(b), children.contains(&"b")), (None, false));
        supervisor.stop(None);
    }

    #[test]
    fn what_crashes_too_often_is_shown_until_it_is_forgotten_or_stays_up() {
        let (mut children, crashes) = (Children::<_, ()>::default(), Crashes::default());
        let mut crash = || children.crashed(&7, "child 7", &"a bug", &crashes, Timestamp(0));
        let failed = (1_u64..1_000).find(|_| matches!(crash(), Restart::Rarely(_))).unwrap();
        assert_eq!(crashes.count(), failed);
        let shown = [("child 7".to_owned(), "a bug".to_owned())];
        assert_eq!(crashes.failed(Timestamp(0)), shown);
        let proven = Timestamp(0).plus(limits::RESTART_RARE_PAUSE + limits::RESTART_WINDOW);
        assert_eq!(
            (crashes.failed(proven), crashes.failed(proven.plus(Duration::from_millis(1)))),
            (shown.to_vec(), vec![])
        );
        children.forgive(&7);
        crashes.forget("child 7");
        assert!(matches!(children.crashed(&7, "child 7", &"a bug", &crashes, Timestamp(0)), Restart::After(_)));
        assert_eq!(crashes.failed(Timestamp(0)), []);
    }
}
