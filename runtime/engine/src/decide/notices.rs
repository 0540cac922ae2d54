//! The notices of the engine: a closed list, at most one per conversation, cause and hour, and for kinds that are not
//! understood one per conversation, kind and day. Diagnostics never reach a chat.

use crate::decide::house_texts::HouseTexts;
use greenroom_contract::ids::ConversationId;
use greenroom_contract::limits;
use greenroom_contract::message::Unreadable;
use greenroom_contract::time::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Why the bot itself says something instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Notice {
    /// A voice note could not be heard.
    NotHeard,
    /// A voice note was heard, and there are no words in it.
    NothingSaid,
    /// There is no model to hear with.
    CannotHearYet,
    /// A voice note is too long.
    VoiceTooLong,
    /// Its format is not understood.
    VoiceFormat,
    /// A picture could not be fetched.
    NotSeen,
    /// A document could not be fetched.
    NotOpened,
    /// A document is too large.
    DocumentTooLarge,
    /// A kind that is not understood.
    Unsupported(String),
    /// What a message says is not known here.
    Unreadable(Unreadable),
    /// Too many turns in a short time.
    TooMany,
    /// Two programs seem to answer each other.
    Loop,
    /// The assistant has been away for long; the answer comes when it is back.
    Later,
    /// The turn failed for good.
    NotAnswered,
    /// One can be linked.
    CanBeLinked,
    /// An earlier proof no longer counts.
    ProveAnew,
}

impl Notice {
    /// What is said.
    pub(crate) fn sentence(&self, says: &HouseTexts) -> String {
        match self {
            Self::NotHeard => says.not_heard.to_owned(),
            Self::NothingSaid => says.nothing_said.to_owned(),
            Self::CannotHearYet => says.cannot_hear_yet.to_owned(),
            Self::VoiceTooLong => says.voice_too_long.to_owned(),
            Self::VoiceFormat => says.voice_format.to_owned(),
            Self::NotSeen => says.not_seen.to_owned(),
            Self::NotOpened => says.document_not_opened.to_owned(),
            Self::DocumentTooLarge => says.document_too_large.to_owned(),
            Self::Unsupported(kind) => says.unsupported(kind),
            Self::Unreadable(Unreadable::ViewOnce) => says.view_once.to_owned(),
            Self::Unreadable(_) => says.unreadable.to_owned(),
            Self::TooMany => says.too_many.to_owned(),
            Self::Loop => says.two_programs.to_owned(),
            Self::Later => says.later.to_owned(),
            Self::NotAnswered => says.not_answered.to_owned(),
            Self::CanBeLinked => says.linking.offer.to_owned(),
            Self::ProveAnew => says.linking.anew.to_owned(),
        }
    }

    /// Its cause in a few words, for the trace.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::NotHeard => "voice note not heard",
            Self::NothingSaid => "voice note without words",
            Self::CannotHearYet => "no speech model",
            Self::VoiceTooLong => "voice note too long",
            Self::VoiceFormat => "audio format not understood",
            Self::NotSeen => "picture not fetched",
            Self::NotOpened => "document not fetched",
            Self::DocumentTooLarge => "document too large",
            Self::Unsupported(_) => "unsupported kind",
            Self::Unreadable(_) => "content on the phone only",
            Self::TooMany => "too many turns",
            Self::Loop => "two programs",
            Self::Later => "assistant away",
            Self::NotAnswered => "not answered",
            Self::CanBeLinked => "can be linked",
            Self::ProveAnew => "to be proved again",
        }
    }

    fn pause(&self) -> Duration {
        match self {
            // None of them changes from one hour to the next.
            Self::Unsupported(_) | Self::Unreadable(Unreadable::ViewOnce) | Self::CannotHearYet => {
                limits::UNSUPPORTED_NOTICE_PAUSE
            }
            _ => limits::NOTICE_PAUSE,
        }
    }
}

/// Which notices were given lately. In memory only: after a restart one may be given once more.
#[derive(Debug, Default)]
pub(crate) struct NoticeBook {
    given: HashMap<(ConversationId, Notice), Timestamp>,
    order: VecDeque<(ConversationId, Notice)>,
}

impl NoticeBook {
    /// Whether the notice may be given now; if so it counts as given.
    pub(crate) fn take(&mut self, conversation: ConversationId, notice: &Notice, now: Timestamp) -> bool {
        // A notice that names a kind explains that kind only.
        let key = (conversation, notice.clone());
        if let Some(last) = self.given.get(&key)
            && now.since(*last) < notice.pause()
        {
            return false;
        }
        if self.given.insert(key.clone(), now).is_none() {
            self.order.push_back(key);
            if self.order.len() > limits::NOTICES_REMEMBERED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.given.remove(&oldest);
            }
        }
        true
    }

    /// It could not be given after all.
    pub(crate) fn put_back(&mut self, conversation: ConversationId, notice: &Notice) {
        // Its place in the order stays: it is given soon, and a gap there removes nothing else.
        self.given.remove(&(conversation, notice.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_notice_per_conversation_cause_and_hour() {
        let mut book = NoticeBook::default();
        let at = |minutes: u64| Timestamp(1_000_000_000 + minutes * 60_000);
        let mut take =
            |conversation, notice: &Notice, minute| book.take(ConversationId(conversation), notice, at(minute));
        assert!(take(1, &Notice::NotHeard, 0));
        assert!(!take(1, &Notice::NotHeard, 59));
        assert!(take(1, &Notice::TooMany, 59));
        assert!(take(2, &Notice::NotHeard, 59));
        assert!(take(1, &Notice::NotHeard, 61));
    }

    #[test]
    fn an_unsupported_kind_is_noticed_once_a_day() {
        let mut book = NoticeBook::default();
        let video = Notice::Unsupported("video".into());
        assert!(book.take(ConversationId(1), &video, Timestamp(0)));
        assert!(!book.take(ConversationId(1), &video, Timestamp(3_700_000)));
        // Each kind is explained: that a sticker is not understood says nothing of a contact.
        for kind in ["sticker", "contact", "location"] {
            let notice = Notice::Unsupported(kind.into());
            assert!(book.take(ConversationId(1), &notice, Timestamp(3_700_000)), "{kind}");
            assert!(!book.take(ConversationId(1), &notice, Timestamp(3_800_000)), "{kind}");
        }
        assert!(book.take(ConversationId(1), &video, Timestamp(24 * 3_600_000 + 1)));
    }
}
