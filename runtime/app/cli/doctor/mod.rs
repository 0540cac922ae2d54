//! `doctor`: what may be wrong with a set-up, and what to do.
//!
//! | module | command |
//! |---|---|
//! | `whole`, `parts` | `doctor` |
//! | `cloud` | `doctor cloud` |
//! | `models` | `doctor models` |
//! | `tools` | `doctor tools` |
//! | `voice` | `doctor voice` |

#[cfg(feature = "whatsapp-cloud")]
mod cloud;
#[cfg(feature = "models")]
mod models;
mod parts;
#[cfg(feature = "tools")]
mod tools;
#[cfg(feature = "voice")]
mod voice;
mod whole;

pub(crate) use whole::{Wanted, whole};

use super::args::DoctorCommand;
use super::failure::Failure;
use greenroom::config::Config;

/// Carries one of the commands out.
#[allow(clippy::unused_async, unused_variables)] // used by the parts that this program was built with
pub(crate) async fn carry_out(config: &Config, command: DoctorCommand) -> Result<(), Failure> {
    match command {
        #[cfg(feature = "whatsapp-cloud")]
        DoctorCommand::Cloud { channel } => cloud::cloud(config, channel).await,
        #[cfg(not(feature = "whatsapp-cloud"))]
        DoctorCommand::Cloud { .. } => super::lacking("whatsapp-cloud"),
        #[cfg(feature = "models")]
        DoctorCommand::Models { model } => models::doctor(config, model.as_deref()).await,
        #[cfg(not(feature = "models"))]
        DoctorCommand::Models { .. } => super::lacking("models"),
        #[cfg(feature = "tools")]
        DoctorCommand::Tools { server } => tools::doctor(config, server.as_deref()).await,
        #[cfg(not(feature = "tools"))]
        DoctorCommand::Tools { .. } => super::lacking("tools"),
        #[cfg(feature = "voice")]
        DoctorCommand::Voice => voice::doctor(config),
        #[cfg(not(feature = "voice"))]
        DoctorCommand::Voice => super::lacking("voice"),
    }
}
