//! Messages whose content is awaited: bounded, in memory, for as long as the process lives.
//!
//! What could not be read is asked for, from its author's device and from the phone of the account. Mostly it comes within
//! seconds. What does not is given up, so that a person hears of it instead of waiting; it may still come later.

use crate::limits;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::Instant;
use whatsapp_rust::types::message::MessageInfo;

/// Names a message: its author, and its id.
pub(crate) type Name = (String, String);

/// The messages of one account. Outlives its connections.
#[derive(Default)]
pub(crate) struct Missing(Mutex<VecDeque<One>>);

struct One {
    name: Name,
    info: Arc<MessageInfo>,
    /// When it is given up; `None` for what needs no explanation.
    until: Option<Instant>,
}

impl Missing {
    /// Begins to wait. A message that is waited for already keeps its time.
    pub(crate) fn wait_for(&self, name: Name, info: Arc<MessageInfo>, until: Option<Instant>) {
        let mut all = self.0.lock();
        if all.iter().any(|one| one.name == name) {
            return;
        }
        if all.len() >= limits::MISSING_MAX {
            all.pop_front();
        }
        all.push_back(One { name, info, until });
    }

    /// Its content came.
    pub(crate) fn came(&self, name: &Name) {
        self.0.lock().retain(|one| one.name != *name);
    }

    /// The outside of a message that is waited for, as the network wrote it.
    pub(crate) fn outside(&self, id: &str) -> Option<Arc<MessageInfo>> {
        self.0.lock().iter().find(|one| one.name.1 == id).map(|one| one.info.clone())
    }

    /// When the next message is given up.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.lock().iter().filter_map(|one| one.until).min()
    }

    /// Those that are given up by now. They can still be found by [`Missing::outside`].
    pub(crate) fn given_up(&self, now: Instant) -> Vec<Arc<MessageInfo>> {
        let mut all = self.0.lock();
        let due = all.iter_mut().filter(|one| one.until.is_some_and(|until| until <= now));
        due.map(|one| {
            one.until = None;
            one.info.clone()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn name(id: &str) -> Name {
        ("ana".to_owned(), id.to_owned())
    }

    fn info(id: &str) -> Arc<MessageInfo> {
        Arc::new(MessageInfo { id: id.to_owned(), ..MessageInfo::default() })
    }

    fn ids(infos: &[Arc<MessageInfo>]) -> Vec<&str> {
        infos.iter().map(|info| info.id.as_str()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_is_not_given_up_and_what_does_not_is_once() {
        let missing = Missing::default();
        let at = |seconds| Some(Instant::now() + Duration::from_secs(seconds));
        missing.wait_for(name("comes"), info("comes"), at(10));
        missing.wait_for(name("never"), info("never"), at(20));
        missing.wait_for(name("never"), info("never"), at(99));
        missing.wait_for(name("hidden"), info("hidden"), None);
        missing.came(&name("comes"));
        assert_eq!(missing.next(), at(20), "asked for again, it is not waited for any longer");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(ids(&missing.given_up(Instant::now())), ["never"]);
        assert_eq!((missing.given_up(Instant::now()).len(), missing.next()), (0, None));
        assert!(missing.outside("never").is_some() && missing.outside("hidden").is_some());
        assert!(missing.outside("comes").is_none());
    }

    #[test]
    fn strangers_cannot_make_it_grow() {
        let missing = Missing::default();
        for number in 0..limits::MISSING_MAX + 100 {
            missing.wait_for(name(&number.to_string()), info(&number.to_string()), None);
        }
        assert_eq!(missing.0.lock().len(), limits::MISSING_MAX);
        assert!(missing.outside("0").is_none() && missing.outside("600").is_some());
    }
}
