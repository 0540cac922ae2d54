//! The beginning of a plugin: `greenroom plugin new`.

use crate::added::PluginError;
use crate::manifest::is_name;
use std::path::{Path, PathBuf};

/// The language of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// JavaScript, or TypeScript.
    Js,
    /// Rust.
    Rust,
}

type Files = &'static [(&'static str, &'static str)];

const BOTH: Files = &[("turn.json", include_str!("project/turn.json"))];

const JS: Files = &[
    ("plugin.toml", include_str!("project/js.toml")),
    ("plugin.js", include_str!("project/plugin.js")),
    ("package.json", include_str!("../sdk-js/package.json")),
    ("README.md", include_str!("project/js.md")),
    ("sdk/greenroom.js", include_str!("../sdk-js/greenroom.js")),
    ("sdk/greenroom.d.ts", include_str!("../sdk-js/greenroom.d.ts")),
    ("sdk/documents.d.ts", include_str!("../sdk-js/documents.d.ts")),
    ("sdk/build.mjs", include_str!("../sdk-js/build.mjs")),
    ("sdk/wit/plugin.wit", include_str!("../wit/plugin.wit")),
];

const RUST: Files = &[
    ("plugin.toml", include_str!("project/rust.toml")),
    ("Cargo.toml", include_str!("project/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("project/lib.rs.txt")),
    ("README.md", include_str!("project/rust.md")),
    ("sdk/Cargo.toml", include_str!("project/sdk.toml.txt")),
    ("sdk/src/lib.rs", include_str!("../sdk-rust/lib.rs")),
    ("sdk/src/answer.rs", include_str!("../sdk-rust/answer.rs")),
    ("sdk/src/prompt.rs", include_str!("../sdk-rust/prompt.rs")),
    ("sdk/src/turn.rs", include_str!("../sdk-rust/turn.rs")),
    ("sdk/wit/plugin.wit", include_str!("../wit/plugin.wit")),
];

/// Makes a folder of this name with everything that a plugin begins with, and returns it.
///
/// # Errors
/// The name is none for a plugin, the folder is there already, or a file cannot be written.
pub fn new_project(language: Language, name: &str, into: &Path) -> Result<PathBuf, PluginError> {
    let folder = into.join(name);
    let failed = |file: &Path, error: std::io::Error| PluginError::file(file, error);
    if !is_name(name) {
        let reason = "a plugin cannot have this name: write small letters, digits and -";
        return Err(failed(&folder, std::io::Error::other(reason)));
    }
    std::fs::create_dir(&folder).map_err(|error| failed(&folder, error))?;
    let own = match language {
        Language::Js => JS,
        Language::Rust => RUST,
    };
    for (file, text) in own.iter().chain(BOTH) {
        let file = folder.join(file);
        let below = file.parent().unwrap_or(&folder);
        std::fs::create_dir_all(below).map_err(|error| failed(below, error))?;
        // Only the templates hold the word; the SDK does not.
        std::fs::write(&file, text.replace("PLUGIN_NAME", name)).map_err(|error| failed(&file, error))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn what_a_plugin_begins_with_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        for language in [Language::Js, Language::Rust] {
            let name = format!("{language:?}-one").to_lowercase();
            let made = new_project(language, &name, folder.path()).unwrap();
            let manifest = Manifest::read(&std::fs::read_to_string(made.join("plugin.toml")).unwrap()).unwrap();
            assert_eq!((manifest.name.as_str(), manifest.build.is_empty()), (name.as_str(), false));
            assert!(new_project(language, &name, folder.path()).is_err(), "what is there is not overwritten");
        }
        for name in ["", "../a", "A", "a b"] {
            assert!(new_project(Language::Js, name, folder.path()).is_err(), "{name}");
        }
    }
}
