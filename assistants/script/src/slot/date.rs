//! Days as people write them.

use jiff::civil::Date;

/// The forms that mean one day only. `1/2/2026` does not: it is another day on each side of an ocean.
const WHOLE: [&str; 4] = ["%Y-%m-%d", "%d.%m.%Y", "%d. %m. %Y", "%Y/%m/%d"];

/// The day that is meant. Without a year it is the next such day.
pub(super) fn date(written: &str, today: Date) -> Option<Date> {
    let written = written.trim().trim_end_matches(['!', '?', ',']);
    let whole = |written: &str| WHOLE.iter().find_map(|form| Date::strptime(form, written).ok());
    if let Some(day) = whole(written) {
        return Some(day);
    }
    let short = written.strip_suffix('.').unwrap_or(written);
    let (day, month) = short.split_once('.')?;
    let (day, month): (i8, i8) = (day.trim().parse().ok()?, month.trim().parse().ok()?);
    // The 29th of February may be years away.
    let next = (0..=8).filter_map(|years| Date::new(today.year().checked_add(years)?, month, day).ok());
    next.into_iter().find(|date| *date >= today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let today = Date::constant(2026, 11, 28);
        for (written, expected) in [
            ("2026-12-24", "2026-12-24"),
            ("24.12.2026", "2026-12-24"),
            ("4.1.2027!", "2027-01-04"),
            ("24. 12. 2026", "2026-12-24"),
            ("24.12.", "2026-12-24"),
            ("24.12", "2026-12-24"),
            ("27.11.", "2027-11-27"),
            ("28.11.", "2026-11-28"),
            ("29.2.", "2028-02-29"),
        ] {
            assert_eq!(date(written, today).map(|day| day.to_string()).as_deref(), Some(expected), "{written}");
        }
        for written in ["", "soon", "31.2.2026", "31.2.", "1/2/2026", "24.12.2026 noon", "99999-01-01", "."] {
            assert_eq!(date(written, today), None, "{written}");
        }
    }
}
