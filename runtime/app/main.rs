//! The program `greenroom`: the only place that exits, handles signals, and installs a logger and
//! the TLS provider.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
