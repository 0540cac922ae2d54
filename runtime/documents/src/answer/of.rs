//! How an answer becomes its document: for tests, and for whoever writes answers in Rust.

use super::reply::{ChoiceDocument, ChoicesDocument, ImageReply, LocationReply, NamedFile, ReplyDocument, VoiceReply};
use super::{AnswerDocument, HandOverDocument, UsageDocument, UsageList};
use crate::media::{CarriedMedium, MediaTable};
use crate::memory;
use crate::turn::WakeDocument;
use greenroom_contract::assistant::{Answer, HandOver, Markup, Quoting, Receiver, Reply, Usage};
use greenroom_contract::message::Media;
use greenroom_contract::money::Millionths;
use greenroom_contract::outbound::OutboundBody;

impl AnswerDocument {
    /// The document of an answer to a turn with these media. Media of the answer are carried in it, the turn's own too.
    #[must_use]
    pub fn of(answer: &Answer, of_turn: &MediaTable) -> Self {
        let mut numbers = of_turn.clone();
        let mut media = Vec::new();
        let mut carry = |medium: &Media| {
            let number = numbers.put(medium.clone());
            media.push(CarriedMedium::of(number, medium));
            number
        };
        let replies = answer.replies.iter().map(|reply| reply_of(reply, &mut carry)).collect();
        let wake = answer.wake.iter().map(|wake| WakeDocument { at: wake.at.0, token: wake.token.clone() }).collect();
        Self {
            v: None,
            turn: None,
            replies,
            wake,
            cancel_wakes: answer.cancel_wakes.clone(),
            hand_over: answer.hand_over.as_ref().map(hand_over_of),
            forget: answer.forget,
            usage: UsageList(answer.usage.iter().map(usage_of).collect()),
            memory: answer.state.as_ref().map(|state| memory::of_state(Some(state))),
            media,
            never: None,
        }
    }
}

fn reply_of(reply: &Reply, carry: &mut impl FnMut(&Media) -> u32) -> ReplyDocument {
    let mut document = ReplyDocument {
        markup: Some(reply.markup).filter(|markup| *markup != Markup::Plain),
        quote: Some(reply.quoting).filter(|quoting| *quoting != Quoting::WhereUseful),
        ..ReplyDocument::default()
    };
    match &reply.body {
        OutboundBody::Text(text) => document.text = Some(text.clone()),
        OutboundBody::Image { media, caption } => {
            document.image = Some(ImageReply { medium: carry(media) });
            document.text.clone_from(caption);
        }
        OutboundBody::Voice { media, .. } => document.voice = Some(VoiceReply { medium: carry(media) }),
        OutboundBody::Choices(choices) => {
            let options = choices.options.iter().map(|option| ChoiceDocument {
                id: option.id.clone(),
                title: option.title.clone(),
                detail: option.detail.clone(),
            });
            let (text, open_label) = (choices.text.clone(), choices.open_label.clone());
            document.choices = Some(ChoicesDocument { text, options: options.collect(), open_label });
        }
        OutboundBody::Document { media, name, caption } => {
            document.document = Some(NamedFile { medium: carry(media), name: name.clone() });
            document.text.clone_from(caption);
        }
        OutboundBody::Location(location) => {
            document.location = Some(LocationReply {
                latitude: location.latitude,
                longitude: location.longitude,
                name: location.name.clone(),
                address: location.address.clone(),
            });
        }
        OutboundBody::Reaction { to, emoji } => {
            document.react = Some(emoji.clone().unwrap_or_default());
            document.to = Some(to.to_string());
        }
    }
    document
}

fn hand_over_of(hand_over: &HandOver) -> HandOverDocument {
    let to = match &hand_over.to {
        Receiver::Assistant(name) => name.to_string(),
        Receiver::Human => "human".to_owned(),
        Receiver::Configured => "configured".to_owned(),
    };
    HandOverDocument { to, stays: hand_over.stays }
}

pub(crate) fn usage_of(usage: &Usage) -> UsageDocument {
    UsageDocument {
        model: usage.model.clone(),
        tokens_in: usage.tokens_in,
        tokens_out: usage.tokens_out,
        tokens_cached: usage.tokens_cached,
        cost: (usage.cost_millionths > 0).then(|| Millionths(usage.cost_millionths).in_unit()),
    }
}
