//! A QR code as lines of text.

use super::failure::Failure;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Black on white, whatever the terminal's own colours are: both have their numbers in the table of 256.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

/// A code that was drawn.
pub(crate) struct Drawn {
    pub(crate) lines: Vec<String>,
    /// How wide it is on a screen.
    pub(crate) columns: usize,
}

impl Drawn {
    fn of<'a>(lines: impl Iterator<Item = &'a str>, coloured: impl Fn(&str) -> String) -> Self {
        let mut columns = 0;
        let draw = |line: &'a str| {
            columns = columns.max(line.chars().count());
            coloured(line)
        };
        let lines = lines.map(draw).collect();
        Self { lines, columns }
    }
}

/// Draws a code with the quiet zone that cameras need. Without colours a dark terminal is assumed.
pub(crate) fn lines(code: &str, colours: bool) -> Result<Drawn, Failure> {
    let code = QrCode::with_error_correction_level(code, EcLevel::L)
        .map_err(|error| Failure::new(format!("this code cannot be drawn: {error}")))?;
    let mut picture = code.render::<Dense1x2>();
    picture.quiet_zone(true);
    if colours {
        let drawn = picture.build();
        return Ok(Drawn::of(drawn.lines(), |line| format!("{BLACK_ON_WHITE}{line}{PLAIN}")));
    }
    let drawn = picture.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    Ok(Drawn::of(drawn.lines(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules of a drawn code, two rows a line; true is dark.
    fn modules(lines: &[String], colours: bool) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in lines {
            let line = line.strip_prefix(BLACK_ON_WHITE).unwrap_or(line);
            let line = line.strip_suffix(PLAIN).unwrap_or(line);
            let filled = |c: char, upper: bool| match c {
                '█' => true,
                '▀' => upper,
                '▄' => !upper,
                ' ' => false,
                other => panic!("{other:?} is no half block"),
            };
            for upper in [true, false] {
                rows.push(line.chars().map(|c| filled(c, upper) == colours).collect());
            }
        }
        rows
    }

    #[test]
    fn what_is_drawn_is_the_code_with_a_quiet_zone_in_both_ways() {
        let text = "2@AbCdEf0123456789,AAAA,BBBB,CCCC,1";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        for colours in [true, false] {
            let drawn = modules(&lines(text, colours).unwrap().lines, colours);
            let width = code.width();
            assert_eq!(drawn[0].len(), width + 8, "four modules of quiet on each side");
            assert!(drawn.len() >= width + 8);
            for (y, row) in drawn.iter().enumerate().take(width + 8) {
                for (x, dark) in row.iter().enumerate() {
                    let inside = (4..width + 4).contains(&x) && (4..width + 4).contains(&y);
                    let expected = inside && code[(x - 4, y - 4)] == qrcode::Color::Dark;
                    assert_eq!(*dark, expected, "at {x}, {y} with colours {colours}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_long_for_a_code_is_a_failure() {
        assert!(lines(&"x".repeat(10_000), true).is_err());
    }
}
