//! The peer: Baileys (node) as an echo bot.

use super::{BOT, Bot};
use crate::support::baileys::{Baileys, Keys, Place};
use greenroom_simulator_whatsapp_web::Simulator;
use serde_json::json;
use tempfile::TempDir;

pub(crate) struct Peer {
    client: Baileys,
    files: bool,
    _folder: TempDir,
}

impl Peer {
    /// Starts, links and answers; `files`: the keys are in files, as in Baileys' own example of a bot.
    pub(crate) async fn start(simulator: &Simulator, files: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let phone = simulator.phone(BOT, "Bot").await.expect("a phone is made");
        let peer = Baileys::start(&Place {
            url: simulator.url().to_owned(),
            root_public_key_hex: simulator.root_public_key_hex(),
            certificate_pem: simulator.certificate_pem().to_owned(),
        });
        let keys = if files { Keys::Folder(folder.path().join("keys")) } else { Keys::Memory };
        peer.connect(keys, "Bot").await;
        phone.scan(&peer.qr().await).await.expect("the phone accepts the code");
        peer.until_open().await;
        peer.order("echo", json!({ "on": true })).await;
        Self { client: peer, files, _folder: folder }
    }
}

impl Bot for Peer {
    fn name(&self) -> &'static str {
        if self.files { "Baileys, keys in files" } else { "Baileys, keys in memory" }
    }

    fn pid(&self) -> u32 {
        self.client.process().expect("it runs")
    }
}
