//! What happens while an account is being linked.

use greenroom_contract::channel::Ended;
use std::time::Duration;
use whatsapp_rust::types::events::{Event, EventKind};
use whatsapp_rust::wacore::pair_code::PairCodeRejection;

/// What the protocol library tells while an account is being linked.
#[derive(Debug)]
pub(crate) enum News {
    /// How many codes there will be before all are used up.
    References(u32),
    Qr {
        code: String,
        valid: Duration,
    },
    Code {
        code: String,
        valid: Duration,
    },
    CodeRefused {
        rejection: Option<PairCodeRejection>,
        reason: String,
    },
    CodeWornOut,
    Passkey,
    PasskeyFailed(String),
    OldPhone,
    Paired,
    NotPaired(String),
    UsedUp,
    /// Messages flow; settings may still be synchronized.
    Settled,
    Connected,
    Lost,
    /// No socket could be made; it is tried again.
    Unreachable(String),
    Ended(Ended),
}

impl News {
    /// The library's events that are news.
    pub(crate) const KINDS: [EventKind; 11] = [
        EventKind::PairingQrCode,
        EventKind::PairingCode,
        EventKind::PairingCodeError,
        EventKind::PairingCodeRefresh,
        EventKind::PairPasskeyRequest,
        EventKind::PairPasskeyConfirmation,
        EventKind::PairPasskeyError,
        EventKind::QrScannedWithoutMultidevice,
        EventKind::PairSuccess,
        EventKind::PairError,
        EventKind::PairingQrCodesExhausted,
    ];

    pub(crate) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::PairingQrCode(qr) => Self::Qr { code: qr.code.clone(), valid: qr.timeout },
            Event::PairingCode(code) => Self::Code { code: code.code.clone(), valid: code.timeout },
            Event::PairingCodeError(error) => {
                Self::CodeRefused { rejection: error.rejection, reason: error.error.clone() }
            }
            Event::PairingCodeRefresh(_) => Self::CodeWornOut,
            Event::PairPasskeyRequest(_) | Event::PairPasskeyConfirmation(_) => Self::Passkey,
            Event::PairPasskeyError(error) => Self::PasskeyFailed(error.error.clone()),
            Event::QrScannedWithoutMultidevice(_) => Self::OldPhone,
            Event::PairSuccess(_) => Self::Paired,
            Event::PairError(error) => Self::NotPaired(error.error.clone()),
            Event::PairingQrCodesExhausted(_) => Self::UsedUp,
            _ => return None,
        })
    }
}
