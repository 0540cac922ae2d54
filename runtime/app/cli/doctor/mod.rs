//! `doctor`: what may be wrong with a set-up, and what to do.
//!
//! | module | command |
//! |---|---|
//! | `cloud` | `doctor cloud` |
//! | `voice` | `doctor voice` |

mod cloud;
mod voice;

use super::args::DoctorCommand;
use super::failure::Failure;
use greenroom::config::Config;

/// Carries one of the commands out.
pub(crate) async fn carry_out(config: &Config, command: DoctorCommand) -> Result<(), Failure> {
    match command {
        DoctorCommand::Cloud { channel } => cloud::cloud(config, channel).await,
        DoctorCommand::Voice => voice::doctor(config),
    }
}
