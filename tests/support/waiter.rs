//! An assistant that asks with options, says files and places back, and reads cards.

use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Content, Needs, Quoting, Reply, Turn};
use greenroom_contract::choices::{Choice, Choices};
use greenroom_contract::message::Contact;
use greenroom_contract::outbound::OutboundBody;

/// Three drinks fit buttons, a card of five needs a list.
const DRINKS: [(&str, &str); 5] =
    [("tea", "Tea"), ("coffee", "Coffee"), ("water", "Water"), ("juice", "Juice"), ("milk", "Milk")];

/// Asks what to drink when it is told `drinks` or `card`.
pub(crate) struct Waiter;

#[greenroom::async_trait]
impl Assistant for Waiter {
    fn needs(&self) -> Needs {
        Needs { history_turns: 0, documents: true, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        let replies = turn.messages.into_iter().filter_map(|message| replied(message.content)).collect();
        Ok(Answer { replies, ..Answer::default() })
    }
}

fn replied(content: Content) -> Option<Reply> {
    let body = match content {
        Content::Text(text) if text == "drinks" => question(3),
        Content::Text(text) if text == "card" => question(5),
        Content::Text(text) => OutboundBody::Text(format!("you said {text}")),
        Content::Choice { id, title } => OutboundBody::Text(format!("chosen: {id} ({title})")),
        Content::Document { media: Some(media), name, caption } => {
            OutboundBody::Document { media, name: name.unwrap_or_default(), caption }
        }
        Content::Location(place) => OutboundBody::Location(place),
        Content::Contacts(contacts) => {
            OutboundBody::Text(contacts.into_iter().map(card).collect::<Vec<_>>().join(", "))
        }
        _ => return None,
    };
    Some(Reply { quoting: Quoting::Never, ..Reply::new(body) })
}

fn question(options: usize) -> OutboundBody {
    let options = DRINKS.iter().take(options).map(|(id, title)| Choice::new(*id, *title));
    OutboundBody::Choices(Choices::new("What would you like?", options))
}

fn card(contact: Contact) -> String {
    format!("{} {}", contact.name.unwrap_or_default(), contact.phones.join(" "))
}
