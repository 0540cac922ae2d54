//! One word for one thing, and messages in the English of the Rust book.

use super::{assert_none, is_test, root, sources};
use std::collections::BTreeSet;
use std::fs;

/// Phrases that no message, help text or document for users contains, and what to write instead. A
/// phrase is found as whole words, whatever its case.
const BANNED: &[(&str, &str)] = &[
    ("nobody", "the passive, or `no one`"),
    ("somebody", "the sender, the user, the owner, the operator"),
    ("whoever", "the operator, or `anyone who`"),
    ("is no", "is not a"),
    ("are no", "are not"),
    ("no known", "unknown"),
    ("stand in", "are in, are set in"),
    ("stands in", "is in, is set in"),
    ("answers nowhere", "is not used"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("anew", "again"),
    ("of ours", "of this project, of the bot"),
    ("go on", "continue"),
    ("goes on", "continues, resumes"),
    ("at once", "immediately, or at the same time"),
    ("for ever", "forever"),
    ("meanwhile", "in the meantime"),
    ("kind sentence", "notice"),
    ("take leave", "end the connection"),
    ("takes leave", "ends the connection"),
];

/// Phrases that contain a banned one and are plain English.
const PLAIN: &[&str] = &["there is no", "there are no", "is no longer", "are no longer"];

/// The documents that a user, or someone who changes the code, reads before anything else.
const DOCUMENTS: &[&str] =
    &["ARCHITECTURE.md", "README.md", "SECURITY.md", "RELIABILITY.md", "examples/custom_channel.md"];

/// Names that the glossary of ARCHITECTURE.md replaced; a second word for one thing makes a search useless.
const RETIRED: &[&str] = &[
    "Desk",
    "Farewell",
    "Fleeting",
    "Ledger",
    "LinkStatus",
    "Mind",
    "OffAir",
    "Pump",
    "Salvage",
    "Shelf",
    "Speaker",
    "Stanzas",
    "Starter",
    "Unplaced",
    "Wish",
    "World",
];

/// The crates that are used by more than one front end: a page, a program that embeds them, the command line.
const BEHIND_ALL_SCREENS: &[&str] = &["runtime/engine/", "runtime/gateway/"];

/// A piece of a source file.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Name(&'a str),
    Literal(String),
    DocComment(&'a str),
    Other,
}

/// The source before its tests, in pieces, each with the number of its line.
fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut rest = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let (mut found, mut line) = (Vec::new(), 1);
    while !rest.is_empty() {
        let (length, piece) = first_piece(rest);
        let (taken, left) = rest.split_at(length);
        if piece != Piece::Other {
            found.push((line, piece));
        }
        line += taken.matches('\n').count();
        rest = left;
    }
    found
}

/// What a text begins with, and how many bytes of it that is.
fn first_piece(text: &str) -> (usize, Piece<'_>) {
    let up_to = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
    if text.starts_with("//") {
        let comment = text.lines().next().unwrap_or_default();
        let doc = comment.strip_prefix("///");
        return (comment.len(), doc.map_or(Piece::Other, Piece::DocComment));
    }
    if text.starts_with("/*") {
        return (up_to("*/"), Piece::Other);
    }
    if let Some((open, close)) = raw_string(text) {
        let inner = text[open..].split(&close).next().unwrap_or_default();
        return ((open + inner.len() + close.len()).min(text.len()), Piece::Literal(inner.to_owned()));
    }
    if let Some(inner) = text.strip_prefix('"') {
        return string(inner);
    }
    if let Some(inner) = text.strip_prefix('\'') {
        return (character(inner), Piece::Other);
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    match text.find(|c| !is_name(c)).unwrap_or(text.len()) {
        0 => (text.chars().next().map_or(0, char::len_utf8), Piece::Other),
        length => (length, Piece::Name(&text[..length])),
    }
}

/// How long the opening of a raw string is and what closes it, if the text begins with one.
fn raw_string(text: &str) -> Option<(usize, String)> {
    let plain = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = plain.bytes().take_while(|byte| *byte == b'#').count();
    let inner = plain[hashes..].strip_prefix('"')?;
    Some((text.len() - inner.len(), format!("\"{}", "#".repeat(hashes))))
}

/// A string literal whose opening quotation mark was taken. A backslash at the end of a line joins it with the next.
fn string(inner: &str) -> (usize, Piece<'_>) {
    let (mut words, mut rest) = (String::new(), inner);
    loop {
        let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
        words.push_str(&rest[..plain]);
        let mut special = rest[plain..].chars();
        match (special.next(), special.next()) {
            (Some('\\'), Some('\n')) => rest = special.as_str().trim_start(),
            (Some('\\'), Some(escaped)) => {
                words.push(if "ntr".contains(escaped) { ' ' } else { escaped });
                rest = special.as_str();
            }
            _ => {
                let closed = inner.len() - rest.len() + plain + 1;
                return (closed.min(inner.len()) + 1, Piece::Literal(words));
            }
        }
    }
}

/// How long a character literal is whose opening mark was taken, with that mark; a lifetime is the mark alone.
fn character(inner: &str) -> usize {
    let mut chars = inner.chars();
    let begin = match (chars.next(), chars.next()) {
        (Some('\\'), Some(escaped)) => 1 + escaped.len_utf8(),
        (Some(c), Some('\'')) => c.len_utf8(),
        _ => return 1,
    };
    1 + inner[begin..].find('\'').map_or(inner.len(), |closing| begin + closing + 1)
}

/// The banned phrases in a text, each with what to write instead.
fn banned(text: &str) -> Vec<String> {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    for plain in PLAIN {
        words = words.replace(plain, "-");
    }
    let whole = |phrase: &str| {
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        words.match_indices(phrase).any(|(at, _)| {
            is_edge(words[..at].chars().next_back()) && is_edge(words[at + phrase.len()..].chars().next())
        })
    };
    let found = BANNED.iter().filter(|(phrase, _)| whole(phrase));
    found.map(|(phrase, instead)| format!("{phrase:?}: write {instead}")).collect()
}

#[test]
fn messages_speak_plain_english() {
    let mut found = Vec::new();
    let mut literals = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        // clap prints the doc comments of what can be written on the command line.
        let prints_comments = text.contains("use clap::");
        for (line, piece) in pieces(&text) {
            let words = match &piece {
                // A literal of one word is a key or a code.
                Piece::Literal(words) if words.contains(' ') => words,
                Piece::DocComment(words) if prints_comments => *words,
                _ => continue,
            };
            literals += 1;
            found.extend(banned(words).iter().map(|what| format!("{path}:{line}: {what}")));
        }
    }
    assert!(literals > 500, "the literals were found: {literals}");
    assert_none("phrases in messages", &found);
}

#[test]
fn documents_for_users_speak_plain_english() {
    let mut found = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).expect("the document is there");
        for paragraph in text.split("\n\n") {
            let begin: String = paragraph.trim().chars().take(40).collect();
            found.extend(banned(paragraph).iter().map(|what| format!("{document}, {begin:?}: {what}")));
        }
    }
    assert_none("phrases in documents", &found);
}

#[test]
fn retired_names_stay_retired() {
    let mut found = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        for (line, piece) in pieces(&text) {
            if let Piece::Name(name) = piece
                && RETIRED.contains(&name)
            {
                found.push(format!("{path}:{line}: {name}"));
            }
        }
    }
    assert_none("names that the glossary replaced (ARCHITECTURE.md)", &found);
}

/// The names in the last column of the glossary.
fn names_in_glossary(text: &str) -> Vec<&str> {
    let section = text.split("\n## Glossary\n").nth(1).unwrap_or_default();
    let rows = section.split("\n## ").next().unwrap_or_default().lines().filter_map(|line| line.strip_suffix(" |"));
    let cells = rows.filter_map(|row| row.rsplit(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_glossary_names_what_is_in_the_code() {
    let sources = sources();
    let mut known = BTreeSet::new();
    for (_, text) in sources.iter().filter(|(path, _)| !is_test(path)) {
        known.extend(pieces(text).into_iter().filter_map(|(_, piece)| match piece {
            Piece::Name(name) => Some(name),
            _ => None,
        }));
    }
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the document is there");
    let names = names_in_glossary(&text);
    assert!(names.len() > 30, "the glossary was read: {names:?}");
    let missing = names.into_iter().filter(|name| !known.contains(name));
    assert_none("names of the glossary that are not in the code", &missing.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn the_glossary_is_read_to_its_last_column() {
    let text = "# A\n\n## Glossary\n\n| word | what | in the code |\n|---|---|---|\n| a | `no` | `One`, `two` |\n\n\
                Text `no`.\n\n## Map\n\n| b | `no` |\n";
    assert_eq!(names_in_glossary(text), ["One", "two"]);
}

#[test]
fn what_every_screen_uses_names_no_command() {
    let mut found = Vec::new();
    let mut files = 0;
    let is_behind = |path: &str| BEHIND_ALL_SCREENS.iter().any(|folder| path.starts_with(folder)) && !is_test(path);
    for (path, text) in sources().into_iter().filter(|(path, _)| is_behind(path)) {
        files += 1;
        for (line, piece) in pieces(&text) {
            if let Piece::Literal(words) = piece
                && words.contains("greenroom ")
            {
                found.push(format!("{path}:{line}: {words:?}"));
            }
        }
    }
    assert!(files > 50, "the sources were read: {files}");
    assert_none("commands of one screen; make it a `NextAction`", &found);
}

#[test]
fn a_source_is_taken_apart() {
    let check = |text: &str, literals: &[&str]| {
        let found = pieces(text).into_iter().filter_map(|(_, piece)| match piece {
            Piece::Literal(words) => Some(words),
            _ => None,
        });
        assert_eq!(found.collect::<Vec<_>>(), literals, "{text}");
    };
    check(r#"let a = "one \"two\""; f("three\nfour")"#, &["one \"two\"", "three four"]);
    check("let a = \"one \\\n     two\";", &["one two"]);
    check("let a = r\"C:\\\"; let b = br##\"in \"# it\"##; for_r(\"x\")", &["C:\\", "in \"# it", "x"]);
    check("// \"no\"\n/* \"no\" */ \"yes\" // it's \"no\"", &["yes"]);
    check("let a: &'static str = \"one\"; let b = ['\"', '\\'', '\\\\', '’']; \"two\"", &["one", "two"]);
    check("\"one\"\n#[cfg(test)]\nmod tests {\n\"no\" }", &["one"]);
    let expected = [(1, Piece::DocComment(" Says")), (2, Piece::Name("fn")), (2, Piece::Name("Mind"))];
    assert_eq!(pieces("/// Says\nfn Mind() {}"), expected);
}

#[test]
fn banned_phrases_are_whole_words() {
    let check = |text: &str, phrases: usize| assert_eq!(banned(text).len(), phrases, "{text}");
    check("Nobody\n mends it at  once", 3);
    check("this is no URL", 1);
    check("there is no file; it is no longer needed; the amendment is nothing", 0);
}
