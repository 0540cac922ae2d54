//! What can be written behind `doctor` and `model`.

use clap::Subcommand;

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
