//! An adapter must not compile before it has decided about every kind of message. So these two are matched here, in
//! another crate, without a wildcard: `#[non_exhaustive]` on either, or a new kind that is not decided about, and this
//! file does not compile.

use greenroom_contract::message::Body;
use greenroom_contract::outbound::OutboundBody;

fn leaves(body: &OutboundBody) -> &'static str {
    match body {
        OutboundBody::Text(_) => "text",
        OutboundBody::Image { .. } => "image",
        OutboundBody::Voice { .. } => "voice",
        OutboundBody::Choices(_) => "choices",
        OutboundBody::Document { .. } => "document",
        OutboundBody::Location(_) => "location",
        OutboundBody::Reaction { .. } => "reaction",
    }
}

fn arrives(body: &Body) -> &'static str {
    match body {
        Body::Text(_) => "text",
        Body::Image { .. } => "image",
        Body::Voice { .. } => "voice",
        Body::Choice { .. } => "choice",
        Body::Document { .. } => "document",
        Body::Location(_) => "location",
        Body::Contacts(_) => "contacts",
        Body::Reaction { .. } => "reaction",
        Body::Unsupported { .. } => "unsupported",
        Body::Unreadable(_) => "unreadable",
        Body::Event { .. } => "event",
    }
}

#[test]
fn every_kind_of_message_can_be_matched_without_a_wildcard() {
    assert_eq!(leaves(&"hello".into()), OutboundBody::from("hello").kind());
    assert_eq!(arrives(&Body::Text(String::new())), "text");
}
