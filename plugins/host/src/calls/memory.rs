//! What is remembered of the conversation. Changed here, and kept only together with the answer.

use super::bindings::greenroom::plugin::memory;
use super::refusal::Refusal;
use super::state::TurnState;
use greenroom_documents::Memory;
use greenroom_documents::limits::MEMORY_KEYS_MAX;
use wasmtime::Result;

/// A bound on the bytes of a memory as JSON that costs no writing of it. Characters that JSON escapes are counted exactly
/// when the answer is kept.
fn bytes(memory: &Memory) -> usize {
    memory.iter().map(|(key, value)| key.len() + value.len() + 6).sum::<usize>() + 2
}

impl memory::Host for TurnState {
    fn get(&mut self, key: String) -> Result<Option<String>> {
        Ok(self.memory.get(&key).cloned())
    }

    fn set(&mut self, key: String, value: String) -> Result<()> {
        self.memory.insert(key, value);
        self.memory_changed = true;
        if self.memory.len() > MEMORY_KEYS_MAX || bytes(&self.memory) > self.memory_bytes_max {
            return Err(Refusal::State { kb: self.memory_bytes_max / 1024 }.into());
        }
        Ok(())
    }

    fn delete(&mut self, key: String) -> Result<()> {
        self.memory_changed |= self.memory.remove(&key).is_some();
        Ok(())
    }

    fn keys(&mut self) -> Result<Vec<String>> {
        Ok(self.memory.keys().cloned().collect())
    }
}
