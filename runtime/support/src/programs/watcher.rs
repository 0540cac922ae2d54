//! The end of programs where this one dies without a word, by `kill -9` or for lack of memory.
//!
//! A program that is told nothing may work on for ever, on the files on which the next run starts a second one. A shell waits
//! beside it for the end of a pipe whose other end is here: the system closes it, whatever ends this process.

use rustix::process::Pid;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// A shell that ends a group when this process is gone. Dropped, it is ended itself and does nothing.
#[derive(Debug)]
pub(super) struct Watcher(#[allow(dead_code, reason = "it is kept, with its pipe")] Child);

/// Waits for a line or the end of its input. No one writes a line.
const SCRIPT: &str = "read -r line || kill -s KILL -- \"-$1\"";

impl Watcher {
    /// For this group. `None` where there is no shell: some containers have none.
    pub(super) fn of(group: Pid) -> Option<Self> {
        let watcher = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "watcher", &group.as_raw_nonzero().to_string()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends the group of this process must not end it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        watcher.ok().map(Self)
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use crate::programs::Recipe;
    use std::io::{BufRead as _, BufReader};
    use std::path::PathBuf;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    /// A program that heeds nothing, with a child of its own.
    fn stubborn() -> Recipe {
        let script = "trap '' HUP INT TERM; sleep 1000 & echo $! $$ >&2; while :; do sleep 1000; done";
        Recipe {
            program: "/bin/sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            folder: PathBuf::from("/"),
            variables: vec!["PATH".to_owned()],
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// What `kill -9` of the process is tried on: it starts a program, says which, and waits.
    #[test]
    #[ignore = "a part of the test below"]
    fn holds_a_program() {
        runtime().block_on(async {
            let (mut child, _group) = stubborn().start().unwrap();
            let mut said = [0; 100];
            let log = child.stderr.as_mut().unwrap();
            let length = tokio::io::AsyncReadExt::read(log, &mut said).await.unwrap();
            println!("pids {}", String::from_utf8_lossy(&said[..length]).trim());
            std::future::pending::<()>().await;
        });
    }

    fn lives(pid: &str) -> bool {
        // One that was killed and not waited for yet has no command line.
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
    }

    #[test]
    fn a_program_does_not_outlive_a_process_that_is_killed() {
        let mut holder = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "programs::watcher::tests::holds_a_program", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
        let pids = lines.map_while(Result::ok).find_map(|line| Some(line.split_once("pids ")?.1.to_owned())).unwrap();
        let pids: Vec<&str> = pids.split_whitespace().collect();
        assert!(pids.len() == 2 && pids.iter().all(|pid| lives(pid)), "{pids:?}");
        holder.kill().unwrap();
        holder.wait().unwrap();
        let killed = Instant::now();
        while pids.iter().any(|pid| lives(pid)) {
            assert!(killed.elapsed() < Duration::from_secs(20), "it lives on: {pids:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn one_that_is_dropped_ends_no_other_program() {
        runtime().block_on(async {
            let (mut other, group) = stubborn().start().unwrap();
            drop(stubborn().start().unwrap());
            assert!(other.try_wait().unwrap().is_none());
            group.end();
            other.wait().await.unwrap();
        });
    }
}
