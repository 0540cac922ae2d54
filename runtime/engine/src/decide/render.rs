//! From what an assistant says to what a network can carry. Pure.
//!
//! What is too long is split, what the network lacks is degraded; neither is ever an error to the
//! person.

mod choices;
mod media;
mod place;

use crate::decide::house_texts::HouseTexts;
use crate::decide::markdown::rendered;
use crate::decide::open_choice::Question;
use crate::decide::split::split_text;
use greenroom_contract::assistant::{Markup, Quoting, Reply};
use greenroom_contract::capabilities::Capabilities;
use greenroom_contract::choices::Choices;
use greenroom_contract::ids::MessageId;
use greenroom_contract::limits;
use greenroom_contract::outbound::OutboundBody;

/// What became of the replies of one turn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Rendered {
    /// What to send, in order.
    pub(crate) parts: Vec<Part>,
    /// The last question with options that is among them.
    pub(crate) question: Option<Question>,
    /// What was left out or changed, for the trace.
    pub(crate) degraded: Vec<String>,
    /// How many messages were too many.
    pub(crate) left_out: usize,
}

/// One message to send.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) body: OutboundBody,
    pub(crate) reply_to: Option<MessageId>,
}

/// What the replies are for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    /// The message that is answered, if there is one.
    pub(crate) message: Option<&'a MessageId>,
    /// Whether several people read along.
    pub(crate) in_group: bool,
    /// In which language the bot itself speaks there.
    pub(crate) says: &'a HouseTexts,
}

/// Renders the replies of one turn.
pub(crate) fn render(replies: Vec<Reply>, network: &Capabilities, occasion: Occasion<'_>) -> Rendered {
    let mut page = Page { network, occasion, rendered: Rendered::default() };
    if replies.len() > limits::REPLIES_PER_TURN_MAX {
        page.note(format!("{} replies cut to {}", replies.len(), limits::REPLIES_PER_TURN_MAX));
    }
    for reply in replies.into_iter().take(limits::REPLIES_PER_TURN_MAX) {
        page.take(reply);
    }
    page.leave_out_media(limits::MEDIA_PER_TURN_BYTES_MAX);
    page.cut(limits::PARCELS_PER_TURN_MAX);
    page.rendered
}

/// What is rendered so far, and for what.
struct Page<'a> {
    network: &'a Capabilities,
    occasion: Occasion<'a>,
    rendered: Rendered,
}

impl Page<'_> {
    fn take(&mut self, reply: Reply) {
        let first = self.rendered.parts.len();
        let quotes = match reply.quoting {
            Quoting::Always => true,
            Quoting::Never => false,
            Quoting::WhereUseful => self.occasion.in_group && first == 0,
        };
        match written(reply.body, reply.markup, self.network) {
            OutboundBody::Choices(choices) => self.question(choices),
            body => {
                for body in self.bodies(body) {
                    self.push(body);
                }
            }
        }
        // What the network calls by another name cannot be quoted; the answer leaves all the same.
        let known = self.occasion.message.filter(|message| !message.is_stand_in());
        if let Some(part) = self.rendered.parts.get_mut(first) {
            part.reply_to = known.filter(|_| quotes && self.network.replies.is_there()).cloned();
        }
    }

    fn push(&mut self, body: OutboundBody) {
        self.rendered.parts.push(Part { body, reply_to: None });
    }

    fn note(&mut self, what: impl Into<String>) {
        self.rendered.degraded.push(what.into());
    }

    fn question(&mut self, choices: Choices) {
        let first = self.rendered.parts.len();
        let asked = choices::asked(choices, self.network, self.occasion, &mut self.rendered.degraded);
        let shown = first + asked.before..first + asked.bodies.len();
        for body in asked.bodies {
            self.push(body);
        }
        if !asked.options.is_empty() {
            self.rendered.question = Some(Question { options: asked.options, parts: shown });
        }
    }

    fn bodies(&mut self, body: OutboundBody) -> Vec<OutboundBody> {
        let (network, says, degraded) = (self.network, self.occasion.says, &mut self.rendered.degraded);
        match body {
            OutboundBody::Text(text) => texts(&text, network),
            OutboundBody::Image { media, caption } => media::picture(media, caption, (network, says), degraded),
            OutboundBody::Document { media, name, caption } => {
                media::document(media, &name, caption, (network, says), degraded)
            }
            OutboundBody::Voice { media, sound } => media::voice(media, sound, (network, says), degraded),
            OutboundBody::Location(location) => place::place(location, (network, says), degraded),
            OutboundBody::Reaction { to, emoji } if network.reactions.is_there() && !to.is_stand_in() => {
                vec![OutboundBody::Reaction { to, emoji }]
            }
            OutboundBody::Reaction { .. } => {
                degraded.push("reaction to nothing".to_owned());
                Vec::new()
            }
            OutboundBody::Choices(choices) => {
                choices::asked(choices, network, Occasion { in_group: true, ..self.occasion }, degraded).bodies
            }
        }
    }

    /// Leaves out the pictures, voice notes and documents that are too many bytes to be committed together.
    fn leave_out_media(&mut self, bytes_max: usize) {
        let (mut bytes, mut at, before) = (0, 0, self.rendered.parts.len());
        while let Some(part) = self.rendered.parts.get(at) {
            let of_part = media::bytes(&part.body);
            if of_part > 0 && bytes + of_part > bytes_max {
                self.rendered.parts.remove(at);
                self.rendered.question = self.rendered.question.take().map(|question| question.moved_up(at));
            } else {
                bytes += of_part;
                at += 1;
            }
        }
        if self.rendered.parts.len() < before {
            self.note(format!("media of more than {} MiB were left out", bytes_max / (1024 * 1024)));
        }
    }

    /// Leaves out what is behind so many parts.
    fn cut(&mut self, parts_max: usize) {
        let parts = self.rendered.parts.len();
        if parts > parts_max {
            self.note(format!("{parts} messages cut to {parts_max}"));
            self.rendered.left_out = parts - parts_max;
            self.rendered.parts.truncate(parts_max);
            // Of a question that is not shown to its end the last options are not known.
            self.rendered.question = self.rendered.question.take().filter(|question| question.parts.end <= parts_max);
        }
    }
}

/// What is written in Markdown gets the marks that the network shows.
fn written(body: OutboundBody, markup: Markup, network: &Capabilities) -> OutboundBody {
    if markup == Markup::Plain {
        return body;
    }
    let marked = |text: String| rendered(&text, network.marks);
    match body {
        OutboundBody::Text(text) => OutboundBody::Text(marked(text)),
        OutboundBody::Image { media, caption } => OutboundBody::Image { media, caption: caption.map(marked) },
        OutboundBody::Document { media, name, caption } => {
            OutboundBody::Document { media, name, caption: caption.map(marked) }
        }
        OutboundBody::Choices(choices) => OutboundBody::Choices(Choices { text: marked(choices.text), ..choices }),
        body @ (OutboundBody::Voice { .. } | OutboundBody::Location(_) | OutboundBody::Reaction { .. }) => body,
    }
}

fn texts(text: &str, network: &Capabilities) -> Vec<OutboundBody> {
    let pieces = split_text(text, network.text_chars_max).into_iter();
    pieces.filter(|piece| !piece.trim().is_empty()).map(OutboundBody::Text).collect()
}

#[cfg(test)]
mod tests;
