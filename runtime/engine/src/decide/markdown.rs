//! Markdown, as assistants and language models write it, in the marks that a network shows. Pure.
//!
//! A parser reads it, so that an underscore in a word, a star in code and a link stay what they are. What a network has no
//! mark for becomes plain words: no text is lost, and what is HTML stays the text that it is.

mod inline;

use greenroom_contract::capabilities::Marks;
use inline::{Line, Style};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::HashSet;

/// The text that a network shows for this Markdown.
#[must_use]
pub fn rendered(markdown: &str, marks: Marks) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut page = Page::new(marks);
    let mut parser = Parser::new_ext(markdown, options).into_offset_iter();
    let mut used = HashSet::new();
    for (event, place) in parser.by_ref() {
        if let Event::Start(Tag::Link { id, .. } | Tag::Image { id, .. }) = &event {
            used.insert(id.to_lowercase());
        }
        match event {
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => page.row_ends(&markdown[place]),
            event => page.take(event),
        }
    }
    // A line that only looks like the address of a link is text.
    let definitions = parser.reference_definitions().iter();
    let mut unused: Vec<_> = definitions.filter(|(name, _)| !used.contains(&name.to_lowercase())).collect();
    unused.sort_by_key(|(_, definition)| definition.span.start);
    for (_, definition) in unused {
        page.words(&markdown[definition.span.clone()]);
    }
    page.finished()
}

/// What is written so far, and the blocks that are open.
struct Page {
    marks: Marks,
    out: String,
    /// The words of the open paragraph, heading, cell or item.
    line: Line,
    /// Quotes and lists around it, the outermost first.
    blocks: Vec<Block>,
    /// The words of the open block of code.
    code: Option<String>,
    table: Option<Table>,
    /// Whether the next words stand behind an item's mark.
    after_mark: bool,
    /// Whether the next block stands apart from the one before it.
    apart: bool,
}

enum Block {
    Quote,
    /// The number of the next item; none in a list of points.
    List {
        next: Option<u64>,
    },
    /// What stands before an item's further lines.
    Item {
        indent: usize,
    },
}

/// The cells of the open row, and how many rows there were.
#[derive(Default)]
struct Table {
    rows: usize,
    cells: Vec<String>,
}

impl Page {
    fn new(marks: Marks) -> Self {
        Self {
            marks,
            out: String::new(),
            line: Line::new(marks),
            blocks: Vec::new(),
            code: None,
            table: None,
            after_mark: false,
            apart: false,
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.opened(tag),
            Event::End(tag) => self.closed(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.line.text(&text),
            },
            Event::Code(code) => self.line.code(&code),
            Event::Html(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.line.text(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.line.broken(),
            Event::TaskListMarker(done) => self.line.text(if done { "☑ " } else { "☐ " }),
            Event::Rule => {
                self.line.text("———");
                self.block();
            }
            Event::FootnoteReference(name) => self.line.text(&format!("[{name}]")),
        }
    }

    fn opened(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Emphasis => self.line.open(Style::Italic),
            Tag::Strong => self.line.open(Style::Bold),
            Tag::Strikethrough => self.line.open(Style::Struck),
            Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. } => self.line.link(&dest_url, &title),
            Tag::Heading { .. } => {
                self.block();
                self.line.open(Style::Bold);
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.blocks.push(Block::Quote);
            }
            // No network shows a language: it would be a line of the code.
            Tag::CodeBlock(_) => {
                self.block();
                self.code = Some(String::new());
            }
            Tag::List(next) => {
                // Words of the item around it come first, and what follows stands close to them.
                let nested = self.blocks.iter().any(|block| matches!(block, Block::Item { .. }));
                self.block();
                self.apart &= !nested;
                self.blocks.push(Block::List { next });
            }
            Tag::Item => self.item(),
            Tag::Table(_) => {
                self.block();
                self.table = Some(Table::default());
            }
            _ => {}
        }
    }

    fn closed(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis => self.line.close(Style::Italic),
            TagEnd::Strong => self.line.close(Style::Bold),
            TagEnd::Strikethrough => self.line.close(Style::Struck),
            TagEnd::Link | TagEnd::Image => self.line.link_ends(),
            TagEnd::Heading(_) => {
                self.line.close(Style::Bold);
                self.block();
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.block(),
            TagEnd::BlockQuote(_) => {
                self.block();
                self.blocks.pop();
                self.apart = true;
            }
            TagEnd::CodeBlock => self.code_ends(),
            TagEnd::List(_) => {
                self.block();
                self.blocks.pop();
                self.apart = !self.in_item();
            }
            TagEnd::Item => {
                self.block();
                self.blocks.pop();
                self.after_mark = false;
                self.apart = false;
            }
            TagEnd::TableCell => {
                let cell = self.line.taken().replace('\n', " ");
                if let Some(table) = &mut self.table {
                    table.cells.push(cell);
                }
            }
            TagEnd::Table => {
                self.table = None;
                self.apart = true;
            }
            _ => {}
        }
    }

    fn in_item(&self) -> bool {
        matches!(self.blocks.last(), Some(Block::Item { .. }))
    }

    /// An item's mark: a point, or its number.
    fn item(&mut self) {
        self.block();
        let mark = match self.blocks.last_mut() {
            Some(Block::List { next: Some(number) }) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "- ".to_owned(),
        };
        self.start_line();
        self.out.push_str(&mark);
        self.after_mark = true;
        self.blocks.push(Block::Item { indent: mark.len() });
    }

    /// The words that were collected become a block of their own.
    fn block(&mut self) {
        let words = self.line.taken();
        if words.is_empty() {
            return;
        }
        self.lines(&words);
        self.apart = !self.in_item();
    }

    /// A block of these words.
    fn words(&mut self, text: &str) {
        self.block();
        self.line.text(text);
        self.block();
    }

    fn lines(&mut self, text: &str) {
        for line in text.split('\n') {
            if !std::mem::take(&mut self.after_mark) {
                self.start_line();
            }
            self.out.push_str(line);
        }
    }

    /// A new line, and an empty one before it where the block stands apart, behind the marks of the quotes around it.
    fn start_line(&mut self) {
        if !self.out.is_empty() {
            let last_line = self.out.rsplit('\n').next().unwrap_or_default();
            let quoted = last_line.starts_with('>') && self.blocks.iter().any(|block| matches!(block, Block::Quote));
            self.out.push_str(match (self.apart, quoted) {
                (false, _) => "\n",
                (true, false) => "\n\n",
                (true, true) => "\n>\n",
            });
        }
        self.apart = false;
        // One quote is all that networks show.
        if self.blocks.iter().any(|block| matches!(block, Block::Quote)) {
            self.out.push_str("> ");
        }
        let indent: usize =
            self.blocks.iter().map(|block| if let Block::Item { indent } = block { *indent } else { 0 }).sum();
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn code_ends(&mut self) {
        let Some(code) = self.code.take() else { return };
        let code = code.strip_suffix('\n').unwrap_or(&code);
        match self.marks {
            Marks::None => self.lines(code),
            // A fence inside would end the block.
            Marks::WhatsApp => self.lines(&format!("```\n{}\n```", code.replace("```", "'''"))),
        }
        self.apart = true;
    }

    /// A row is a line; its cells stand behind each other. A row with more cells than the table has columns stays as it was
    /// written: the parser leaves the others out.
    fn row_ends(&mut self, written: &str) {
        let Some(table) = &mut self.table else { return };
        let cells = std::mem::take(&mut table.cells);
        table.rows += 1;
        let is_head = table.rows == 1;
        let has_more = written.trim().trim_matches('|').replace("\\|", "").matches('|').count() >= cells.len();
        let line = if has_more { written.trim().trim_matches('|').trim().to_owned() } else { cells.join(" | ") };
        match (self.marks, line.trim()) {
            (_, "") => {}
            (Marks::WhatsApp, line) if is_head && !line.contains('*') => self.lines(&format!("*{line}*")),
            (Marks::WhatsApp | Marks::None, line) => self.lines(line),
        }
    }

    fn finished(mut self) -> String {
        self.block();
        self.out
    }
}

#[cfg(test)]
mod tests;
