//! Configuration, disk, permissions, clock, store.

use super::lasting;
use crate::facts::{Facts, Space, StoreFact};
use crate::finding::Finding;
use crate::limits;

const MIB: u64 = 1024 * 1024;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = configuration(facts);
    findings.extend(facts.machine.space.map(space));
    if let Some(reason) = &facts.machine.unwritable {
        let what = format!("nothing can be written to the data folder: {reason}");
        let command = "make the disk writable, or give the folder to the user that runs greenroom (chown)";
        findings.push(Finding::error("read-only", "store", what, command));
    }
    findings.extend(store(&facts.store));
    findings.extend(permissions(facts));
    findings.push(clock(facts));
    findings.extend(open_files(facts));
    findings
}

fn configuration(facts: &Facts) -> Vec<Finding> {
    const AREA: &str = "configuration";
    if let Some(reason) = &facts.configuration {
        let command = "greenroom check, which names everything that is wrong; greenroom config example shows every key";
        return vec![Finding::error("configuration-wrong", AREA, reason, command)];
    }
    let warning = |what: &String| Finding::warning("configuration-doubtful", AREA, what, "greenroom check");
    let warnings: Vec<Finding> = facts.warnings.iter().map(warning).collect();
    if warnings.is_empty() { vec![Finding::ok("configuration", AREA, "it can be read")] } else { warnings }
}

fn space(space: Space) -> Finding {
    const AREA: &str = "store";
    let what = format!("{} MiB of {} MiB are free on its disk", space.free / MIB, space.total / MIB);
    let command = "delete speech models that are not used (greenroom model list), old exports, and what other programs left; \
                   never a file of the store";
    match space.free {
        0..limits::FREE_BYTES_MIN => Finding::error("disk-full", AREA, what, command),
        limits::FREE_BYTES_MIN..limits::FREE_BYTES_LOW => Finding::warning("disk-low", AREA, what, command),
        _ => Finding::ok("disk", AREA, what),
    }
}

fn store(store: &StoreFact) -> Option<Finding> {
    const AREA: &str = "store";
    Some(match store {
        StoreFact::Unknown => return None,
        StoreFact::Missing { folder } => {
            Finding::note("store-missing", AREA, format!("nothing was ever stored in {folder}; the first run makes it"))
        }
        StoreFact::Fine => Finding::ok("store", AREA, "it can be opened"),
        StoreFact::InUse => Finding::ok("store", AREA, "a running greenroom uses it"),
        StoreFact::Unusable { reason } => {
            Finding::error("store-unusable", AREA, reason, "greenroom store verify, which reads everything")
        }
        StoreFact::Damaged { records } => Finding::error(
            "store-damaged",
            AREA,
            format!("{records} record(s) cannot be read"),
            "greenroom store verify, then greenroom store restore-damaged or greenroom store export FILE",
        ),
    })
}

fn permissions(facts: &Facts) -> Option<Finding> {
    let exposed = &facts.machine.exposed;
    let first = exposed.first()?;
    let more = exposed.len() - 1;
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let what = format!("others on this machine may read {}{more}, and what is there holds secrets", first.display());
    Some(Finding::error("not-private", "store", what, format!("chmod -R go= {}", first.display())))
}

fn clock(facts: &Facts) -> Finding {
    const AREA: &str = "machine";
    let command = "set the clock: timedatectl set-ntp true, on Linux; then start greenroom again";
    let now = facts.now_ms;
    if now < limits::RELEASED_MS {
        let what = "the clock shows a time before this version was made, so certificates and windows are misjudged";
        return Finding::error("clock-wrong", AREA, what, command);
    }
    match facts.machine.newest_ms.map(|newest| newest.saturating_sub(now)) {
        Some(behind) if behind > limits::CLOCK_BEHIND_MAX_MS => {
            let what = format!("the clock is {} behind the newest file of the store", lasting(behind));
            Finding::error("clock-wrong", AREA, what, command)
        }
        _ => Finding::ok("clock", AREA, "the clock is not behind what was written"),
    }
}

fn open_files(facts: &Facts) -> Option<Finding> {
    let files = facts.machine.open_files?;
    let what = format!("a process may have {files} files open");
    if files >= limits::OPEN_FILES_MIN {
        return Some(Finding::ok("open-files", "machine", what));
    }
    let command = "raise it: LimitNOFILE=65536 of the service, or ulimit -n 65536";
    Some(Finding::warning("few-open-files", "machine", what, command))
}
