//! A simulator and accounts that Baileys is linked to.

use crate::support::baileys::{Baileys, Keys, Place};
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};

pub(crate) const ALICE: &str = "15550001111";
pub(crate) const BOB: &str = "15550002222";
pub(crate) const CAROL: &str = "15550003333";

/// A phone and its first companion, which is Baileys.
pub(crate) struct Account {
    pub(crate) phone: Phone,
    pub(crate) peer: Baileys,
    /// The companion's number.
    pub(crate) device: u16,
}

impl Account {
    /// The account's address by phone number.
    pub(crate) fn pn(&self) -> String {
        format!("{}@s.whatsapp.net", self.phone.number())
    }

    /// The account's address by LID.
    pub(crate) fn lid(&self) -> String {
        format!("{}@lid", self.phone.lid())
    }

    /// The companion, as faults name it.
    pub(crate) fn companion(&self) -> (&str, u16) {
        (self.phone.number(), self.device)
    }
}

pub(crate) async fn simulator() -> Simulator {
    Simulator::start(Options::default()).await.expect("the simulator starts")
}

pub(crate) fn place(simulator: &Simulator) -> Place {
    Place {
        url: simulator.url().to_owned(),
        root_public_key_hex: simulator.root_public_key_hex(),
        certificate_pem: simulator.certificate_pem().to_owned(),
    }
}

/// An account with a linked Baileys that has logged in.
pub(crate) async fn account(simulator: &Simulator, number: &str, name: &str) -> Account {
    account_with(simulator, number, name, Keys::Memory).await
}

pub(crate) async fn account_with(simulator: &Simulator, number: &str, name: &str, keys: Keys) -> Account {
    let phone = simulator.phone(number, name).await.expect("a phone is made");
    let peer = Baileys::start(&place(simulator));
    peer.connect(keys, name).await;
    let device = linked(&phone, &peer).await;
    Account { phone, peer, device }
}

/// Lets the phone scan what the client shows; returns the companion's number.
pub(crate) async fn linked(phone: &Phone, peer: &Baileys) -> u16 {
    let device = phone.scan(&peer.qr().await).await.expect("the phone accepts the code");
    let own = (format!("{}:{device}@s.whatsapp.net", phone.number()), format!("{}:{device}@lid", phone.lid()));
    assert_eq!(peer.until_open().await, own);
    device
}

/// Nobody did what no well-behaved client does, and the simulator knew everything it was asked.
pub(crate) fn assert_clean(simulator: &Simulator) {
    let violations = simulator.violations();
    assert!(violations.is_empty(), "violations: {violations:#?}");
    let unknown = simulator.unknown_requests();
    assert!(unknown.is_empty(), "requests that the simulator does not know: {unknown:#?}");
}

/// A group of these people, whose JID is returned; the first made it.
pub(crate) fn group(simulator: &Simulator, members: &[&Phone]) -> String {
    simulator.group("Team", members).expect("it has members").jid()
}
