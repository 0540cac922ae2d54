//! Who has which devices, the sessions with them, and the server's notices that something changed.

use anyhow::Context as _;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, Node};

use super::link::is_vouched;
use super::node;
use super::phone::Phone;
use super::phone_state::PhoneState;

impl Phone {
    /// All devices of these people, addressed as the people are; asks the server about those it does not know.
    pub(super) async fn devices_of(&self, people: &[Jid]) -> anyhow::Result<Vec<Jid>> {
        let unknown: Vec<Jid> = {
            let phone_state = self.0.phone_state.lock();
            let is_unknown = |person: &&Jid| {
                !phone_state.devices.contains_key(&phone_state.directory.canonical(&person.to_non_ad()))
            };
            people.iter().filter(is_unknown).map(Jid::to_non_ad).collect()
        };
        if !unknown.is_empty() {
            self.ask_devices(&unknown).await?;
        }
        let phone_state = self.0.phone_state.lock();
        let devices = people.iter().flat_map(|person| {
            let known = phone_state.devices.get(&phone_state.directory.canonical(&person.to_non_ad()));
            known.into_iter().flatten().map(|device| person.with_device(*device)).collect::<Vec<_>>()
        });
        Ok(devices.collect())
    }

    async fn ask_devices(&self, people: &[Jid]) -> anyhow::Result<()> {
        let wanted = [NodeBuilder::new("devices").attr("version", "2").build(), NodeBuilder::new("lid").build()];
        let users = people.iter().map(|person| NodeBuilder::new("user").attr("jid", person).build());
        let usync = NodeBuilder::new("usync")
            .attr("sid", node::fresh_id())
            .attr("mode", "query")
            .attr("last", "true")
            .attr("index", "0")
            .attr("context", "message")
            .children([
                NodeBuilder::new("query").children(wanted).build(),
                NodeBuilder::new("list").children(users.collect::<Vec<_>>()).build(),
            ]);
        let answer = self.0.wire.ask(node::request("get", "usync", node::server(), usync.build())).await?;
        let list = answer.get_optional_child_by_tag(&["usync", "list"]).context("a usync answer without list")?;
        let phone_state = &mut *self.0.phone_state.lock();
        for user in list.get_children_by_tag("user") {
            let person = node::jid(user, "jid").context("a usync user without jid")?;
            let lid = user.get_optional_child("lid").and_then(|lid| node::jid(lid, "val"));
            for other in lid.into_iter().chain(node::jid(user, "pn_jid")) {
                phone_state.learn(&person, &other);
            }
            let Some(devices) = user.get_optional_child_by_tag(&["devices", "device-list"]) else { continue };
            let ids = devices.get_children_by_tag("device").filter_map(|device| node::text(device, "id"));
            let ids = ids.filter_map(|id| id.parse().ok()).collect();
            let person = phone_state.directory.canonical(&person.to_non_ad());
            phone_state.devices.insert(person, ids);
        }
        Ok(())
    }

    /// Starts sessions with those devices that there are none with.
    pub(super) async fn ensure_sessions(&self, devices: &[Jid]) -> anyhow::Result<()> {
        let missing: Vec<Jid> = {
            let phone_state = self.0.phone_state.lock();
            let is_missing =
                |device: &&Jid| !phone_state.keys.sessions.has(&phone_state.directory.signal_address(device));
            devices.iter().filter(is_missing).cloned().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let users = missing.iter().map(|device| NodeBuilder::new("user").attr("jid", device).build());
        let key = NodeBuilder::new("key").children(users.collect::<Vec<_>>()).build();
        let answer = self.0.wire.ask(node::request("get", "encrypt", node::server(), key)).await?;
        let list = answer.get_optional_child("list").context("a prekey answer without list")?;
        let phone_state = &mut *self.0.phone_state.lock();
        for user in list.get_children_by_tag("user") {
            let device = node::jid(user, "jid").context("a prekey user without jid")?;
            anyhow::ensure!(user.get_optional_child("error").is_none(), "the server has no keys of {device}");
            if device.device != 0 {
                let identity = node::child_bytes(user, &["identity"])?;
                let vouched =
                    node::child_bytes(user, &["device-identity"]).is_ok_and(|blob| is_vouched(blob, identity));
                anyhow::ensure!(vouched, "no account vouches for the keys of {device}");
            }
            let address = phone_state.directory.signal_address(&device);
            phone_state.keys.start_session(&address, user, node::child_number(user, &["registration"])?)?;
        }
        for device in &missing {
            let address = phone_state.directory.signal_address(device);
            anyhow::ensure!(phone_state.keys.sessions.has(&address), "the server gave no keys of {device}");
        }
        Ok(())
    }

    /// Takes a notice of the server and acknowledges it.
    pub(super) fn take_notification(&self, stanza: &Node) -> anyhow::Result<()> {
        let from = node::jid(stanza, "from").unwrap_or_else(node::server);
        let kind = node::text(stanza, "type").unwrap_or_default();
        let mut ack =
            NodeBuilder::new("ack").attr("class", "notification").attr("to", &from).attr("type", kind.as_str());
        if let Some(id) = node::text(stanza, "id") {
            ack = ack.attr("id", id);
        }
        if let Some(participant) = node::jid(stanza, "participant") {
            ack = ack.attr("participant", participant);
        }
        self.0.wire.tell(ack.build());
        match kind.as_str() {
            "encrypt" => self.prekeys_low(stanza),
            "devices" | "account_sync" => self.devices_changed(&from, stanza),
            "w:gp2" => {
                let left =
                    stanza.get_optional_child("remove").is_some() || stanza.get_optional_child("leave").is_some();
                self.0.phone_state.lock().group_changed(&from, &self.lid_jid(), left);
            }
            "link_code_companion_reg" => self.take_link_code(stanza)?,
            _ => {}
        }
        Ok(())
    }

    fn prekeys_low(&self, stanza: &Node) {
        if stanza.get_optional_child("count").is_none() {
            return;
        }
        let phone = self.clone();
        // The reader must go on reading the answer that this waits for.
        tokio::spawn(async move {
            if let Err(error) = phone.upload_keys().await {
                tracing::warn!(phone = phone.number(), %error, "could not upload prekeys");
            }
        });
    }

    fn devices_changed(&self, from: &Jid, stanza: &Node) {
        let phone_state = &mut *self.0.phone_state.lock();
        for name in ["lid", "pn"] {
            if let Some(other) = node::jid(stanza, name) {
                phone_state.learn(from, &other);
            }
        }
        let person = phone_state.directory.canonical(&from.to_non_ad());
        phone_state.devices.remove(&person);
        let removed = stanza.get_optional_child("remove").into_iter();
        let removed =
            removed.flat_map(|remove| remove.get_children_by_tag("device")).filter_map(|gone| node::jid(gone, "jid"));
        for device in removed.collect::<Vec<_>>() {
            forget_device(phone_state, &device, &self.lid_jid());
        }
    }
}

fn forget_device(phone_state: &mut PhoneState, device: &Jid, own: &Jid) {
    phone_state.device_left(device, own);
    let address = phone_state.directory.signal_address(device);
    phone_state.keys.forget_session(&address);
}
