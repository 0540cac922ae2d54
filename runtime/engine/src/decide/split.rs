//! Splitting a long text where a reader would. Pure.
//!
//! In order of preference a text is cut between paragraphs, before a code block, between lines, between sentences, between
//! words, and only then anywhere: never within what is read as one character, and never within a link unless it is longer
//! than a message. A code block that is cut is closed in one part and opened once more in the next, so that each part
//! reads well on its own.

mod fence;

use fence::{FENCE, Fence};
use unicode_segmentation::GraphemeCursor;

/// Splits `text` into parts of at most `chars_max` characters. Blank text gives no part.
pub(crate) fn split_text(text: &str, chars_max: usize) -> Vec<String> {
    let chars_max = chars_max.max(1);
    let mut parts = Vec::new();
    let mut rest = text.trim();
    // The code block in which the rest begins.
    let mut open: Option<Fence> = None;
    while !rest.trim().is_empty() {
        if let Some(behind) = open.as_ref().and_then(|open| open.closed_at_start(rest)) {
            open = None;
            rest = behind.trim_start();
            continue;
        }
        let opening = open.as_ref().map(Fence::opening).unwrap_or_default();
        if let Some(part) = last_part(&opening, rest, open.as_ref(), chars_max) {
            parts.push(part);
            break;
        }
        let (part, inside, at) = cut(rest, &opening, open.as_ref(), chars_max);
        parts.extend(part);
        open = inside;
        // The indentation of code is kept.
        rest = if open.is_some() { rest[at..].trim_start_matches('\n') } else { rest[at..].trim_start() };
    }
    parts
}

/// The last part, if what is left fits. A block that is opened for it is closed too, also where the writer left it open.
fn last_part(opening: &str, rest: &str, open: Option<&Fence>, chars_max: usize) -> Option<String> {
    // Nothing longer is looked at to its end.
    byte_of_char(rest, chars_max).is_none().then_some(())?;
    let left_open = open.and_then(|_| fence::open_at_end(rest, open));
    let closing = left_open.as_ref().map(Fence::closing).unwrap_or_default();
    let part = format!("{opening}{}{closing}", rest.trim_end());
    (chars(&part) <= chars_max).then_some(part)
}

/// Cuts one part off, which begins with `opening`: the part, unless it would be empty; the code block in which the rest
/// begins; and the byte at which it begins.
fn cut(rest: &str, opening: &str, open: Option<&Fence>, chars_max: usize) -> (Option<String>, Option<Fence>, usize) {
    let room = chars_max - chars(opening);
    let whole_window = &rest[..byte_of_char(rest, room).unwrap_or(rest.len())];
    // Room to close a code block, where there is one and the part is large enough for that to make sense.
    let closing = fence::closing_chars_max(whole_window, open);
    let keeps_blocks = fence::can_be_kept(chars_max) && closing * 2 < room;
    let room = if keeps_blocks { room - closing } else { room };
    let window = whole(rest, byte_of_char(rest, room).unwrap_or(rest.len()));
    let at = whole(rest, best_break(rest, window, open, room));
    let head = &rest[..at];
    let inside = if keeps_blocks { fence::open_at_end(head, open) } else { None };
    let inside = inside.filter(|fence| fence.fits(chars_max));
    let part = match &inside {
        // Its opening comes with what the block says, if that is anything.
        Some(fence) => match fence.opened_last(head).filter(|_| !fence.is_over(&rest[at..])) {
            Some(before) => format!("{opening}{}", before.trim_end()),
            None => format!("{opening}{}{}", head.trim_end(), fence.closing()),
        },
        None => format!("{opening}{}", head.trim_end()),
    };
    (Some(part).filter(|part| !part.trim().is_empty()), inside, at)
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The byte at which so many characters end; `None` if there are no more than that.
fn byte_of_char(text: &str, chars: usize) -> Option<usize> {
    text.char_indices().nth(chars).map(|(byte, _)| byte)
}

/// The last place up to `at` that lies neither within what is read as one character nor within a fence; `at` itself where
/// one of them is longer than a message.
fn whole(text: &str, at: usize) -> usize {
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    // The text is one chunk, so nothing more is ever asked for.
    let at_start = match cursor.is_boundary(text, 0) {
        Ok(false) => cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0),
        Ok(true) | Err(_) => at,
    };
    let before = &text[..at_start];
    let ticks = if text[at_start..].starts_with('`') { before.len() - before.trim_end_matches('`').len() } else { 0 };
    let found = at_start - if ticks < FENCE.len() { ticks } else { 0 };
    if found == 0 { at } else { found }
}

/// The best place to cut `rest` up to the byte `window`; always greater than zero.
fn best_break(rest: &str, window: usize, open: Option<&Fence>, room: usize) -> usize {
    let text = &rest[..window];
    let least = window / 4;
    let code = fence::spans(text, open);
    let outside = |at: usize| !code.iter().any(|(start, end)| at > *start && at < *end);
    let break_after = |pattern: &str, after: usize| {
        text.rmatch_indices(pattern).map(|(at, _)| at + after).find(|at| *at > least && outside(*at))
    };
    break_after("\n\n", 1)
        // Rather before a code block than within it.
        .or_else(|| code.last().filter(|(start, end)| *end == window && *start > least).map(|(start, _)| *start))
        .or_else(|| break_after("\n", 1))
        .or_else(|| text.rfind('\n').map(|at| at + 1).filter(|at| *at > least))
        .or_else(|| [". ", "! ", "? ", "。"].iter().filter_map(|mark| break_after(mark, mark.len())).max())
        .or_else(|| text.rfind(char::is_whitespace).map(|at| after_char(text, at)).filter(|at| *at > least))
        .unwrap_or_else(|| before_link(rest, window, room))
}

/// The byte behind the character that begins here.
fn after_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// The start of the link within which a text would be cut, if the link fits into a message; else the place itself.
fn before_link(rest: &str, at: usize, room: usize) -> usize {
    let start = rest[..at].rfind(char::is_whitespace).map_or(0, |space| after_char(rest, space));
    let end = rest[at..].find(char::is_whitespace).map_or(rest.len(), |space| at + space);
    let word = &rest[start..end];
    let Some(link) = links(word).find(|(from, to)| start + from < at && at < start + to) else { return at };
    let (from, to) = (start + link.0, start + link.1);
    // With what stands before it, such as a bracket, if there is room for both.
    let begins =
        [(start, end), (from, to)].into_iter().find(|(from, to)| *from > 0 && chars(&rest[*from..*to]) <= room);
    begins.map_or(at, |(from, _)| from)
}

/// The links in a word: where they begin and where they end.
fn links(word: &str) -> impl Iterator<Item = (usize, usize)> {
    word.match_indices("://").map(|(at, mark)| {
        let scheme = word[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+-.".contains(c)).len();
        let behind = at + mark.len();
        // Addresses are written in ASCII; in some scripts the next word follows without a space.
        let end = word[behind..].find(|c: char| !c.is_ascii_graphic() || "<>\"".contains(c));
        (scheme, end.map_or(word.len(), |end| behind + end))
    })
}

#[cfg(test)]
mod tests;
