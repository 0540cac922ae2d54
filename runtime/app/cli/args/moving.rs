//! What can be written about capsules and about one person.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file; it must not exist
    pub(crate) file: PathBuf,
    /// Lock it for the holder of this public key, as `age-keygen` prints it, and ask for no passphrase; may be given several times
    #[arg(long, value_name = "AGE1…", conflicts_with = "passphrase_file")]
    pub(crate) recipient: Vec<String>,
    /// Read the passphrase from a file; for scripts
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Stop the bot first, and let it not start here any more
    #[arg(long = "move")]
    pub(crate) moves: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The file that `greenroom backup` wrote
    #[arg(required_unless_present = "here")]
    pub(crate) file: Option<PathBuf>,
    /// Let the bot in this folder continue that was moved away; no copy of it may run
    #[arg(long, conflicts_with_all = ["file", "identity", "passphrase_file"])]
    pub(crate) here: bool,
    /// Open it with the secret key in this file
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) identity: Option<PathBuf>,
    /// Read the passphrase from a file; for scripts
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PersonArguments {
    /// Who: +E164, lid:…, bsuid:…, @username, or another address as `greenroom why` shows it
    #[arg(long = "person", value_name = "WHO")]
    pub(crate) person: String,
    /// In this channel only
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetArguments {
    #[command(flatten)]
    pub(crate) person: PersonArguments,
    /// Without being asked; for scripts
    #[arg(long)]
    pub(crate) yes: bool,
}
