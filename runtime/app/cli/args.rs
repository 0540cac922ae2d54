//! What can be written on the command line.

mod checks;
mod moving;

#[cfg(feature = "plugins")]
pub(crate) use checks::PluginLanguage;
pub(crate) use checks::{AccessCommand, DoctorArguments, DoctorCommand, ModelCommand, PluginCommand};

use super::usage::UsageArguments;
use clap::{Parser, Subcommand};
pub(crate) use moving::{BackupArguments, ForgetArguments, PersonArguments, RestoreArguments};
use std::path::PathBuf;

/// What a build with WhatsApp Web means is said wherever its version is.
#[cfg(feature = "whatsapp-web")]
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nlicence of our source: ",
    env!("CARGO_PKG_LICENSE"),
    "\nThis program contains WhatsApp Web (feature whatsapp-web), which is built on a library under AGPL-3.0-only,",
    "\nso it must be treated as AGPL-3.0 as a whole. A build without that feature is permissive. See LICENSES.md."
);
#[cfg(not(feature = "whatsapp-web"))]
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nlicence: ",
    env!("CARGO_PKG_LICENSE"),
    "\nThis program does not contain WhatsApp Web. See LICENSES.md."
);

/// A bot runtime: messages in, answers out, nothing lost. Without a command it runs.
#[derive(Debug, Parser)]
#[command(name = "greenroom", version = VERSION, about)]
pub(crate) struct Arguments {
    /// The configuration; greenroom.toml in the working directory unless given
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the configured channels until Ctrl-C or SIGTERM
    Run,
    /// Talk to the bot on the console, without the other channels and without the gateway
    Chat {
        /// Who answers; the assistant of the console channel unless given
        #[arg(long, value_name = "NAME")]
        assistant: Option<String>,
    },
    /// Say everything that is wrong with the configuration, and start nothing
    Check,
    /// Say why a message was, or was not, answered; the latest one unless an id is given
    Why {
        /// The message's id, or the id of one of the bot's own messages
        #[arg(value_name = "MESSAGE")]
        message: Option<String>,
        /// Show this many of the latest messages
        #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", conflicts_with = "message", value_parser = at_least_one)]
        last: Option<usize>,
        /// How many were refused instead, by day and cause
        #[arg(long, conflicts_with_all = ["message", "last"])]
        refused: bool,
        /// With --refused: of so many days, today included
        #[arg(long, value_name = "N", requires = "refused", default_value_t = 1)]
        days: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Which rule admits or refuses someone, and where it was written
    #[command(arg_required_else_help = true)]
    Access {
        #[command(subcommand)]
        command: AccessCommand,
    },
    /// The configuration
    #[command(arg_required_else_help = true)]
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// The data: export, import, verify or repair it
    #[command(arg_required_else_help = true)]
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Write the whole bot into one encrypted file, while it runs or not
    Backup(BackupArguments),
    /// Put a bot back that `backup` wrote, in a folder without one
    Restore(RestoreArguments),
    /// Seal all secrets of the store with a new key
    RotateKey,
    /// Print everything that is kept of a person, as JSON
    Export(PersonArguments),
    /// Forget a person: what was said, addresses, settings, waiting messages and unsent answers
    Forget(ForgetArguments),
    /// Ask the running server how it is
    #[command(visible_alias = "status")]
    Health {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Find what is wrong, and say what corrects it; without a command, everywhere. Ends with 3 for warnings, 1 for errors
    #[command(args_conflicts_with_subcommands = true)]
    Doctor {
        #[command(flatten)]
        whole: DoctorArguments,
        #[command(subcommand)]
        command: Option<DoctorCommand>,
    },
    /// Assistants that are plugins: sandboxed WebAssembly components
    #[command(arg_required_else_help = true)]
    Plugin {
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Compile a plugin; the program starts this itself
    #[command(hide = true)]
    CompilePlugin {
        /// A folder and a file
        arguments: Vec<std::ffi::OsString>,
    },
    /// The speech models that hear voice notes; without a command, the list of them
    #[command(args_conflicts_with_subcommands = true)]
    Model {
        /// The list as JSON
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<ModelCommand>,
    },
    /// Link an account: show the code that the phone scans, until it is linked
    Link {
        /// Where; may be left out if there is one channel that links accounts
        #[arg(value_name = "CHANNEL")]
        channel: Option<String>,
        /// Show a code to be typed on the phone with this number instead of a QR code
        #[arg(long, value_name = "PHONE")]
        code: Option<String>,
        /// Link this account again; `greenroom accounts` shows them
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// Accept the channel's warning, which is still printed; for scripts
        #[arg(long)]
        yes: bool,
    },
    /// The accounts: the state of each, and what to do next
    #[command(args_conflicts_with_subcommands = true)]
    Accounts {
        /// The list as JSON
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<AccountsCommand>,
    },
    /// What each adapter's network can do
    #[command(visible_alias = "capabilities")]
    Channels {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Messages that failed too often; without a command, the list of them
    #[command(args_conflicts_with_subcommands = true)]
    Quarantine {
        /// The list as JSON
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<QuarantineCommand>,
    },
    /// What an assistant began in one conversation
    #[command(arg_required_else_help = true)]
    Conversation {
        #[command(subcommand)]
        command: ConversationCommand,
    },
    /// Wake-ups that assistants asked for and that are not due yet; without a command, the list of them
    Wakes {
        #[command(subcommand)]
        command: Option<WakesCommand>,
    },
    /// Messages of the bot that are not sent; without a command, the list of them
    Outbox {
        #[command(subcommand)]
        command: Option<OutboxCommand>,
    },
    /// What answers cost, in tokens of the models; of the last 30 days unless others are named. Days are those of UTC
    Usage(UsageArguments),
    /// Admit a person or a group: +E164, lid:…, bsuid:…, @username, group:ID, or * for everybody
    Allow {
        /// Who
        entry: String,
        /// Where; may be left out if there is one channel
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// Admit everybody without being asked; for scripts
        #[arg(long)]
        yes: bool,
    },
    /// Take back what `allow` did
    Disallow {
        /// Who
        entry: String,
        /// Where; may be left out if there is one channel
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Print a link into the portal of the running server, for one browser
    Portal,
    /// Print a token by which a program calls the API for an owner
    #[cfg(feature = "gateway")]
    Token(super::portal::TokenArguments),
    /// Show who is admitted, and by what
    Allowlist {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the version and the licence
    Version,
}

/// The text of `greenroom version`.
pub(crate) fn version() -> String {
    format!("greenroom {VERSION}\n")
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("write a number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print an example with every key
    Example,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Write everything into a file that any version and engine can read
    Export {
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Fill a new store from such a file
    Import {
        /// The file
        file: PathBuf,
    },
    /// Read everything and say what is damaged
    Verify {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Put records back that were set aside as damaged and can be read by this version
    RestoreDamaged,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// Show them
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Unlink one: remove its device on the network and delete its keys; its history stays
    Disconnect {
        /// Its id, as the list shows it
        account: String,
    },
    /// Connect one again immediately
    Reconnect {
        /// Its id, as the list shows it
        account: String,
    },
    /// Forget those that were never linked, or one that is no longer linked
    Clean {
        /// Its id, as the list shows it
        account: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WakesCommand {
    /// Show them, the earliest first
    List {
        /// As JSON, for programs
        #[arg(long)]
        json: bool,
    },
    /// Take one back
    Cancel {
        /// Its number, as the list shows it
        number: u64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConversationCommand {
    /// End a hand-over that stays: the bot answers there again, as configured
    Release {
        /// The conversation's number, as `greenroom health` shows it
        number: u64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// Show them
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Try one again
    Release {
        /// Its number, as the list shows it
        number: u64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Show them: why each is not sent, and until when it waits
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let one that is held be sent, or all of them
    Release {
        /// Its id, as the list shows it
        #[arg(value_name = "ID", required_unless_present = "all")]
        id: Option<String>,
        /// All that are held
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Give one up: it is not sent, and what it says is deleted
    Drop {
        /// Its id, as the list shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[cfg(test)]
mod tests;
