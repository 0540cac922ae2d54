//! The program's life: started, asked, ended, started again.

use crate::asked::Asked;
use crate::limits::{LAST_LINES_TIMEOUT, PAUSE_MAX, PAUSE_MIN, PROVEN_AFTER, STOP_TIMEOUT, TURN_SHOWN_BYTES_MAX};
use crate::program::{Ordered, Program};
use greenroom_contract::text;
use greenroom_documents::answer::turn_of;
use greenroom_support::pauses::Pauses;
use greenroom_support::programs::lines::Line;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Whether the program can be asked.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// Its life has not begun, or is over.
    Off,
    /// It runs; turns go here.
    Up(mpsc::Sender<Ask>),
    /// It ended, or could not be started.
    Down {
        /// When it is started again.
        until: Instant,
        /// What happened.
        reason: Arc<str>,
    },
}

/// A turn for the program.
#[derive(Debug)]
pub(crate) struct Ask {
    /// As its document names it.
    pub(crate) turn: String,
    /// Its document and the end of the line.
    pub(crate) line: String,
    /// Until when it may be answered.
    pub(crate) until: Instant,
    pub(crate) reply: oneshot::Sender<Result<Vec<u8>, Lost>>,
    /// Its place. Kept until the program has answered, whether or not someone still waits.
    pub(crate) place: OwnedSemaphorePermit,
}

/// Why a turn that the program was given has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    /// The program ended while it worked on it.
    #[error("the program ended before it answered: {reason}")]
    Ended { reason: Arc<str> },
    /// It took too long.
    #[error("the program did not answer in time{}", if *.hangs { "; it hung, and was ended" } else { "" })]
    TooSlow { hangs: bool },
    /// It was stopped before it answered, and so is this program.
    #[error("the program was stopped before it answered")]
    Stopped,
    /// It was not given the turn at all.
    #[error("the program takes no more turns at present")]
    NotTaken,
}

type Waiter = (oneshot::Sender<Result<Vec<u8>, Lost>>, OwnedSemaphorePermit);

/// Says that the life is over, also if its future is dropped.
struct Over<'a>(&'a watch::Sender<Standing>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.send_replace(Standing::Off);
    }
}

/// Keeps the program running until `stop`.
pub(crate) async fn live(ordered: &Ordered, standing: &watch::Sender<Standing>, stop: &CancellationToken) {
    let _over = Over(standing);
    let mut pauses = Pauses::new(PAUSE_MIN, PAUSE_MAX, PROVEN_AFTER);
    while !stop.is_cancelled() {
        let started = Instant::now();
        let (reason, answered) = match ordered.start() {
            Ok(program) => {
                let (asks, taken) = mpsc::channel(ordered.parallel.max(1));
                standing.send_replace(Standing::Up(asks));
                tracing::info!("the program runs; it is not sandboxed");
                serve(program, taken, stop).await
            }
            Err(error) => (format!("{} cannot be started: {error}", ordered.recipe.program), false),
        };
        if stop.is_cancelled() {
            return;
        }
        let pause = pauses.after(started.elapsed(), answered);
        let (reason, until) = (Arc::from(reason), Instant::now() + pause);
        tracing::warn!(%reason, ?pause, "the program is down, and will be started again");
        standing.send_replace(Standing::Down { until, reason });
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

/// One run of the program: turns in, answers out, until it ends or has to be ended. Returns why, and whether it answered
/// at all.
async fn serve(mut program: Program, mut taken: mpsc::Receiver<Ask>, stop: &CancellationToken) -> (String, bool) {
    let mut asked: Asked<Waiter> = Asked::default();
    let (reason, lost) = tokio::select! {
        reason = until_it_ends(&mut program, &mut taken, &mut asked) => {
            let lost = Lost::Ended { reason: Arc::from(reason.as_str()) };
            (reason, lost)
        }
        () = stop.cancelled() => {
            last_answers(&mut program, &mut asked).await;
            wait_for_end(&mut program).await;
            ("it was stopped".to_owned(), Lost::Stopped)
        }
    };
    program.end();
    for (reply, _place) in asked.all() {
        // The one who asked may have given up.
        let _ = reply.send(Err(lost.clone()));
    }
    // A turn that was not given to it yet loses nothing.
    taken.close();
    while let Ok(ask) = taken.try_recv() {
        let _ = ask.reply.send(Err(Lost::NotTaken));
    }
    (reason, asked.answered() > 0)
}

/// Returns why it ended, or has to be ended.
async fn until_it_ends(program: &mut Program, taken: &mut mpsc::Receiver<Ask>, asked: &mut Asked<Waiter>) -> String {
    loop {
        let due = asked.next();
        tokio::select! {
            line = program.output.recv() => if let Some(line) = line { if let Some(reason) = heard(line, asked) {
                return reason;
            } } else {
                wait_for_end(program).await;
                return ended(program);
            },
            Some(ask) = taken.recv() => give(ask, program, asked),
            status = program.child.wait() => {
                // What it started and left behind is ended first: it may hold the pipe open.
                program.end();
                last_lines(program, asked).await;
                return status.map_or_else(|error| error.to_string(), |status| status.to_string());
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if give_up(asked) {
                    return "it hung, and was ended".to_owned();
                }
            }
        }
    }
}

/// Gives up the turns that waited too long; returns whether the program hangs.
fn give_up(asked: &mut Asked<Waiter>) -> bool {
    let overdue = asked.overdue(Instant::now());
    for (reply, _place) in overdue.who {
        // The one who asked may have given up in the same moment.
        let _ = reply.send(Err(Lost::TooSlow { hangs: overdue.hangs }));
    }
    overdue.hangs
}

fn give(ask: Ask, program: &Program, asked: &mut Asked<Waiter>) {
    let Ask { turn, line, until, reply, place } = ask;
    match program.input.as_ref().map(|input| input.try_send(line)) {
        Some(Ok(())) => asked.ask(&turn, until, (reply, place)),
        // It does not read, or has closed its input.
        _ => drop(reply.send(Err(Lost::NotTaken))),
    }
}

/// Hands a line to the one who waits for it. A line that is too long ends the program: the reason is returned.
fn heard(line: Line, asked: &mut Asked<Waiter>) -> Option<String> {
    let line = match line {
        Line::Whole(line) => line,
        Line::Half(line) => {
            tracing::warn!(bytes = line.len(), "the program's output ended in the middle of a line, which is not read");
            return None;
        }
        Line::TooLong(_) => return Some("it wrote a line that is longer than any answer".to_owned()),
    };
    let turn = turn_of(&line);
    let waiter = match (asked.heard(turn.as_deref()), &turn) {
        (Some(waiter), _) => Some(waiter),
        // A broken document fails its turn soon, with the place of the mistake, where it is clear which turn that is.
        (None, None) if line.trim_ascii_start().starts_with(b"{") => asked.only(),
        _ => None,
    };
    match (waiter, turn) {
        // The one who asked may have given up; then its answer is not needed.
        (Some((reply, _place)), _) => drop(reply.send(Ok(line))),
        (None, Some(turn)) => {
            let turn = text::bounded(&text::one_line(&turn), TURN_SHOWN_BYTES_MAX);
            tracing::warn!(turn, "the program answered a turn that does not wait for it; the answer is ignored");
        }
        (None, None) => {
            // It is not repeated: it may hold what a person wrote.
            tracing::warn!(
                bytes = line.len(),
                "the program wrote a line that is not an answer; standard error is for its log"
            );
        }
    }
    None
}

/// Waits a moment for the answers to what it was given, before it is asked to end.
async fn last_answers(program: &mut Program, asked: &mut Asked<Waiter>) {
    let answers = async {
        while asked.next().is_some() {
            match program.output.recv().await {
                Some(line) => drop(heard(line, asked)),
                None => return,
            }
        }
    };
    // Those that are missing then are asked once more after the start.
    let _ = timeout(STOP_TIMEOUT, answers).await;
}

/// Closes its input, which asks it to end, and waits a moment for that.
async fn wait_for_end(program: &mut Program) {
    program.input = None;
    // One that does not end by itself is ended.
    let _ = timeout(STOP_TIMEOUT, program.child.wait()).await;
}

fn ended(program: &mut Program) -> String {
    match program.child.try_wait() {
        Ok(Some(status)) => status.to_string(),
        _ => "it closed its output, and was ended".to_owned(),
    }
}

async fn last_lines(program: &mut Program, asked: &mut Asked<Waiter>) {
    let lines = async {
        while let Some(line) = program.output.recv().await {
            heard(line, asked);
        }
    };
    if timeout(LAST_LINES_TIMEOUT, lines).await.is_err() {
        tracing::warn!("the program's output is held open by something that it started in a group of its own");
    }
}

impl Standing {
    /// How long it is down at least.
    pub(crate) fn pause(until: Instant) -> Duration {
        until.saturating_duration_since(Instant::now())
    }
}
