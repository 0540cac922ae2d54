//! What is seen while an account is linked: one frame that is drawn anew when something changes, and never a code that no
//! longer works.
//!
//! On a terminal the frame has a screen of its own, which leaves nothing behind. What does not fit into the window is not
//! drawn: half a code cannot be scanned.

use super::failure::Failure;
use super::qr;
use greenroom_client::{CodeForm, LinkProgress, LinkStepView};
use std::borrow::Cow;
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

/// The size of a window in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

impl Size {
    /// Where a window does not tell its size it is taken for large enough.
    const UNKNOWN: Self = Self { columns: usize::MAX, rows: usize::MAX };

    /// Of the window behind standard output.
    pub(crate) fn of_stdout() -> Self {
        terminal_size::terminal_size_of(std::io::stdout()).map_or(Self::UNKNOWN, |(width, height)| Self {
            columns: usize::from(width.0),
            rows: usize::from(height.0),
        })
    }
}

/// Lines are never longer, so that they do not wrap in the narrowest window that is usual.
const COLUMNS: usize = 77;

const OWN_SCREEN: &str = "\x1b[?1049h";
const USUAL_SCREEN: &str = "\x1b[?1049l";
const CLEARED: &str = "\x1b[H\x1b[J";

/// What is shown, and what it came from.
pub(crate) struct Screen<W: Write> {
    out: W,
    style: Style,
    size: fn() -> Size,
    /// The command that links with a typed code, for a window that is too small.
    by_code: String,
    step: Option<LinkStepView>,
    /// Whether a code was shown before, so that another one may follow.
    code_seen: bool,
    /// Whether the frame's own screen is there.
    is_open: bool,
    /// What was drawn last, and for which size.
    drawn: Option<(String, Size)>,
}

impl<W: Write> Screen<W> {
    pub(crate) fn new(out: W, style: Style, size: fn() -> Size, by_code: String) -> Self {
        Self { out, style, size, by_code, step: None, code_seen: false, is_open: false, drawn: None }
    }

    /// Shows what to do now.
    pub(crate) fn show(&mut self, progress: &LinkProgress, now_ms: u64) -> Result<(), Failure> {
        self.step = progress.step.clone().filter(|step| until(step).is_none_or(|until| until > now_ms));
        self.draw(now_ms)
    }

    /// A second passed.
    pub(crate) fn tick(&mut self, now_ms: u64) -> Result<(), Failure> {
        let died = self.step.as_ref().and_then(until).is_some_and(|until| until <= now_ms);
        if died {
            self.step = None;
        }
        if died || (self.style.live && self.is_open) { self.draw(now_ms) } else { Ok(()) }
    }

    /// Takes the frame away, for what is said or asked outside it.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        self.drawn = None;
        if !std::mem::take(&mut self.is_open) {
            return Ok(());
        }
        self.write(USUAL_SCREEN)
    }

    fn draw(&mut self, now_ms: u64) -> Result<(), Failure> {
        self.code_seen |= matches!(self.step, Some(LinkStepView::Show { .. }));
        let size = (self.size)();
        let picture = self.picture(size)?;
        let mut text = picture.iter().fold(String::new(), |text, line| text + line + "\n");
        if self.style.live {
            text.extend(self.step.as_ref().and_then(|step| countdown(step, now_ms)));
            if self.drawn.as_ref() == Some(&(text.clone(), size)) {
                return Ok(());
            }
            let opening = if self.is_open { "" } else { OWN_SCREEN };
            self.is_open = true;
            self.write(&format!("{opening}{CLEARED}{text}"))?;
        } else {
            // Where nothing can be taken back the same words are not said twice.
            if self.drawn.as_ref().is_some_and(|(said, _)| *said == text) {
                return Ok(());
            }
            self.write(&text)?;
        }
        self.drawn = Some((text, size));
        Ok(())
    }

    /// The lines of the step, without its countdown.
    fn picture(&self, size: Size) -> Result<Vec<String>, Failure> {
        let Some(step) = &self.step else {
            let what = if self.code_seen { "waiting for the next code ..." } else { "waiting for the network ..." };
            return Ok(vec![what.to_owned()]);
        };
        Ok(match step {
            LinkStepView::Show { form: CodeForm::Qr, code, number, of, .. } if !self.style.live => {
                vec![format!("code {number} of {of}: {code}")]
            }
            LinkStepView::Show { form: CodeForm::Qr, code, guidance, .. } => self.drawn_code(code, guidance, size)?,
            LinkStepView::Show { form: CodeForm::Text, code, guidance, .. } => {
                [vec![format!("type this code on the phone: {code}")], wrapped(guidance)].concat()
            }
            LinkStepView::Ask { guidance, .. } | LinkStepView::Wait { guidance, .. } => wrapped(guidance),
            LinkStepView::Open { address, guidance, .. } => {
                // An address is one word, however long it is.
                [wrapped(guidance), vec![address.clone()]].concat()
            }
            LinkStepView::Done { .. } | LinkStepView::Failed { .. } => Vec::new(),
        })
    }

    /// The code with what to do with it, or why it is not drawn.
    fn drawn_code(&self, code: &str, guidance: &str, size: Size) -> Result<Vec<String>, Failure> {
        let code = qr::lines(code, self.style.colours)?;
        let words = wrapped(guidance);
        // The line of the countdown is the last one.
        let needed = Size { columns: code.columns, rows: code.lines.len() + words.len() + 1 };
        if needed.columns <= size.columns && needed.rows <= size.rows {
            return Ok([code.lines, words].concat());
        }
        let sentence = format!(
            "This window has {} x {} characters, and the code needs {} x {} of them. Make the window larger or its letters \
             smaller, and the code appears here. Or press Ctrl-C and link with a code that is typed on the phone:",
            size.columns, size.rows, needed.columns, needed.rows,
        );
        Ok([wrapped(&sentence), vec![format!("  {}", self.by_code)]].concat())
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error.to_string())),
            _ => Ok(()),
        }
    }
}

impl<W: Write> Drop for Screen<W> {
    /// Also after Ctrl-C the terminal is as it was.
    fn drop(&mut self) {
        let _ = self.clear();
    }
}

fn wrapped(sentence: &str) -> Vec<String> {
    textwrap::wrap(sentence, COLUMNS).into_iter().map(Cow::into_owned).collect()
}

fn until(step: &LinkStepView) -> Option<u64> {
    match step {
        LinkStepView::Show { valid_until_ms, .. } => Some(*valid_until_ms),
        LinkStepView::Ask { valid_until_ms, .. }
        | LinkStepView::Open { valid_until_ms, .. }
        | LinkStepView::Wait { valid_until_ms, .. } => *valid_until_ms,
        LinkStepView::Done { .. } | LinkStepView::Failed { .. } => None,
    }
}

fn countdown(step: &LinkStepView, now_ms: u64) -> Option<String> {
    let seconds = until(step)?.saturating_sub(now_ms).div_ceil(1_000);
    let mut words = String::new();
    if let LinkStepView::Show { number, of, .. } = step {
        let _ = write!(words, "code {number} of {of}, ");
    }
    let _ = write!(words, "{seconds} s left ");
    Some(words)
}

#[cfg(test)]
mod tests;
