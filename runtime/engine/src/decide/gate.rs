//! Whether a message is answered, and by whom. Pure.
//!
//! Asked twice: when a message arrives (then only what is admitted is stored with its body), and
//! again when its turn comes, because the allow-list may have changed in between.

use crate::decide::addressing::calls_us;
use crate::decide::admission::Admission;
use greenroom_contract::assistant::Needs;
use greenroom_contract::ids::{AssistantName, ChannelName, ChatId};
use greenroom_contract::message::{Addressing, Body, Chat, Inbound, Origin};
use greenroom_contract::policy::{ChannelPolicy, GroupMode, OutboundMode};
use greenroom_contract::text::is_blank;
use greenroom_contract::time::Timestamp;
use greenroom_contract::trace::Ignored;
use std::collections::HashMap;
use std::time::Duration;

/// What the gate looks at, beside the message.
pub(crate) struct Gate<'a> {
    /// Who is admitted.
    pub(crate) admission: &'a Admission,
    /// The channel.
    pub(crate) channel: &'a ChannelName,
    /// Its policy.
    pub(crate) policy: &'a ChannelPolicy,
    /// What each configured assistant needs.
    pub(crate) assistants: &'a HashMap<AssistantName, Needs>,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It gets a turn.
    Answer {
        /// Who answers.
        assistant: AssistantName,
        /// The entry that admitted its author.
        by: String,
    },
    /// It gets a turn if the bot's name is spoken in it (`voice_wakes`).
    Listen {
        /// Who would answer.
        assistant: AssistantName,
        /// The entry that admitted its author.
        by: String,
    },
    /// It is not answered.
    Ignore(Ignored),
}

/// Who wrote a message, told apart by its id on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authorship {
    /// The bot sent it.
    Bot,
    /// A person did, on whatever device.
    Other,
}

impl Gate<'_> {
    /// Decides about a message.
    pub(crate) fn decide(&self, inbound: &Inbound, author: Authorship) -> Verdict {
        match self.check(inbound, author) {
            Ok(verdict) => verdict,
            Err(reason) => Verdict::Ignore(reason),
        }
    }

    fn check(&self, inbound: &Inbound, author: Authorship) -> Result<Verdict, Ignored> {
        if author == Authorship::Bot {
            return Err(Ignored::OwnMessage);
        }
        if matches!(inbound.origin, Origin::OwnDevice { to_self: false }) {
            return Err(Ignored::OwnerElsewhere);
        }
        let key = &inbound.key;
        let by = self.admission.admits(self.channel, &key.account, &key.chat, &inbound.chat, &inbound.sender)?;
        if self.policy.outbound == OutboundMode::Off {
            return Err(Ignored::ListenOnly);
        }
        let assistant = self.assistant_of(inbound);
        let needs = self.assistants.get(&assistant).ok_or(Ignored::NoAssistant)?;
        if let Body::Unreadable(what) = inbound.body {
            // Whether it is for us is not known in a group, and what may still come needs no explanation yet.
            let explained = what.is_final() && !inbound.chat.is_group();
            return if explained { Ok(Verdict::Answer { assistant, by }) } else { Err(Ignored::Unreadable { what }) };
        }
        if !self.is_addressed(inbound) {
            return if self.listens_for_its_name(inbound) {
                Ok(Verdict::Listen { assistant, by })
            } else {
                Err(Ignored::NotAddressed)
            };
        }
        can_be_answered(inbound, *needs)?;
        Ok(Verdict::Answer { assistant, by })
    }

    /// Who answers in this chat.
    pub(crate) fn assistant_of(&self, inbound: &Inbound) -> AssistantName {
        configured(self.policy, &inbound.key.chat, &inbound.chat).clone()
    }

    fn is_addressed(&self, inbound: &Inbound) -> bool {
        if is_spoken_to(self.policy, inbound) {
            return true;
        }
        let exception = self.policy.group.get(&inbound.key.chat);
        let mode = exception.and_then(|group| group.mode).unwrap_or(self.policy.groups);
        mode == GroupMode::Always
    }

    fn listens_for_its_name(&self, inbound: &Inbound) -> bool {
        let exception = self.policy.group.get(&inbound.key.chat);
        let wakes = exception.and_then(|group| group.voice_wakes).unwrap_or(false);
        wakes && matches!(inbound.body, Body::Voice { .. })
    }
}

/// Whom the configuration names for a chat.
pub(crate) fn configured<'a>(policy: &'a ChannelPolicy, chat: &ChatId, kind: &Chat) -> &'a AssistantName {
    let exception = policy.group.get(chat).filter(|_| kind.is_group());
    exception.and_then(|group| group.assistant.as_ref()).unwrap_or(&policy.assistant)
}

/// Whether a message is for the bot by what it says or answers, and not only because the bot answers everything in its
/// group. Who writes such a message waits for a word.
pub(crate) fn is_spoken_to(policy: &ChannelPolicy, inbound: &Inbound) -> bool {
    let is_for_us = !inbound.chat.is_group() || inbound.addressing != Addressing::Overheard;
    is_for_us || words(&inbound.body).is_some_and(|text| calls_us(policy, text))
}

fn words(body: &Body) -> Option<&str> {
    match body {
        Body::Text(text) => Some(text),
        Body::Image { caption, .. } | Body::Document { caption, .. } | Body::Unsupported { caption, .. } => {
            caption.as_deref()
        }
        Body::Choice { title, .. } => Some(title),
        Body::Voice { .. }
        | Body::Location(_)
        | Body::Contacts(_)
        | Body::Reaction { .. }
        | Body::Unreadable(_)
        | Body::Event { .. } => None,
    }
}

/// Whether an assistant with these needs can answer a message.
pub(crate) fn can_be_answered(inbound: &Inbound, needs: Needs) -> Result<(), Ignored> {
    match &inbound.body {
        Body::Text(text) if is_blank(text) => Err(Ignored::NothingSaid),
        Body::Event { kind } => Err(Ignored::Event { kind: kind.clone() }),
        Body::Reaction { .. } if !needs.reactions => Err(Ignored::Reaction),
        Body::Unsupported { kind, caption } if inbound.chat.is_group() => {
            let has_words = caption.as_deref().is_some_and(|caption| !is_blank(caption));
            if has_words { Ok(()) } else { Err(Ignored::Unsupported { kind: kind.clone() }) }
        }
        _ => Ok(()),
    }
}

/// Whether a message is older than its network delivers. One without a time is not.
pub(crate) fn too_old(sent_at: Timestamp, now: Timestamp, within: Option<Duration>) -> Option<Ignored> {
    let (age, within) = (now.since(sent_at), within?);
    let is_too_old = sent_at != Timestamp(0) && age > within;
    is_too_old.then_some(Ignored::TooOld { age_seconds: age.as_secs(), within_seconds: within.as_secs() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::ids::{AccountId, MessageId, SenderId};
    use greenroom_contract::message::{MediaRef, MessageKey, Sender};
    use greenroom_contract::policy::GroupPolicy;
    use std::sync::Arc;

    fn policy() -> ChannelPolicy {
        let mut policy = ChannelPolicy::new(AssistantName::new("helper").unwrap());
        policy.allow_from = vec!["+15551234567".parse().unwrap()];
        policy.names = vec!["Robo".into()];
        policy
    }

    fn text(words: &str) -> Body {
        Body::Text(words.to_owned())
    }

    fn voice() -> Body {
        let media = MediaRef { mime: "audio/ogg".into(), size_bytes: None, token: serde_json::Value::Null };
        Body::Voice { media, duration: None }
    }

    fn inbound(group: Option<&str>, addressing: Addressing, body: Body) -> Inbound {
        let chat = ChatId::new(group.unwrap_or("direct")).unwrap();
        let key = MessageKey { account: AccountId::new("a").unwrap(), chat, message: MessageId::new("m").unwrap() };
        Inbound {
            key,
            chat: group.map_or(Chat::Direct, |_| Chat::Group { title: None }),
            sender: Sender {
                id: SenderId::new("s").unwrap(),
                addresses: vec!["+15551234567".parse().unwrap()],
                name: None,
            },
            origin: Origin::Person,
            written_to: None,
            sent_at: Timestamp(0),
            addressing,
            quote: None,
            body,
        }
    }

    fn ask(policy: ChannelPolicy, inbound: &Inbound, author: Authorship) -> String {
        let name = ChannelName::new("front").unwrap();
        let policy = Arc::new(policy);
        let admission = Admission::new(std::iter::once((&name, &policy)), &[]);
        let needs = Needs { history_turns: 0, images: false, reactions: false, ..Needs::default() };
        let assistants = [("helper", needs), ("group-helper", needs)]
            .map(|(name, needs)| (AssistantName::new(name).unwrap(), needs))
            .into_iter()
            .collect();
        let gate = Gate { admission: &admission, channel: &name, policy: &policy, assistants: &assistants };
        match gate.decide(inbound, author) {
            Verdict::Answer { assistant, .. } => format!("answer {assistant}"),
            Verdict::Listen { assistant, .. } => format!("listen {assistant}"),
            Verdict::Ignore(reason) => format!("{reason:?}"),
        }
    }

    fn check(change: impl FnOnce(&mut ChannelPolicy), inbound: &Inbound, expected: &str) {
        let mut policy = policy();
        change(&mut policy);
        let got = ask(policy, inbound, Authorship::Other);
        assert!(got.starts_with(expected), "{inbound:?} gave {got}, expected {expected}");
    }

    #[test]
    fn direct_chats_need_admission_only() {
        check(|_| {}, &inbound(None, Addressing::Direct, text("hi")), "answer helper");
        check(|p| p.allow_from.clear(), &inbound(None, Addressing::Direct, text("hi")), "NobodyAdmitted");
        check(
            |p| p.allow_from = vec!["+15550000000".parse().unwrap()],
            &inbound(None, Addressing::Direct, text("hi")),
            "Stranger",
        );
    }

    #[test]
    fn in_groups_the_bot_speaks_only_when_it_is_addressed() {
        check(|_| {}, &inbound(Some("g"), Addressing::Overheard, text("hi all")), "NotAddressed");
        check(|_| {}, &inbound(Some("g"), Addressing::Mentioned, text("hi")), "answer");
        check(|_| {}, &inbound(Some("g"), Addressing::Replied, text("hi")), "answer");
        check(|_| {}, &inbound(Some("g"), Addressing::Overheard, text("robo, hi")), "answer");
        check(|p| p.groups = GroupMode::Always, &inbound(Some("g"), Addressing::Overheard, text("hi")), "answer");
        check(|p| p.groups = GroupMode::Never, &inbound(Some("g"), Addressing::Mentioned, text("hi")), "GroupsOff");
    }

    #[test]
    fn a_strangers_mention_is_still_a_strangers() {
        let stranger = |p: &mut ChannelPolicy| p.allow_from = vec!["+15550000000".parse().unwrap()];
        check(stranger, &inbound(Some("g"), Addressing::Mentioned, text("robo?")), "Stranger");
    }

    #[test]
    fn a_voice_note_is_listened_to_only_where_that_is_configured() {
        check(|_| {}, &inbound(Some("g"), Addressing::Overheard, voice()), "NotAddressed");
        check(|_| {}, &inbound(Some("g"), Addressing::Replied, voice()), "answer");
        let wakes = |p: &mut ChannelPolicy| {
            let group = GroupPolicy { voice_wakes: Some(true), ..GroupPolicy::default() };
            p.group.insert(ChatId::new("g").unwrap(), group);
        };
        check(wakes, &inbound(Some("g"), Addressing::Overheard, voice()), "listen helper");
        check(wakes, &inbound(Some("g"), Addressing::Overheard, text("hi")), "NotAddressed");
    }

    #[test]
    fn a_group_may_have_its_own_assistant() {
        let own = |p: &mut ChannelPolicy| {
            let name = AssistantName::new("group-helper").unwrap();
            p.group.insert(ChatId::new("g").unwrap(), GroupPolicy { assistant: Some(name), ..GroupPolicy::default() });
        };
        check(own, &inbound(Some("g"), Addressing::Mentioned, text("hi")), "answer group-helper");
        check(own, &inbound(Some("h"), Addressing::Mentioned, text("hi")), "answer helper");
    }

    #[test]
    fn our_own_messages_and_the_owners_letters_are_never_turns() {
        let mut typed = inbound(None, Addressing::Direct, text("hi"));
        assert_eq!(ask(policy(), &typed, Authorship::Bot), "OwnMessage");
        typed.origin = Origin::OwnDevice { to_self: false };
        check(|_| {}, &typed, "OwnerElsewhere");
        typed.origin = Origin::OwnDevice { to_self: true };
        check(|_| {}, &typed, "answer");
    }

    #[test]
    fn what_cannot_be_read_is_explained_once_and_in_direct_chats_only() {
        use greenroom_contract::message::Unreadable;
        for what in Unreadable::ALL {
            let direct = if what == Unreadable::Waiting { "Unreadable" } else { "answer" };
            check(|_| {}, &inbound(None, Addressing::Direct, Body::Unreadable(what)), direct);
            let overheard = inbound(Some("g"), Addressing::Overheard, Body::Unreadable(what));
            check(|p| p.groups = GroupMode::Always, &overheard, "Unreadable");
            check(|_| {}, &overheard, "Unreadable");
            check(
                |p| p.allow_from.clear(),
                &inbound(None, Addressing::Direct, Body::Unreadable(what)),
                "NobodyAdmitted",
            );
        }
    }

    #[test]
    fn what_cannot_be_answered_is_not() {
        let reaction = Body::Reaction { to: MessageId::new("m").unwrap(), emoji: None };
        check(|_| {}, &inbound(None, Addressing::Direct, reaction), "Reaction");
        for blank in ["  ", "\u{200b}\u{200d}\u{2060}\u{feff}", "\u{202a}\u{202c}\u{200f}", "\u{2800}"] {
            check(|_| {}, &inbound(None, Addressing::Direct, text(blank)), "NothingSaid");
        }
        let video =
            |caption: Option<&str>| Body::Unsupported { kind: "video".into(), caption: caption.map(Into::into) };
        check(|_| {}, &inbound(Some("g"), Addressing::Mentioned, video(None)), "Unsupported");
        check(|_| {}, &inbound(None, Addressing::Direct, video(None)), "answer");
        check(|_| {}, &inbound(Some("g"), Addressing::Mentioned, video(Some("look"))), "answer");
        check(|p| p.outbound = OutboundMode::Off, &inbound(None, Addressing::Direct, text("hi")), "ListenOnly");
        check(
            |p| p.assistant = AssistantName::new("gone").unwrap(),
            &inbound(None, Addressing::Direct, text("hi")),
            "NoAssistant",
        );
    }

    #[test]
    fn a_message_is_refused_as_too_old_before_its_key_is_forgotten() {
        use greenroom_contract::limits::DEDUP_AGE_MAX;
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let (within, start) = (8 * DAY, Timestamp(0).plus(100 * DAY));
        let age = |age: Duration| too_old(start, start.plus(age), Some(within));
        assert_eq!(age(within), None);
        let refused = age(40 * DAY).unwrap();
        assert_eq!(refused, Ignored::TooOld { age_seconds: 40 * 86_400, within_seconds: 8 * 86_400 });
        assert!(refused.to_string().contains("sent 40 days ago, and its network delivers within 8 days"), "{refused}");
        // Whenever it was accepted, a copy that comes when its key is gone is refused.
        for accepted_after in [Duration::ZERO, DAY, within] {
            assert!(age(accepted_after + DEDUP_AGE_MAX).is_some());
        }
        assert_eq!(too_old(start, start.plus(40 * DAY), None), None, "a network that says nothing");
        assert_eq!(too_old(Timestamp(0), start, Some(within)), None, "a message without a time");
        assert_eq!(too_old(start, start.minus(DAY), Some(within)), None, "a clock that is behind");
    }
}
