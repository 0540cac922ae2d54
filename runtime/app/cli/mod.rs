//! The command line.
//!
//! | module | commands |
//! |---|---|
//! | `args` | what can be written |
//! | `serve` | `run`, `chat` |
//! | `configuration` | `check`, `config example` |
//! | `link`, `accounts` | `link`; `accounts list`, `disconnect`, `reconnect`, `clean` |
//! | `desk` | the server that holds the accounts, or a runtime in this process |
//! | `screen`, `qr` | what somebody who links an account sees |
//! | `doctor` | `doctor cloud` |
//! | `hearing` | `doctor voice` |
//! | `model`, `fetching` | `model list`, `fetch`, `verify` |
//! | `inspect` | `why`, `health`, `quarantine`, `allow`, `disallow`, `allowlist` |
//! | `data` | the store, or the server that holds it |
//! | `storage` | `store export`, `import`, `verify` |
//! | `failure` | how a failure is said, and the exit codes |
//! | `logging` | where logs go |

mod accounts;
mod args;
mod configuration;
mod data;
mod desk;
#[cfg(feature = "whatsapp-cloud")]
mod doctor;
mod failure;
#[cfg(feature = "models")]
mod fetching;
#[cfg(feature = "voice")]
mod hearing;
mod inspect;
mod link;
mod logging;
#[cfg(feature = "models")]
mod model;
mod qr;
mod report;
mod screen;
mod serve;
mod storage;

use args::{Arguments, Command, ConfigCommand, DoctorCommand};
use clap::Parser;
use failure::Failure;
use greenroom::config::Config;
use greenroom::registry::Registry;
use std::process::ExitCode;

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // An error means that a provider is installed already, which is as good.
    #[cfg(any(feature = "whatsapp-cloud", feature = "whatsapp-web", feature = "models"))]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(format!("no threads: {error}")).report(),
    };
    let outcome = runtime.block_on(carry_out(arguments));
    // What a thread still works on is in the store; a read of the keyboard would never end.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn carry_out(arguments: Arguments) -> Result<(), Failure> {
    let registry = Registry::standard();
    let command = arguments.command.unwrap_or(Command::Run);
    if let Command::Config { command: ConfigCommand::Example } = command {
        return report::print(&greenroom::config::example(&registry));
    }
    let config = Config::load(arguments.config.as_deref(), &registry)?;
    match command {
        Command::Run => serve::run(config).await,
        Command::Chat { assistant } => serve::chat(config, &registry, assistant).await,
        Command::Check => configuration::check(config).await,
        Command::Channels => report::print(&greenroom::registry::abilities(&registry)),
        Command::Link { channel, code, account, yes } => {
            link::carry_out(&config, &registry, link::Wish { channel, code, account, yes }).await
        }
        Command::Accounts { command } => accounts::carry_out(&config, command).await,
        Command::Config { command: ConfigCommand::Example } => Ok(()),
        #[cfg(feature = "whatsapp-cloud")]
        Command::Doctor { command: DoctorCommand::Cloud { channel } } => doctor::cloud(&config, channel).await,
        #[cfg(not(feature = "whatsapp-cloud"))]
        Command::Doctor { command: DoctorCommand::Cloud { .. } } => lacking("whatsapp-cloud"),
        #[cfg(feature = "voice")]
        Command::Doctor { command: DoctorCommand::Voice } => hearing::doctor(&config),
        #[cfg(not(feature = "voice"))]
        Command::Doctor { command: DoctorCommand::Voice } => lacking("voice"),
        #[cfg(feature = "models")]
        Command::Model { command } => model::carry_out(&config, command).await,
        #[cfg(not(feature = "models"))]
        Command::Model { .. } => lacking("models"),
        Command::Why { message, last } => inspect::why(&config, message, last).await,
        Command::Health { json } => inspect::health(&config, json).await,
        Command::Quarantine { command } => inspect::quarantine(&config, command).await,
        Command::Allow { entry, channel } => inspect::allow(&config, &entry, channel).await,
        Command::Disallow { entry, channel } => inspect::disallow(&config, &entry, channel).await,
        Command::Allowlist => inspect::allow_list(&config).await,
        Command::Store { command } => storage::carry_out(&config, command).await,
    }
}

/// What a command says whose part is not in the program.
#[cfg(not(all(feature = "whatsapp-cloud", feature = "voice", feature = "models")))]
fn lacking(feature: &str) -> Result<(), Failure> {
    Err(Failure::usage(greenroom::without(feature)))
}
