//! One linking run: steps of the adapter become what is shown, and never a dead code.

use crate::context::{AccountCard, Context};
use crate::decide::link_end::LinkEnd;
use crate::decide::status::AccountStatus;
use crate::supervision::isolate;
use greenroom_contract::channel::Link;
use greenroom_contract::limits;
use greenroom_contract::linking::{LinkMethod, LinkStep, Page, Showing, Shown};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// What a step makes of the account's state.
fn status_of(step: &LinkStep) -> AccountStatus {
    match step {
        LinkStep::Show(Showing { shown: Shown::Qr(_), valid_until, number, of, .. }) => {
            AccountStatus::AwaitingScan { valid_until: *valid_until, number: *number, of: *of }
        }
        LinkStep::Show(Showing { shown: Shown::Text(_), valid_until, .. }) => {
            AccountStatus::CodeShown { valid_until: *valid_until }
        }
        LinkStep::Ask(question) => {
            AccountStatus::AnswerNeeded { guidance: question.guidance.clone(), valid_until: question.valid_until }
        }
        LinkStep::Open(Page { guidance, valid_until, .. })
        | LinkStep::Wait { guidance, valid_until: valid_until @ Some(_) } => {
            AccountStatus::ActionNeeded { guidance: guidance.clone(), valid_until: *valid_until }
        }
        _ => AccountStatus::Finishing,
    }
}

/// Shows the steps of one run until it ended. `Err` is a panic of the adapter.
pub(crate) async fn run(
    context: &Context,
    card: &AccountCard,
    link: Arc<dyn Link>,
    method: LinkMethod,
    stop: CancellationToken,
) -> Result<LinkEnd, String> {
    let Some(pairing) = link.pairing() else {
        return Ok(LinkEnd::failed("this account cannot be linked at run time"));
    };
    let (sender, mut steps) = mpsc::channel(limits::LINK_STEPS_MAX);
    let linking = isolate("linking", pairing.link(method, sender, stop.clone()));
    tokio::pin!(linking);
    let mut answers = card.take_answers();
    let mut show = Show { context, card, dies_at: None, end: None };
    let mut over = Instant::now() + limits::LINK_RUN_MAX;
    let mut listening = true;
    let mut told_to_stop = false;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled(), if !told_to_stop => {
                told_to_stop = true;
                over = Instant::now() + limits::LINK_STOP_TIMEOUT;
            }
            told = steps.recv(), if listening => match told {
                Some(now) => show.step(now),
                None => listening = false,
            },
            Some(typed) = answers.recv() => {
                show.step(LinkStep::wait("the answer is being checked ..."));
                pairing.answer(typed).await;
            }
            ended = &mut linking => {
                while let Ok(step) = steps.try_recv() {
                    show.step(step);
                }
                return match ended {
                    Ok(()) => Ok(show.conclude(told_to_stop)),
                    Err(panic) => Err(panic),
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
    context: &'a Context,
    card: &'a AccountCard,
    dies_at: Option<Instant>,
    end: Option<LinkEnd>,
}

impl Show<'_> {
    fn step(&mut self, step: LinkStep) {
        if self.end.is_some() {
            return;
        }
        let now = self.context.now();
        let left = step.valid_until().map(|until| until.since(now));
        if left == Some(Duration::ZERO) {
            return self.died();
        }
        self.dies_at = left.map(|left| Instant::now() + left);
        let status = status_of(&step);
        // How the run ended is shown once it is on disk.
        self.end = LinkEnd::of(step.clone());
        if self.end.is_none() {
            self.card.show(status, now);
            self.card.show_link_step(Some(step), true);
        }
    }

    /// A dead code is never shown.
    fn died(&mut self) {
        self.dies_at = None;
        self.card.show(AccountStatus::QrExpired, self.context.now());
        self.card.show_link_step(None, true);
    }

    fn conclude(self, told_to_stop: bool) -> LinkEnd {
        match self.end {
            // What is linked is linked, even if somebody wanted to cancel.
            Some(done @ LinkEnd::Done { .. }) => done,
            _ if told_to_stop => LinkEnd::Cancelled,
            Some(end) => end,
            None => LinkEnd::failed("the linking run ended without a result"),
        }
    }
}
