//! Linking an account as steps, and unlinking it.
//!
//! One run of the protocol library spans the two connections that linking takes: on the first the phone agrees, then
//! the network asks for a restart (515), and the account counts as linked once the second one is accepted.

mod news;
mod unlink;

pub(crate) use news::News;
pub(crate) use unlink::logout;

use crate::address::Person;
use crate::inbound::Inbound;
use crate::link::WebLink;
use crate::session::{Reconnect, Session};
use crate::watch::Watch;
use futures::FutureExt;
use futures::future::BoxFuture;
use greenroom_contract::address::Address;
use greenroom_contract::channel::Ended;
use greenroom_contract::limits;
use greenroom_contract::linking::{LoginMethod, LoginStep};
use greenroom_contract::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use whatsapp_rust::Client;
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::wacore::pair_code::PairCodeRejection;

/// News of one run that may wait. A run tells some dozen in all.
const NEWS_MAX: usize = 64;
/// Codes that one reference list holds, until the network says how many.
const CODES: u32 = 6;
/// Connections that a run may lose before anybody scanned.
const LOST_MAX: u32 = 3;
/// What comes after a code has died.
const AFTER_CODE: Duration = Duration::from_secs(30);
/// Companions that WhatsApp allows beside the phone.
const DEVICES_MAX: u32 = 4;
/// How long settings, which bring the account's name, are waited for after messages flow.
const SETTINGS_WAIT: Duration = Duration::from_secs(12);
/// How long a passkey is waited for.
const PASSKEY_WAIT: Duration = Duration::from_secs(120);

const PASSKEY: &str = "WhatsApp asks for the passkey of this account, which only a browser can give: link \
                       web.whatsapp.com once in a browser on a device that holds the passkey, or link here with a \
                       pairing code instead";

/// One linking run, until it ended or `stop` is cancelled. Nothing follows a stop.
pub(crate) async fn login(
    link: &WebLink,
    method: LoginMethod,
    steps: &mpsc::Sender<LoginStep>,
    stop: &CancellationToken,
) {
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

struct Run<'a> {
    link: &'a WebLink,
    method: LoginMethod,
    steps: &'a mpsc::Sender<LoginStep>,
    /// How many codes there are in all.
    of: u32,
    /// Which one is shown.
    number: u32,
    shown_until: Timestamp,
    /// When the run is given up unless something happens.
    deadline: Instant,
    codes_asked: u32,
    lost: u32,
    paired: bool,
    /// Whether messages flow on the second connection.
    settled: bool,
}

impl<'a> Run<'a> {
    fn new(link: &'a WebLink, method: LoginMethod, steps: &'a mpsc::Sender<LoginStep>) -> Self {
        Self {
            link,
            method,
            steps,
            of: CODES,
            number: 0,
            shown_until: Timestamp(0),
            deadline: Instant::now() + limits::WEB_CODE_TIMEOUT,
            codes_asked: 0,
            lost: 0,
            paired: false,
            settled: false,
        }
    }

    /// The whole run; returns its last step.
    async fn run_out(&mut self) -> LoginStep {
        let Ok(_turn) = self.link.turn.try_lock() else {
            return failed("the account is connected or being linked already", "wait for it, or unlink it first");
        };
        let backend = match self.link.open().await {
            Ok((backend, None)) => backend,
            Ok((_, Some(_))) => return failed("the account is linked already", "unlink it first"),
            Err(reason) => return failed(&reason, "try again"),
        };
        let account = &self.link.account;
        let (sender, mut news) = mpsc::channel(NEWS_MAX);
        let watch = Watch::pairing(account.clone(), sender);
        let over = CancellationToken::new();
        let _over_when_dropped = over.clone().drop_guard();
        let inbound = Inbound::new(account.clone(), watch.clone(), None, over.clone());
        let started = Session::start(account, backend, &watch, inbound, Reconnect::ForLinking, &self.link.ending).await;
        let mut session = match started {
            Ok(session) => session,
            Err(reason) => return failed(&reason, "try again"),
        };
        let last = self.until_last(&mut session, &mut news, &watch).await;
        over.cancel();
        let label = session.client().map(|client| label(&client));
        let ended = session.end(limits::WEB_END_TIMEOUT).await;
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

    fn linked(&self, label: Option<String>) -> LoginStep {
        let now = self.link.account.clock.now();
        self.link.account.phone.seen(now, now);
        LoginStep::Done { label: label.unwrap_or_default() }
    }

    async fn until_last(&mut self, session: &mut Session, news: &mut mpsc::Receiver<News>, watch: &Watch) -> Last {
        let Some(client) = session.client() else { return Last::Step(failed("there is no connection", "try again")) };
        let mut asking = self.ask_for_code(&client);
        loop {
            let told = tokio::select! {
                biased;
                told = news.recv() => told,
                refused = &mut asking => refused,
                () = tokio::time::sleep_until(self.deadline) => return self.too_late(watch),
                () = session.over() => return Last::Step(broken(watch)),
            };
            let Some(told) = told else { return Last::Step(broken(watch)) };
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
            News::References(count) => self.of = count,
            News::Qr { code, valid } if self.method == LoginMethod::Qr && !self.paired => {
                self.show_qr(code, valid).await;
            }
            News::Code { code, valid } => self.show_code(code, valid).await,
            News::CodeRefused { rejection, reason } => return Some(Last::Step(code_refused(rejection, &reason))),
            News::CodeWornOut if self.codes_asked > limits::WEB_CODES_PER_RUN_MAX => {
                return Some(Last::Step(LoginStep::Expired));
            }
            News::Passkey => {
                self.deadline = Instant::now() + PASSKEY_WAIT;
                let valid_until = self.link.account.clock.now().plus(PASSKEY_WAIT);
                self.show(LoginStep::Passkey { guidance: PASSKEY.to_owned(), valid_until }).await;
            }
            News::PasskeyFailed(reason) => {
                return Some(Last::Step(failed(&format!("the passkey failed: {reason}"), PASSKEY)));
            }
            News::OldPhone => {
                let next = "update WhatsApp on the phone, then link again";
                return Some(Last::Step(failed("the phone's WhatsApp is too old to link devices", next)));
            }
            News::Paired => {
                self.paired = true;
                self.deadline = Instant::now() + limits::WEB_FIRST_LOGIN_TIMEOUT;
                self.show(LoginStep::Finishing).await;
            }
            News::NotPaired(reason) => return Some(Last::Step(not_paired(&reason))),
            News::UsedUp => return Some(Last::Step(LoginStep::Expired)),
            News::Unreachable(reason) if !self.paired => {
                self.lost += 1;
                if self.lost > LOST_MAX {
                    return Some(Last::Step(failed(&reason, "check the network and try again")));
                }
            }
            News::Settled if self.paired => {
                self.settled = true;
                self.deadline = Instant::now() + SETTINGS_WAIT;
            }
            News::Connected if self.paired => return Some(Last::Linked),
            News::Lost if !self.paired => {
                self.lost += 1;
                if self.lost > LOST_MAX {
                    return Some(Last::Step(failed("the connection was lost several times", "try again later")));
                }
                self.number = 0;
                self.deadline = Instant::now() + limits::WEB_CODE_TIMEOUT;
            }
            News::Qr { .. }
            | News::CodeWornOut
            | News::Settled
            | News::Connected
            | News::Lost
            | News::Unreachable(_) => {}
            News::Farewell(ended) => return self.farewell(ended),
        }
        None
    }

    /// The network ended a connection.
    fn farewell(&self, ended: Ended) -> Option<Last> {
        let step = match ended {
            // This is how linking goes on, and this may pass.
            Ended::RestartRequested | Ended::Dropped { .. } => return None,
            Ended::LoggedOut { reason } if self.paired => return Some(Last::Unlinked(reason)),
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
        // The same reference is drawn anew when a key in it changed; that is no rotation.
        let is_next = self.number == 0 || now.plus(Duration::from_secs(1)) >= self.shown_until;
        self.number += u32::from(is_next);
        let valid_until = now.plus(valid);
        self.shown_until = valid_until;
        self.deadline = Instant::now() + valid + AFTER_CODE;
        let step = LoginStep::Qr { code, valid_until, number: self.number, of: self.of.max(self.number) };
        self.show(step).await;
    }

    async fn show_code(&mut self, code: String, valid: Duration) {
        let valid_until = self.link.account.clock.now().plus(valid);
        self.shown_until = valid_until;
        self.deadline = Instant::now() + valid + AFTER_CODE;
        self.show(LoginStep::Code { code: spaced(&code), valid_until }).await;
    }

    /// Shows a step as soon as there is room for it, unless it died meanwhile.
    async fn show(&self, step: LoginStep) {
        let Ok(room) = self.steps.reserve().await else { return };
        let now = self.link.account.clock.now();
        if step.valid_until().is_none_or(|until| now < until) {
            room.send(step);
        }
    }

    /// Asks the network for a pairing code, if one is wanted. The code itself comes as news; returns why none comes.
    fn ask_for_code(&mut self, client: &Arc<Client>) -> BoxFuture<'static, Option<News>> {
        let LoginMethod::Code { phone } = &self.method else { return std::future::pending().boxed() };
        if self.paired {
            return std::future::pending().boxed();
        }
        self.codes_asked += 1;
        let options = PairCodeOptions {
            phone_number: phone.chars().filter(char::is_ascii_digit).collect(),
            ..PairCodeOptions::default()
        };
        let client = client.clone();
        async move {
            client.cancel_pair_code().await;
            if let Err(error) = client.wait_for_socket(limits::WEB_CODE_TIMEOUT).await {
                return Some(News::CodeRefused { rejection: None, reason: error.to_string() });
            }
            // Code and refusal are both told as events.
            let _ = client.pair_with_code(options).await;
            std::future::pending().await
        }
        .boxed()
    }

    /// Nothing happened for too long.
    fn too_late(&self, watch: &Watch) -> Last {
        if self.settled {
            // The phone sent no settings; the account works without them.
            return Last::Linked;
        }
        if self.paired {
            let reason = "the phone agreed, but the first login did not succeed in time";
            return Last::Step(failed(reason, "check whether the account connects"));
        }
        if self.shown_until > Timestamp(0) { Last::Step(LoginStep::Expired) } else { Last::Step(broken(watch)) }
    }
}

/// Why the library ended without a word about linking.
fn broken(watch: &Watch) -> LoginStep {
    match watch.reason() {
        Ended::Dropped { reason } => failed(&reason, "check the network and try again"),
        _ => failed("the connection ended", "try again"),
    }
}

/// How a run ended.
enum Last {
    Linked,
    /// The network unlinked the device before it was used.
    Unlinked(String),
    Step(LoginStep),
}

fn failed(reason: &str, next: &str) -> LoginStep {
    LoginStep::Failed { reason: reason.to_owned(), next: next.to_owned() }
}

fn not_paired(reason: &str) -> LoginStep {
    let words = reason.to_lowercase();
    if words.contains("limit") && (words.contains("device") || words.contains("companion")) {
        return LoginStep::SlotsFull { devices_max: DEVICES_MAX };
    }
    failed(&format!("the phone's answer was refused: {reason}"), "link again")
}

fn code_refused(rejection: Option<PairCodeRejection>, reason: &str) -> LoginStep {
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
    let number = own.addresses().into_iter().find(|address| matches!(address, Address::Phone(_)));
    let number = number.map_or_else(|| "a number without digits".to_owned(), |number| number.to_string());
    let name = client.push_name();
    if name.trim().is_empty() { number } else { format!("{number} ({})", name.trim()) }
}

#[cfg(test)]
mod tests;
