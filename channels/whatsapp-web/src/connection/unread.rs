//! Messages of which only the outside came: each has a trace, and is explained or given up in time.
//!
//! | the library | because | here |
//! |---|---|---|
//! | tells that it could not decrypt one | keys are out of step | waited for, then given up |
//! | tells that one is not available | the phone has it | waited for, then given up |
//! | tells that one is for the phone only | seen once, hosted, of a bot | final |
//! | says nothing, acknowledges | no ciphertext of a known kind | final |
//! | says nothing, does not acknowledge | no ciphertext at all | final, and acknowledged here |

use crate::connection::inbound::Inbound;
use crate::limits;
use greenroom_contract::message::Unreadable;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;
use whatsapp_rust::types::message::MessageInfo;
use whatsapp_rust::wacore::message_processing::EncType;
use whatsapp_rust::wacore::messages::parse_message_info;
use whatsapp_rust::wacore::types::events::{DecryptFailMode, UnavailableType, UndecryptableMessage};
use whatsapp_rust::wacore_binary::{NodeRef, OwnedNodeRef};
use whatsapp_rust::{Client, Jid, NodeBuilder};

/// What is known of a message without its content.
pub(crate) enum Unread {
    /// The library told so.
    Told {
        info: Arc<MessageInfo>,
        what: Unreadable,
        /// Whether a person would miss it: an edit or a reaction that cannot be read is not missed.
        is_missed: bool,
    },
    /// A stanza of which the library tells nothing.
    Bare {
        stanza: Arc<OwnedNodeRef>,
        /// Whether the library leaves it with the server, which brings it again at every login.
        is_left: bool,
    },
}

impl Unread {
    /// What the library tells.
    pub(crate) fn told(event: &UndecryptableMessage) -> Self {
        let what = match event.unavailable_type {
            UnavailableType::ViewOnce => Unreadable::ViewOnce,
            UnavailableType::Hosted | UnavailableType::Bot => Unreadable::PhoneOnly,
            UnavailableType::Unknown => Unreadable::Waiting,
        };
        let is_missed = event.decrypt_fail_mode == DecryptFailMode::Show;
        Self::Told { info: event.info.clone(), what, is_missed }
    }

    /// What the library does not tell: a message without a ciphertext that it tries.
    pub(crate) fn bare(stanza: &Arc<OwnedNodeRef>) -> Option<Self> {
        let node = stanza.get();
        let is_other = node.tag.as_ref() != "message"
            || node.get_optional_child("unavailable").is_some()
            || node.get_optional_child("plaintext").is_some();
        if is_other {
            return None;
        }
        let mut ciphertexts = ciphertexts(node).peekable();
        let is_left = ciphertexts.peek().is_none();
        let is_tried = ciphertexts.any(|enc| {
            let kind = enc.get_attr("type").map(|kind| kind.as_str().to_string());
            enc.content.is_some() && kind.is_some_and(|kind| EncType::from_wire(&kind).is_some())
        });
        (!is_tried).then(|| Self::Bare { stanza: stanza.clone(), is_left })
    }
}

fn ciphertexts<'a>(node: &'a NodeRef<'a>) -> impl Iterator<Item = &'a NodeRef<'a>> {
    let listed = node.get_optional_child("participants").into_iter();
    let listed = listed.flat_map(|list| list.get_children_by_tag("to")).flat_map(|to| to.get_children_by_tag("enc"));
    node.get_children_by_tag("enc").chain(listed)
}

/// Takes what is told during one connection, and gives up what has been waited for long enough.
pub(crate) async fn attend(inbound: &Inbound, client: Arc<Client>, mut told: mpsc::Receiver<Unread>) -> Infallible {
    let missing = &inbound.account.missing;
    loop {
        let next = missing.next();
        let due = async {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            unread = told.recv() => match unread {
                Some(unread) => note(inbound, &client, unread).await,
                None => return std::future::pending().await,
            },
            () = due => {
                for info in missing.given_up(Instant::now()) {
                    // What cannot be stored now keeps the trace that it is awaited.
                    let _ = inbound.report(&client, &info, Unreadable::Lost).await;
                }
            }
        }
    }
}

async fn note(inbound: &Inbound, client: &Client, unread: Unread) {
    match unread {
        Unread::Told { info, what, is_missed } => {
            let name = inbound.report(client, &info, what).await;
            if let Ok(Some(name)) = name
                && !what.is_final()
            {
                let until = is_missed.then(|| Instant::now() + limits::MISSING_WAIT);
                inbound.account.missing.wait_for(name, info, until);
            }
        }
        Unread::Bare { stanza, is_left } => {
            let own = client.pn().unwrap_or_default();
            let info = match parse_message_info(stanza.get(), &own, client.lid().as_ref()) {
                Ok(info) => info,
                Err(error) => return tracing::warn!("a stanza without content cannot be read: {error:#}"),
            };
            let is_traced = inbound.report(client, &info, Unreadable::Foreign).await.is_ok();
            if is_left && is_traced {
                acknowledge(client, stanza.get()).await;
            }
        }
    }
}

/// Takes a stanza off the server's queue.
async fn acknowledge(client: &Client, stanza: &NodeRef<'_>) {
    let text = |name: &str| stanza.get_attr(name).map(|value| value.as_str().to_string());
    let jid = |name: &str| text(name).and_then(|text| text.parse::<Jid>().ok());
    let (Some(id), Some(from)) = (text("id"), jid("from")) else { return };
    let mut ack = NodeBuilder::new("ack").attr("class", "message").attr("id", id).attr("to", from);
    if let Some(participant) = jid("participant") {
        ack = ack.attr("participant", participant);
    }
    if let Some(kind) = text("type") {
        ack = ack.attr("type", kind);
    }
    if let Err(error) = client.send_node(ack.build()).await {
        tracing::debug!("a message without content was not acknowledged: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::wacore_binary::Node;
    use whatsapp_rust::wacore_binary::marshal::marshal;

    fn stanza(tag: &'static str, children: Vec<Node>) -> Arc<OwnedNodeRef> {
        let node = NodeBuilder::new(tag).attr("id", "A").children(children).build();
        Arc::new(OwnedNodeRef::new(marshal(&node).unwrap()[1..].to_vec()).unwrap())
    }

    fn enc(kind: Option<&'static str>, bytes: Option<Vec<u8>>) -> Node {
        let mut enc = NodeBuilder::new("enc");
        if let Some(kind) = kind {
            enc = enc.attr("type", kind);
        }
        match bytes {
            Some(bytes) => enc.bytes(bytes).build(),
            None => enc.build(),
        }
    }

    fn is_left(stanza: &Arc<OwnedNodeRef>) -> Option<bool> {
        match Unread::bare(stanza) {
            Some(Unread::Bare { is_left, .. }) => Some(is_left),
            Some(Unread::Told { .. }) => unreachable!("it was not told"),
            None => None,
        }
    }

    #[test]
    fn what_the_library_passes_over_in_silence_is_found() {
        let bytes = || Some(vec![7]);
        let listed =
            |enc| NodeBuilder::new("participants").children([NodeBuilder::new("to").children([enc]).build()]).build();
        let empty = |tag| NodeBuilder::new(tag).build();
        for (children, expected) in [
            (vec![], Some(true)),
            (vec![empty("meta")], Some(true)),
            (vec![enc(Some("futuremsg"), bytes())], Some(false)),
            (vec![enc(None, bytes())], Some(false)),
            (vec![enc(Some("msg"), None)], Some(false)),
            (vec![enc(Some("msg"), bytes())], None),
            (vec![enc(Some("futuremsg"), bytes()), enc(Some("skmsg"), bytes())], None),
            (vec![listed(enc(Some("pkmsg"), bytes()))], None),
            (vec![empty("unavailable")], None),
            (vec![empty("plaintext")], None),
        ] {
            assert_eq!(is_left(&stanza("message", children.clone())), expected, "{children:?}");
        }
        assert_eq!(is_left(&stanza("receipt", vec![])), None);
    }

    #[test]
    fn what_the_phone_alone_has_is_not_waited_for() {
        let told = |kind, mode| {
            let event = UndecryptableMessage::builder()
                .info(Arc::default())
                .is_unavailable(true)
                .unavailable_type(kind)
                .decrypt_fail_mode(mode)
                .build();
            match Unread::told(&event) {
                Unread::Told { what, is_missed, .. } => (what, is_missed),
                Unread::Bare { .. } => unreachable!("it was told"),
            }
        };
        assert_eq!(told(UnavailableType::Unknown, DecryptFailMode::Show), (Unreadable::Waiting, true));
        assert_eq!(told(UnavailableType::Unknown, DecryptFailMode::Hide), (Unreadable::Waiting, false));
        assert_eq!(told(UnavailableType::ViewOnce, DecryptFailMode::Show), (Unreadable::ViewOnce, true));
        assert_eq!(told(UnavailableType::Hosted, DecryptFailMode::Show), (Unreadable::PhoneOnly, true));
        assert_eq!(told(UnavailableType::Bot, DecryptFailMode::Show), (Unreadable::PhoneOnly, true));
    }
}
