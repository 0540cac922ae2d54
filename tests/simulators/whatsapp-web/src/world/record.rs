//! What was seen: the traffic log, and what no well-behaved client does.

use crate::address::DeviceAddress;
use std::collections::VecDeque;
use std::fmt;
use whatsapp_rust::wacore::xml::DisplayableNode;
use whatsapp_rust::wacore_binary::Node;

/// Violations beyond these are only counted.
const VIOLATIONS_MAX: usize = 1_000;

/// One stanza as it went through the server.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Grows by one per stanza.
    pub serial: u64,
    /// The connection; grows with each new one.
    pub connection: u64,
    /// Whose; `None` before a login.
    pub device: Option<DeviceAddress>,
    /// Whether the client sent it.
    pub from_client: bool,
    /// The stanza.
    pub node: Node,
}

impl Traffic {
    /// The stanza's name: `message`, `receipt`, `iq`, …
    pub fn tag(&self) -> &str {
        &self.node.tag
    }

    /// An attribute of the stanza as text.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.node.attrs.get(name).map(|value| value.as_str().into_owned())
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.from_client { "→" } else { "←" };
        match &self.device {
            Some(device) => write!(f, "{device} {arrow} {}", DisplayableNode(&self.node)),
            None => write!(f, "#{} {arrow} {}", self.connection, DisplayableNode(&self.node)),
        }
    }
}

/// What no well-behaved client does: something malformed, forged, or a message key used twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Who did it; `None` before a login.
    pub device: Option<DeviceAddress>,
    /// What it was.
    pub what: String,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) traffic_max: usize,
    traffic: VecDeque<Traffic>,
    serial: u64,
    pub(crate) violations: Vec<Violation>,
    pub(crate) violations_dropped: u64,
    /// Requests nobody here knows; they were answered with an empty result.
    pub(crate) unknown: Vec<String>,
}

impl Record {
    pub(crate) fn traffic(&mut self, connection: u64, device: Option<DeviceAddress>, from_client: bool, node: &Node) {
        self.serial += 1;
        if self.traffic_max == 0 {
            return;
        }
        while self.traffic.len() >= self.traffic_max {
            self.traffic.pop_front();
        }
        self.traffic.push_back(Traffic { serial: self.serial, connection, device, from_client, node: node.clone() });
    }

    /// The kept stanzas after this serial.
    pub(crate) fn after(&self, serial: u64) -> impl Iterator<Item = &Traffic> {
        let first = self.traffic.partition_point(|traffic| traffic.serial <= serial);
        self.traffic.range(first..)
    }

    pub(crate) fn last_serial(&self) -> u64 {
        self.serial
    }

    pub(crate) fn violation(&mut self, device: Option<DeviceAddress>, what: impl Into<String>) {
        let violation = Violation { device, what: what.into() };
        tracing::warn!(device = ?violation.device.as_ref().map(ToString::to_string), what = violation.what, "violation");
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(violation);
        } else {
            self.violations_dropped += 1;
        }
    }

    pub(crate) fn unknown(&mut self, what: String) {
        tracing::info!(what, "unknown request answered with an empty result");
        if self.unknown.len() < VIOLATIONS_MAX && !self.unknown.contains(&what) {
            self.unknown.push(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_newest() {
        let mut record = Record { traffic_max: 2, ..Record::default() };
        for _ in 0..3 {
            record.traffic(1, None, true, &Node::default());
        }
        assert_eq!(record.after(0).map(|traffic| traffic.serial).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(record.after(2).count(), 1);
        assert_eq!(record.after(9).count(), 0);
    }
}
