//! Which device of which phone number.

use std::fmt;
use std::str::FromStr;

/// A device: the digits of the phone number, and 0 for the phone itself or the number of a companion.
///
/// Written `15551234567:2`, or `15551234567` for the phone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceAddress {
    /// The digits of the phone number.
    pub number: String,
    /// 0 for the phone, from 1 for companions.
    pub device: u16,
}

impl DeviceAddress {
    /// The device of this number.
    pub fn new(number: impl AsRef<str>, device: u16) -> Self {
        Self { number: digits(number.as_ref()), device }
    }
}

impl fmt::Display for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device {
            0 => f.write_str(&self.number),
            device => write!(f, "{}:{device}", self.number),
        }
    }
}

impl From<(&str, u16)> for DeviceAddress {
    fn from((number, device): (&str, u16)) -> Self {
        Self::new(number, device)
    }
}

impl From<&DeviceAddress> for DeviceAddress {
    fn from(address: &DeviceAddress) -> Self {
        address.clone()
    }
}

impl FromStr for DeviceAddress {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None => Ok(Self::new(text, 0)),
            Some((number, device)) => Ok(Self::new(number, device.parse()?)),
        }
    }
}

/// The digits of a phone number as people write it.
pub(crate) fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// The other way in which a mobile number of Brazil is written: with its 9, or without.
pub(crate) fn other_spelling(digits: &str) -> Option<String> {
    let (area, line) = digits.strip_prefix("55")?.split_at_checked(2)?;
    match (line.len(), line.strip_prefix('9')) {
        (9, Some(short)) => Some(format!("55{area}{short}")),
        (8, _) => Some(format!("55{area}9{line}")),
        _ => None,
    }
}

/// The LID of a phone number: fixed, so that tests can name it, and unlike the number.
pub(crate) fn lid_of(number: &str) -> String {
    let hash = number
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (100_000_000_000_000 + hash % 900_000_000_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_and_read() {
        for text in ["15551234567", "15551234567:2"] {
            assert_eq!(text.parse::<DeviceAddress>().unwrap().to_string(), text);
        }
        assert_eq!(DeviceAddress::new("+1 555-123 4567", 0).number, "15551234567");
        assert_eq!(lid_of("15551234567").len(), 15);
        assert_ne!(lid_of("15551234567"), lid_of("15551234568"));
    }
}
