//! What is shown. On a terminal one sees a talk; elsewhere the output is answers and nothing else.

use greenroom_contract::choices::Choices;
use greenroom_contract::message::Location;
use greenroom_contract::outbound::OutboundBody;
use greenroom_contract::text::printable;
use std::io::{self, Write};

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";
/// Back to the start of the line, and the line is empty.
const CLEAR_LINE: &str = "\r\x1b[K";

/// Where the screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// To a person: with a prompt and colours.
    Terminal,
    /// To another program, or into a file.
    Plain,
}

/// The two streams and what stands on the last line.
pub(crate) struct Screen {
    output: Box<dyn Write + Send>,
    notes: Box<dyn Write + Send>,
    style: Style,
    ids: bool,
    /// The prompt, while it is shown.
    prompt: Option<String>,
    typing: bool,
}

impl Screen {
    pub(crate) fn new(output: Box<dyn Write + Send>, notes: Box<dyn Write + Send>, style: Style, ids: bool) -> Self {
        Self { output, notes, style, ids, prompt: None, typing: false }
    }

    /// The bot said something; `place` names the chat if it is not the one that is open.
    pub(crate) fn answer(&mut self, place: Option<&str>, body: &OutboundBody) -> io::Result<()> {
        let words = words(body);
        match self.style {
            Style::Plain => writeln!(self.output, "{words}")?,
            Style::Terminal => {
                self.typing = false;
                let place = place.map(|place| format!(" {DIM}({place}){PLAIN}")).unwrap_or_default();
                // An answer is shown; it does not command the terminal.
                let words = printable(&words.replace('\t', "    ")).replace('\n', "\n     ");
                write!(self.output, "{CLEAR_LINE}{BOLD}bot{PLAIN}{place}  {words}\n{}", self.prompt_again())?;
            }
        }
        self.output.flush()
    }

    /// Something for the person alone: help, a hint, what was wrong with a command.
    pub(crate) fn note(&mut self, text: &str) {
        // Nobody can be told that notes cannot be shown.
        let _ = match self.style {
            Style::Plain => writeln!(self.notes, "{text}").and_then(|()| self.notes.flush()),
            Style::Terminal => {
                let again = self.prompt_again();
                write!(self.output, "{CLEAR_LINE}{DIM}{text}{PLAIN}\n{again}").and_then(|()| self.output.flush())
            }
        };
    }

    /// A message was taken; its id, for `greenroom why`.
    pub(crate) fn taken(&mut self, id: &str) {
        if self.ids {
            self.note(&format!("[{id}]"));
        }
    }

    /// Waits for a line.
    pub(crate) fn ask(&mut self, prompt: &str) {
        if self.style == Style::Terminal {
            self.prompt = Some(prompt.to_owned());
            let again = self.prompt_again();
            let _ = write!(self.output, "{again}").and_then(|()| self.output.flush());
        }
    }

    /// A line came, so its prompt is part of the past.
    pub(crate) fn answered(&mut self) {
        self.prompt = None;
    }

    /// An answer is, or is no longer, being prepared.
    pub(crate) fn typing(&mut self, typing: bool) {
        if self.style == Style::Terminal && self.typing != typing {
            self.typing = typing;
            if self.prompt.is_some() {
                let again = self.prompt_again();
                let _ = write!(self.output, "{CLEAR_LINE}{again}").and_then(|()| self.output.flush());
            }
        }
    }

    /// The talk is over.
    pub(crate) fn end(&mut self) {
        if self.style == Style::Terminal && self.prompt.take().is_some() {
            let _ = writeln!(self.output).and_then(|()| self.output.flush());
        }
    }

    fn prompt_again(&self) -> String {
        let typing = if self.typing { format!("{DIM}typing …{PLAIN} ") } else { String::new() };
        self.prompt.as_ref().map(|prompt| format!("{typing}{prompt}")).unwrap_or_default()
    }
}

/// A message in words; what is not words is named.
fn words(body: &OutboundBody) -> String {
    match body {
        OutboundBody::Text(text) => text.clone(),
        OutboundBody::Image { media, caption } => {
            let named = format!("[picture: {}, {} bytes]", media.mime, media.bytes.len());
            caption.as_ref().map_or(named.clone(), |caption| format!("{named} {caption}"))
        }
        OutboundBody::Voice { media, .. } => format!("[voice note: {}, {} bytes]", media.mime, media.bytes.len()),
        OutboundBody::Choices(choices) => question(choices),
        OutboundBody::Document { media, name, caption } => {
            let named = format!("[document {name}: {}, {} bytes]", media.mime, media.bytes.len());
            caption.as_ref().map_or(named.clone(), |caption| format!("{named} {caption}"))
        }
        OutboundBody::Location(location) => {
            let Location { latitude, longitude, name, address } = location;
            let place = format!("[location: {latitude}, {longitude}]");
            let words = [Some(&place), name.as_ref(), address.as_ref()];
            words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
        }
        OutboundBody::Reaction { emoji: Some(emoji), .. } => format!("[reacts with {emoji}]"),
        OutboundBody::Reaction { emoji: None, .. } => "[takes a reaction back]".to_owned(),
    }
}

/// A question with its options, and how one is picked.
fn question(choices: &Choices) -> String {
    let mut lines = vec![choices.text.clone()];
    for (at, option) in choices.options.iter().enumerate() {
        let detail = option.detail.as_deref().map(|detail| format!(" – {detail}")).unwrap_or_default();
        lines.push(format!("  [{}] {}{detail}", at + 1, option.title));
    }
    lines.push("  (/pick NUMBER)".to_owned());
    lines.join("\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use greenroom_contract::choices::Choice;
    use greenroom_contract::message::Media;
    use std::sync::{Arc, Mutex};

    /// A stream that a test can look into.
    #[derive(Clone, Default)]
    pub(crate) struct Shown(pub(crate) Arc<Mutex<Vec<u8>>>);

    impl Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shown {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn shown(style: Style, ids: bool, show: impl Fn(&mut Screen)) -> (String, String) {
        let (output, notes) = (Shown::default(), Shown::default());
        let mut screen = Screen::new(Box::new(output.clone()), Box::new(notes.clone()), style, ids);
        show(&mut screen);
        (output.text(), notes.text())
    }

    #[test]
    fn elsewhere_the_output_is_answers_and_nothing_else() {
        let picture = OutboundBody::Image {
            media: Media { mime: "image/png".into(), bytes: vec![0; 3].into() },
            caption: Some("us".into()),
        };
        let (output, notes) = shown(Style::Plain, true, |screen| {
            screen.ask("> ");
            screen.taken("c-1");
            screen.typing(true);
            screen.answer(Some("friends"), &OutboundBody::Text("one\ntwo".into())).unwrap();
            screen.answer(None, &picture).unwrap();
            screen.note("help");
            screen.end();
        });
        assert_eq!(output, "one\ntwo\n[picture: image/png, 3 bytes] us\n");
        assert_eq!(notes, "[c-1]\nhelp\n");
    }

    #[test]
    fn what_is_no_text_is_shown_with_what_one_needs_to_know() {
        let detail = |detail: &str| Some(detail.to_owned());
        let options = [Choice { detail: detail("26 cm"), ..Choice::new("s", "Small") }, Choice::new("l", "Large")];
        assert_eq!(
            words(&OutboundBody::Choices(Choices::new("Which size?", options))),
            "Which size?\n  [1] Small – 26 cm\n  [2] Large\n  (/pick NUMBER)"
        );
        let media = Media { mime: "application/pdf".into(), bytes: vec![0; 3].into() };
        let document = OutboundBody::Document { media, name: "bill.pdf".into(), caption: detail("yours") };
        assert_eq!(words(&document), "[document bill.pdf: application/pdf, 3 bytes] yours");
        let location = Location { latitude: 47.37, longitude: 8.54, name: detail("Office"), address: None };
        assert_eq!(words(&OutboundBody::Location(location)), "[location: 47.37, 8.54] Office");
    }

    #[test]
    fn an_answer_keeps_the_prompt_below_it() {
        let (output, notes) = shown(Style::Terminal, true, |screen| {
            screen.ask("> ");
            screen.answered();
            screen.taken("c-1");
            screen.ask("> ");
            screen.typing(true);
            screen.answer(None, &OutboundBody::Text("hello".into())).unwrap();
        });
        assert_eq!(notes, "");
        let after_typing = output.split("typing …").nth(1).unwrap();
        assert_eq!(after_typing, format!("{PLAIN} > {CLEAR_LINE}{BOLD}bot{PLAIN}  hello\n> "));
        assert!(output.starts_with(&format!("> {CLEAR_LINE}{DIM}[c-1]{PLAIN}\n> ")), "{output:?}");
    }

    #[test]
    fn without_ids_nothing_is_said_about_a_message() {
        assert_eq!(shown(Style::Plain, false, |screen| screen.taken("c-1")), (String::new(), String::new()));
    }
}
