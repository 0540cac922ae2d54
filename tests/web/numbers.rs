//! WhatsApp is asked how it writes the numbers of the allow-list.

use super::{ANA, PATIENCE, Setup, World, hears, to_bot};
use greenroom_conformance::messages::id;
use greenroom_contract::address::AllowEntry;
use greenroom_engine::Doors;
use greenroom_simulator_whatsapp_web::Options;
use std::time::Duration;

/// As it is dialled, and as WhatsApp knows it.
const DIALLED: &str = "5511987654321";
const KNOWN_AS: &str = "551187654321";
const NOWHERE: &str = "12025550199";

#[tokio::test(flavor = "multi_thread")]
async fn the_network_says_how_it_writes_a_number_and_which_no_one_has() {
    let mut setup = Setup::usual();
    setup.policy.allow_from = [ANA, DIALLED, NOWHERE].map(|number| id::<AllowEntry>(format!("+{number}"))).to_vec();
    let world = World::with(Options::default(), setup).await;
    let bia = world.whatsapp.phone(KNOWN_AS, "Bia").await.unwrap();
    let handle = world.bot.running.handle();
    let told = async {
        loop {
            let warnings: Vec<String> = handle.health().await.warnings.iter().map(ToString::to_string).collect();
            if warnings.iter().any(|warning| warning.contains(&format!("no one has the number +{NOWHERE}"))) {
                return warnings;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let warnings = tokio::time::timeout(PATIENCE, told).await.expect("a warning");
    let all_asked = async {
        loop {
            let kept = handle.whole_store().vault_get(&world.account, b"engine/directory").await.unwrap();
            let kept = kept.map(|kept| String::from_utf8_lossy(&kept).into_owned()).unwrap_or_default();
            if kept.contains(KNOWN_AS) {
                return kept;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let asked = tokio::time::timeout(PATIENCE, all_asked).await.expect("all three are answered");
    assert!(asked.contains(&format!("\"known_as\":\"+{KNOWN_AS}\"")), "{asked}");
    // Both spellings are admitted, so that is worth no warning.
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    bia.say(&to_bot(), "oi").await.unwrap();
    hears(&bia, "oi").await;
    world.well_behaved();
}
