//! The program as a process: its start, its group, its end.

use crate::limits::{LINE_BYTES_MAX, LINES_READ_AHEAD_MAX};
use crate::lines::{self, Line};
use greenroom_contract::ids::AssistantName;
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What is started, and how.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) name: AssistantName,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: PathBuf,
    /// The names of the variables that it gets.
    pub(crate) variables: Vec<String>,
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

/// The process group of a program; ended when it is dropped.
struct Group(Option<Pid>);

impl Group {
    fn end(&self) {
        if let Some(pid) = self.0 {
            // No such group: all of it has ended already.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

impl Recipe {
    pub(crate) fn start(&self) -> std::io::Result<Program> {
        let mut child = self.command().spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let group = Group(pid);
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
            pipes.spawn(lines::log(BufReader::new(stderr), self.name.clone()));
        }
        Ok(Program { child, input: Some(for_input), output, group, _pipes: pipes })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.variables.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A signal to this program's terminal is not one to it, and what it starts can be ended with it.
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

impl Program {
    /// Ends it, and everything that it started.
    pub(crate) fn end(&self) {
        self.group.end();
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
