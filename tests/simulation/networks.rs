//! The networks of a world, and the channels that speak them.

use super::moody::HELPER;
use super::people::configured;
use super::sky::{Manners, Place, RECONCILE, Sky};
use crate::support::linking::{PHONE, WARNING};
use crate::support::rng::Rng;
use greenroom::ChannelPart;
use greenroom_channel_loopback::{LoopbackNetwork, Options, capabilities, loopback};
use greenroom_conformance::messages::id;
use greenroom_contract::capabilities::{Resend, WhenClosed, WindowRule};
use greenroom_contract::channel::Channel;
use greenroom_contract::linking::Linking;
use greenroom_contract::policy::{Busy, ChannelPolicy, Rates};
use std::sync::Arc;
use std::time::Duration;

/// One network, which outlives the process.
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) ends: LoopbackNetwork,
    pub(crate) manners: Manners,
    pub(crate) policy: ChannelPolicy,
    /// Its accounts; the one that was linked at run time is the last.
    pub(crate) keys: Vec<String>,
    /// Whether an account is linked at run time.
    pub(crate) links: bool,
    pub(crate) linked: Option<String>,
}

impl Network {
    /// Makes one by chance; of several in a world each is of another kind, beginning with the `first` one.
    pub(crate) fn new(number: usize, first: usize, rng: &mut Rng, rates: Rates) -> Self {
        let kinds = [Resend::Idempotent, Resend::SameId, Resend::Visible];
        let resend = kinds[(number + first) % kinds.len()];
        let window = rng.percent(30).then(|| Duration::from_secs(600 + rng.below(3_000)));
        // One that says nothing of its window refuses all the same.
        let declared = window.filter(|_| rng.percent(70));
        let links = rng.percent(30);
        let able = capabilities();
        let options = Options {
            accounts: (0..=rng.below(2)).map(|account| format!("account-{account}")).collect(),
            lanes: 1 + rng.below(3) as usize,
            batch_max: 1 + rng.below(8) as usize,
            linking: links.then(|| Linking { warning: WARNING.to_owned() }),
            capabilities: greenroom_contract::capabilities::Capabilities {
                resend,
                window: declared.map(|open| WindowRule { open, closed: WhenClosed::Hold }),
                ..able
            },
            ..Options::default()
        };
        let keys = options.accounts.clone();
        let (channel, ends) = loopback(options);
        ends.scan_first_code(Some(PHONE.to_owned()));
        let mut policy = ChannelPolicy::new(id(HELPER));
        policy.allow_from = configured();
        policy.busy = *rng.pick(&[Busy::Queue, Busy::Queue, Busy::Collect, Busy::Interrupt]);
        policy.debounce = rng.percent(20).then_some(Duration::from_millis(500));
        policy.reconcile = RECONCILE;
        policy.rates = rates;
        let name = format!("network-{number}");
        Self { name, channel, ends, manners: Manners { resend, window }, policy, keys, links, linked: None }
    }

    /// The channel as it is configured.
    pub(crate) fn part(&self) -> ChannelPart {
        let (channel, policy) = (self.channel.clone(), self.policy.clone());
        ChannelPart { name: id(&self.name), adapter: "loopback".to_owned(), channel, policy }
    }

    /// The sky decides about its sends and connections from now on.
    pub(crate) fn under(&self, sky: &Arc<Sky>, number: usize) {
        self.keys.iter().for_each(|key| self.account_under(sky, number, key));
    }

    /// The same for one account.
    pub(crate) fn account_under(&self, sky: &Arc<Sky>, number: usize, key: &str) {
        let place: Place = (number, key.to_owned());
        let manners = self.manners;
        let (above, at) = (sky.clone(), place.clone());
        self.ends.on_send(key, Box::new(move |outbound| above.send(&at, manners, outbound)));
        let above = sky.clone();
        self.ends.on_run(key, Box::new(move || above.run(&place)));
    }
}
