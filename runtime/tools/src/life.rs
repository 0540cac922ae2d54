//! The life of a server: started, watched, started again.

use crate::failure::Failure;
use crate::limits::{LIST_PAUSE, LIST_TIMEOUT, PAUSE_MAX, PAUSE_MIN, PING_PAUSE, PING_TIMEOUT, PROVEN_AFTER};
use crate::offers::{LeftOut, Listing, Terms};
use crate::session::{About, Ear, Session};
use crate::start::{Running, Way, transport};
use greenroom_contract::ids::ToolServerName;
use greenroom_contract::time::Clock;
use greenroom_contract::tools::ToolOffer;
use rmcp::service::{ClientInitializeError, serve_client_with_ct};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// How a server lives.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: ToolServerName,
    pub(crate) way: Way,
    pub(crate) terms: Arc<Terms>,
    /// How long it may take until it is ready.
    pub(crate) start: Duration,
    pub(crate) clock: Clock,
}

/// Whether a server can be asked.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// It is being started, or will be soon.
    Starting,
    /// It is ready.
    Up(Arc<Up>),
    /// It ended, or could not be started.
    Down {
        /// When it is started again.
        until: Instant,
        /// What happened.
        reason: Arc<str>,
    },
    /// Its life is over.
    Over,
}

/// A server that is ready.
#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) session: Arc<Session>,
    pub(crate) run: Arc<Run>,
    pub(crate) offered: Offered,
}

/// One run of a server.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Calls that it answered.
    pub(crate) answered: AtomicU64,
    /// Something went wrong: find out whether it is still there.
    pub(crate) doubt: Notify,
    since: OnceLock<Instant>,
}

/// What a server offers.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) about: About,
    pub(crate) offers: Arc<[ToolOffer]>,
    /// What the server calls those that are offered under another name.
    pub(crate) renamed: BTreeMap<String, String>,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) in_vain: Vec<String>,
}

/// Why a run ended.
#[derive(Debug)]
pub(crate) struct Why {
    pub(crate) words: String,
    /// How long it asks to be left alone.
    after: Option<Duration>,
    /// Whether the server ended the connection itself.
    pub(crate) is_gone: bool,
}

impl Why {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), after: None, is_gone: false }
    }

    fn of(what: &str, failure: Failure) -> Self {
        let after = if let Failure::Away { after, .. } = failure { after } else { None };
        let is_gone = failure == Failure::Ended;
        Self { words: format!("{what}{}", failure.words()), after, is_gone }
    }
}

/// Says that a life is over, also if its future is dropped.
struct Over<'a>(&'a watch::Sender<Standing>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.send_replace(Standing::Over);
    }
}

/// Keeps a server ready until `stop`.
pub(crate) async fn live(plan: &Plan, standing: &watch::Sender<Standing>, stop: &CancellationToken) {
    let _over = Over(standing);
    let mut last: Arc<str> = Arc::from("");
    let mut pauses = greenroom_support::pauses::Pauses::new(PAUSE_MIN, PAUSE_MAX, PROVEN_AFTER);
    while !stop.is_cancelled() {
        standing.send_replace(Standing::Starting);
        let run = Arc::new(Run::default());
        let why = match &plan.way {
            #[cfg(unix)]
            Way::Program(recipe) => crate::program::run(plan, recipe, &run, standing, stop).await,
            Way::Service { client, url } => {
                let end = CancellationToken::new();
                let _ended_with_it = end.clone().drop_guard();
                let ear = Ear::default();
                let changed = Arc::clone(&ear.changed);
                let starting = serve_client_with_ct(ear, transport(client, url), end);
                tokio::select! {
                    why = serve(plan, starting, &changed, &run, standing) => why,
                    () = stop.cancelled() => return,
                }
            }
        };
        if stop.is_cancelled() {
            return;
        }
        let lived = run.since.get().map(Instant::elapsed).unwrap_or_default();
        let pause = pauses.after(lived, run.answered.load(Ordering::Relaxed) > 0).max(why.after.unwrap_or_default());
        let (reason, until): (Arc<str>, _) = (Arc::from(why.words), Instant::now() + pause);
        // Its owner reads a reason one time, and not each time that it is tried.
        if reason == last {
            tracing::info!(%reason, ?pause, "the tool server is still down, and will be started again");
        } else {
            tracing::warn!(%reason, ?pause, "the tool server is down, and will be started again");
        }
        last = Arc::clone(&reason);
        standing.send_replace(Standing::Down { until, reason });
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

/// One connection: from the first exchange until it ends or has to be ended. Returns why.
pub(crate) async fn serve(
    plan: &Plan,
    starting: impl Future<Output = Result<Running, ClientInitializeError>>,
    changed: &Notify,
    run: &Arc<Run>,
    standing: &watch::Sender<Standing>,
) -> Why {
    let until = Instant::now() + plan.start;
    let running = match timeout_at(until, starting).await {
        Ok(Ok(running)) => running,
        Ok(Err(error)) => return Why::of("", Failure::of_start(&error, &plan.terms.masks, plan.clock.now())),
        Err(_) => return Why::new(format!("it was not ready within {} s", plan.start.as_secs())),
    };
    let peer = running.peer().clone();
    let session = Arc::new(Session { peer, terms: Arc::clone(&plan.terms), clock: plan.clock });
    let served = async {
        match session.list(until).await {
            Ok(listing) => standing.send_replace(Standing::Up(up(plan, &session, run, listing))),
            Err(failure) => return Why::of("its tools cannot be listed: ", failure),
        };
        let _ = run.since.set(Instant::now());
        watch_over(plan, &session, changed, run, standing).await
    };
    tokio::select! {
        why = served => why,
        _ = running.waiting() => Why { is_gone: true, ..Why::new("it ended the connection") },
    }
}

/// Reads the list of tools anew when it changed, and finds out whether the server is there. Returns why it is not.
async fn watch_over(
    plan: &Plan,
    session: &Arc<Session>,
    changed: &Notify,
    run: &Arc<Run>,
    standing: &watch::Sender<Standing>,
) -> Why {
    let is_program = !matches!(plan.way, Way::Service { .. });
    loop {
        tokio::select! {
            () = changed.notified() => match session.list(Instant::now() + LIST_TIMEOUT).await {
                Ok(listing) => {
                    standing.send_replace(Standing::Up(up(plan, session, run, listing)));
                    sleep(LIST_PAUSE).await;
                    continue;
                }
                Err(failure) => return Why::of("its tools cannot be listed: ", failure),
            },
            () = run.doubt.notified() => {}
            // A web service is not kept awake; the next call finds out.
            () = sleep(PING_PAUSE), if is_program => {}
        }
        if let Err(failure) = session.ping(Instant::now() + PING_TIMEOUT).await {
            return Why::of("it does not say that it is there: ", failure);
        }
    }
}

/// A server that is ready, and what is worth knowing about its tools.
fn up(plan: &Plan, session: &Arc<Session>, run: &Arc<Run>, listing: Listing) -> Arc<Up> {
    let about = session.about();
    let in_vain = listing.in_vain(&plan.terms);
    tracing::info!(
        server = about.name,
        version = about.version,
        tools = listing.offers.len(),
        "the tool server is ready"
    );
    if listing.unfit > 0 {
        tracing::warn!(tools = listing.unfit, "tools are left out: {}", listing.named_unfit());
    }
    if !in_vain.is_empty() {
        tracing::warn!(patterns = ?in_vain, "allow or deny name tools that the server does not have");
    }
    let offered =
        Offered { about, offers: listing.offers.into(), renamed: listing.renamed, left_out: listing.left_out, in_vain };
    Arc::new(Up { session: Arc::clone(session), run: Arc::clone(run), offered })
}
