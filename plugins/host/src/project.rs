//! The beginning of a plugin: `greenroom plugin new`.

use crate::added::PluginError;
use crate::manifest::is_name;
use std::path::{Path, PathBuf};

/// The language of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// JavaScript.
    Js,
    /// TypeScript, whose types are checked by each build.
    Ts,
    /// Rust.
    Rust,
    /// Python.
    Py,
}

type Files = &'static [(&'static str, &'static str)];

const ALL: Files =
    &[("turn.json", include_str!("project/turn.json")), ("sdk/wit/plugin.wit", include_str!("../wit/plugin.wit"))];

const JS_SDK: Files = &[
    ("sdk/greenroom.js", include_str!("../sdk-js/greenroom.js")),
    ("sdk/greenroom.d.ts", include_str!("../sdk-js/greenroom.d.ts")),
    ("sdk/documents.d.ts", include_str!("../sdk-js/documents.d.ts")),
    ("sdk/build.mjs", include_str!("../sdk-js/build.mjs")),
];

const JS: Files = &[
    ("plugin.toml", include_str!("project/js/plugin.toml")),
    ("plugin.js", include_str!("project/js/plugin.js")),
    ("package.json", include_str!("project/js/package.json")),
    ("README.md", include_str!("project/js/README.md")),
];

const TS: Files = &[
    ("plugin.toml", include_str!("project/ts/plugin.toml")),
    ("plugin.ts", include_str!("project/ts/plugin.ts")),
    ("tsconfig.json", include_str!("project/ts/tsconfig.json")),
    ("package.json", include_str!("project/ts/package.json")),
    ("README.md", include_str!("project/ts/README.md")),
];

const RUST: Files = &[
    ("plugin.toml", include_str!("project/rust/plugin.toml")),
    ("Cargo.toml", include_str!("project/rust/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("project/rust/lib.rs.txt")),
    ("README.md", include_str!("project/rust/README.md")),
    ("sdk/Cargo.toml", include_str!("project/rust/sdk.toml.txt")),
    ("sdk/src/lib.rs", include_str!("../sdk-rust/lib.rs")),
    ("sdk/src/answer.rs", include_str!("../sdk-rust/answer.rs")),
    ("sdk/src/prompt.rs", include_str!("../sdk-rust/prompt.rs")),
    ("sdk/src/turn.rs", include_str!("../sdk-rust/turn.rs")),
];

const PY: Files = &[
    ("plugin.toml", include_str!("project/py/plugin.toml")),
    ("src/app.py", include_str!("project/py/app.py")),
    ("requirements.txt", include_str!("project/py/requirements.txt")),
    ("README.md", include_str!("project/py/README.md")),
    ("sdk/greenroom_plugin.py", include_str!("../sdk-python/greenroom_plugin.py")),
];

impl Language {
    fn files(self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        let (own, sdk): (Files, Files) = match self {
            Self::Js => (JS, JS_SDK),
            Self::Ts => (TS, JS_SDK),
            Self::Rust => (RUST, &[]),
            Self::Py => (PY, &[]),
        };
        own.iter().chain(sdk).chain(ALL)
    }
}

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
    std::fs::create_dir(&folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            failed(&folder, std::io::Error::other("is there already; choose another name"))
        }
        _ => failed(&folder, error),
    })?;
    for (file, text) in language.files() {
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
        for language in [Language::Js, Language::Ts, Language::Rust, Language::Py] {
            let name = format!("{language:?}-one").to_lowercase();
            let made = new_project(language, &name, folder.path()).unwrap();
            let manifest = Manifest::read(&std::fs::read_to_string(made.join("plugin.toml")).unwrap()).unwrap();
            assert_eq!((manifest.name.as_str(), manifest.build.is_empty()), (name.as_str(), false));
            let taken = new_project(language, &name, folder.path()).unwrap_err().to_string();
            assert!(taken.contains(&name) && taken.contains("is there already"), "{taken}");
            for (file, _) in language.files() {
                let text = std::fs::read_to_string(made.join(file)).unwrap();
                assert!(!text.contains("PLUGIN_NAME"), "{file}");
            }
        }
        for name in ["", "../a", "A", "a b"] {
            let error = new_project(Language::Js, name, folder.path()).unwrap_err().to_string();
            assert!(error.contains("small letters, digits and -"), "{name}: {error}");
        }
    }

    /// What a folder installs is what the SDK in it was tried with.
    #[test]
    fn the_tools_are_those_of_the_sdk() {
        let dependencies = |text: &str| {
            let text: serde_json::Value = serde_json::from_str(text).unwrap();
            text["dependencies"].as_object().unwrap().clone()
        };
        let sdk = dependencies(include_str!("../sdk-js/package.json"));
        for (language, text) in [("js", JS[2].1), ("ts", TS[3].1)] {
            let own = dependencies(text);
            for (tool, version) in &sdk {
                assert_eq!(own.get(tool), Some(version), "{language}: {tool}");
            }
        }
        let python = PY[2].1.trim();
        for (file, page) in [
            ("plugins/build", include_str!("../../build")),
            ("sdk/python", include_str!("../sdk-python/README.md")),
            ("captioner", include_str!("../../samples/captioner-python/README.md")),
        ] {
            assert!(page.contains(python), "{file} names {python}");
        }
    }
}
