//! What each adapter's network can do, as a table that reads well in a terminal and in a document.

use greenroom_contract::capabilities::{Capabilities, Marks, Resend, Support};
use std::fmt::Write;

/// One row for each adapter, one column for each ability.
pub(super) fn table(able: impl IntoIterator<Item = (&'static str, Capabilities)>) -> String {
    let head = [
        "adapter",
        "text",
        "marks",
        "caption",
        "pictures",
        "voice notes",
        "documents",
        "locations",
        "choices",
        "reactions",
        "replies",
        "groups",
        "mentions",
        "typing",
        "sent twice",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(able.into_iter().map(|(kind, able)| row(kind, &able)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} |"));
        let _ = writeln!(text, "|{}", cells.collect::<String>());
        if number == 0 {
            let rules = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2)));
            let _ = writeln!(text, "|{}", rules.collect::<String>());
        }
    }
    text
}

fn row(kind: &str, able: &Capabilities) -> [String; 15] {
    let support = |support: Support| if support.is_there() { "yes" } else { "no" }.to_owned();
    let resend = match able.resend {
        Resend::Idempotent => "dropped by the network",
        Resend::SameId => "shown once",
        Resend::Visible => "shown twice",
    };
    let choices = if able.choices.is_some() { "buttons, lists" } else { "numbers" };
    let marks = match able.marks {
        Marks::None => "none",
        Marks::WhatsApp => "*bold*, _italic_",
    };
    [
        kind.to_owned(),
        able.text_chars_max.to_string(),
        marks.to_owned(),
        able.caption_chars_max.to_string(),
        support(able.images),
        support(able.voice),
        support(able.documents),
        support(able.locations),
        choices.to_owned(),
        support(able.reactions),
        support(able.replies),
        support(able.groups),
        support(able.mentions),
        support(able.typing),
        resend.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use crate::registry::{Registry, abilities};

    const BEGIN: &str = "<!-- What `greenroom channels` prints; UPDATE_GOLDEN=1 writes it. -->\n";

    /// The table as the document has it, with the place where it stands.
    fn kept(readme: &str) -> (usize, &str) {
        let begin = readme.find(BEGIN).expect("the place of the table is marked") + BEGIN.len();
        let rest = readme[begin..].trim_start_matches('\n');
        let begin = readme.len() - rest.len();
        let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
        (begin, &rest[..end])
    }

    // A build without WhatsApp Web has one row less than the document.
    #[cfg(feature = "whatsapp-web")]
    #[test]
    fn the_readme_shows_the_table_that_is_generated() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let mut readme = std::fs::read_to_string(path).unwrap();
        let generated = abilities(&Registry::standard());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let (begin, old) = kept(&readme);
            let end = begin + old.len();
            readme.replace_range(begin..end, &generated);
            std::fs::write(path, &readme).unwrap();
        }
        assert_eq!(kept(&readme).1, generated, "run the tests once with UPDATE_GOLDEN=1");
    }

    #[test]
    fn the_readme_shows_every_adapter_that_is_built_in() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        // How wide a column is depends on the others.
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let kept: Vec<String> = kept(&readme).1.lines().map(squeezed).collect();
        for line in abilities(&Registry::standard()).lines().filter(|line| !line.starts_with("|--")) {
            assert!(kept.contains(&squeezed(line)), "{line} is missing");
        }
    }
}
