//! Everything the simulated server knows. Handlers change it under one lock; nothing in it waits.

pub(crate) mod account;
pub(crate) mod device;
pub(crate) mod group;
mod outlet;
pub(crate) mod queue;
pub(crate) mod ratchet;
pub(crate) mod record;

pub(crate) use outlet::{DeviceId, Outgoing, Outlet};

use account::Account;
use device::{Device, Keys};
use group::Group;
use record::Record;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use tokio::sync::oneshot;
use whatsapp_rust::wacore_binary::{Jid, Node, Server};

use crate::address::DeviceAddress;
use crate::stream_end::LoginRefusal;

/// A connection that has not logged in: somebody who wants to be linked.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) outlet: Outlet,
    pub(crate) noise_public: [u8; 32],
    pub(crate) identity: [u8; 32],
    /// The signed prekey and registration id that came with the first frame.
    pub(crate) keys: Keys,
    pub(crate) platform: String,
    pub(crate) references: Vec<Reference>,
    /// The phone number a pairing code was asked for.
    pub(crate) code_for: Option<usize>,
    /// What is written to the phone and not yet confirmed by the companion.
    pub(crate) pairing: Option<Pairing>,
    /// Whether a passkey is still to be shown.
    pub(crate) passkey_pending: bool,
}

/// A reference shown in a QR code, or given for a pairing code.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) bytes: Vec<u8>,
    pub(crate) valid_until_ms: u64,
    pub(crate) used: bool,
}

/// A linking between the phone's scan and the companion's answer.
#[derive(Debug)]
pub(crate) struct Pairing {
    pub(crate) iq: String,
    pub(crate) account: usize,
    pub(crate) device: u16,
    pub(crate) key_index: u32,
    /// The serialized `ADVSignedDeviceIdentity` as the phone signed it.
    pub(crate) signed: Vec<u8>,
    pub(crate) done: oneshot::Sender<anyhow::Result<u16>>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) accounts: Vec<Account>,
    pub(crate) by_number: HashMap<String, usize>,
    pub(crate) by_lid: HashMap<String, usize>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) registrations: HashMap<u64, Registration>,
    /// Whose connection it is, once logged in.
    pub(crate) logged_in: HashMap<u64, DeviceId>,
    /// Who asked to be told of whose presence.
    pub(crate) watchers: BTreeSet<(usize, DeviceId)>,
    pub(crate) refusals: VecDeque<(Option<DeviceAddress>, LoginRefusal)>,
    /// Whether new connections are turned away.
    pub(crate) closed: bool,
    pub(crate) record: Record,
    pub(crate) ratchets: ratchet::Ratchets,
    pub(crate) serial: u64,
}

impl World {
    /// A number nobody has had.
    pub(crate) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// An id for a stanza of the server's.
    pub(crate) fn stanza_id(&mut self) -> String {
        format!("srv-{}", self.next())
    }

    /// Whose address this is, if anybody's.
    pub(crate) fn account_of(&self, jid: &Jid) -> Option<usize> {
        match jid.server {
            Server::Pn => self.by_number.get(jid.user.as_str()).copied(),
            Server::Lid => self.by_lid.get(jid.user.as_str()).copied(),
            _ => None,
        }
    }

    /// The device this address names, if it is linked.
    pub(crate) fn device_of(&self, jid: &Jid) -> Option<DeviceId> {
        let id = DeviceId { account: self.account_of(jid)?, device: jid.device };
        self.device(id).map(|_| id)
    }

    pub(crate) fn device(&self, id: DeviceId) -> Option<&Device> {
        self.accounts.get(id.account)?.devices.get(&id.device)
    }

    pub(crate) fn device_mut(&mut self, id: DeviceId) -> Option<&mut Device> {
        self.accounts.get_mut(id.account)?.devices.get_mut(&id.device)
    }

    /// The device of a public address.
    pub(crate) fn find(&self, address: &DeviceAddress) -> Option<DeviceId> {
        let id = DeviceId { account: *self.by_number.get(&address.number)?, device: address.device };
        self.device(id).map(|_| id)
    }

    pub(crate) fn address(&self, id: DeviceId) -> DeviceAddress {
        let number = self.accounts.get(id.account).map(|account| account.number.clone()).unwrap_or_default();
        DeviceAddress { number, device: id.device }
    }

    /// The address of a device in the space of `server`.
    pub(crate) fn jid(&self, id: DeviceId, server: Server) -> Jid {
        let account = &self.accounts[id.account];
        match server {
            Server::Lid => Jid::lid_device(account.lid.as_str(), id.device),
            _ => Jid::pn_device(account.number.as_str(), id.device),
        }
    }

    /// Writes to a device's connection, if it has one. Nothing is kept.
    pub(crate) fn write(&mut self, id: DeviceId, node: Node) {
        let Some(connection) = self.device(id).and_then(|device| device.connection.as_ref()) else { return };
        let (outlet, number) = (connection.outlet.clone(), connection.number);
        self.record.traffic(number, Some(self.address(id)), false, &node);
        let _ = outlet.send(Outgoing::Node(node));
    }

    /// Writes to somebody who wants to be linked.
    pub(crate) fn write_unlinked(&mut self, number: u64, node: Node) {
        let Some(registration) = self.registrations.get(&number) else { return };
        let outlet = registration.outlet.clone();
        self.record.traffic(number, None, false, &node);
        let _ = outlet.send(Outgoing::Node(node));
    }

    /// Notes that this device did what no well-behaved client does.
    pub(crate) fn violation(&mut self, by: DeviceId, what: impl Into<String>) {
        let address = self.address(by);
        self.record.violation(Some(address), what);
    }
}
