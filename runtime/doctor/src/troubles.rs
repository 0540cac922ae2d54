//! What people say when something is wrong, and what lies behind it.

use std::fmt::Write as _;

/// Something that people say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// As they say it.
    pub said: &'static str,
    /// The findings that may lie behind it, by their codes.
    pub codes: &'static [&'static str],
    /// What usually is the reason.
    pub why: &'static str,
    /// The command to begin with; the finding itself names the one that corrects it.
    pub command: &'static str,
}

/// All of them. The README holds the same table.
pub const TROUBLES: &[Trouble] = &[
    Trouble {
        said: "QR code expired",
        codes: &["code-expired"],
        why: "no phone scanned the code in time; each works for less than a minute, all of them for some minutes",
        command: "greenroom link CHANNEL --account ID",
    },
    Trouble {
        said: "QR not appearing",
        codes: &["link-refused", "no-code", "maximum-sessions"],
        why: "no one is admitted yet, the network is out of reach, or all places are taken",
        command: "greenroom allow +1555… --channel CHANNEL",
    },
    Trouble {
        said: "Configured but not connected",
        codes: &["not-linked", "not-connected", "logged-out", "stopped", "not-running"],
        why: "no account is linked, its link ended, or the network is out of reach",
        command: "greenroom accounts",
    },
    Trouble {
        said: "Bot does not respond",
        codes: &["no-one-answered", "list-empty", "quarantine", "server-problem", "assistant-fails"],
        why: "who writes is not on the allow-list, or the assistant fails or is away",
        command: "greenroom why --last 10",
    },
    Trouble {
        said: "Disconnects frequently",
        codes: &["disconnects-often"],
        why: "the network of this machine is unsteady, or it sleeps",
        command: "greenroom accounts",
    },
    Trouble {
        said: "Connection keeps dropping",
        codes: &["keeps-dropping", "replaced"],
        why: "something between cuts connections that last, or another program uses the same account",
        command: "greenroom accounts reconnect ID",
    },
    Trouble {
        said: "Maximum sessions reached",
        codes: &["maximum-sessions", "no-room"],
        why: "runs that were never completed take places, or the phone has no room for another device",
        command: "greenroom accounts clean",
    },
    Trouble {
        said: "Connected but messages do not work",
        codes: &["connected-but-silent", "messages-unreadable"],
        why: "the connection is dead without a word, or keys of a chat are out of step",
        command: "greenroom accounts reconnect ID",
    },
    Trouble {
        said: "Gateway not configured",
        codes: &["gateway-not-configured", "gateway-off", "gateway-unreachable", "gateway-refuses"],
        why: "nothing says where the gateway is or what opens it, or it is switched off",
        command: "export WHATSAPP_GATEWAY_URL=https://YOUR-HOST",
    },
    Trouble {
        said: "Messages not received",
        codes: &["posts-refused", "channel-fails", "no-one-answered"],
        why: "posts come with a wrong signature or not at all, or what came was refused",
        command: "greenroom doctor cloud",
    },
    Trouble {
        said: "Messages fail to send",
        codes: &["held", "restricted", "server-warning"],
        why: "the network refused them for a day, restricts the account, or takes nothing now",
        command: "greenroom outbox",
    },
    Trouble {
        said: "Slow responses",
        codes: &["slow", "inbox-long"],
        why: "most often the language model or a tool; the trace says how long each stage took",
        command: "greenroom why --last 10",
    },
    Trouble {
        said: "The disk is full",
        codes: &["disk-full", "disk-low", "read-only"],
        why: "models, exports or other programs took the room; what was accepted is kept",
        command: "greenroom doctor",
    },
    Trouble {
        said: "The store is damaged",
        codes: &["store-damaged", "store-unusable"],
        why: "a disk or a power cut destroyed records; the others are read",
        command: "greenroom store verify",
    },
    Trouble {
        said: "Everything is too old, or in the future",
        codes: &["clock-wrong"],
        why: "the clock of this machine is wrong",
        command: "timedatectl set-ntp true",
    },
];

/// The table, as the README shows it.
pub fn markdown() -> String {
    let mut text = String::from("| what is seen | usual reason | begin with | findings |\n|---|---|---|---|\n");
    for trouble in TROUBLES {
        let codes = trouble.codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| {} | {} | `{}` | {codes} |", trouble.said, trouble.why, trouble.command);
    }
    text
}
