//! Twenty accounts in one process: their credentials are apart, and one that flaps disturbs nobody.

use super::{PATIENCE, Setup, hears};
use greenroom_engine::Doors;
use greenroom_simulator_whatsapp_web::people::Address;
use greenroom_simulator_whatsapp_web::{Options, Phone, Simulator};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ACCOUNTS: usize = 20;
/// Questions whose time is taken, on each of two sides and in each round.
const QUESTIONS: usize = 20;
const ROUNDS: usize = 3;

fn number(account: usize) -> String {
    format!("155500001{account:02}")
}

/// The median time from a question to its answer, over the accounts that do not flap: of some questions at least, and
/// of as many more as it takes until `over` says so.
async fn median(ana: &Phone, round: &str, over: impl Fn() -> bool) -> Duration {
    let (mut took, begun) = (Vec::new(), Instant::now());
    while took.len() < QUESTIONS || !over() {
        assert!(begun.elapsed() < PATIENCE, "{round} is never over");
        let question = took.len();
        let account = 1 + question % (ACCOUNTS - 1);
        let words = format!("{round} {question}");
        let asked = Instant::now();
        ana.say(&Address::pn(&number(account)), &words).await.unwrap();
        hears(ana, &words).await;
        took.push(asked.elapsed());
    }
    took.sort();
    took[took.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_accounts_of_which_one_flaps_every_second() {
    let whatsapp = Simulator::start(Options::default()).await.unwrap();
    let ana = whatsapp.phone(super::ANA, "Ana").await.unwrap();
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let setup = Setup { config: "[gateway]\nsessions_per_owner_max = 20\n".to_owned(), ..Setup::usual() };
    let bot = setup.clone().start(&whatsapp, &data).await;
    let mut accounts = Vec::new();
    for account in 0..ACCOUNTS {
        let phone = whatsapp.phone(&number(account), &format!("Bot {account}")).await.unwrap();
        accounts.push(bot.link(&phone).await);
    }
    assert!(bot.try_link().await.unwrap_err().to_string().contains("maximum sessions reached: 20 of 20"));

    // All of them come back by themselves.
    bot.stop().await;
    let bot = setup.start(&whatsapp, &data).await;
    let begun = Instant::now();
    for account in &accounts {
        bot.until_status(account, "connected").await;
    }
    println!("{ACCOUNTS} accounts connected after {:?}", begun.elapsed());

    // The keys that each of them has in its vault are its own.
    let store = bot.running.handle().whole_store();
    let mut seen = std::collections::HashSet::new();
    for account in &accounts {
        for table in [&b"wa/dv/"[..], b"wa/pk/", b"wh/se/"] {
            let rows = store.vault_scan(account, table, None, 1_000).await.unwrap();
            assert!(!rows.is_empty() || table == b"wh/se/", "an account without keys");
            for (_, value) in rows {
                assert!(seen.insert(value), "two accounts share a key");
            }
        }
    }

    // The first answers build sessions and warm everything.
    median(&ana, "warm", || true).await;
    // In turns, and the best of each side: whatever else this machine does falls upon both.
    let (mut calm, mut flapping) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        calm.push(median(&ana, &format!("calm {round}"), || true).await);
        let logins = || whatsapp.device((number(0).as_str(), 1)).unwrap().logins;
        let before = logins();
        let _flaps = whatsapp.flap((number(0).as_str(), 1), Duration::from_secs(1));
        flapping.push(median(&ana, &format!("flapping {round}"), || logins() > before).await);
    }
    println!("median answers: {calm:?} calm, {flapping:?} while one account flaps");
    // A coarse bound: the figure itself is a benchmark's.
    let bound = calm.iter().min().copied().unwrap_or_default() * 5 + Duration::from_millis(100);
    assert!(flapping.iter().any(|took| *took < bound), "{calm:?} became {flapping:?}");
    ana.say(&Address::pn(&number(0)), "are you back?").await.unwrap();
    hears(&ana, "are you back?").await;
    whatsapp.until_connected((number(0).as_str(), 1), PATIENCE).await.unwrap();
    assert_eq!(whatsapp.violations(), []);
}
