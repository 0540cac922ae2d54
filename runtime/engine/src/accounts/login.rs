//! One linking run: steps of the adapter become what is shown, and never a dead code.

use crate::assistants::panic_message;
use crate::status::LinkStatus;
use crate::world::{AccountCard, World};
use futures::FutureExt;
use greenroom_contract::channel::Link;
use greenroom_contract::limits;
use greenroom_contract::linking::{LoginMethod, LoginStep};
use serde::Serialize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// What the person who links sees now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct LoginView {
    /// Grows with every change, over all runs of one account since the engine started.
    pub sequence: u64,
    /// The step; `None` while there is nothing to show: a run begins, or a code died and the next one has
    /// not come.
    pub step: Option<LoginStep>,
    /// Whether a run is under way.
    pub running: bool,
}

/// How a linking run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoginEnd {
    /// The account is linked; the label is to be shown.
    Done { label: String },
    /// Nobody scanned in time.
    Expired,
    /// The phone has no room.
    SlotsFull { devices_max: u32 },
    /// It did not work.
    Failed { reason: String, next: String },
    /// It was told to end.
    Cancelled,
}

impl LoginEnd {
    /// The last step, as it is shown.
    pub(crate) fn step(&self) -> LoginStep {
        match self {
            Self::Done { label } => LoginStep::Done { label: label.clone() },
            Self::Expired => LoginStep::Expired,
            Self::SlotsFull { devices_max } => LoginStep::SlotsFull { devices_max: *devices_max },
            Self::Failed { reason, next } => LoginStep::Failed { reason: reason.clone(), next: next.clone() },
            Self::Cancelled => {
                LoginStep::Failed { reason: "linking was cancelled".to_owned(), next: "link again".to_owned() }
            }
        }
    }

    /// Why the account is not linked.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Done { .. } => String::new(),
            Self::Expired => "the code expired before it was scanned".to_owned(),
            Self::SlotsFull { devices_max } => format!("{devices_max} devices are linked already"),
            Self::Failed { reason, next } => format!("{reason}; {next}"),
            Self::Cancelled => "linking was cancelled".to_owned(),
        }
    }

    /// What the account is afterwards.
    pub(crate) fn status(&self) -> LinkStatus {
        match self {
            Self::Done { .. } => LinkStatus::Finishing,
            Self::SlotsFull { devices_max } => LinkStatus::SlotsFull { devices_max: *devices_max },
            Self::Expired | Self::Failed { .. } | Self::Cancelled => LinkStatus::NotLinked { reason: self.reason() },
        }
    }

    fn of(step: LoginStep) -> Option<Self> {
        match step {
            LoginStep::Done { label } => Some(Self::Done { label }),
            LoginStep::Expired => Some(Self::Expired),
            LoginStep::SlotsFull { devices_max } => Some(Self::SlotsFull { devices_max }),
            LoginStep::Failed { reason, next } => Some(Self::Failed { reason, next }),
            LoginStep::Qr { .. } | LoginStep::Code { .. } | LoginStep::Passkey { .. } | LoginStep::Finishing => None,
        }
    }

    fn failed(reason: &str) -> Self {
        Self::Failed { reason: reason.to_owned(), next: "link again".to_owned() }
    }
}

/// What a step makes of the account's state.
fn status_of(step: &LoginStep) -> LinkStatus {
    match step {
        LoginStep::Qr { valid_until, number, of, .. } => {
            LinkStatus::AwaitingScan { valid_until: *valid_until, number: *number, of: *of }
        }
        LoginStep::Code { valid_until, .. } => LinkStatus::CodeShown { valid_until: *valid_until },
        LoginStep::Passkey { guidance, valid_until } => {
            LinkStatus::PasskeyNeeded { guidance: guidance.clone(), valid_until: *valid_until }
        }
        _ => LinkStatus::Finishing,
    }
}

/// Shows the steps of one run until it ended. `Err` is a panic of the adapter.
pub(crate) async fn run(
    world: &World,
    card: &AccountCard,
    link: Arc<dyn Link>,
    method: LoginMethod,
    stop: CancellationToken,
) -> Result<LoginEnd, String> {
    let Some(pairing) = link.pairing() else {
        return Ok(LoginEnd::failed("this account cannot be linked at run time"));
    };
    let (sender, mut steps) = mpsc::channel(limits::LOGIN_STEPS_MAX);
    let login = AssertUnwindSafe(pairing.login(method, sender, stop.clone())).catch_unwind();
    tokio::pin!(login);
    let mut show = Show { world, card, dies_at: None, end: None };
    let mut over = Instant::now() + limits::LOGIN_RUN_MAX;
    let mut listening = true;
    let mut told_to_stop = false;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if !told_to_stop => {
                told_to_stop = true;
                over = Instant::now() + limits::LOGIN_STOP_TIMEOUT;
            }
            told = steps.recv(), if listening => match told {
                Some(now) => show.step(now),
                None => listening = false,
            },
            ended = &mut login => {
                while let Ok(step) = steps.try_recv() {
                    show.step(step);
                }
                return match ended {
                    Ok(()) => Ok(show.conclude(told_to_stop)),
                    Err(panic) => Err(panic_message(panic.as_ref())),
                };
            }
            () = until(show.dies_at) => show.died(),
            () = sleep_until(over) => {
                if told_to_stop {
                    // Dropping the run ends it, whatever it hangs on.
                    return Ok(show.conclude(true));
                }
                stop.cancel();
            }
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What is shown of one run.
struct Show<'a> {
    world: &'a World,
    card: &'a AccountCard,
    dies_at: Option<Instant>,
    end: Option<LoginEnd>,
}

impl Show<'_> {
    fn step(&mut self, step: LoginStep) {
        if self.end.is_some() {
            return;
        }
        let now = self.world.now();
        let left = step.valid_until().map(|until| until.since(now));
        if left == Some(Duration::ZERO) {
            return self.died();
        }
        self.dies_at = left.map(|left| Instant::now() + left);
        let status = status_of(&step);
        // How the run ended is shown once it is on disk.
        self.end = LoginEnd::of(step.clone());
        if self.end.is_none() {
            self.card.show(status, now);
            self.card.show_login(Some(step), true);
        }
    }

    /// A dead code is never shown.
    fn died(&mut self) {
        self.dies_at = None;
        self.card.show(LinkStatus::QrExpired, self.world.now());
        self.card.show_login(None, true);
    }

    fn conclude(self, told_to_stop: bool) -> LoginEnd {
        match self.end {
            // What is linked is linked, even if somebody wanted to cancel.
            Some(done @ LoginEnd::Done { .. }) => done,
            _ if told_to_stop => LoginEnd::Cancelled,
            Some(end) => end,
            None => LoginEnd::failed("the linking run ended without a result"),
        }
    }
}
