//! `doctor`: what may be wrong with a set-up, and what to do.
//!
//! | module | command |
//! |---|---|
//! | `cloud` | `doctor cloud` |
//! | `voice` | `doctor voice` |

#[cfg(feature = "whatsapp-cloud")]
mod cloud;
#[cfg(feature = "voice")]
mod voice;

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
        #[cfg(feature = "voice")]
        DoctorCommand::Voice => voice::doctor(config),
        #[cfg(not(feature = "voice"))]
        DoctorCommand::Voice => super::lacking("voice"),
    }
}
