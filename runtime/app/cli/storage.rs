//! `store export`, `import`, `verify`.

use super::args::StoreCommand;
use super::failure::Failure;
use greenroom::config::Config;

pub(crate) async fn carry_out(_config: &Config, _command: StoreCommand) -> Result<(), Failure> {
    todo!()
}
