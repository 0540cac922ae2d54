//! What somebody sees who links an account: one frame that is drawn anew when something changes, and
//! never a code that no longer works.

use super::failure::Failure;
use super::qr;
use greenroom_client::{LinkProgress, LinkStepView};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// How a frame is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Lines can be taken back; somebody looks at them.
    pub(crate) live: bool,
    /// Black and white can be chosen.
    pub(crate) colours: bool,
}

impl Style {
    /// What suits standard output.
    pub(crate) fn of_stdout() -> Self {
        let live = std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self { live, colours: live && std::env::var_os("NO_COLOR").is_none() }
    }
}

/// The lines that are shown, and what they came from.
pub(crate) struct Screen<W> {
    out: W,
    style: Style,
    step: Option<LinkStepView>,
    /// Lines of the picture, without the line of the countdown.
    lines: usize,
    /// Whether the line of the countdown is there.
    counting: bool,
    said: String,
}

impl<W: Write> Screen<W> {
    pub(crate) fn new(out: W, style: Style) -> Self {
        Self { out, style, step: None, lines: 0, counting: false, said: String::new() }
    }

    /// Shows what to do now.
    pub(crate) fn show(&mut self, progress: &LinkProgress, now_ms: u64) -> Result<(), Failure> {
        let step = progress.step.clone().filter(|step| until(step).is_none_or(|until| until > now_ms));
        if step != self.step || step.is_none() {
            self.step = step;
            self.draw(now_ms)?;
        }
        Ok(())
    }

    /// A second passed.
    pub(crate) fn tick(&mut self, now_ms: u64) -> Result<(), Failure> {
        match self.step.as_ref().and_then(until) {
            Some(until) if until <= now_ms => {
                self.step = None;
                self.draw(now_ms)
            }
            Some(_) if self.style.live => self.count(now_ms),
            _ => Ok(()),
        }
    }

    /// Takes the frame away, for what is said last.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        let mut text = String::new();
        if self.style.live {
            if self.counting {
                text.push_str("\r\x1b[K");
            }
            if self.lines > 0 {
                let _ = write!(text, "\x1b[{}A\x1b[J", self.lines);
            }
        }
        (self.lines, self.counting) = (0, false);
        self.write(&text)
    }

    fn draw(&mut self, now_ms: u64) -> Result<(), Failure> {
        let picture = picture(self.step.as_ref(), self.style)?;
        let text = picture.iter().fold(String::new(), |text, line| text + line + "\n");
        // Where nothing can be taken back the same words are not said twice.
        if !self.style.live && text == self.said {
            return Ok(());
        }
        self.clear()?;
        self.write(&text)?;
        self.lines = picture.len();
        self.said = text;
        if self.style.live { self.count(now_ms) } else { Ok(()) }
    }

    fn count(&mut self, now_ms: u64) -> Result<(), Failure> {
        let Some(words) = self.step.as_ref().and_then(|step| countdown(step, now_ms)) else { return Ok(()) };
        self.counting = true;
        self.write(&format!("\r\x1b[K{words}"))
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error.to_string())),
            _ => Ok(()),
        }
    }
}

fn until(step: &LinkStepView) -> Option<u64> {
    match step {
        LinkStepView::Qr { valid_until_ms, .. }
        | LinkStepView::Code { valid_until_ms, .. }
        | LinkStepView::Passkey { valid_until_ms, .. } => Some(*valid_until_ms),
        _ => None,
    }
}

/// The lines of a step, without its countdown.
fn picture(step: Option<&LinkStepView>, style: Style) -> Result<Vec<String>, Failure> {
    Ok(match step {
        None => vec!["waiting for the next code ...".to_owned()],
        Some(LinkStepView::Qr { code, number, of, .. }) if !style.live => {
            vec![format!("code {number} of {of}: {code}")]
        }
        Some(LinkStepView::Qr { code, .. }) => {
            let mut lines = qr::lines(code, style.colours)?;
            lines.push("Scan it with the phone. WhatsApp: Settings > Linked devices > Link a device.".to_owned());
            lines.push("Too large for this window? Make it larger, or use --code with the phone's number.".to_owned());
            lines
        }
        Some(LinkStepView::Code { code, .. }) => vec![
            format!("type this code on the phone: {code}"),
            "WhatsApp: Settings > Linked devices > Link a device > Link with phone number instead.".to_owned(),
        ],
        Some(LinkStepView::Passkey { guidance, .. }) => vec![guidance.clone()],
        Some(LinkStepView::Finishing) => vec!["The phone agreed; keys are being stored ...".to_owned()],
        Some(
            LinkStepView::Done { .. }
            | LinkStepView::Expired
            | LinkStepView::SlotsFull { .. }
            | LinkStepView::Failed { .. },
        ) => Vec::new(),
    })
}

fn countdown(step: &LinkStepView, now_ms: u64) -> Option<String> {
    let seconds = until(step)?.saturating_sub(now_ms).div_ceil(1_000);
    Some(match step {
        LinkStepView::Qr { number, of, .. } => format!("code {number} of {of}, {seconds} s left "),
        _ => format!("{seconds} s left "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Style = Style { live: true, colours: true };
    const PIPE: Style = Style { live: false, colours: false };

    fn qr(number: u32, valid_until_ms: u64) -> LinkProgress {
        let code = format!("secret-{number}");
        let step = Some(LinkStepView::Qr { code, valid_until_ms, number, of: 6 });
        LinkProgress { sequence: u64::from(number), running: true, step }
    }

    fn nothing() -> LinkProgress {
        LinkProgress { sequence: 9, running: true, step: None }
    }

    /// A terminal of unlimited size: what is on it after all that was written.
    fn terminal(written: &[u8]) -> Vec<String> {
        let (mut lines, mut row) = (vec![String::new()], 0_usize);
        let mut text = std::str::from_utf8(written).unwrap();
        while let Some(first) = text.chars().next() {
            let mut rest = &text[first.len_utf8()..];
            match first {
                '\n' => {
                    row += 1;
                    lines.resize_with(lines.len().max(row + 1), String::new);
                }
                '\r' => lines[row].clear(),
                '\x1b' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                    match &rest[end..=end] {
                        "A" => row -= rest[1..end].parse::<usize>().unwrap(),
                        "J" => {
                            lines.truncate(row + 1);
                            lines[row].clear();
                        }
                        _ => {}
                    }
                    rest = &rest[end + 1..];
                }
                other => lines[row].push(other),
            }
            text = rest;
        }
        lines
    }

    #[test]
    fn one_code_replaces_another_in_place_and_counts_down() {
        let mut screen = Screen::new(Vec::new(), LIVE);
        screen.show(&qr(1, 60_000), 0).unwrap();
        let first = terminal(&screen.out);
        assert_eq!(first.last().unwrap(), "code 1 of 6, 60 s left ");
        screen.tick(12_500).unwrap();
        let later = terminal(&screen.out);
        assert_eq!((later.len(), later.last().unwrap().as_str()), (first.len(), "code 1 of 6, 48 s left "));
        screen.show(&qr(2, 80_000), 60_000).unwrap();
        let second = terminal(&screen.out);
        assert_eq!((second.len(), second.last().unwrap().as_str()), (first.len(), "code 2 of 6, 20 s left "));
        assert_ne!(second[4..12], first[4..12], "another picture");
        screen.clear().unwrap();
        assert_eq!(terminal(&screen.out), [""], "nothing is left behind");
    }

    #[test]
    fn a_dead_code_is_taken_away_even_if_nobody_says_so() {
        let mut screen = Screen::new(Vec::new(), LIVE);
        screen.show(&qr(1, 60_000), 0).unwrap();
        screen.tick(60_000).unwrap();
        assert_eq!(terminal(&screen.out), ["waiting for the next code ...", ""]);
        screen.show(&qr(1, 60_000), 60_001).unwrap();
        assert_eq!(terminal(&screen.out), ["waiting for the next code ...", ""], "it does not come back");
        screen.show(&nothing(), 60_002).unwrap();
        screen.show(&qr(2, 80_000), 61_000).unwrap();
        assert!(terminal(&screen.out).len() > 10);
    }

    #[test]
    fn in_a_pipe_codes_are_text_and_nothing_is_said_twice() {
        let mut screen = Screen::new(Vec::new(), PIPE);
        screen.show(&nothing(), 0).unwrap();
        screen.show(&nothing(), 0).unwrap();
        screen.show(&qr(1, 60_000), 0).unwrap();
        screen.tick(1_000).unwrap();
        screen.show(&qr(2, 80_000), 60_000).unwrap();
        let text = String::from_utf8(screen.out).unwrap();
        assert_eq!(text, "waiting for the next code ...\ncode 1 of 6: secret-1\ncode 2 of 6: secret-2\n");
    }
}
