//! A server that is a program, from its start to its end.

use crate::life::{Plan, Run, Standing, Why, serve};
use crate::limits::{
    LAST_LINES_TIMEOUT, LOG_LINE_BYTES_MAX, LOG_LINES_MAX, LOG_SHOWN_BYTES_MAX, LOG_WINDOW, STOP_TIMEOUT,
};
use crate::masks::Masks;
use crate::offers::Terms;
use crate::session::Ear;
use crate::wire::pipe::{Breached, Pipe};
use greenroom_contract::ids::ToolServerName;
use greenroom_contract::text;
use greenroom_support::programs::lines::{self, LogLimits, Logged};
use greenroom_support::programs::{Group, Recipe};
use rmcp::service::serve_client_with_ct;
use std::io::ErrorKind;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::Arc;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const LOG: LogLimits = LogLimits { line_bytes: LOG_LINE_BYTES_MAX, lines: LOG_LINES_MAX, window: LOG_WINDOW };

/// Why a program does not start. The system says the same of a program that is missing and of a folder that is.
fn not_started(recipe: &Recipe, error: &std::io::Error) -> String {
    let program = &recipe.program;
    match error.kind() {
        ErrorKind::NotFound if !recipe.folder.is_dir() => {
            format!("{program} cannot be started: its folder {} is missing", recipe.folder.display())
        }
        ErrorKind::NotFound if program.contains('/') => {
            format!("{program} cannot be started: there is no such file, seen from {}", recipe.folder.display())
        }
        ErrorKind::NotFound => format!("{program} cannot be started: no program of this name is in the PATH"),
        _ => format!("{program} cannot be started: {error}"),
    }
}

/// One run of a program: started, asked, ended with everything that it started. Returns why it ended.
pub(crate) async fn run(
    plan: &Plan,
    recipe: &Recipe,
    run: &Arc<Run>,
    standing: &watch::Sender<Standing>,
    stop: &CancellationToken,
) -> Why {
    let (mut child, group) = match recipe.start() {
        Ok(started) => started,
        Err(error) => return Why::new(not_started(recipe, &error)),
    };
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Why::new("it has no input or no output");
    };
    let mut log = JoinSet::new();
    if let Some(stderr) = child.stderr.take() {
        let (name, terms) = (plan.name.clone(), Arc::clone(&plan.terms));
        log.spawn(lines::log(BufReader::new(stderr), LOG, move |logged| show(&name, &terms, &logged)));
    }
    tracing::info!("the program of the tool server runs; it is not sandboxed");
    let (breach, end, ear) = (Breached::default(), CancellationToken::new(), Ear::default());
    let _ended_with_it = end.clone().drop_guard();
    let changed = Arc::clone(&ear.changed);
    let starting = serve_client_with_ct(ear, Pipe::new(output, input, Arc::clone(&breach)), end.clone());
    let mut served = pin!(serve(plan, starting, &changed, run, standing));
    let mut why = tokio::select! {
        why = &mut served => why,
        () = stop.cancelled() => {
            end.cancel();
            wait_for_end(&mut child).await;
            Why::new("it was stopped")
        }
        status = child.wait() => {
            let why = ended(status, &group);
            // Its last answers are in a pipe already.
            let _ = timeout(LAST_LINES_TIMEOUT, served).await;
            why
        }
    };
    if let Some(breach) = *breach.lock() {
        why = Why::new(breach.to_string());
    } else if why.is_gone {
        end.cancel();
        if let Some(status) = wait_for_end(&mut child).await {
            why.words = format!("it ended: {status}");
        }
    }
    group.end();
    // What it said last is the reason, as often as not.
    let _ = timeout(LAST_LINES_TIMEOUT, log.join_next()).await;
    why
}

/// What it started and left behind is ended: it may hold the pipe open.
fn ended(status: std::io::Result<ExitStatus>, group: &Group) -> Why {
    group.end();
    Why::new(status.map_or_else(|error| error.to_string(), |status| format!("it ended: {status}")))
}

/// Waits a moment for a program whose input is closed.
async fn wait_for_end(child: &mut Child) -> Option<ExitStatus> {
    timeout(STOP_TIMEOUT, child.wait()).await.ok()?.ok()
}

/// Passes its log on, safe to show and without secrets.
fn show(server: &ToolServerName, terms: &Terms, logged: &Logged<'_>) {
    match logged {
        Logged::Line(line) => tracing::info!(%server, "the program says: {}", shown(line, &terms.masks)),
        // A secret may be cut in two there.
        Logged::Rest(_) => {}
        Logged::LeftOut(lines) => tracing::warn!(%server, lines, "the program logged more than is shown"),
    }
}

fn shown(line: &[u8], masks: &Masks) -> String {
    let line = String::from_utf8_lossy(line);
    let line = text::bounded(&masks.hide(&line), LOG_SHOWN_BYTES_MAX);
    text::one_line(&line).into_owned()
}
