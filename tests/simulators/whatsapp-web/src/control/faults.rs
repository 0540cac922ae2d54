//! Faults, as the control API takes them.

use super::Answer;
use crate::{DeviceAddress, LoginRefusal, Simulator, StreamError, Stripped};
use anyhow::{Result, bail, ensure};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// `POST /control/fault`: `{"fault": "corrupt_next", "device": "15551234567:1", "messages": 1}`. Each is the method of
/// [`Simulator`] with the same name.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "each is documented where the method of the same name is")]
pub enum Fault {
    /// `code` is 515, 503, 429, 516, 401 (removed) or 0 (replaced).
    StreamError {
        device: String,
        code: u16,
    },
    Unlink {
        device: String,
    },
    /// `reason` is 401, 402 (with `code` and `seconds`), 403, 405, 503, …
    RefuseLogins {
        device: Option<String>,
        times: usize,
        reason: u16,
        #[serde(default)]
        code: u16,
        #[serde(default)]
        seconds: u64,
    },
    AcceptLogins,
    Cut {
        device: String,
    },
    Freeze {
        device: String,
        frozen: bool,
    },
    CloseDoor {
        closed: bool,
    },
    HoldAcks {
        device: String,
        hold: bool,
    },
    CorruptNext {
        device: String,
        messages: u32,
    },
    /// `how` is `unavailable`, `view_once`, `hosted`, `bot`, `empty` or `foreign`.
    StripNext {
        device: String,
        messages: usize,
        how: String,
    },
    WithholdNext {
        device: String,
        messages: u32,
    },
    DuplicateNext {
        device: String,
        messages: u32,
    },
    RefuseNext {
        device: String,
        messages: usize,
        code: u16,
    },
    SwallowNext {
        device: String,
        messages: u32,
    },
    StaleDevicesNext {
        device: String,
        messages: u32,
    },
    RefreshCode {
        number: String,
    },
    AskForPrekeys {
        device: String,
    },
    Route {
        device: String,
        routing: String,
    },
    NewsletterSays {
        device: String,
        newsletter: String,
        words: String,
    },
    /// Whether the phone answers its companions.
    BeHelpful {
        number: String,
        helpful: bool,
    },
    ExpireReferences,
    Advance {
        seconds: u64,
    },
    FailMedia {
        requests: usize,
        status: u16,
    },
    ForgetMedia,
    LoseMedia,
}

pub(super) async fn fault(State(simulator): State<Simulator>, Json(fault): Json<Fault>) -> Answer {
    ensure_known(apply(&simulator, fault)?)?;
    Ok(Json(json!({})))
}

fn ensure_known(known: bool) -> Result<()> {
    ensure!(known, "no such device, or it is not connected");
    Ok(())
}

fn apply(simulator: &Simulator, fault: Fault) -> Result<bool> {
    let at = |device: String| device.parse::<DeviceAddress>();
    Ok(match fault {
        Fault::StreamError { device, code } => simulator.stream_error(at(device)?, stream_error(code)),
        Fault::Unlink { device } => simulator.unlink(at(device)?),
        Fault::RefuseLogins { device, times, reason, code, seconds } => {
            let device = device.map(at).transpose()?;
            simulator.refuse_logins(device, times.min(10_000), refusal(reason, code, seconds));
            true
        }
        Fault::AcceptLogins => done(|| simulator.accept_logins()),
        Fault::Cut { device } => simulator.cut(at(device)?),
        Fault::Freeze { device, frozen } => simulator.freeze(at(device)?, frozen),
        Fault::CloseDoor { closed } => done(|| simulator.close_door(closed)),
        Fault::HoldAcks { device, hold } => simulator.hold_acks(at(device)?, hold),
        Fault::CorruptNext { device, messages } => simulator.corrupt_next(at(device)?, messages),
        Fault::StripNext { device, messages, how } => {
            simulator.strip_next(at(device)?, messages.min(10_000), stripped(&how)?)
        }
        Fault::WithholdNext { device, messages } => simulator.withhold_next(at(device)?, messages),
        Fault::DuplicateNext { device, messages } => simulator.duplicate_next(at(device)?, messages),
        Fault::RefuseNext { device, messages, code } => simulator.refuse_next(at(device)?, messages.min(10_000), code),
        Fault::SwallowNext { device, messages } => simulator.swallow_next(at(device)?, messages),
        Fault::StaleDevicesNext { device, messages } => simulator.stale_devices_next(at(device)?, messages),
        Fault::RefreshCode { number } => simulator.refresh_code(&number),
        Fault::AskForPrekeys { device } => simulator.ask_for_prekeys(at(device)?),
        Fault::Route { device, routing } => simulator.route(at(device)?, routing.as_bytes()),
        Fault::NewsletterSays { device, newsletter, words } => {
            simulator.newsletter_says(at(device)?, &newsletter, &words)
        }
        Fault::BeHelpful { number, helpful } => {
            simulator.known_phone(&number)?.be_helpful(helpful);
            true
        }
        Fault::ExpireReferences => done(|| simulator.expire_references()),
        Fault::Advance { seconds } => done(|| simulator.advance(Duration::from_secs(seconds))),
        Fault::FailMedia { requests, status } => done(|| simulator.fail_media(requests.min(10_000), status)),
        Fault::ForgetMedia => done(|| simulator.forget_media()),
        Fault::LoseMedia => done(|| simulator.lose_media()),
    })
}

fn done(what: impl FnOnce()) -> bool {
    what();
    true
}

fn stripped(how: &str) -> Result<Stripped> {
    Ok(match how {
        "unavailable" => Stripped::Unavailable,
        "view_once" => Stripped::ViewOnce,
        "hosted" => Stripped::Hosted,
        "bot" => Stripped::Bot,
        "empty" => Stripped::Empty,
        "foreign" => Stripped::Foreign,
        other => bail!("{other:?} is no way to strip a message"),
    })
}

fn stream_error(code: u16) -> StreamError {
    match code {
        0 => StreamError::Replaced,
        401 => StreamError::DeviceRemoved,
        429 => StreamError::TooMany,
        503 => StreamError::Unavailable,
        515 => StreamError::Restart,
        516 => StreamError::Unlinked,
        code => StreamError::Code(code),
    }
}

fn refusal(reason: u16, code: u16, seconds: u64) -> LoginRefusal {
    match reason {
        401 => LoginRefusal::LoggedOut,
        402 => LoginRefusal::Banned { reason: code, seconds },
        403 => LoginRefusal::Forbidden,
        405 => LoginRefusal::Outdated,
        503 => LoginRefusal::Unavailable,
        code => LoginRefusal::Code(code),
    }
}
