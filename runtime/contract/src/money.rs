//! Amounts of money, as they are shown.

use std::fmt;

const UNIT: u128 = 1_000_000;
/// Digits behind the point that a millionth has.
const DIGITS: usize = 6;
/// Digits behind the point that are shown of any amount.
const DIGITS_MIN: usize = 2;

/// An amount, in millionths of the unit in which prices are written.
///
/// Printed as it is, with two digits behind the point or as many as it has; with a precision (`{:.4}`) rounded to that many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millionths(pub u64);

impl Millionths {
    /// Of an amount in the unit; `None` if it is negative or not a number. More than there is room for is the most that there
    /// is.
    pub fn of_unit(amount: f64) -> Option<Self> {
        // A cast saturates.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let millionths = (amount * 1_000_000.0).round() as u64;
        (amount.is_finite() && amount >= 0.0).then_some(Self(millionths))
    }

    /// In the unit, as exactly as such a number can be.
    #[allow(clippy::cast_precision_loss, reason = "shown, and not added up")]
    pub fn in_unit(self) -> f64 {
        self.0 as f64 / 1_000_000.0
    }

    /// How many digits behind the point show that it is not nothing: two, four or six.
    pub fn digits(self) -> usize {
        match self.0 {
            0 | 1_000_000.. => DIGITS_MIN,
            10_000.. => 4,
            _ => DIGITS,
        }
    }
}

impl fmt::Display for Millionths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(DIGITS).min(DIGITS);
        let step = (digits..DIGITS).fold(1_u128, |step, _| step * 10);
        // Half of the last digit that is shown is rounded up.
        let rounded = (u128::from(self.0) + step / 2) / step * step;
        let (whole, rest) = (rounded / UNIT, format!("{:06}", rounded % UNIT));
        let rest = &rest[..digits];
        let rest =
            if f.precision().is_some() { rest } else { &rest[..rest.trim_end_matches('0').len().max(DIGITS_MIN)] };
        if rest.is_empty() { write!(f, "{whole}") } else { write!(f, "{whole}.{rest}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_as_many_digits_as_they_need() {
        for (millionths, shown) in [
            (0, "0.00"),
            (1, "0.000001"),
            (1_500, "0.0015"),
            (120_000, "0.12"),
            (1_000_000, "1.00"),
            (1_234_567, "1.234567"),
            (u64::MAX, "18446744073709.551615"),
        ] {
            assert_eq!(Millionths(millionths).to_string(), shown);
        }
        for (millionths, digits, shown) in [
            (1_234_567, 2, "1.23"),
            (1_235_000, 2, "1.24"),
            (999_999, 2, "1.00"),
            (999_999, 4, "1.0000"),
            (1_500, 4, "0.0015"),
            (1_500, 0, "0"),
            (u64::MAX, 0, "18446744073710"),
        ] {
            assert_eq!(format!("{:.digits$}", Millionths(millionths)), shown);
        }
        let digits = [0, 1, 9_999, 10_000, 999_999, 1_000_000].map(|amount| Millionths(amount).digits());
        assert_eq!(digits, [2, 6, 6, 4, 4, 2]);
    }

    #[test]
    fn an_amount_is_read_from_a_number_of_units() {
        for (amount, millionths) in [
            (0.0, Some(0)),
            (0.012_345_6, Some(12_346)),
            (3.0, Some(3_000_000)),
            (1e300, Some(u64::MAX)),
            (-0.000_001, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(Millionths::of_unit(amount), millionths.map(Millionths), "{amount}");
        }
        assert!((Millionths(12_345).in_unit() - 0.012_345).abs() < f64::EPSILON);
    }
}
