//! How the network ends a connection, as the engine understands it. Pure.

use crate::limits;
use greenroom_contract::channel::Ended;
use greenroom_contract::time::Timestamp;
use std::time::Duration;
use whatsapp_rust::wacore_binary::NodeRef;

/// The parts of a stanza that ends a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DisconnectReason {
    /// `stream:error` or `failure`.
    pub(crate) tag: String,
    /// The number in it, as written.
    pub(crate) code: Option<String>,
    /// What a conflict is about.
    pub(crate) conflict: Option<String>,
    /// How long a ban lasts, in seconds.
    pub(crate) expire: Option<u64>,
    /// Words for people.
    pub(crate) message: Option<String>,
    /// Whether it complains of broken syntax.
    pub(crate) malformed: bool,
}

impl DisconnectReason {
    /// Reads a stanza, if it ends the connection.
    pub(crate) fn read(node: &NodeRef<'_>) -> Option<Self> {
        let text = |key: &str| node.get_attr(key).map(|value| value.as_str().into_owned());
        let code = match node.tag.as_ref() {
            "stream:error" => text("code"),
            "failure" => text("reason"),
            _ => return None,
        };
        let conflict = node.get_optional_child("conflict");
        Some(Self {
            tag: node.tag.as_ref().to_owned(),
            code,
            conflict: conflict.map(|part| part.get_attr("type").map_or_else(String::new, |v| v.as_str().into_owned())),
            expire: text("expire").and_then(|seconds| seconds.parse().ok()),
            message: text("message"),
            malformed: node.get_optional_child("xml-not-well-formed").is_some(),
        })
    }

    /// What it means; `None` if the connection goes on all the same.
    pub(crate) fn verdict(&self, now: Timestamp) -> Option<Ended> {
        let code = self.code.as_deref().unwrap_or_default();
        if self.tag == "failure" {
            return Some(self.refused(code, now));
        }
        if let Some(conflict) = self.conflict.as_deref() {
            return Some(match conflict {
                "replaced" => Ended::Replaced,
                "device_removed" => unlinked("this device was removed on the phone"),
                other => dropped(format!("WhatsApp reports a conflict ({})", plain(other))),
            });
        }
        match code {
            "515" => Some(Ended::RestartRequested),
            "401" | "516" => Some(unlinked(&format!("WhatsApp does not know this device any more ({code})"))),
            "409" => Some(Ended::Replaced),
            "429" => Some(dropped("WhatsApp asks for fewer connections (429)".to_owned())),
            "503" => Some(dropped("WhatsApp's server is going away (503)".to_owned())),
            _ if self.malformed => Some(dropped("WhatsApp could not read what was sent".to_owned())),
            _ => None,
        }
    }

    /// A login that was refused.
    fn refused(&self, code: &str, now: Timestamp) -> Ended {
        match code {
            "401" => unlinked("this device was unlinked (401)"),
            "403" => unlinked("WhatsApp locked the account (403): open WhatsApp on the phone"),
            "406" => unlinked("WhatsApp logged this device out (406)"),
            "402" => {
                let lasts = self.expire.map_or(limits::BAN_UNKNOWN, Duration::from_secs).min(limits::BAN_MAX);
                let words = self.message.as_deref().map(|words| format!(": {}", plain(words))).unwrap_or_default();
                Ended::Suspended {
                    until: now.plus(lasts),
                    reason: format!("WhatsApp banned the account for a while{words}"),
                }
            }
            "405" | "409" => Ended::Outdated,
            "" => dropped("WhatsApp refused the login without a reason".to_owned()),
            code => dropped(format!("WhatsApp refused the login ({})", plain(code))),
        }
    }
}

fn unlinked(reason: &str) -> Ended {
    Ended::LoggedOut { reason: reason.to_owned() }
}

fn dropped(reason: String) -> Ended {
    Ended::Dropped { reason }
}

/// The network's words, short and in one line.
fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn stream(code: &str) -> DisconnectReason {
        DisconnectReason { tag: "stream:error".to_owned(), code: Some(code.to_owned()), ..DisconnectReason::default() }
    }

    fn conflict(about: &str) -> DisconnectReason {
        DisconnectReason { conflict: Some(about.to_owned()), ..stream("401") }
    }

    fn failure(reason: &str) -> DisconnectReason {
        DisconnectReason { tag: "failure".to_owned(), code: Some(reason.to_owned()), ..DisconnectReason::default() }
    }

    #[test]
    fn keys_are_given_up_only_when_the_network_says_so() {
        let certain =
            [stream("401"), stream("516"), conflict("device_removed"), failure("401"), failure("403"), failure("406")];
        for told in certain {
            assert!(matches!(told.verdict(NOW), Some(Ended::LoggedOut { .. })), "{told:?}");
        }
        let not_certain = [
            conflict("replaced"),
            conflict(""),
            conflict("something new"),
            stream("429"),
            stream("503"),
            stream("777"),
            stream(""),
        ];
        let refusals = (400..420).chain([429, 500, 501, 503, 999]).filter(|code| ![401, 403, 406].contains(code));
        for told in not_certain.into_iter().chain(refusals.map(|code: i32| failure(&code.to_string()))) {
            assert!(!matches!(told.verdict(NOW), Some(Ended::LoggedOut { .. })), "{told:?}");
        }
    }

    #[test]
    fn what_each_one_means() {
        assert_eq!(stream("515").verdict(NOW), Some(Ended::RestartRequested));
        assert_eq!(conflict("replaced").verdict(NOW), Some(Ended::Replaced));
        assert_eq!(stream("409").verdict(NOW), Some(Ended::Replaced));
        assert_eq!(failure("405").verdict(NOW), Some(Ended::Outdated));
        assert!(matches!(stream("429").verdict(NOW), Some(Ended::Dropped { .. })));
        assert!(matches!(failure("503").verdict(NOW), Some(Ended::Dropped { .. })));
        assert_eq!(stream("").verdict(NOW), None);
        assert!(matches!(DisconnectReason { malformed: true, ..stream("") }.verdict(NOW), Some(Ended::Dropped { .. })));
    }

    #[test]
    fn a_ban_lasts_as_long_as_it_says() {
        let ban = |expire| DisconnectReason { expire, ..failure("402") };
        let until = |told: DisconnectReason| match told.verdict(NOW) {
            Some(Ended::Suspended { until, .. }) => until.since(NOW).as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!(until(ban(Some(3600))), 3600);
        assert_eq!(until(ban(None)), limits::BAN_UNKNOWN.as_secs());
        assert_eq!(until(ban(Some(u64::MAX))), limits::BAN_MAX.as_secs());
    }
}
