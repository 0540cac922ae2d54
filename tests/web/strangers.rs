//! Strangers leave nothing behind but deduplication keys and traces.

use super::{ANA, PATIENCE, Setup, World, hears, to_bot};
use crate::support::canary::{occurrences, rows_with};
use greenroom_conformance::messages::id;
use greenroom_contract::address::{Address, AllowEntry};
use greenroom_contract::ids::OwnerId;
use greenroom_contract::store::Scope;
use greenroom_engine::Doors;
use greenroom_simulator_whatsapp_web::people::{Draft, ReceiptKind};
use greenroom_simulator_whatsapp_web::{Options, Stripped};

const STRANGERS: u32 = 12;

fn number(of: u32) -> String {
    format!("155577777{of:02}")
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_leave_nothing_but_deduplication_keys_and_traces() {
    let mut setup = Setup::usual();
    setup.policy.allow_from = vec![id::<AllowEntry>(format!("+{ANA}"))];
    let world = World::with(Options::default(), setup).await;
    let mut traces = Vec::new();
    for of in 0..STRANGERS {
        let stranger = world.whatsapp.phone(&number(of), "Stranger").await.unwrap();
        if of % 4 == 3 {
            assert!(world.whatsapp.strip_next((super::BOT, 1), 1, Stripped::ViewOnce));
        }
        let message = stranger.send(&to_bot(), Draft::text("let me in")).await.unwrap();
        world.bot.until_why(&message, "not on the allow-list").await;
        if of % 4 != 3 {
            stranger
                .until_receipt(|one| one.id == message && one.kind == ReceiptKind::Inactive, PATIENCE)
                .await
                .unwrap();
        }
        traces.push(world.bot.why(&message).await);
    }
    world.ana.say(&to_bot(), "hello").await.unwrap();
    hears(&world.ana, "hello").await;
    world.bot.settled().await;
    let store = world.bot.running.handle().store();
    let scope = Scope { channel: id("whatsapp"), owner: OwnerId::local() };
    for of in 0..STRANGERS {
        for address in
            [format!("+{}", number(of)), format!("lid:{}", world.whatsapp.phone(&number(of), "").await.unwrap().lid())]
        {
            let address: Address = id(address);
            assert_eq!(store.person_by_address(&scope, &address).await, Ok(None), "{address}");
        }
    }
    let ana: Address = id(format!("+{ANA}"));
    assert!(store.person_by_address(&scope, &ana).await.expect("healthy").is_some());
    let rows = world.bot.running.handle().whole_store().vault_scan(&world.account, b"", None, 10_000).await.unwrap();
    let telling = |name: &[u8]| name.windows(9).any(|part| part == b"155577777" || part == &ANA.as_bytes()[..9]);
    assert!(rows.len() > 50 && !rows.iter().any(|(name, _)| telling(name)), "no name of a row tells who wrote");
    // Everything is on the disk, and the seal hides what is not a name.
    world.bot.stop().await;
    let folder = world.folder.path().join("data");
    for of in 0..STRANGERS {
        let in_trace = traces[of as usize].matches(&number(of)).count();
        assert!(in_trace > 0, "the trace says who it was: {}", traces[of as usize]);
        // A trace and its chat. The engine of the store may keep an earlier copy of a row.
        let found = occurrences(&folder, &number(of));
        assert!(found <= 8, "{found} times, {in_trace} in the trace");
        assert_eq!(rows_with(&folder, &number(of)).into_keys().collect::<String>(), "d");
    }
    let ours = occurrences(&folder, "wa/pm/") + occurrences(&folder, "wa/id/") + occurrences(&folder, "wa/se/");
    assert_eq!(ours, 0, "no row has a plain name");
}
