//! The program as a process, and its pipes.

use crate::limits::{LINE_BYTES_MAX, LINES_READ_AHEAD_MAX, LOG_LINE_BYTES_MAX, LOG_LINES_MAX, LOG_WINDOW};
use greenroom_contract::ids::AssistantName;
use greenroom_contract::text;
use greenroom_support::programs::lines::{self, Line, LogLimits, Logged};
use greenroom_support::programs::{Group, Recipe};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What is started, for whom, and what it is given.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    pub(crate) name: AssistantName,
    pub(crate) recipe: Recipe,
    /// Turns that it is given before it has answered.
    pub(crate) parallel: usize,
}

/// A program that runs. Dropped, it is ended, and so is everything that it started and that stayed in its group.
pub(crate) struct Program {
    pub(crate) child: Child,
    /// Lines for it; none can be written any more once this is `None`.
    pub(crate) input: Option<mpsc::Sender<String>>,
    pub(crate) output: mpsc::Receiver<Line>,
    group: Group,
    // Its pipes are read and written beside everything else, and let go with it.
    _pipes: JoinSet<()>,
}

impl Ordered {
    pub(crate) fn start(&self) -> std::io::Result<Program> {
        let (mut child, group) = self.recipe.start()?;
        let (for_input, lines_in) = mpsc::channel(self.parallel.max(1));
        let (lines_out, output) = mpsc::channel(LINES_READ_AHEAD_MAX);
        let mut pipes = JoinSet::new();
        if let Some(stdin) = child.stdin.take() {
            pipes.spawn(write(stdin, lines_in));
        }
        if let Some(stdout) = child.stdout.take() {
            pipes.spawn(lines::hand_on(BufReader::new(stdout), LINE_BYTES_MAX, lines_out));
        }
        if let Some(stderr) = child.stderr.take() {
            let assistant = self.name.clone();
            let show = move |logged: Logged<'_>| show(&assistant, &logged);
            pipes.spawn(lines::log(BufReader::new(stderr), LOG, show));
        }
        Ok(Program { child, input: Some(for_input), output, group, _pipes: pipes })
    }
}

impl Program {
    /// Ends it, and everything that it started.
    pub(crate) fn end(&self) {
        self.group.end();
    }
}

const LOG: LogLimits = LogLimits { line_bytes: LOG_LINE_BYTES_MAX, lines: LOG_LINES_MAX, window: LOG_WINDOW };

fn show(assistant: &AssistantName, logged: &Logged<'_>) {
    match logged {
        Logged::Line(line) | Logged::Rest(line) => {
            let line = String::from_utf8_lossy(line);
            tracing::info!(%assistant, "the program says: {}", text::one_line(&line));
        }
        Logged::LeftOut(lines) => tracing::warn!(%assistant, lines, "the program logged more than is shown"),
    }
}

/// Writes lines until the program takes no more of them.
async fn write(mut stdin: ChildStdin, mut lines: mpsc::Receiver<String>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}
