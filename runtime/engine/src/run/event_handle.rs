//! What happens, for pages and programs that look on.

use super::handle::EngineHandle;
use crate::decide::events::{Event, EventPage};
use crate::decide::rejections::Rejection;
use greenroom_contract::ids::AssistantName;
use tokio::sync::watch;

impl EngineHandle {
    /// The number of the newest event, as it changes. Events are kept for a while, so that a page or a program that looks on may be away
    /// for a moment: ask for them with [`EngineHandle::events_after`].
    pub fn newest_event(&self) -> watch::Receiver<u64> {
        self.context.events.newest()
    }

    /// The events after a number that concern the asker, the oldest first, at most `events_max`.
    pub fn events_after(&self, number: u64, events_max: usize, concerns: impl Fn(&Event) -> bool) -> EventPage {
        self.context.events.after(number, events_max, concerns)
    }

    /// What came from outside since the start and was not taken.
    pub fn rejections(&self) -> Vec<Rejection> {
        self.context.books.rejections.lock().list()
    }

    /// The assistants that said lately that they cannot answer, each with its reason.
    pub fn assistants_away(&self) -> Vec<(AssistantName, String)> {
        let missed = self.context.books.away.lock().missed(self.context.steady());
        missed.into_iter().map(|missed| (missed.assistant, missed.reason)).collect()
    }
}
