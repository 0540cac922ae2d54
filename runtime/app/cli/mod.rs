//! The command line.
//!
//! | module | commands |
//! |---|---|
//! | `args` | what can be written |
//! | `serve` | `run`, `chat` |
//! | `configuration` | `check`, `config example` |
//! | `link`, `accounts` | `link`; `accounts list`, `disconnect`, `reconnect`, `clean` |
//! | `admin` | who carries a command out: the server that runs, or this process |
//! | `remote` | the gateway on another machine, where the environment names one |
//! | `screen`, `qr` | what is shown while an account is linked |
//! | `next` | what to do now, as a command |
//! | `shown` | what strangers wrote, made safe to show |
//! | `doctor` | `doctor`, `doctor cloud`, `doctor models`, `doctor tools`, `doctor voice` |
//! | `plugin` | `plugin add`, `list`, `remove`, `check`, `dev`, `new` |
//! | `model`, `fetching` | `model list`, `fetch`, `verify` |
//! | `access` | `access explain` |
//! | `lost`, `refusals` | what is said of a message that never arrived; `why --refused` |
//! | `inspect` | `why`, `health`, `quarantine`, `wakes`, `conversation release` |
//! | `outbox` | `outbox list`, `release`, `drop` |
//! | `usage` | `usage` |
//! | `portal` | `portal`, `token` |
//! | `allow` | `allow`, `disallow`, `allowlist` |
//! | `near` | which entry of an allow-list may have been meant |
//! | `backup`, `restore`, `secrets` | `backup`, `restore` |
//! | `rotate` | `rotate-key` |
//! | `person` | `export`, `forget` |
//! | `storage` | `store export`, `import`, `verify`, `restore-damaged` |
//! | `disk` | what to do when it is full |
//! | `failure` | how a failure is said, and the exit codes |
//! | `logging` | where logs go |

mod access;
mod accounts;
mod admin;
mod allow;
mod args;
#[cfg(feature = "capsules")]
mod backup;
mod configuration;
mod disk;
mod doctor;
mod failure;
#[cfg(feature = "speech-models")]
mod fetching;
mod inspect;
mod link;
mod logging;
mod lost;
#[cfg(feature = "speech-models")]
mod model;
mod near;
mod next;
mod outbox;
mod person;
#[cfg(feature = "plugins")]
mod plugin;
#[cfg(feature = "gateway")]
mod portal;
mod qr;
mod refusals;
mod remote;
mod report;
#[cfg(feature = "capsules")]
mod restore;
mod rotate;
mod screen;
#[cfg(feature = "capsules")]
mod secrets;
mod serve;
mod shown;
mod storage;
mod usage;

use args::{Arguments, Command, ConfigCommand};
use clap::Parser;
use failure::Failure;
use greenroom::config::Config;
use greenroom::registry::Registry;
use std::process::ExitCode;

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whatever this process writes is for its owner alone: conversations, keys, exports.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    // An error means that a provider is installed already, which is as good.
    #[cfg(any(
        feature = "whatsapp-cloud",
        feature = "whatsapp-web",
        feature = "assistant-http",
        feature = "models",
        feature = "tools",
        feature = "plugins",
        feature = "alerts",
        feature = "identity",
        feature = "otlp",
        feature = "remote",
        feature = "speech-models"
    ))]
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[cfg(feature = "plugins")]
    if let Ok(program) = std::env::current_exe() {
        let arguments = vec!["compile-plugin".into()];
        greenroom::plugins::compile::use_child(greenroom::plugins::compile::Child { program, arguments });
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(format!("the threads cannot be started: {error}")).report(),
    };
    let outcome = runtime.block_on(carry_out(arguments));
    logging::end();
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
    if let Command::Version = command {
        return report::print(&args::version());
    }
    if let Command::Config { command: ConfigCommand::Example } = command {
        return report::print(&greenroom::config::example(&registry));
    }
    #[cfg(feature = "plugins")]
    if let Command::CompilePlugin { arguments } = &command {
        return match greenroom::plugins::compile::child_main(arguments) {
            0 => Ok(()),
            _ => Err(Failure::new("the plugin was not compiled")),
        };
    }
    #[cfg(feature = "capsules")]
    if let Command::Restore(restore) = command {
        return restore::carry_out(arguments.config.as_deref(), &registry, restore).await;
    }
    let config = Config::load(arguments.config.as_deref(), &registry);
    if let Command::Doctor { whole: args::DoctorArguments { json, quick, turns }, command: None } = command {
        return doctor::whole(config, doctor::Wanted { json, quick, turns }).await;
    }
    with_configuration(config?, &registry, command).await
}

/// Commands that need a sound configuration.
async fn with_configuration(config: Config, registry: &Registry, command: Command) -> Result<(), Failure> {
    match command {
        Command::Run => serve::run(config).await,
        Command::Chat { assistant } => serve::chat(config, registry, assistant).await,
        Command::Check => configuration::check(config).await,
        Command::Channels { json: true } => report::json(&greenroom::registry::abilities_by_kind(registry)),
        Command::Channels { json: false } => report::print(&greenroom::registry::abilities(registry)),
        Command::Link { channel, code, account, yes } => {
            link::carry_out(&config, registry, link::LinkArguments { channel, code, account, yes }).await
        }
        Command::Accounts { command, json } => {
            accounts::carry_out(&config, command.unwrap_or(args::AccountsCommand::List { json })).await
        }
        Command::Version | Command::Config { command: ConfigCommand::Example } => Ok(()),
        Command::Doctor { command: Some(command), .. } => doctor::carry_out(&config, command).await,
        Command::Doctor { command: None, .. } => Ok(()),
        Command::Access { command } => access::carry_out(&config, command).await,
        #[cfg(feature = "speech-models")]
        Command::Model { command, json } => {
            model::carry_out(&config, command.unwrap_or(args::ModelCommand::List { json })).await
        }
        #[cfg(not(feature = "speech-models"))]
        Command::Model { .. } => lacking("speech-models"),
        #[cfg(feature = "plugins")]
        Command::Plugin { command } => plugin::carry_out(&config, command).await,
        #[cfg(not(feature = "plugins"))]
        Command::Plugin { .. } | Command::CompilePlugin { .. } => lacking("plugins"),
        #[cfg(feature = "plugins")]
        Command::CompilePlugin { .. } => Ok(()),
        Command::Why { refused: true, days, json, .. } => refusals::refusals(&config, days, json).await,
        Command::Why { message, last, json, .. } => inspect::why(&config, message, last, json).await,
        Command::Health { json } => inspect::health(&config, json).await,
        Command::Quarantine { command, json } => {
            inspect::quarantine(&config, command.unwrap_or(args::QuarantineCommand::List { json })).await
        }
        Command::Conversation { command } => inspect::conversation(&config, command).await,
        Command::Wakes { command } => {
            inspect::wakes(&config, command.unwrap_or(args::WakesCommand::List { json: false })).await
        }
        Command::Outbox { command } => outbox::carry_out(&config, command).await,
        Command::Usage(arguments) => usage::carry_out(&config, &arguments).await,
        Command::Allow { entry, channel, yes } => allow::allow(&config, &entry, channel, yes).await,
        Command::Disallow { entry, channel } => allow::disallow(&config, &entry, channel).await,
        #[cfg(feature = "gateway")]
        Command::Portal => portal::portal(&config).await,
        #[cfg(not(feature = "gateway"))]
        Command::Portal => lacking("gateway"),
        #[cfg(feature = "gateway")]
        Command::Token(arguments) => portal::token(&config, &arguments),
        Command::Allowlist { json } => allow::list(&config, json).await,
        #[cfg(feature = "capsules")]
        Command::Backup(arguments) => backup::carry_out(&config, arguments).await,
        #[cfg(not(feature = "capsules"))]
        Command::Backup(_) => lacking("capsules"),
        // Carried out before a configuration is needed.
        #[cfg(feature = "capsules")]
        Command::Restore(_) => Ok(()),
        #[cfg(not(feature = "capsules"))]
        Command::Restore(_) => lacking("capsules"),
        Command::RotateKey => rotate::carry_out(&config).await,
        Command::Export(arguments) => person::export(&config, &arguments).await,
        Command::Forget(arguments) => person::forget(&config, &arguments).await,
        Command::Store { command } => storage::carry_out(&config, command).await,
    }
}

/// What a command says whose part is not in the program.
#[cfg(not(all(
    feature = "gateway",
    feature = "whatsapp-cloud",
    feature = "voice",
    feature = "speech-models",
    feature = "models",
    feature = "tools",
    feature = "plugins",
    feature = "capsules"
)))]
fn lacking(feature: &str) -> Result<(), Failure> {
    Err(Failure::usage(greenroom::without(feature)))
}
