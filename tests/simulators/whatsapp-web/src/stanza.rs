//! Small helpers for stanzas.

use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, NodeContent, Server};

/// The server's own address: a JID without a user. Written as a plain word, foreign clients would take it for
/// something else.
pub(crate) fn server() -> Jid {
    Jid::new("", Server::Pn)
}

pub(crate) fn text(node: &Node, name: &str) -> Option<String> {
    node.attrs.get(name).map(|value| value.as_str().into_owned())
}

pub(crate) fn jid(node: &Node, name: &str) -> Option<Jid> {
    node.attrs.get(name).and_then(whatsapp_rust::wacore_binary::NodeValue::to_jid)
}

/// The content as bytes, whichever way it was encoded.
pub(crate) fn bytes(node: &Node) -> Vec<u8> {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => bytes.clone(),
        Some(NodeContent::String(text)) => text.as_bytes().to_vec(),
        _ => Vec::new(),
    }
}

pub(crate) fn child_bytes(node: &Node, tag: &str) -> Option<Vec<u8>> {
    node.get_optional_child(tag).map(bytes)
}

pub(crate) fn children(node: &Node) -> &[Node] {
    node.children().unwrap_or_default()
}

pub(crate) fn leaf(tag: &'static str, content: impl Into<Vec<u8>>) -> Node {
    NodeBuilder::new(tag).bytes(content).build()
}

/// The answer to a request.
pub(crate) fn result(request: &Node, children: Vec<Node>) -> Node {
    let builder = answer(request, "result");
    if children.is_empty() { builder.build() } else { builder.children(children).build() }
}

/// The refusal of a request.
pub(crate) fn refusal(request: &Node, code: u16, why: &str) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).attr("text", why).build();
    answer(request, "error").children([error]).build()
}

fn answer(request: &Node, kind: &str) -> NodeBuilder {
    let from = request.attrs.get("to").and_then(whatsapp_rust::wacore_binary::NodeValue::to_jid);
    let from = from.filter(|jid| !jid.user.is_empty() || jid.server != Server::Pn).unwrap_or_else(server);
    let builder = NodeBuilder::new("iq").attr("from", from).attr("type", kind);
    builder.attr("id", text(request, "id").unwrap_or_default())
}

/// The acknowledgement of a stanza.
pub(crate) fn ack(class: &'static str, stanza: &Node) -> NodeBuilder {
    let builder = NodeBuilder::new("ack").attr("class", class).attr("id", text(stanza, "id").unwrap_or_default());
    match stanza.attrs.get("to") {
        Some(to) => builder.attr("from", to.clone()),
        None => builder.attr("from", server()),
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
