//! The assistant that answers as a file says: patterns, menus and forms, and no model.
//!
//! ```toml
//! [[rules]]
//! when = ["hello", "good *"]
//! say  = "Hello {name|there}!"
//! go   = "menu"
//!
//! [nodes.menu]
//! ask     = "What would you like?"
//! options = [{ title = "Order", go = "order" }, { title = "A person", hand_over = "human" }]
//!
//! [nodes.order]
//! slots = [{ name = "size", ask = "Which size?", kind = "choice", options = ["Small", "Large"] }]
//! done  = { say = "One {slot.size} pizza is on its way." }
//! ```
//!
//! What it remembers of a conversation lies in the state that is committed with its answers, so a form goes on after a
//! crash. A script that was changed in the middle of a form says so and starts over.
//!
//! | module | holds |
//! |---|---|
//! | `load` | from a file to a script, or to everything that is wrong with it |
//! | `check` | whether a script makes sense |
//! | `script`, `say`, `slot`, `template`, `pattern` | what can be written |
//! | `memory` | what is remembered |
//! | `decide` | what is answered |
//! | `limits` | how large anything may get |
#![warn(missing_docs)]

mod check;
mod decide;
mod limits;
mod load;
mod memory;
mod pattern;
mod say;
mod script;
mod slot;
mod template;

pub use load::{Mistake, ScriptError};

use async_trait::async_trait;
use greenroom_contract::assistant::{Answer, Assistant, AssistantError, Needs, Turn};
use greenroom_contract::factory::{AssistantKind, AssistantParts, BuildError};
use greenroom_contract::schema::{Key, KeyKind};
use load::Around;
use script::Script;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// The assistant that follows a script: `kind = "script"`.
#[derive(Debug, Clone)]
pub struct Scripted {
    script: Arc<Script>,
}

/// The keys of `[assistants.NAME]` with `kind = "script"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptConfig {
    /// The script; relative to the folder of the configuration file.
    pub file: PathBuf,
}

impl Scripted {
    /// Follows a script that is written in a program. It can send no files, and may hand over to assistants of any name.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(script: &str) -> Result<Self, ScriptError> {
        let script = load::script(script, Around { folder: None, assistants: None })?;
        Ok(Self { script: Arc::new(script) })
    }
}

#[async_trait]
impl Assistant for Scripted {
    fn needs(&self) -> Needs {
        // It reads words. An assistant that it hands a turn to is given what that one needs.
        Needs { history_turns: 0, images: false, overheard: false, addresses: false, ..Needs::default() }
    }

    async fn respond(&self, turn: Turn) -> Result<Answer, AssistantError> {
        Ok(decide::decide(&self.script, &turn))
    }
}

#[async_trait]
impl AssistantKind for Scripted {
    const KIND: &'static str = "script";
    const ABOUT: &'static str = "answers as a file says: patterns, menus and forms";
    const KEYS: &'static [Key] = &[Key::new(
        "file",
        KeyKind::Text,
        "The script, relative to the folder of this file; examples/pizza.toml shows what can be written.",
    )
    .required()
    .example("\"pizza.toml\"")];
    type Config = ScriptConfig;
    const REMADE: bool = true;

    async fn build(config: ScriptConfig, parts: AssistantParts) -> Result<Arc<dyn Assistant>, BuildError> {
        let path = parts.folder.join(&config.file);
        let shown = config.file.display();
        let refused = |reason: String| BuildError::Config { path: "file".to_owned(), reason };
        let about =
            std::fs::metadata(&path).map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?;
        if about.len() > limits::SCRIPT_BYTES_MAX {
            let bytes_max = limits::SCRIPT_BYTES_MAX;
            return Err(refused(format!("{shown} has {} bytes; {bytes_max} at most", about.len())));
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?;
        let around = Around { folder: path.parent(), assistants: Some((&parts.name, &parts.assistants)) };
        let script = load::script(&text, around).map_err(|error| refused(format!("{shown}: {error}")))?;
        Ok(Arc::new(Self { script: Arc::new(script) }))
    }
}

#[cfg(test)]
mod tests;
