//! Log, random numbers, settings.

use super::bindings::greenroom::plugin::host;
use super::state::TurnState;
use wasmtime::Result;

impl host::Host for TurnState {
    fn log(&mut self, level: String, line: String) -> Result<()> {
        self.log.take(&level, &line);
        Ok(())
    }

    fn random(&mut self) -> Result<f64> {
        Ok(rand::random())
    }

    fn settings(&mut self) -> Result<String> {
        Ok(self.services.settings.clone())
    }
}
