//! Programs that run beside this one: started with little, watched, and ended with everything that they started.
//!
//! | module | holds |
//! |---|---|
//! | [`lines`] | their output, line by line, within limits |
//! | `watcher` | their end where this program dies without a word |

pub mod lines;
mod watcher;

use rustix::process::{Pid, Signal, kill_process_group};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::{Child, Command};
use watcher::Watcher;

/// What is started, and how.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// The names of the variables of the environment that it gets; all others are kept from it.
    pub variables: Vec<String>,
}

/// The process group of a program; ended when it is dropped, and when this process dies.
#[derive(Debug)]
pub struct Group {
    pid: Option<Pid>,
    /// Where there is a shell to watch.
    _watcher: Option<Watcher>,
}

impl Recipe {
    /// Starts it in a group of its own, with pipes for input, output and log.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self) -> std::io::Result<(Child, Group)> {
        let child = self.command().spawn()?;
        let group = Group::of(&child);
        Ok((child, group))
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

impl Group {
    /// That of a program which was started in one of its own.
    pub fn of(child: &Child) -> Self {
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        Self { pid, _watcher: pid.and_then(Watcher::of) }
    }

    /// Ends the program, and everything that it started and that stayed in its group.
    pub fn end(&self) {
        if let Some(pid) = self.pid {
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
