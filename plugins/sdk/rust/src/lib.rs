//! Write an assistant of Greenroom as a sandboxed plugin, in Rust.
//!
//! ```ignore
//! use greenroom_plugin::{Answer, Turn, export, memory};
//!
//! fn respond(turn: Turn) -> Result<Answer, String> {
//!     let count: u32 = memory::get("count").and_then(|count| count.parse().ok()).unwrap_or(0) + 1;
//!     memory::set("count", &count.to_string());
//!     Ok(Answer::text(format!("{}: that was message {count}", turn.text())))
//! }
//!
//! export!(respond);
//! ```
//!
//! Built with `cargo build --release --target wasm32-wasip2`. What the documents mean is in `plugins/documents.md`.

mod answer;
mod prompt;
mod turn;

#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        pub_export_macro: true,
        default_bindings_module: "greenroom_plugin::bindings",
    });
}

pub use answer::{Answer, HandOver, Reply, Wake};
pub use bindings::greenroom::plugin::http::{Request, Response, send as send_http};
pub use prompt::{Completion, Prompt, ask};
pub use serde_json;
pub use turn::{Medium, Message, Past, Person, Turn};

/// A line for the log.
pub fn log(line: &str) {
    bindings::greenroom::plugin::host::log("info", line);
}

/// A line for the log that says that something is wrong.
pub fn warn(line: &str) {
    bindings::greenroom::plugin::host::log("warn", line);
}

/// At least 0 and less than 1.
pub fn random() -> f64 {
    bindings::greenroom::plugin::host::random()
}

/// The settings, as the manifest declares them.
///
/// # Errors
/// They have another shape.
pub fn settings<T: serde::de::DeserializeOwned>() -> Result<T, String> {
    serde_json::from_str(&bindings::greenroom::plugin::host::settings()).map_err(|error| format!("settings: {error}"))
}

/// What is remembered of this conversation. Kept together with the answer, or not at all.
pub mod memory {
    use crate::bindings::greenroom::plugin::memory;

    /// What is remembered under a key.
    pub fn get(key: &str) -> Option<String> {
        memory::get(key)
    }

    /// Remembers something under a key.
    pub fn set(key: &str, value: &str) {
        memory::set(key, value);
    }

    /// Forgets a key.
    pub fn delete(key: &str) {
        memory::delete(key);
    }

    /// All keys.
    pub fn keys() -> Vec<String> {
        memory::keys()
    }
}

/// Pictures, sounds and files by number.
pub mod media {
    use crate::bindings::greenroom::plugin::media;

    /// All bytes of a medium of this turn.
    pub fn read(medium: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let part = media::read(medium, u32::try_from(bytes.len()).unwrap_or(u32::MAX), 1024 * 1024);
            if part.is_empty() {
                return bytes;
            }
            bytes.extend(part);
        }
    }

    /// Adds a medium, and says its number.
    pub fn put(mime: &str, bytes: &[u8]) -> u32 {
        media::put(mime, bytes)
    }
}

#[doc(hidden)]
pub fn answered(turn: &str, respond: impl FnOnce(Turn) -> Result<Answer, String>) -> Result<String, String> {
    let turn = serde_json::from_str(turn).map_err(|error| format!("the turn is not understood: {error}"))?;
    serde_json::to_string(&respond(turn)?).map_err(|error| error.to_string())
}

/// Makes a function the assistant of this plugin: `fn respond(turn: Turn) -> Result<Answer, String>`.
#[macro_export]
macro_rules! export {
    ($respond:path) => {
        struct Exported;
        impl $crate::bindings::exports::greenroom::plugin::assistant::Guest for Exported {
            fn respond(turn: String) -> Result<String, String> {
                $crate::answered(&turn, $respond)
            }
        }
        $crate::bindings::export!(Exported with_types_in $crate::bindings);
    };
}
