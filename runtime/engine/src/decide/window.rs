//! Whether a network still takes words for a person. Pure; in memory only.

use greenroom_contract::capabilities::WindowRule;
use greenroom_contract::ids::ChatId;
use greenroom_contract::limits;
use greenroom_contract::outbound::Window;
use greenroom_contract::time::Timestamp;
use greenroom_support::memory::Memory;

/// When a person last wrote in each chat, since the start: an answer to an older message learns from it that the
/// window was opened again.
#[derive(Debug)]
pub(crate) struct Heard(Memory<ChatId, Timestamp>);

impl Default for Heard {
    fn default() -> Self {
        Self(Memory::new(limits::CHATS_HEARD))
    }
}

impl Heard {
    /// A person wrote in a chat. Messages may come in any order.
    pub(crate) fn note(&mut self, chat: &ChatId, at: Timestamp) {
        let last = self.0.entry(chat, || at);
        *last = at.max(*last);
    }

    /// The network says that the window of a chat is closed.
    pub(crate) fn forget(&mut self, chat: &ChatId) {
        self.0.remove(chat);
    }

    /// The window for an answer to a message that was written at `opened_at`.
    pub(crate) fn window(&self, rule: WindowRule, chat: &ChatId, opened_at: Timestamp, now: Timestamp) -> Window {
        let last = self.0.get(chat).map_or(opened_at, |heard| opened_at.max(*heard));
        if now.since(last) < rule.open { Window::Open } else { Window::Closed }
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
        let window = |heard: &Heard, chat: &ChatId, now| heard.window(RULE, chat, hours(100), now);
        assert_eq!(window(&heard, &chat, hours(123)), Window::Open);
        assert_eq!(window(&heard, &chat, hours(124)), Window::Closed);
        heard.note(&chat, hours(110));
        heard.note(&chat, hours(90));
        assert_eq!(window(&heard, &chat, hours(124)), Window::Open, "the older one came late");
        assert_eq!(window(&heard, &chat, hours(134)), Window::Closed);
        assert_eq!(window(&heard, &other, hours(124)), Window::Closed);
        assert!(closed(RULE).contains("24 hours"));
    }
}
