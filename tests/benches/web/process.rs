//! What a process has used, as Linux tells it.

use std::time::Duration;

/// A tick of the processor clock in `/proc`, which is this long on every Linux of today.
const TICK: Duration = Duration::from_millis(10);

pub(crate) struct Usage {
    /// Of all its threads, since it started.
    pub(crate) processor: Duration,
    pub(crate) resident_kib: u64,
}

impl Usage {
    pub(crate) fn resident_mib(&self) -> u64 {
        self.resident_kib / 1024
    }
}

pub(crate) fn usage(pid: u32) -> Usage {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the process, in brackets, may hold spaces.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).unwrap_or(0);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    let resident_kib = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    Usage { processor: TICK * (ticks(11) + ticks(12)), resident_kib }
}
