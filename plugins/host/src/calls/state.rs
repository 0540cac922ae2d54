//! What the host keeps of one turn.

use super::http::HttpCalls;
use super::models::ModelCalls;
use crate::bounds::{Log, Output, Room};
use crate::limits::RESOURCES_MAX;
use greenroom_contract::assistant::Bill;
use greenroom_contract::ids::{ConversationId, PersonId};
use greenroom_documents::{MediaTable, Memory};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// What the host does for one assistant, the same in all of its turns.
pub(crate) struct Services {
    /// Its settings as JSON.
    pub(crate) settings: String,
    pub(crate) http: HttpCalls,
    pub(crate) models: ModelCalls,
}

/// Something that a turn needs is away, for no fault of the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Away {
    pub(crate) reason: String,
    pub(crate) after: Option<Duration>,
}

/// What the host keeps of one turn.
pub(crate) struct TurnState {
    wasi: WasiCtx,
    table: ResourceTable,
    pub(crate) room: Room,
    pub(crate) output: Output,
    pub(crate) log: Log,
    pub(crate) services: Arc<Services>,
    pub(crate) memory: Memory,
    /// Whether anything of it was changed.
    pub(crate) memory_changed: bool,
    /// Bytes that it may take as JSON.
    pub(crate) memory_bytes_max: usize,
    pub(crate) media: MediaTable,
    pub(crate) media_made: usize,
    pub(crate) media_bytes_made: usize,
    /// Until when the turn has to be answered.
    pub(crate) until: Instant,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) person: Option<PersonId>,
    pub(crate) requests: u32,
    pub(crate) questions: u32,
    /// What models cost that it asks.
    pub(crate) bill: Bill,
    /// What was away last, if anything was.
    pub(crate) away: Option<Away>,
}

impl TurnState {
    pub(crate) fn new(services: Arc<Services>, room: Room, log: Log, until: Instant) -> Self {
        let output = Output::default();
        let mut wasi = WasiCtx::builder();
        // Nothing of the machine: no files, no environment, no sockets, no names.
        wasi.stdout(output.clone())
            .stderr(output.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(crate::limits::RANDOM_BYTES_MAX);
        let mut table = ResourceTable::new();
        // What it holds of the host lies outside of its own memory, and is not counted there.
        table.set_max_capacity(RESOURCES_MAX);
        Self {
            wasi: wasi.build(),
            table,
            room,
            output,
            log,
            services,
            memory: Memory::new(),
            memory_changed: false,
            memory_bytes_max: 0,
            media: MediaTable::default(),
            media_made: 0,
            media_bytes_made: 0,
            until,
            conversation: None,
            person: None,
            requests: 0,
            questions: 0,
            bill: Bill::default(),
            away: None,
        }
    }

    /// How much time the turn has left.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

impl WasiView for TurnState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Such as what it would be woken for, of which it could ask for a million.
    #[test]
    fn a_guest_holds_no_more_of_the_host_than_there_is_room_for() {
        let services = Services {
            settings: String::new(),
            http: HttpCalls::new(Vec::new(), std::collections::BTreeMap::new(), false).unwrap(),
            models: ModelCalls::default(),
        };
        let mut turn = TurnState::new(Arc::new(services), Room::new(0), Log::of("guest"), Instant::now());
        let held = (0..100_000).map_while(|number: u32| turn.ctx().table.push(number).ok()).count();
        assert_eq!(held, RESOURCES_MAX);
    }
}
