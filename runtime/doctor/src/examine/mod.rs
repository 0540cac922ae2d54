//! Facts in, findings out. Pure.
//!
//! | module | looks at |
//! |---|---|
//! | `machine` | configuration, disk, permissions, clock, store |
//! | `server` | whether a server runs and can be asked |
//! | `sessions` | channels, and each session with its connection |
//! | `messages` | what was refused, waits, is held, or takes long |
//! | `parts` | what was tried out |

mod machine;
mod messages;
mod parts;
mod server;
mod sessions;

use crate::facts::Facts;
use crate::finding::Finding;

/// Everything that the facts show, area by area.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = machine::examine(facts);
    findings.extend(server::examine(facts));
    findings.extend(sessions::examine(facts));
    findings.extend(messages::examine(facts));
    findings.extend(parts::examine(facts));
    findings
}

/// A span of time in words.
fn lasting(ms: u64) -> String {
    match ms / 1_000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
