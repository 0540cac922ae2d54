//! Blocks of code within a text: three ticks open one, three ticks close it.

/// What opens and closes a block.
pub(super) const FENCE: &str = "```";
/// Parts that are not longer than this keep no blocks: closing and opening them would take more room than what they say.
const PART_CHARS_MIN: usize = 32;

/// A block that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence {
    /// What stands before its ticks on their line: the marks of a quote, an indentation.
    indent: String,
    /// What stands behind them on their line: the language. `None` if they stand within a line.
    language: Option<String>,
}

/// Whether parts of this length have room for blocks that are closed and opened.
pub(super) fn can_be_kept(chars_max: usize) -> bool {
    chars_max > PART_CHARS_MIN
}

impl Fence {
    /// What a part begins with that continues the block.
    pub(super) fn opening(&self) -> String {
        match &self.language {
            Some(language) => format!("{}{FENCE}{language}\n", self.indent),
            None => FENCE.to_owned(),
        }
    }

    /// What a part ends with in which the block goes on.
    pub(super) fn closing(&self) -> String {
        match &self.language {
            Some(_) => format!("\n{}{FENCE}", self.indent),
            None => FENCE.to_owned(),
        }
    }

    fn closing_chars(&self) -> usize {
        self.closing().chars().count()
    }

    /// Whether a part that repeats the opening and the closing still has room for half of its characters.
    pub(super) fn fits(&self, chars_max: usize) -> bool {
        (self.opening().chars().count() + self.closing_chars()) * 2 < chars_max
    }

    /// What a text says before this block, if it ends with its opening.
    pub(super) fn opened_last<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.trim_end().strip_suffix(self.opening().trim_end())
    }

    /// What follows the closing at the start of a text.
    pub(super) fn closed_at_start<'a>(&self, text: &'a str) -> Option<&'a str> {
        let line = text.strip_prefix(self.indent.as_str()).unwrap_or(text);
        line.trim_start_matches([' ', '\n']).strip_prefix(FENCE)
    }

    /// Whether the block says nothing in this text.
    pub(super) fn is_over(&self, text: &str) -> bool {
        text.trim().is_empty() || self.closed_at_start(text).is_some()
    }
}

/// The most characters that closing a block of a text takes, wherever the text is cut and whichever block it begins in; 0
/// where there is none.
pub(super) fn closing_chars_max(text: &str, open: Option<&Fence>) -> usize {
    // What stands behind the ticks on their line may be cut off, and then the line is their own.
    let on_its_own =
        |at: usize| Fence { indent: indent(text, at).unwrap_or_default().to_owned(), language: Some(String::new()) };
    let begun = text.match_indices(FENCE).map(|(at, _)| on_its_own(at).closing_chars());
    begun.chain(open.map(Fence::closing_chars)).max().unwrap_or(0)
}

/// The block that is open at the end of a text, which begins in the block `open`.
pub(super) fn open_at_end(text: &str, open: Option<&Fence>) -> Option<Fence> {
    let mut open = open.cloned();
    for (at, _) in text.match_indices(FENCE) {
        open = if open.is_some() { None } else { Some(opened(text, at)) };
    }
    open
}

/// The block that the ticks at this byte open.
fn opened(text: &str, at: usize) -> Fence {
    let behind = text[at + FENCE.len()..].split('\n').next().unwrap_or_default();
    let indent = indent(text, at).filter(|_| !behind.contains(FENCE));
    let line_is_its_own = indent.is_some();
    let ends = text[at..].contains('\n');
    Fence {
        indent: indent.unwrap_or_default().to_owned(),
        // A language that is cut is none.
        language: line_is_its_own.then(|| if ends { behind.trim_end().to_owned() } else { String::new() }),
    }
}

/// What stands before the ticks at this byte on their line, if it is nothing but the marks of a quote or an indentation.
fn indent(text: &str, at: usize) -> Option<&str> {
    let before = text[..at].rsplit('\n').next().unwrap_or_default();
    before.chars().all(|c| c == ' ' || c == '>').then_some(before)
}

/// Byte ranges of the blocks of a text, which begins in the block `open`; the last one reaches to its end if it is open.
/// A range begins with the line of its fence.
pub(super) fn spans(text: &str, open: Option<&Fence>) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut start = open.map(|_| 0);
    for (at, _) in text.match_indices(FENCE) {
        match start.take() {
            None => start = Some(at - opened(text, at).indent.len()),
            Some(start) => spans.push((start, at + FENCE.len())),
        }
    }
    spans.extend(start.map(|start| (start, text.len())));
    spans
}
