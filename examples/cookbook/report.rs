//! Answers in Markdown and with a file. Both become what the network can show.

use super::{EVERYONE, Network};
use greenroom::contract::message::Media;
use greenroom::prelude::*;

pub fn bot(network: Network) -> Builder {
    let report = assistant_fn(|turn: Turn| async move {
        let words = turn.text();
        let count = words.split_whitespace().count();
        let table = Media { mime: "text/csv".to_owned(), bytes: format!("words\n{count}\n").into() };
        let replies = vec![
            Reply::markdown(format!("# Your message\n\nIt has **{count}** words; the table has `1` line.")),
            Reply::document(table, "words.csv"),
        ];
        Ok(Answer { replies, ..Answer::default() })
    });
    Runtime::builder().assistant("report", report).channel("chat", network, Policy::allow(EVERYONE))
}
