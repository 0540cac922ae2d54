//! Groups: one ciphertext for all, by a sender key that each device gets once.

use std::collections::HashSet;

use anyhow::Context as _;
use whatsapp_rust::buffa::MessageField;
use whatsapp_rust::wacore::messages::MessageUtils;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node};
use whatsapp_rust::waproto::whatsapp as wa;

use super::draft::Outgoing;
use super::fanout::enc;
use super::node;
use super::phone::Phone;
use super::phone_state::{Group, PhoneState};

impl Phone {
    /// Writes to a group, with the sender key for the devices that lack it.
    pub(super) async fn send_group(&self, group: &Jid, outgoing: &Outgoing) -> anyhow::Result<()> {
        let members = self.members(group).await?;
        let mut devices = self.devices_of(&members).await?;
        {
            let phone_state = self.0.phone_state.lock();
            let own = phone_state.directory.canonical(&self.lid_jid());
            let known = phone_state.groups.get(group);
            devices.retain(|device| {
                let device = phone_state.directory.canonical(device);
                device != own && !known.is_some_and(|known| known.has_key.contains(&device))
            });
        }
        self.ensure_sessions(&devices).await?;
        let stanza = self.seal_group(group, outgoing, &devices)?;
        self.0.wire.send(stanza)
    }

    fn seal_group(&self, group: &Jid, outgoing: &Outgoing, lacking: &[Jid]) -> anyhow::Result<Node> {
        let phone_state = &mut *self.0.phone_state.lock();
        let name = phone_state.sender_key_name(group, &self.lid_jid());
        let distribution = wa::message::SenderKeyDistributionMessage {
            group_id: Some(group.to_string()),
            axolotl_sender_key_distribution_message: Some(phone_state.keys.distribution(&name)?),
        };
        let key =
            wa::Message { sender_key_distribution_message: MessageField::some(distribution), ..Default::default() };
        let key = MessageUtils::encode_and_pad(&key);
        let mut children = Vec::new();
        if !lacking.is_empty() {
            let participants: anyhow::Result<Vec<Node>> =
                lacking.iter().map(|device| distribute(phone_state, group, device, &key)).collect();
            children.push(NodeBuilder::new("participants").children(participants?).build());
        }
        let sealed = phone_state.keys.seal_group(&name, &MessageUtils::encode_and_pad(&outgoing.message))?;
        children.push(enc(sealed, outgoing));
        let mut stanza = NodeBuilder::new("message")
            .attr("id", outgoing.id.as_str())
            .attr("to", group)
            .attr("type", outgoing.kind)
            .attr("addressing_mode", phone_state.addressing(group));
        if let Some(edit) = outgoing.edit {
            stanza = stanza.attr("edit", edit);
        }
        Ok(stanza.children(children).build())
    }

    /// The members of a group, as it addresses them.
    pub(super) async fn members(&self, group: &Jid) -> anyhow::Result<Vec<Jid>> {
        let known = self.0.phone_state.lock().groups.get(group).and_then(|group| group.members.clone());
        if let Some(members) = known {
            return Ok(members);
        }
        let query = NodeBuilder::new("query").attr("request", "interactive").build();
        let answer = self.0.wire.ask(node::request("get", "w:g2", group.clone(), query)).await?;
        let answer = answer.get_optional_child("group").context("an answer about a group without one")?;
        let by_number = node::text(answer, "addressing_mode").as_deref() == Some("pn");
        let phone_state = &mut *self.0.phone_state.lock();
        let mut members = Vec::new();
        for participant in answer.get_children_by_tag("participant") {
            let member = node::jid(participant, "jid").context("a participant without jid")?;
            for name in ["phone_number", "lid"] {
                if let Some(other) = node::jid(participant, name) {
                    phone_state.learn(&member, &other);
                }
            }
            members.push(member.to_non_ad());
        }
        let known = phone_state.groups.entry(group.clone()).or_default();
        known.members = Some(members.clone());
        known.by_number = by_number;
        Ok(members)
    }
}

fn distribute(phone_state: &mut PhoneState, group: &Jid, device: &Jid, key: &[u8]) -> anyhow::Result<Node> {
    let address = phone_state.directory.signal_address(device);
    let sealed = phone_state.keys.seal(&address, key)?;
    let canonical = phone_state.directory.canonical(device);
    phone_state.groups.entry(group.clone()).or_default().has_key.insert(canonical);
    let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind).bytes(sealed.bytes).build();
    Ok(NodeBuilder::new("to").attr("jid", device).children([enc]).build())
}

impl PhoneState {
    /// How a group writes its members.
    pub(super) fn addressing(&self, group: &Jid) -> &'static str {
        if self.groups.get(group).is_some_and(|group| group.by_number) { "pn" } else { "lid" }
    }

    /// The group changed: its members are asked for again; who left must not read on, so a new sender key is made.
    pub(super) fn group_changed(&mut self, group: &Jid, own: &Jid, somebody_left: bool) {
        let known = self.groups.entry(group.clone()).or_default();
        known.members = None;
        if somebody_left {
            self.rotate(group, own);
        }
    }

    /// A companion vanished from its owner's device list: it must not read on in any group.
    pub(super) fn device_left(&mut self, device: &Jid, own: &Jid) {
        let device = self.directory.canonical(device);
        let has_key = |group: &Group| group.has_key.contains(&device);
        let groups: Vec<Jid> =
            self.groups.iter().filter(|(_, group)| has_key(group)).map(|(jid, _)| jid.clone()).collect();
        for group in groups {
            self.rotate(&group, own);
        }
    }

    /// A device asked for a group message again: it seems to lack our sender key.
    pub(super) fn lacks_key(&mut self, group: &Jid, device: &Jid) {
        let device = self.directory.canonical(device);
        if let Some(group) = self.groups.get_mut(group) {
            group.has_key.remove(&device);
        }
    }

    fn rotate(&mut self, group: &Jid, own: &Jid) {
        let name = self.sender_key_name(group, own);
        self.keys.group_senders.forget(&name);
        if let Some(known) = self.groups.get_mut(group) {
            known.has_key = HashSet::new();
        }
    }
}
