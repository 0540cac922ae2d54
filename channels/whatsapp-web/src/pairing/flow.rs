//! Linking an account as steps.
//!
//! One run of the protocol library spans the two connections that linking takes: on the first the phone agrees, then
//! the network asks for a restart (515), and the account counts as linked once the second one is accepted.

use crate::connection::inbound::Inbound;
use crate::connection::pairing_news::News;
use crate::connection::session::{Reconnect, Session};
use crate::connection::state::ConnectionState;
use crate::connection::web_link::WebLink;
use crate::ids::address::Person;
use crate::limits;
use futures::FutureExt;
use futures::future::BoxFuture;
use greenroom_contract::address::Address;
use greenroom_contract::channel::Ended;
use greenroom_contract::linking::{LinkMethod, LinkStep, Showing, Shown};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::Client;
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::wacore::pair_code::PairCodeRejection;

const PASSKEY: &str = "WhatsApp asks for the passkey of this account, which only a browser can give: link \
                       web.whatsapp.com once in a browser on a device that holds the passkey, or link here with a \
                       pairing code instead";

const SCAN: &str = "Scan it with the phone. WhatsApp: Settings > Linked devices > Link a device.";
const TYPE: &str = "Type it on the phone. WhatsApp: Settings > Linked devices > Link a device > Link with phone \
                    number instead.";

/// One linking run, until it ended or `stop` is cancelled. Nothing follows a stop.
pub(crate) async fn link(link: &WebLink, method: LinkMethod, steps: &mpsc::Sender<LinkStep>, stop: &CancellationToken) {
    let linking = async {
        let last = Run::new(link, method, steps).run_out().await;
        // Nobody may listen any more.
        let _ = steps.send(last).await;
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = linking => {}
    }
}

/// How far a run is. It ends by a [`Last`] from any stage.
///
/// ```text
/// Starting ─a code─▶ Showing ─the phone agreed─▶ Finishing ─messages flow─▶ Synchronizing
///     └───────────────the phone agreed──────────────▲   └───connected───▶ linked ◀───┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The network was asked for codes and none was shown yet.
    Starting,
    /// Codes are shown until the phone agrees or all are used up.
    Showing {
        /// Which code of the list is shown; zero if the list begins again with the next one.
        number: u32,
        /// When the code dies.
        until: Timestamp,
    },
    /// The phone agreed: codes and lost connections mean nothing any more, and the first login is waited for.
    Finishing,
    /// Messages flow on the second connection; the settings, which bring the account's name, are waited for.
    Synchronizing,
}

impl Stage {
    /// Whether the phone agreed.
    fn is_paired(self) -> bool {
        matches!(self, Self::Finishing | Self::Synchronizing)
    }
}

/// What is counted in one run.
struct Counts {
    /// Codes that one list holds.
    codes_per_list: u32,
    /// Pairing codes that were asked for.
    codes_asked: u32,
    /// Connections that were lost, or not made, before the phone agreed.
    connections_lost: u32,
}

/// One linking run.
struct Run<'a> {
    link: &'a WebLink,
    method: LinkMethod,
    steps: &'a mpsc::Sender<LinkStep>,
    stage: Stage,
    counts: Counts,
    /// When the run is given up unless something happens.
    deadline: Instant,
}

impl<'a> Run<'a> {
    fn new(link: &'a WebLink, method: LinkMethod, steps: &'a mpsc::Sender<LinkStep>) -> Self {
        let counts = Counts { codes_per_list: limits::CODES_PER_LIST, codes_asked: 0, connections_lost: 0 };
        let deadline = Instant::now() + limits::CODE_TIMEOUT;
        Self { link, method, steps, stage: Stage::Starting, counts, deadline }
    }

    /// The whole run; returns its last step.
    async fn run_out(&mut self) -> LinkStep {
        let Ok(_permit) = self.link.connection_permit.try_lock() else {
            return failed("the account is connected or being linked already", "wait for it, or unlink it first");
        };
        let backend = match self.link.open().await {
            Ok((backend, None)) => backend,
            Ok((_, Some(_))) => return failed("the account is linked already", "unlink it first"),
            Err(reason) => return failed(&reason, "try again"),
        };
        let account = &self.link.account;
        let (sender, mut news) = mpsc::channel(limits::PAIRING_NEWS_MAX);
        let state = ConnectionState::pairing(account.clone(), sender);
        let over = CancellationToken::new();
        let _over_when_dropped = over.clone().drop_guard();
        let inbound = Inbound::new(account.clone(), state.clone(), None, over.clone());
        let started = Session::start(account, backend, &state, inbound, Reconnect::ForLinking, &self.link.ending).await;
        let mut session = match started {
            Ok(session) => session,
            Err(reason) => return failed(&reason, "try again"),
        };
        let last = self.until_last(&mut session, &mut news, &state).await;
        over.cancel();
        let label = session.client().map(|client| label(&client));
        let ended = session.end(limits::END_TIMEOUT).await;
        match last {
            Last::Linked if ended => self.linked(label),
            Last::Linked => failed("the keys could not be written in time", "check whether the account connects"),
            Last::Unlinked(reason) => {
                if let Err(reason) = self.link.forget_keys().await {
                    tracing::warn!("keys of an account that was not linked are still there: {reason}");
                }
                failed(&reason, "link again")
            }
            Last::Step(step) => step,
        }
    }

    fn linked(&self, label: Option<String>) -> LinkStep {
        let now = self.link.account.clock.now();
        self.link.account.phone.seen(now, now);
        LinkStep::Done { label: label.unwrap_or_default() }
    }

    async fn until_last(
        &mut self,
        session: &mut Session,
        news: &mut mpsc::Receiver<News>,
        state: &ConnectionState,
    ) -> Last {
        let Some(client) = session.client() else { return Last::Step(failed("there is no connection", "try again")) };
        let mut asking = self.ask_for_code(&client);
        loop {
            let told = tokio::select! {
                biased;
                told = news.recv() => told,
                refused = &mut asking => refused,
                () = tokio::time::sleep_until(self.deadline) => return self.too_late(state),
                () = session.over() => return Last::Step(broken(state)),
            };
            let Some(told) = told else { return Last::Step(broken(state)) };
            if matches!(told, News::CodeWornOut | News::Lost) {
                asking = self.ask_for_code(&client);
            }
            let is_paired = matches!(told, News::Paired);
            if let Some(last) = self.take(told).await {
                return last;
            }
            if is_paired && let Err(error) = client.persistence_manager().flush().await {
                tracing::warn!("the keys of a device that was just linked are not written yet: {error}");
            }
        }
    }

    /// Shows what is to be shown; returns the end of the run.
    async fn take(&mut self, news: News) -> Option<Last> {
        match news {
            News::References(count) => self.counts.codes_per_list = count,
            News::Qr { code, valid } if self.method == LinkMethod::Qr && !self.stage.is_paired() => {
                self.show_qr(code, valid).await;
            }
            News::Code { code, valid } if !self.stage.is_paired() => self.show_code(code, valid).await,
            News::CodeRefused { rejection, reason } => return Some(Last::Step(code_refused(rejection, &reason))),
            News::CodeWornOut if self.counts.codes_asked > limits::CODES_PER_RUN_MAX => {
                return Some(Last::Step(LinkStep::expired()));
            }
            News::Passkey => {
                self.deadline = Instant::now() + limits::PASSKEY_WAIT;
                let valid_until = Some(self.link.account.clock.now().plus(limits::PASSKEY_WAIT));
                self.show(LinkStep::Wait { guidance: PASSKEY.to_owned(), valid_until }).await;
            }
            News::PasskeyFailed(reason) => {
                return Some(Last::Step(failed(&format!("the passkey failed: {reason}"), PASSKEY)));
            }
            News::OldPhone => {
                let next = "update WhatsApp on the phone, then link again";
                return Some(Last::Step(failed("the phone's WhatsApp is too old to link devices", next)));
            }
            News::Paired => {
                self.stage = Stage::Finishing;
                self.deadline = Instant::now() + limits::FIRST_LOGIN_TIMEOUT;
                self.show(LinkStep::wait("The phone agreed; keys are being stored ...")).await;
            }
            News::NotPaired(reason) => return Some(Last::Step(not_paired(&reason))),
            News::UsedUp => return Some(Last::Step(LinkStep::expired())),
            News::Unreachable(reason) if !self.stage.is_paired() => {
                self.counts.connections_lost += 1;
                if self.counts.connections_lost > limits::LOST_CONNECTIONS_MAX {
                    return Some(Last::Step(failed(&reason, "check the network and try again")));
                }
            }
            News::Settled if self.stage.is_paired() => {
                self.stage = Stage::Synchronizing;
                self.deadline = Instant::now() + limits::SETTINGS_WAIT;
            }
            News::Connected if self.stage.is_paired() => return Some(Last::Linked),
            News::Lost if !self.stage.is_paired() => {
                self.counts.connections_lost += 1;
                if self.counts.connections_lost > limits::LOST_CONNECTIONS_MAX {
                    return Some(Last::Step(failed("the connection was lost several times", "try again later")));
                }
                if let Stage::Showing { number, .. } = &mut self.stage {
                    *number = 0;
                }
                self.deadline = Instant::now() + limits::CODE_TIMEOUT;
            }
            News::Qr { .. }
            | News::Code { .. }
            | News::CodeWornOut
            | News::Settled
            | News::Connected
            | News::Lost
            | News::Unreachable(_) => {}
            News::Ended(ended) => return self.connection_ended(ended),
        }
        None
    }

    /// The network ended a connection.
    fn connection_ended(&self, ended: Ended) -> Option<Last> {
        let step = match ended {
            // This is how linking goes on, and this may pass.
            Ended::RestartRequested | Ended::Dropped { .. } => return None,
            Ended::LoggedOut { reason } if self.stage.is_paired() => return Some(Last::Unlinked(reason)),
            Ended::Outdated => failed("WhatsApp no longer accepts this version", "update greenroom, then link again"),
            Ended::Suspended { reason, .. } | Ended::LoggedOut { reason } | Ended::Refused { reason } => {
                failed(&reason, "try again later")
            }
            _ => failed("WhatsApp ended the connection", "try again"),
        };
        Some(Last::Step(step))
    }

    async fn show_qr(&mut self, code: String, valid: Duration) {
        let now = self.link.account.clock.now();
        let (shown, until) = match self.stage {
            Stage::Showing { number, until } => (number, until),
            _ => (0, Timestamp(0)),
        };
        // The same reference is drawn again when a key in it changed; that is not a rotation.
        let is_next = shown == 0 || now.plus(Duration::from_secs(1)) >= until;
        let number = shown + u32::from(is_next);
        let valid_until = now.plus(valid);
        self.stage = Stage::Showing { number, until: valid_until };
        self.deadline = Instant::now() + valid + limits::AFTER_CODE;
        let of = self.counts.codes_per_list.max(number);
        let (shown, guidance) = (Shown::Qr(code), SCAN.to_owned());
        self.show(LinkStep::Show(Showing { shown, guidance, valid_until, number, of })).await;
    }

    async fn show_code(&mut self, code: String, valid: Duration) {
        let valid_until = self.link.account.clock.now().plus(valid);
        self.stage = Stage::Showing { number: 0, until: valid_until };
        self.deadline = Instant::now() + valid + limits::AFTER_CODE;
        let (shown, guidance, number) = (Shown::Text(spaced(&code)), TYPE.to_owned(), self.counts.codes_asked.max(1));
        let of = limits::CODES_PER_RUN_MAX.max(number);
        self.show(LinkStep::Show(Showing { shown, guidance, valid_until, number, of })).await;
    }

    /// Shows a step as soon as there is room for it, unless it died meanwhile.
    async fn show(&self, step: LinkStep) {
        let Ok(room) = self.steps.reserve().await else { return };
        let now = self.link.account.clock.now();
        if step.valid_until().is_none_or(|until| now < until) {
            room.send(step);
        }
    }

    /// Asks the network for a pairing code, if one is wanted. The code itself comes as news; returns why none comes.
    fn ask_for_code(&mut self, client: &Arc<Client>) -> BoxFuture<'static, Option<News>> {
        let LinkMethod::Code { phone } = &self.method else { return std::future::pending().boxed() };
        if self.stage.is_paired() {
            return std::future::pending().boxed();
        }
        self.counts.codes_asked += 1;
        let options = PairCodeOptions {
            phone_number: phone.chars().filter(char::is_ascii_digit).collect(),
            ..PairCodeOptions::default()
        };
        let client = client.clone();
        async move {
            client.cancel_pair_code().await;
            if let Err(error) = client.wait_for_socket(limits::CODE_TIMEOUT).await {
                return Some(News::CodeRefused { rejection: None, reason: error.to_string() });
            }
            // Code and refusal are both told as events.
            let _ = client.pair_with_code(options).await;
            std::future::pending().await
        }
        .boxed()
    }

    /// Nothing happened for too long.
    fn too_late(&self, state: &ConnectionState) -> Last {
        match self.stage {
            // The phone sent no settings; the account works without them.
            Stage::Synchronizing => Last::Linked,
            Stage::Finishing => {
                let reason = "the phone agreed, but the first login did not succeed in time";
                Last::Step(failed(reason, "check whether the account connects"))
            }
            Stage::Showing { .. } => Last::Step(LinkStep::expired()),
            Stage::Starting => Last::Step(broken(state)),
        }
    }
}

/// Why the library ended without a word about linking.
fn broken(state: &ConnectionState) -> LinkStep {
    match state.reason() {
        Ended::Dropped { reason } => failed(&reason, "check the network and try again"),
        _ => failed("the connection ended", "try again"),
    }
}

/// How a run ended.
enum Last {
    Linked,
    /// The network unlinked the device before it was used.
    Unlinked(String),
    Step(LinkStep),
}

fn failed(reason: &str, next: &str) -> LinkStep {
    LinkStep::failed(reason, next)
}

fn not_paired(reason: &str) -> LinkStep {
    let words = reason.to_lowercase();
    if words.contains("limit") && (words.contains("device") || words.contains("companion")) {
        return LinkStep::no_room(limits::DEVICES_MAX);
    }
    failed(&format!("the phone's answer was refused: {reason}"), "link again")
}

fn code_refused(rejection: Option<PairCodeRejection>, reason: &str) -> LinkStep {
    match rejection {
        Some(PairCodeRejection::FeatureNotAvailable) => {
            failed("WhatsApp does not offer pairing codes for this number", "link with a QR code")
        }
        Some(rejection) if rejection.is_throttled() => failed(
            "WhatsApp does not give a pairing code for this number now",
            "check the number, and wait some minutes before trying again",
        ),
        _ => failed(&format!("no pairing code arrived: {reason}"), "check the number and try again"),
    }
}

/// A code of eight as people read it.
fn spaced(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((start, end)) if end.len() == 4 => format!("{start}-{end}"),
        _ => code.to_owned(),
    }
}

/// The linked number, and the name where it is known.
fn label(client: &Client) -> String {
    let own = Person::of([client.pn(), client.lid()].iter().flatten());
    let number = own.addresses().into_iter().find(|address| address.namespace() == Address::PHONE);
    let number = number.map_or_else(|| "a number without digits".to_owned(), |number| number.to_string());
    let name = client.push_name();
    if name.trim().is_empty() { number } else { format!("{number} ({})", name.trim()) }
}

#[cfg(test)]
mod tests;
