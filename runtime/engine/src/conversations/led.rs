//! Where the doorbells of merged conversations are led: a ring may have been on its way when its conversation became a part
//! of another one. Pure.

use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use std::collections::{HashMap, VecDeque};

/// The last merges of an account.
#[derive(Debug, Default)]
pub(crate) struct Led {
    to: HashMap<ConversationId, ConversationId>,
    order: VecDeque<ConversationId>,
}

impl Led {
    /// From now on what is for `gone` is for `kept`.
    pub(crate) fn lead(&mut self, gone: ConversationId, kept: ConversationId) {
        if self.to.insert(gone, kept).is_none() {
            self.order.push_back(gone);
        }
        if self.order.len() > limits::MERGES_LED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.to.remove(&oldest);
        }
    }

    /// Whom a ring is for.
    pub(crate) fn to(&self, conversation: ConversationId) -> ConversationId {
        let mut at = conversation;
        // The older one is kept, so each step leads to a smaller id.
        while let Some(next) = self.to.get(&at).filter(|next| **next < at) {
            at = *next;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_of_merges_are_followed_and_the_oldest_are_forgotten() {
        let mut led = Led::default();
        led.lead(ConversationId(9), ConversationId(7));
        led.lead(ConversationId(7), ConversationId(3));
        assert_eq!([9, 7, 3, 4].map(|id| led.to(ConversationId(id)).0), [3, 3, 3, 4]);
        for id in 0..limits::MERGES_LED_MAX as u64 {
            led.lead(ConversationId(100 + id), ConversationId(1));
        }
        assert_eq!((led.to.len(), led.order.len()), (limits::MERGES_LED_MAX, limits::MERGES_LED_MAX));
        assert_eq!(led.to(ConversationId(9)), ConversationId(9));
    }
}
