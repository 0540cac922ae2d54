//! The words of one block, with the marks around them where the network shows such marks.

use greenroom_contract::capabilities::Marks;

/// What a mark means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Italic,
    Struck,
}

impl Style {
    fn mark(self) -> char {
        match self {
            Self::Bold => '*',
            Self::Italic => '_',
            Self::Struck => '~',
        }
    }
}

#[derive(Debug)]
enum Piece {
    Text(String),
    /// A piece of code: nothing in it is touched.
    Code(String),
    Open(Style),
    Close(Style),
    Break,
}

/// A link that is open.
struct Link {
    url: String,
    title: String,
    /// The piece at which its words begin.
    start: usize,
}

/// The pieces of a block.
pub(crate) struct Line {
    marks: Marks,
    pieces: Vec<Piece>,
    /// How often each style is open: bold words in a heading are bold once.
    depth: [usize; 3],
    links: Vec<Link>,
}

impl Line {
    pub(crate) fn new(marks: Marks) -> Self {
        Self { marks, pieces: Vec::new(), depth: [0; 3], links: Vec::new() }
    }

    pub(crate) fn text(&mut self, text: &str) {
        let mut lines = text.split('\n');
        if let Some(first) = lines.next() {
            self.continued(first);
        }
        for line in lines {
            self.pieces.push(Piece::Break);
            self.pieces.push(Piece::Text(line.to_owned()));
        }
    }

    /// The parser hands over words in pieces; whether a mark within them is one is seen of the whole word only.
    fn continued(&mut self, text: &str) {
        let in_link = self.links.last().is_none_or(|link| self.pieces.len() > link.start);
        match self.pieces.last_mut() {
            Some(Piece::Text(before)) if in_link => before.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    pub(crate) fn code(&mut self, code: &str) {
        self.pieces.push(Piece::Code(code.to_owned()));
    }

    pub(crate) fn broken(&mut self) {
        self.pieces.push(Piece::Break);
    }

    pub(crate) fn open(&mut self, style: Style) {
        let depth = &mut self.depth[style as usize];
        *depth += 1;
        if *depth == 1 {
            self.pieces.push(Piece::Open(style));
        }
    }

    pub(crate) fn close(&mut self, style: Style) {
        let depth = &mut self.depth[style as usize];
        *depth = depth.saturating_sub(1);
        if *depth == 0 {
            self.pieces.push(Piece::Close(style));
        }
    }

    pub(crate) fn link(&mut self, url: &str, title: &str) {
        self.links.push(Link { url: url.to_owned(), title: title.to_owned(), start: self.pieces.len() });
    }

    /// Behind its words stands where a link leads, unless they say it.
    pub(crate) fn link_ends(&mut self) {
        let Some(Link { url, title, start }) = self.links.pop() else { return };
        let words: String = self.pieces[start..].iter().map(Piece::words).collect();
        let (words, says_it) =
            (words.trim(), [&url, url.strip_prefix("mailto:").unwrap_or(&url)].contains(&words.trim()));
        let leads_to = match (says_it, title.is_empty()) {
            (true, true) => return,
            (true, false) => title,
            (false, true) => url,
            (false, false) => format!("{url} {title}"),
        };
        self.pieces.push(Piece::Text(if words.is_empty() { leads_to } else { format!(" ({leads_to})") }));
    }

    /// The text of the block, with its marks. The next block begins empty.
    pub(crate) fn taken(&mut self) -> String {
        let pieces = std::mem::take(&mut self.pieces);
        self.depth = [0; 3];
        self.links.clear();
        let text = match self.marks {
            Marks::None => pieces.iter().map(Piece::words).collect(),
            Marks::WhatsApp => marked(&pieces),
        };
        let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
        lines.join("\n").trim_matches('\n').to_owned()
    }
}

impl Piece {
    fn words(&self) -> &str {
        match self {
            Self::Text(text) | Self::Code(text) => text,
            Self::Open(_) | Self::Close(_) => "",
            Self::Break => "\n",
        }
    }
}

/// Marks stand at the edges of words, close to them, and never across a line: elsewhere the network shows them as they are.
fn marked(pieces: &[Piece]) -> String {
    let mut out = String::new();
    let mut open: Vec<Opened> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => out.push_str(&guarded(text)),
            Piece::Code(code) => {
                // A mark of code within code would end it.
                if code.contains('`') || code.trim().is_empty() {
                    out.push_str(code);
                } else {
                    out.extend(["`", code, "`"]);
                }
            }
            Piece::Open(style) => open.push(Opened { style: *style, at: out.len() }),
            Piece::Close(style) => {
                let Some(place) = open.iter().rposition(|opened| opened.style == *style) else { continue };
                let opened = open.remove(place);
                let next = pieces[at + 1..].iter().find_map(|piece| match piece {
                    Piece::Text(text) | Piece::Code(text) => text.chars().next(),
                    Piece::Break => Some('\n'),
                    _ => None,
                });
                let moved = put(&mut out, &opened, next);
                shift(&mut open, opened.at, moved);
            }
            Piece::Break => {
                // What is open is closed at the end of the line, and opened in the next.
                let mut inner = std::mem::take(&mut open);
                while let Some(opened) = inner.pop() {
                    let moved = put(&mut out, &opened, Some('\n'));
                    shift(&mut inner, opened.at, moved);
                    open.insert(0, opened);
                }
                out.push('\n');
                for opened in &mut open {
                    opened.at = out.len();
                }
            }
        }
    }
    out
}

/// A style that was opened, and where its words begin.
struct Opened {
    style: Style,
    at: usize,
}

/// Puts the marks of a style around what was written since it was opened, if the network would show them. Returns how many
/// bytes were put before those words.
fn put(out: &mut String, opened: &Opened, next: Option<char>) -> usize {
    let words = out[opened.at..].to_owned();
    let inner = words.trim();
    let before = out[..opened.at].chars().next_back();
    let in_word = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
    let (start, end) = (words.len() - words.trim_start().len(), words.trim_end().len());
    let open_in_word = start == 0 && in_word(before);
    let close_in_word = end == words.len() && in_word(next);
    if inner.is_empty() || open_in_word || close_in_word || inner.starts_with(opened.style.mark()) {
        return 0;
    }
    let mark = opened.style.mark();
    out.truncate(opened.at);
    out.push_str(&words[..start]);
    out.push(mark);
    out.push_str(inner);
    out.push(mark);
    out.push_str(&words[end..]);
    mark.len_utf8()
}

fn shift(open: &mut [Opened], from: usize, by: usize) {
    for opened in open.iter_mut().filter(|opened| opened.at > from) {
        opened.at += by;
    }
}

/// An invisible joiner, which keeps a mark from being one.
const JOINER: char = '\u{2060}';

/// Words that the network would take for marks, though the writer meant them as they stand, are kept apart from them. What
/// looks like an address stays as it is: it must be usable.
fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 {
            out.push(' ');
        }
        if word.contains("://") || !word.contains(['*', '_', '~', '`']) {
            out.push_str(word);
            continue;
        }
        let mut before: Option<char> = None;
        let mut letters = word.chars().peekable();
        while let Some(letter) = letters.next() {
            out.push(letter);
            let is_mark = matches!(letter, '*' | '_' | '~' | '`');
            let at_edge = !before.is_some_and(char::is_alphanumeric);
            if is_mark && at_edge && letters.peek().is_some() {
                out.push(JOINER);
            }
            before = Some(letter);
        }
    }
    out
}
