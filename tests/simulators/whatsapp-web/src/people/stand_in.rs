//! A stand-in of the server for this module's own tests: it routes stanzas between phones, and knows a
//! companion made by hand.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use whatsapp_rust::buffa::Message as _;
use whatsapp_rust::wacore::crypto::calculate_curve_signature;
use whatsapp_rust::wacore::libsignal::crypto::hmac_sha256;
use whatsapp_rust::wacore::libsignal::protocol::PublicKey;
use whatsapp_rust::wacore_binary::builder::NodeBuilder;
use whatsapp_rust::wacore_binary::{Jid, JidExt as _, Node, NodeContent, Server};
use whatsapp_rust::waproto::whatsapp as wa;

use super::keys::Keys;
use super::media::{MediaHost, Stored};
use super::node::{self, bytes, jid, text};
use crate::seam::{Exchange, Line, Offer, SignsDevices};

type Place = (String, u16);

/// The server in a test.
#[derive(Clone, Default)]
pub(super) struct StandIn(Arc<Mutex<World>>);

#[derive(Default)]
pub(super) struct World {
    accounts: HashMap<String, Account>,
    numbers: HashMap<String, String>,
    pub(super) groups: HashMap<String, Vec<String>>,
    lines: HashMap<Place, mpsc::UnboundedSender<Node>>,
    queues: HashMap<Place, VecDeque<Node>>,
    /// How many of the next ciphertexts to a device are spoiled.
    pub(super) spoil: HashMap<Place, usize>,
    /// The last ciphertext for a whole group.
    pub(super) last_for_group: Option<Node>,
    offers: HashMap<Vec<u8>, Offered>,
    media: HashMap<String, Vec<u8>>,
}

#[derive(Default)]
struct Account {
    lid: String,
    identity: [u8; 32],
    devices: BTreeMap<u16, Bundle>,
}

#[derive(Default)]
struct Bundle {
    fixed: Vec<Node>,
    one_time: VecDeque<Node>,
}

struct Offered {
    noise: [u8; 32],
    companion: Arc<Mutex<Companion>>,
}

/// A companion made by hand.
pub(super) struct Companion {
    pub(super) keys: Keys,
    pub(super) noise: [u8; 32],
    pub(super) adv_secret: [u8; 32],
}

impl Companion {
    /// One that shows this reference.
    pub(super) fn show(server: &StandIn, reference: &str) -> Arc<Mutex<Self>> {
        let keys = Keys::generate().expect("keys");
        let companion = Self { keys, noise: rand::random(), adv_secret: rand::random() };
        let (noise, companion) = (companion.noise, Arc::new(Mutex::new(companion)));
        let offered = Offered { noise, companion: companion.clone() };
        server.0.lock().offers.insert(reference.as_bytes().to_vec(), offered);
        companion
    }

    pub(super) fn identity(&self) -> [u8; 32] {
        self.keys.identities.own.public_key().public_key_bytes().try_into().expect("32 bytes")
    }

    /// What a companion checks of the answer to its offer; its own account's key in the answer.
    fn check(&self, blob: &[u8], key_index: u32) -> anyhow::Result<[u8; 32]> {
        let sealed = wa::ADVSignedDeviceIdentityHMAC::decode_from_slice(blob)?;
        let signed = sealed.details.unwrap_or_default();
        anyhow::ensure!(sealed.hmac.as_deref() == Some(&hmac_sha256(&self.adv_secret, &signed)[..]), "the HMAC");
        let signed = wa::ADVSignedDeviceIdentity::decode_from_slice(&signed)?;
        let account = signed.account_signature_key.unwrap_or_default();
        let details = signed.details.unwrap_or_default();
        let message = [&[6, 0][..], &details, &self.identity()].concat();
        let key = PublicKey::from_djb_public_key_bytes(&account)?;
        anyhow::ensure!(key.verify_signature(&message, &signed.account_signature.unwrap_or_default()), "the signature");
        let details = wa::ADVDeviceIdentity::decode_from_slice(&details)?;
        anyhow::ensure!(details.key_index == Some(key_index), "the key index");
        account.try_into().map_err(|_| anyhow::anyhow!("the account key"))
    }

    /// The blob with the companion's own signature, as others are given it.
    fn countersign(&self, blob: &[u8]) -> anyhow::Result<Vec<u8>> {
        let sealed = wa::ADVSignedDeviceIdentityHMAC::decode_from_slice(blob)?;
        let mut signed = wa::ADVSignedDeviceIdentity::decode_from_slice(&sealed.details.unwrap_or_default())?;
        let details = signed.details.clone().unwrap_or_default();
        let account = signed.account_signature_key.clone().unwrap_or_default();
        let message = [&[6, 1][..], &details, &self.identity(), &account].concat();
        let private = self.keys.identities.own.private_key();
        signed.device_signature = Some(calculate_curve_signature(private, &message)?.to_vec());
        Ok(signed.encode_to_vec())
    }
}

impl StandIn {
    /// Spoils the voucher of a companion.
    pub(super) fn forge_voucher(&self, number: &str, device: u16) {
        let mut world = self.world();
        let bundle = world.accounts.get_mut(number).and_then(|account| account.devices.get_mut(&device));
        bundle.expect("a device").fixed.iter_mut().filter(|node| node.tag == "device-identity").for_each(spoil_enc);
    }

    /// Writes a stanza as this device.
    pub(super) fn say(&self, number: &str, device: u16, stanza: &Node) {
        self.world().take(&(number.to_owned(), device), stanza);
    }

    pub(super) fn world(&self) -> parking_lot::MutexGuard<'_, World> {
        self.0.lock()
    }

    /// Stanzas that wait for a device.
    pub(super) fn waiting(&self, number: &str, device: u16) -> Vec<Node> {
        let queue = self.world().queues.remove(&(number.to_owned(), device));
        queue.unwrap_or_default().into()
    }
}

impl Exchange for StandIn {
    fn register(&self, number: &str, lid: &str, _: &str, identity: [u8; 32], _: Arc<dyn SignsDevices>) {
        let mut world = self.world();
        world.numbers.insert(lid.to_owned(), number.to_owned());
        let account = Account { lid: lid.to_owned(), identity, ..Default::default() };
        world.accounts.insert(number.to_owned(), account);
    }

    fn attach(&self, number: &str) -> Line {
        let (out, mut from_phone) = mpsc::unbounded_channel();
        let (to_phone, incoming) = mpsc::unbounded_channel();
        let (server, place) = (self.clone(), (number.to_owned(), 0));
        self.world().lines.insert(place.clone(), to_phone.clone());
        tokio::spawn(async move {
            while let Some(stanza) = from_phone.recv().await {
                server.world().take(&place, &stanza);
            }
            let mut world = server.world();
            if world.lines.get(&place).is_some_and(|line| line.same_channel(&to_phone)) {
                world.lines.remove(&place);
            }
        });
        Line { out, incoming }
    }

    fn offered(&self, reference: &[u8]) -> Option<Offer> {
        self.world().offers.get(reference).map(|offered| Offer { noise_public: offered.noise })
    }

    fn pair<'a>(
        &'a self,
        number: &'a str,
        reference: &'a [u8],
        blob: Vec<u8>,
        key_index: u32,
    ) -> BoxFuture<'a, anyhow::Result<u16>> {
        Box::pin(async move {
            let mut world = self.world();
            let offered = world.offers.remove(reference).ok_or_else(|| anyhow::anyhow!("an unknown reference"))?;
            let mut companion = offered.companion.lock();
            let account = world.accounts.get_mut(number).ok_or_else(|| anyhow::anyhow!("an unknown number"))?;
            anyhow::ensure!(companion.check(&blob, key_index)? == account.identity, "the account's key");
            let device = account.devices.keys().max().map_or(1, |last| last + 1);
            let mut keys = companion.keys.upload(0);
            keys.push(node::blob("device-identity", companion.countersign(&blob)?));
            account.devices.insert(device, bundle(keys));
            Ok(device)
        })
    }

    fn next_key_index(&self, number: &str) -> u32 {
        self.world().accounts.get(number).map_or(1, |account| account.devices.len() as u32)
    }

    fn unlink(&self, number: &str, device: u16) -> anyhow::Result<()> {
        let mut world = self.world();
        let account = world.accounts.get_mut(number).ok_or_else(|| anyhow::anyhow!("an unknown number"))?;
        account.devices.remove(&device).map(drop).ok_or_else(|| anyhow::anyhow!("an unknown device"))
    }
}

impl MediaHost for StandIn {
    fn put(&self, kind: &str, enc_sha256: &[u8], bytes: Vec<u8>) -> Stored {
        let path = format!("/{kind}/{}", URL_SAFE.encode(enc_sha256));
        self.world().media.insert(path.clone(), bytes);
        Stored { url: format!("https://localhost{path}"), direct_path: path }
    }

    fn get(&self, direct_path: &str) -> Option<Vec<u8>> {
        self.world().media.get(direct_path).cloned()
    }
}

fn bundle(children: Vec<Node>) -> Bundle {
    let (lists, fixed): (Vec<Node>, Vec<Node>) = children.into_iter().partition(|child| child.tag == "list");
    let one_time = lists.iter().flat_map(|list| list.children().unwrap_or_default().to_vec()).collect();
    Bundle { fixed, one_time }
}

impl World {
    fn number_of(&self, jid: &Jid) -> String {
        self.numbers.get(jid.user.as_str()).cloned().unwrap_or_else(|| jid.user.to_string())
    }

    fn deliver(&mut self, to: &Place, stanza: Node) {
        if let Some(line) = self.lines.get(to)
            && line.send(stanza.clone()).is_ok()
        {
            return;
        }
        self.queues.entry(to.clone()).or_default().push_back(stanza);
    }

    fn take(&mut self, from: &Place, stanza: &Node) {
        match stanza.tag.as_ref() {
            "iq" => self.take_iq(from, stanza),
            "message" => self.take_message(from, stanza),
            "receipt" => self.take_receipt(from, stanza),
            "chatstate" => {
                let to = jid(stanza, "to").expect("a chatstate to somebody");
                let copy = NodeBuilder::new("chatstate").attr("from", self.as_seen(from, to.server));
                let to = (self.number_of(&to), 0);
                self.deliver(&to, copy.apply_content(stanza.content.clone()).build());
            }
            _ => {}
        }
    }

    fn take_iq(&mut self, from: &Place, iq: &Node) {
        let content = match (text(iq, "xmlns").as_deref(), text(iq, "type").as_deref()) {
            (Some("encrypt"), Some("set")) => {
                let account = self.accounts.get_mut(&from.0).expect("registered");
                account.devices.insert(from.1, bundle(iq.children().expect("keys").to_vec()));
                None
            }
            (Some("encrypt"), _) => Some(self.keys(iq)),
            (Some("usync"), _) => Some(self.usync(iq)),
            (Some("w:g2"), _) => Some(self.group(&jid(iq, "to").expect("a group"))),
            (Some("passive"), _) => {
                for stanza in self.queues.remove(from).unwrap_or_default() {
                    let mut stanza = stanza;
                    stanza.attrs.insert("offline", "1");
                    self.deliver(from, stanza);
                }
                None
            }
            _ => None,
        };
        let id = text(iq, "id").expect("an id");
        let answer = NodeBuilder::new("iq").attr("type", "result").attr("from", node::server()).attr("id", id);
        self.deliver(from, answer.children(content).build());
    }

    fn keys(&mut self, iq: &Node) -> Node {
        let users = iq.get_optional_child("key").expect("key").get_children_by_tag("user");
        let wanted: Vec<Jid> = users.filter_map(|user| jid(user, "jid")).collect();
        let users = wanted.into_iter().map(|device| {
            let number = self.number_of(&device);
            let bundle = self.accounts.get_mut(&number).and_then(|account| account.devices.get_mut(&device.device));
            let user = NodeBuilder::new("user").attr("jid", &device);
            match bundle {
                Some(bundle) => {
                    let mut children = bundle.fixed.clone();
                    children.extend(bundle.one_time.pop_front());
                    user.children(children).build()
                }
                None => user.children([NodeBuilder::new("error").attr("code", "404").build()]).build(),
            }
        });
        NodeBuilder::new("list").children(users.collect::<Vec<_>>()).build()
    }

    fn usync(&self, iq: &Node) -> Node {
        let list = iq.get_optional_child_by_tag(&["usync", "list"]).expect("list");
        let users = list.get_children_by_tag("user").filter_map(|user| {
            let person = jid(user, "jid")?;
            let account = self.accounts.get(&self.number_of(&person))?;
            let device = |id: &u16| NodeBuilder::new("device").attr("id", *id).build();
            let ids = account.devices.keys().map(device).collect::<Vec<_>>();
            let devices = NodeBuilder::new("device-list").children(ids).build();
            let lid = NodeBuilder::new("lid").attr("val", Jid::lid(account.lid.as_str())).build();
            let devices = NodeBuilder::new("devices").children([devices]).build();
            Some(NodeBuilder::new("user").attr("jid", person).children([devices, lid]).build())
        });
        let list = NodeBuilder::new("list").children(users.collect::<Vec<_>>()).build();
        NodeBuilder::new("usync").children([list]).build()
    }

    fn group(&self, group: &Jid) -> Node {
        let members = self.groups.get(group.user.as_str()).cloned().unwrap_or_default();
        let members = members.into_iter().map(|number| {
            let lid = Jid::lid(self.accounts[&number].lid.as_str());
            NodeBuilder::new("participant").attr("jid", lid).attr("phone_number", Jid::pn(number)).build()
        });
        NodeBuilder::new("group").attr("id", group.user.as_str()).children(members.collect::<Vec<_>>()).build()
    }

    /// A device as those see it who address others in this space.
    fn as_seen(&self, place: &Place, space: Server) -> Jid {
        match space {
            Server::Pn => Jid::pn_device(place.0.as_str(), place.1),
            _ => Jid::lid_device(self.accounts[&place.0].lid.as_str(), place.1),
        }
    }

    fn take_message(&mut self, from: &Place, stanza: &Node) {
        let to = jid(stanza, "to").expect("a message to somebody");
        let id = text(stanza, "id").expect("an id");
        let ack = NodeBuilder::new("ack").attr("class", "message").attr("id", id).attr("from", &to);
        self.deliver(from, ack.build());
        let top: Vec<Node> = stanza.get_children_by_tag("enc").cloned().collect();
        let participants = stanza.get_optional_child("participants").map(Node::children).unwrap_or_default();
        let mut direct = HashMap::new();
        for participant in participants.unwrap_or_default() {
            let device = jid(participant, "jid").expect("a device");
            direct
                .insert((self.number_of(&device), device.device), participant.children().unwrap_or_default().to_vec());
        }
        if let Some(device) =
            jid(stanza, "participant").or_else(|| (!to.is_group() && !top.is_empty()).then(|| to.clone()))
        {
            let place = (self.number_of(&device), device.device);
            return self.hand_over(from, stanza, &to, &place, top);
        }
        assert!(!direct.contains_key(from), "a device does not write to itself");
        if to.is_group() {
            self.last_for_group = top.last().cloned();
            for number in self.groups[to.user.as_str()].clone() {
                let devices: Vec<u16> = self.accounts[&number].devices.keys().copied().collect();
                for place in devices.into_iter().map(|device| (number.clone(), device)).filter(|place| place != from) {
                    let encs = direct.remove(&place).unwrap_or_default().into_iter().chain(top.clone()).collect();
                    self.hand_over(from, stanza, &to, &place, encs);
                }
            }
            return;
        }
        for (place, encs) in direct {
            self.hand_over(from, stanza, &to, &place, encs);
        }
    }

    fn hand_over(&mut self, from: &Place, stanza: &Node, to: &Jid, place: &Place, mut encs: Vec<Node>) {
        let spoil = self.spoil.entry(place.clone()).or_default();
        if *spoil > 0 {
            *spoil -= 1;
            encs.iter_mut().for_each(spoil_enc);
        }
        let sender = self.as_seen(from, to.server);
        let mut copy = NodeBuilder::new("message").attr("t", "1");
        for name in ["id", "type", "edit", "category"] {
            if let Some(value) = text(stanza, name) {
                copy = copy.attr(name, value);
            }
        }
        if to.is_group() {
            copy = copy.attr("from", to).attr("participant", &sender).attr("participant_pn", Jid::pn(from.0.as_str()));
        } else {
            copy = copy.attr("from", &sender);
            copy = if to.is_lid() {
                copy.attr("sender_pn", Jid::pn(from.0.as_str()))
            } else {
                copy.attr("sender_lid", Jid::lid(self.accounts[&from.0].lid.as_str()))
            };
            if from.0 == place.0 && text(stanza, "category").is_none() {
                copy = copy.attr("recipient", jid(stanza, "recipient").unwrap_or_else(|| to.to_non_ad()));
            }
        }
        self.deliver(place, copy.children(encs).build());
    }

    fn take_receipt(&mut self, from: &Place, receipt: &Node) {
        if matches!(text(receipt, "type").as_deref(), Some("peer_msg" | "sender")) {
            return;
        }
        let to = jid(receipt, "to").expect("a receipt to somebody");
        let author = jid(receipt, "participant").unwrap_or_else(|| to.clone());
        let mut copy = NodeBuilder::new("receipt").apply_content(receipt.content.clone());
        for name in ["id", "type", "t", "recipient", "category"] {
            if let Some(value) = text(receipt, name) {
                copy = copy.attr(name, value);
            }
        }
        let seen = self.as_seen(from, to.server);
        copy = if to.is_group() { copy.attr("from", &to).attr("participant", seen) } else { copy.attr("from", seen) };
        let place = (self.number_of(&author), author.device);
        self.deliver(&place, copy.build());
    }
}

/// Changes one bit, as a line that loses its state would.
fn spoil_enc(enc: &mut Node) {
    let mut spoiled = bytes(enc).expect("a ciphertext").to_vec();
    let last = spoiled.len() - 1;
    spoiled[last] ^= 1;
    enc.content = Some(NodeContent::Bytes(spoiled));
}
