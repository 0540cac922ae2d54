//! The phones behind accounts that are linked at run time.

use crate::LoopbackNetwork;
use greenroom_contract::linking::{Answers, PhoneSeen};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{Notify, mpsc, oneshot};

/// What one linking run is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkPlan {
    /// QR codes one after another, until one is scanned; a typed code where that was asked for.
    Codes {
        /// How many codes there are.
        of: u32,
        /// How long the first one works.
        first: Duration,
        /// How long each of the others works.
        later: Duration,
        /// How long nothing can be shown between two of them.
        gap: Duration,
    },
    /// The person must confirm elsewhere; it is done by [`LoopbackNetwork::confirm`].
    Elsewhere {
        /// The page that must be opened for it, if there is one.
        page: Option<String>,
        /// How long the request stands.
        stands: Duration,
    },
    /// The network asks for the number and a secret, and once more as long as the secret is another one.
    Questions {
        /// The secret that is right.
        secret: String,
        /// How long each question stands.
        stands: Duration,
    },
    /// The phone has no room.
    SlotsFull {
        /// For so many devices.
        devices_max: u32,
    },
    /// It does not work.
    Fail {
        /// Why.
        reason: String,
    },
    /// The adapter hangs and does not obey.
    Hang,
    /// The adapter has a bug.
    Panic,
}

impl LinkPlan {
    /// What WhatsApp does: six codes, of which the first works for a minute and the others for 20 seconds.
    pub const USUAL: Self =
        Self::Codes { of: 6, first: Duration::from_secs(60), later: Duration::from_secs(20), gap: Duration::ZERO };
}

/// What phones know, and what they will do.
#[derive(Default)]
pub(crate) struct Phones {
    known: Mutex<Known>,
    confirmed: Notify,
    /// What was typed for the questions of accounts.
    typed: Mutex<HashMap<String, Sender<Answers>>>,
}

#[derive(Default)]
struct Known {
    plans: VecDeque<LinkPlan>,
    /// Codes that work now, and who waits for their scan.
    offers: BTreeMap<String, oneshot::Sender<String>>,
    /// Accounts that are among the linked devices of a phone, with its number.
    devices: HashMap<String, String>,
    /// Accounts that were removed from there.
    removed: HashSet<String>,
    seen: HashMap<String, PhoneSeen>,
    /// Logouts that cannot be told.
    unreachable: u32,
    scans_first: Option<String>,
    asks_for: Option<String>,
    runs: HashSet<String>,
    codes: u64,
}

/// What people do with their phones.
impl LoopbackNetwork {
    /// What the next linking runs are like, in order; those after are [`LinkPlan::USUAL`].
    pub fn next_links(&self, plans: impl IntoIterator<Item = LinkPlan>) {
        self.phones().known.lock().plans.extend(plans);
    }

    /// The phone with this number scans (or types) a code. False if the code does not work.
    pub fn scan(&self, code: &str, number: &str) -> bool {
        let offer = self.phones().known.lock().offers.remove(code);
        offer.is_some_and(|offer| offer.send(number.to_owned()).is_ok())
    }

    /// From now on a phone with this number scans the first code of every run.
    pub fn scan_first_code(&self, number: Option<String>) {
        self.phones().known.lock().scans_first = number;
    }

    /// The codes that work now.
    pub fn codes(&self) -> Vec<String> {
        self.phones().known.lock().offers.keys().cloned().collect()
    }

    /// The person confirms elsewhere what is asked for.
    pub fn confirm(&self) {
        self.phones().confirmed.notify_one();
    }

    /// The accounts that are linked devices of some phone.
    pub fn devices(&self) -> Vec<String> {
        let mut devices: Vec<String> = self.phones().known.lock().devices.keys().cloned().collect();
        devices.sort();
        devices
    }

    /// The owner removes the device on the phone: its connection ends as logged out.
    pub fn unlink(&self, account: &str, reason: &str) {
        self.phones().remove_device(account);
        if self.is_known(account) {
            self.cut(account, greenroom_contract::channel::Ended::LoggedOut { reason: reason.to_owned() });
        }
    }

    /// From now on every linking run that has no other plan asks for the number and this secret.
    pub fn ask_for(&self, secret: Option<String>) {
        self.phones().known.lock().asks_for = secret;
    }

    /// The next logouts cannot be told to the network.
    pub fn next_logouts_fail(&self, logouts: u32) {
        self.phones().known.lock().unreachable = logouts;
    }

    /// When the phone behind an account was last seen.
    pub fn phone_was_seen(&self, account: &str, seen: PhoneSeen) {
        self.phones().known.lock().seen.insert(account.to_owned(), seen);
    }
}

/// For the adapter's end.
impl Phones {
    pub(crate) fn plan(&self) -> LinkPlan {
        let mut known = self.known.lock();
        let stands = Duration::from_secs(120);
        let usual = known.asks_for.clone().map_or(LinkPlan::USUAL, |secret| LinkPlan::Questions { secret, stands });
        known.plans.pop_front().unwrap_or(usual)
    }

    /// Two runs at once for one account break the contract.
    pub(crate) fn begin_run(&self, account: &str) -> bool {
        self.known.lock().runs.insert(account.to_owned())
    }

    pub(crate) fn end_run(&self, account: &str) {
        self.known.lock().runs.remove(account);
    }

    /// A code that works until it is withdrawn, and the number of the phone that scans it.
    pub(crate) fn offer(&self, kind: &str) -> (String, oneshot::Receiver<String>) {
        let mut known = self.known.lock();
        known.codes += 1;
        let code = format!("{kind}-{:04}", known.codes);
        let (scan, scanned) = oneshot::channel();
        match &known.scans_first {
            Some(number) => drop(scan.send(number.clone())),
            None => drop(known.offers.insert(code.clone(), scan)),
        }
        (code, scanned)
    }

    pub(crate) fn withdraw(&self, code: &str) {
        self.known.lock().offers.remove(code);
    }

    pub(crate) async fn confirmed(&self) {
        self.confirmed.notified().await;
    }

    /// From now on what is typed for this account comes here.
    pub(crate) fn hear_answers(&self, account: &str) -> Receiver<Answers> {
        let (sender, typed) = mpsc::channel(1);
        self.typed.lock().insert(account.to_owned(), sender);
        typed
    }

    /// False if the account did not ask, or has an answer already.
    pub(crate) fn hand_over(&self, account: &str, answers: Answers) -> bool {
        self.typed.lock().get(account).is_some_and(|sender| sender.try_send(answers).is_ok())
    }

    pub(crate) fn link(&self, account: &str, number: &str) {
        let mut known = self.known.lock();
        known.removed.remove(account);
        known.devices.insert(account.to_owned(), number.to_owned());
    }

    fn remove_device(&self, account: &str) {
        let mut known = self.known.lock();
        known.devices.remove(account);
        known.removed.insert(account.to_owned());
    }

    /// Whether the device may connect. A network in memory that was made anew knows no device, and
    /// believes whoever has keys.
    pub(crate) fn has(&self, account: &str) -> bool {
        !self.known.lock().removed.contains(account)
    }

    /// Removes the device; false if nobody can be told.
    pub(crate) fn remove(&self, account: &str) -> bool {
        {
            let mut known = self.known.lock();
            if known.unreachable > 0 {
                known.unreachable -= 1;
                return false;
            }
        }
        self.remove_device(account);
        true
    }

    pub(crate) fn seen(&self, account: &str) -> Option<PhoneSeen> {
        self.known.lock().seen.get(account).copied()
    }
}
