//! All that a phone knows, behind one lock.

use std::collections::{HashMap, HashSet, VecDeque};

use whatsapp_rust::wacore::libsignal::protocol::SenderKeyName;
use whatsapp_rust::wacore::types::jid::make_sender_key_name;
use whatsapp_rust::wacore_binary::{Jid, Server};

use super::address::Directory;
use super::draft::Outgoing;
use super::heard::{Heard, Receipt, Typing};
use super::keys::Keys;

/// How many sent messages a phone can encrypt again when somebody asks.
const SENT_MAX: usize = 1_000;
/// How much of each kind a phone remembers of what it saw.
const SEEN_MAX: usize = 20_000;

/// What a phone knows.
pub(super) struct PhoneState {
    pub(super) keys: Keys,
    pub(super) directory: Directory,
    /// The devices of people, by canonical bare JID.
    pub(super) devices: HashMap<Jid, Vec<u16>>,
    pub(super) groups: HashMap<Jid, Group>,
    pub(super) sent: Sent,
    /// How often the phone asked for a message again, by sender and id.
    pub(super) asked_again: HashMap<(Jid, String), u8>,
    pub(super) hellos: VecDeque<Hello>,
    /// Whether it answers its companions.
    pub(super) is_helpful: bool,
    pub(super) screen: Screen,
}

impl PhoneState {
    pub(super) fn new(keys: Keys) -> Self {
        Self {
            keys,
            directory: Directory::default(),
            devices: HashMap::new(),
            groups: HashMap::new(),
            sent: Sent::default(),
            asked_again: HashMap::new(),
            hellos: VecDeque::new(),
            is_helpful: true,
            screen: Screen::default(),
        }
    }

    /// Notes that a number and a LID are one person, and moves what is kept under the number.
    pub(super) fn learn(&mut self, one: &Jid, other: &Jid) {
        let (number, lid) = match (one.server, other.server) {
            (Server::Pn, Server::Lid) => (one, other),
            (Server::Lid, Server::Pn) => (other, one),
            _ => return,
        };
        if !self.directory.learn(&number.user, &lid.user) {
            return;
        }
        if let Some(devices) = self.devices.remove(&Jid::pn(number.user.as_str())) {
            self.devices.entry(Jid::lid(lid.user.as_str())).or_insert(devices);
        }
        let prefix = format!("{}@", number.user);
        let with_device = format!("{}:", number.user);
        for address in self.keys.sessions.addresses() {
            let name = address.name();
            if name.starts_with(&prefix) || name.starts_with(&with_device) {
                let device = name.split(['@']).next().and_then(|user| user.split(':').nth(1));
                let device = device.and_then(|device| device.parse().ok()).unwrap_or(0);
                let renamed = self.directory.signal_address(&Jid::lid_device(lid.user.as_str(), device));
                self.keys.sessions.rename(&address, renamed);
            }
        }
    }

    /// The name under which a device's sender key for a group is kept.
    pub(super) fn sender_key_name(&self, group: &Jid, device: &Jid) -> SenderKeyName {
        make_sender_key_name(group, &self.directory.signal_address(device))
    }
}

/// A group as the phone knows it.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The members, bare JIDs as the group addresses them; `None` after a change.
    pub(super) members: Option<Vec<Jid>>,
    /// A group of the old kind: it writes its members by number.
    pub(super) by_number: bool,
    /// Which devices have our sender key, canonical.
    pub(super) has_key: HashSet<Jid>,
}

/// What the phone sent lately, oldest first.
#[derive(Default)]
pub(super) struct Sent(VecDeque<SentMessage>);

/// A message and where it went.
#[derive(Clone)]
pub(super) struct SentMessage {
    pub(super) to: Jid,
    pub(super) outgoing: Outgoing,
}

impl Sent {
    pub(super) fn keep(&mut self, sent_message: SentMessage) {
        if self.0.len() == SENT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(sent_message);
    }

    pub(super) fn find(&self, id: &str) -> Option<&SentMessage> {
        self.0.iter().rev().find(|sent_message| sent_message.outgoing.id == id)
    }
}

/// A companion that shows a code and waits for somebody to enter it.
pub(super) struct Hello {
    pub(super) reference: Vec<u8>,
    pub(super) wrapped_ephemeral: Vec<u8>,
    pub(super) noise: [u8; 32],
    /// The companion's answer, once the code was entered.
    pub(super) finish: Option<Finish>,
}

/// What such a companion answers once the code was entered.
#[derive(Clone)]
pub(super) struct Finish {
    pub(super) bundle: Vec<u8>,
    pub(super) identity: [u8; 32],
}

/// What the person saw.
#[derive(Default)]
pub(super) struct Screen {
    pub(super) heard: Seen<Heard>,
    pub(super) receipts: Seen<Receipt>,
    pub(super) typing: Seen<Typing>,
    /// Messages that could not be read at first.
    pub(super) undecryptable: u64,
    /// Of these, how many were read after they came again.
    pub(super) heals: u64,
    /// Messages that somebody asked this phone to repeat.
    pub(super) repeated: u64,
    /// Ids that the server acknowledged, and its error if it refused.
    pub(super) acks: Seen<(String, Option<String>)>,
}

/// A bounded list whose entries keep their place in time.
pub(super) struct Seen<T> {
    entries: VecDeque<T>,
    dropped: u64,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), dropped: 0 }
    }
}

impl<T: Clone> Seen<T> {
    pub(super) fn add(&mut self, entry: T) {
        if self.entries.len() == SEEN_MAX {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
    }

    pub(super) fn all(&self) -> Vec<T> {
        self.entries.iter().cloned().collect()
    }

    pub(super) fn find_last(&self, fits: impl Fn(&T) -> bool) -> Option<&T> {
        self.entries.iter().rev().find(|entry| fits(entry))
    }

    pub(super) fn clear(&mut self) {
        self.dropped += self.entries.len() as u64;
        self.entries.clear();
    }

    /// The first entry not looked at before that fits; moves `looked` on to the end of what it looked at.
    pub(super) fn find_from(&self, looked: &mut u64, fits: &(dyn Fn(&T) -> bool + Send + Sync)) -> Option<T> {
        let skip = looked.saturating_sub(self.dropped) as usize;
        let found = self.entries.iter().skip(skip).find(|entry| fits(entry)).cloned();
        *looked = self.dropped + self.entries.len() as u64;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whatsapp_rust::wacore_binary::builder::NodeBuilder;

    #[test]
    fn what_is_kept_under_a_number_moves_when_its_lid_is_known() {
        let mut other = Keys::generate().unwrap();
        let bundle = NodeBuilder::new("keys").children(other.for_retry()).build();
        for device in [0, 3] {
            let mut phone_state = PhoneState::new(Keys::generate().unwrap());
            let (number, lid) = (Jid::pn_device("15550001", device), Jid::lid_device("9001", device));
            let address = phone_state.directory.signal_address(&number);
            phone_state.keys.start_session(&address, &bundle, 1).unwrap();
            phone_state.devices.insert(number.to_non_ad(), vec![0, 3]);
            phone_state.learn(&Jid::pn("15550"), &Jid::lid("9002"));
            assert!(phone_state.keys.sessions.has(&address));
            phone_state.learn(&lid, &number);
            assert!(!phone_state.keys.sessions.has(&address));
            assert!(phone_state.keys.sessions.has(&phone_state.directory.signal_address(&lid)));
            assert_eq!(phone_state.devices.get(&lid.to_non_ad()), Some(&vec![0, 3]));
        }
    }

    #[test]
    fn only_the_newest_is_kept_and_found_once() {
        let mut seen = Seen::default();
        let mut looked = 0;
        (0..SEEN_MAX + 5).for_each(|entry| seen.add(entry));
        assert_eq!(seen.find_from(&mut looked, &|entry| *entry < 5), None);
        seen.add(1);
        assert_eq!(seen.find_from(&mut looked, &|entry| *entry < 5), Some(1));
        assert_eq!(seen.find_from(&mut looked, &|entry| *entry < 5), None);
        seen.clear();
        seen.add(2);
        assert_eq!((seen.find_from(&mut looked, &|entry| *entry < 5), seen.all()), (Some(2), vec![2]));
    }
}
