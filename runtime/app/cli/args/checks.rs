//! What can be written behind `doctor`, `access`, `model` and `plugin`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Only what takes no time: no record is read, no model, tool server or network is asked
    #[arg(long)]
    pub(crate) quick: bool,
    /// Ask assistants that are models, services or programs one thing too; that costs something or leaves this machine
    #[arg(long, conflicts_with = "quick")]
    pub(crate) turns: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    /// Of one person or group, in each account
    Explain {
        /// Who: +E164, lid:…, bsuid:…, @username or group:ID
        who: String,
        /// Only there
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// As someone who writes in this group
        #[arg(long, value_name = "ID")]
        group: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DoctorCommand {
    /// WhatsApp's Cloud API: token, scopes, secrets, numbers, subscription, callback
    Cloud {
        /// Which channel; may be left out if there is one
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Language models: ask each one a word, and say how long that takes
    Models {
        /// Only this one
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
    },
    /// Tool servers: start each one, and say what it offers and what is allowed
    Tools {
        /// Only this one
        #[arg(long, value_name = "NAME")]
        server: Option<String>,
    },
    /// What hears voice notes: the model, and how fast it is here
    Voice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Show what a plugin asks for, compile it, try one turn, and add it; or put another version in its place
    Add {
        /// The folder with its plugin.toml
        path: PathBuf,
        /// Agree to what it asks for, which is still printed; for scripts
        #[arg(long)]
        yes: bool,
    },
    /// Show the plugins that were added, and what was agreed to
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a plugin
    Remove {
        /// Its name
        name: String,
    },
    /// Try one turn of a plugin that need not be added, without a phone, a model or a network
    Check {
        /// The folder with its plugin.toml
        path: PathBuf,
        /// A file with the turn as JSON, as plugins/schema/turn.json describes it
        #[arg(long, value_name = "FILE")]
        turn: Option<PathBuf>,
    },
    /// Build, check and swap a plugin whenever one of its files changes
    Dev {
        /// The folder with its plugin.toml
        path: PathBuf,
        /// Agree to what it asks for now; for scripts
        #[arg(long)]
        yes: bool,
    },
    /// Make a folder with everything that a plugin begins with
    New {
        /// Its name: small letters, digits and -
        name: String,
        /// What it is written in
        #[arg(long, value_name = "LANGUAGE", value_enum)]
        lang: PluginLanguage,
    },
}

/// What a plugin can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PluginLanguage {
    #[value(alias = "javascript")]
    Js,
    #[value(alias = "typescript")]
    Ts,
    Rust,
    #[value(alias = "python")]
    Py,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Show the models that are known by name, and which are here
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model, or resume an earlier fetch of it
    Fetch {
        /// Its name, as the list shows it
        #[arg(default_value = greenroom::transcription::catalogue::DEFAULT)]
        name: String,
        /// The checksum that it must have instead of the published one, for models of one's own at voice.url
        #[arg(long, value_name = "HEX", value_parser = sha256)]
        sha256: Option<String>,
    },
    /// Check the fetched models for damage
    Verify {
        /// Only this one
        name: Option<String>,
        /// The checksum that it must have instead of the published one
        #[arg(long, value_name = "HEX", value_parser = sha256, requires = "name")]
        sha256: Option<String>,
    },
}

fn sha256(text: &str) -> Result<String, String> {
    let right = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if right { Ok(text.to_ascii_lowercase()) } else { Err("a SHA-256 has 64 hexadecimal digits".to_owned()) }
}
