//! Whether a network still takes words for a person. Pure; in memory only.

use greenroom_contract::capabilities::WindowRule;
use greenroom_contract::ids::ChatId;
use greenroom_contract::limits;
use greenroom_contract::outbound::Window;
use greenroom_contract::time::Timestamp;
use greenroom_support::memory::Memory;

/// A moment by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// As the network stamps it.
    pub(crate) wall: Timestamp,
    /// By the clock that does not jump.
    pub(crate) steady: Timestamp,
}

impl Moment {
    /// The moment of a network's stamp. Its steady time has two readings, and the later one holds: the clock here may have
    /// been moved while that of the network was not.
    pub(crate) fn of_stamp(at: Timestamp, now: Self) -> Self {
        let by_age = now.steady.minus(now.wall.since(at));
        Self { wall: at, steady: by_age.max(at.min(now.steady)) }
    }
}

/// When a person last wrote in each chat, since the start: an answer to an older message learns from it that the
/// window was opened again.
#[derive(Debug)]
pub(crate) struct Heard(Memory<ChatId, Moment>);

impl Default for Heard {
    fn default() -> Self {
        Self(Memory::new(limits::CHATS_HEARD))
    }
}

impl Heard {
    /// A person wrote in a chat. Messages may come in any order.
    pub(crate) fn note(&mut self, chat: &ChatId, at: Moment) {
        let last = self.0.entry(chat, || at);
        *last = Moment { wall: at.wall.max(last.wall), steady: at.steady.max(last.steady) };
    }

    /// The network says that the window of a chat is closed.
    pub(crate) fn forget(&mut self, chat: &ChatId) {
        self.0.remove(chat);
    }

    /// The window for an answer to a message that was written at `opened_at` on the wall. Open if either clock says so:
    /// one that was moved must not silence a chat, and the network refuses what comes too late.
    pub(crate) fn window(&self, rule: WindowRule, chat: &ChatId, opened_at: Timestamp, now: Moment) -> Window {
        let heard = self.0.get(chat);
        let last = heard.map_or(opened_at, |heard| opened_at.max(heard.wall));
        let open =
            now.wall.since(last) < rule.open || heard.is_some_and(|heard| now.steady.since(heard.steady) < rule.open);
        if open { Window::Open } else { Window::Closed }
    }
}

/// Why nothing is sent while it is closed, in words.
pub(crate) fn closed(rule: WindowRule) -> String {
    let hours = rule.open.as_secs().div_ceil(3600);
    format!("more than {hours} hours have passed since the person last wrote")
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::capabilities::WhenClosed;
    use std::time::Duration;

    const RULE: WindowRule = WindowRule { open: Duration::from_secs(24 * 3600 - 60), closed: WhenClosed::Hold };

    fn hours(hours: u64) -> Timestamp {
        Timestamp(hours * 3_600_000)
    }

    #[test]
    fn it_closes_a_day_after_the_last_message_of_the_chat() {
        let (chat, other) = (ChatId::new("c").unwrap(), ChatId::new("d").unwrap());
        let mut heard = Heard::default();
        let at = |hour| Moment { wall: hours(hour), steady: hours(hour) };
        let window = |heard: &Heard, chat: &ChatId, hour| heard.window(RULE, chat, hours(100), at(hour));
        assert_eq!(window(&heard, &chat, 123), Window::Open);
        assert_eq!(window(&heard, &chat, 124), Window::Closed);
        heard.note(&chat, at(110));
        heard.note(&chat, at(90));
        assert_eq!(window(&heard, &chat, 124), Window::Open, "the older one came late");
        assert_eq!(window(&heard, &chat, 134), Window::Closed);
        assert_eq!(window(&heard, &other, 124), Window::Closed);
        assert!(closed(RULE).contains("24 hours"));
    }

    #[test]
    fn a_clock_that_is_off_closes_no_window_of_a_message_that_just_came() {
        let now = |wall, steady| Moment { wall: hours(wall), steady: hours(steady) };
        let steady = |at, now| Moment::of_stamp(hours(at), now).steady;
        // The network stamps by its own clock, which is right: it is hour 100.
        for off in [76, 100, 124, 900] {
            assert_eq!(steady(100, now(off, 100)), hours(100), "the clock here says {off}");
        }
        assert_eq!(steady(70, now(100, 100)), hours(70), "it came late");
        assert_eq!(steady(130, now(100, 100)), hours(100), "nothing is of the future");
        // Both clocks were moved.
        assert_eq!(steady(124, now(124, 100)), hours(100));
    }

    #[test]
    fn a_clock_that_is_moved_closes_no_window() {
        let (chat, mut heard) = (ChatId::new("c").unwrap(), Heard::default());
        let at = |wall, steady| Moment { wall: hours(wall), steady: hours(steady) };
        heard.note(&chat, at(100, 100));
        let window = |wall, steady| heard.window(RULE, &chat, hours(100), at(wall, steady));
        assert_eq!(window(130, 101), Window::Open, "set forward");
        assert_eq!(window(76, 101), Window::Open, "set back");
        assert_eq!(window(101, 130), Window::Open, "the network may be asked");
        assert_eq!(window(130, 130), Window::Closed);
    }
}
