//! Small readings and makings of stanzas.

use anyhow::Context as _;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node, NodeContent, Server};

/// The server itself.
pub(super) fn server() -> Jid {
    Jid::new("", Server::Pn)
}

/// An attribute as text.
pub(super) fn text(node: &Node, name: &str) -> Option<String> {
    node.attrs.get(name).map(|value| value.as_str().into_owned())
}

/// An attribute as a JID, whichever way it was encoded.
pub(super) fn jid(node: &Node, name: &str) -> Option<Jid> {
    node.attrs.get(name).and_then(whatsapp_rust::wacore_binary::NodeValue::to_jid)
}

/// The bytes of a node.
pub(super) fn bytes(node: &Node) -> Option<&[u8]> {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => Some(bytes),
        Some(NodeContent::String(text)) => Some(text.as_bytes()),
        _ => None,
    }
}

/// The bytes of the child at this path.
pub(super) fn child_bytes<'a>(node: &'a Node, path: &[&str]) -> anyhow::Result<&'a [u8]> {
    let child = node.get_optional_child_by_tag(path).with_context(|| format!("<{}> has no {path:?}", node.tag))?;
    bytes(child).with_context(|| format!("{path:?} has no bytes"))
}

/// The child's bytes as a number, big-endian.
pub(super) fn child_number(node: &Node, path: &[&str]) -> anyhow::Result<u32> {
    let bytes = child_bytes(node, path)?;
    anyhow::ensure!(bytes.len() <= 4, "{path:?} is longer than a number");
    Ok(bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

/// The child's bytes, exactly `N` of them.
pub(super) fn child_array<const N: usize>(node: &Node, path: &[&str]) -> anyhow::Result<[u8; N]> {
    let bytes = child_bytes(node, path)?;
    bytes.try_into().with_context(|| format!("{path:?} has {} bytes and not {N}", bytes.len()))
}

/// A node of bytes alone.
pub(super) fn blob(tag: &'static str, bytes: impl Into<Vec<u8>>) -> Node {
    NodeBuilder::new(tag).bytes(bytes).build()
}

/// A request to the server; [`super::line::Wire::ask`] gives it its id.
pub(super) fn request(kind: &'static str, xmlns: &'static str, to: Jid, child: Node) -> Node {
    NodeBuilder::new("iq").attr("type", kind).attr("xmlns", xmlns).attr("to", to).children([child]).build()
}

/// A fresh id of a message, in the form that phones give theirs.
pub(super) fn fresh_id() -> String {
    use std::fmt::Write as _;
    let mut id = String::from("AC");
    for byte in rand::random::<[u8; 15]>() {
        let _ = write!(id, "{byte:02X}");
    }
    id
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
