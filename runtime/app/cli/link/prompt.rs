//! What is typed while an account is linked.

use crate::cli::failure::Failure;
use crate::cli::report;
use greenroom_client::FieldView;
use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use tokio::task::JoinHandle;

/// Reads what is typed, one line at a time.
#[derive(Default)]
pub(super) struct Prompt {
    /// A line that is being read. A read cannot be taken back, so what is typed next is the next answer, also if the
    /// question was replaced meanwhile.
    reading: Option<JoinHandle<std::io::Result<String>>>,
    /// What stands before the cursor.
    label: String,
}

/// A question that is being answered.
pub(super) struct Form {
    fields: Vec<FieldView>,
    typed: BTreeMap<String, String>,
}

impl Form {
    pub(super) fn new(fields: Vec<FieldView>) -> Self {
        Self { fields, typed: BTreeMap::new() }
    }

    /// Asks for one field after the other, and returns what was typed. Dropped and called once more it goes on where it
    /// was; called after it returned it begins with the first field.
    pub(super) async fn fill(&mut self, prompt: &mut Prompt) -> Result<BTreeMap<String, String>, Failure> {
        for field in &self.fields {
            while !self.typed.contains_key(&field.name) {
                let typed = prompt.line(&field.label, field.secret).await?;
                if typed.trim().is_empty() {
                    report::print("Something must be typed here.\n")?;
                } else {
                    self.typed.insert(field.name.clone(), typed);
                }
            }
        }
        Ok(std::mem::take(&mut self.typed))
    }
}

impl Prompt {
    /// Asks for one line. A secret is not shown while it is typed. May be dropped at any time.
    pub(super) async fn line(&mut self, label: &str, secret: bool) -> Result<String, Failure> {
        if self.reading.is_none() || self.label != label {
            report::print(&format!("{label}: "))?;
            label.clone_into(&mut self.label);
        }
        let secret = secret && std::io::stdin().is_terminal();
        let reading = self.reading.get_or_insert_with(|| tokio::task::spawn_blocking(move || read(secret)));
        let typed = reading.await;
        self.reading = None;
        match typed {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(Failure::usage("the input ended before everything was answered")
                    .hint("Type the answers, or write them into the pipe, one a line."))
            }
            Ok(Err(error)) => Err(Failure::new(format!("nothing can be read from the keyboard: {error}"))),
            Err(error) => Err(Failure::new(format!("nothing can be read from the keyboard: {error}"))),
        }
    }
}

fn read(secret: bool) -> std::io::Result<String> {
    if secret {
        return rpassword::read_password();
    }
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line)? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}
