//! The adapter line changes, everything else stays: the same person goes on where she was, over WhatsApp
//! Web, over Meta's Cloud API, and over WhatsApp Web again without linking a second time.

use super::{ANA, BOT, Bot, PATIENCE, hears, to_bot};
use greenroom::Runtime;
use greenroom_conformance::assistants;
use greenroom_contract::limits;
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator as Meta};
use greenroom_simulator_whatsapp_web::{Options, Simulator};
use std::path::Path;
use tempfile::TempDir;

/// What stands in the file whatever the adapter is.
fn file(adapter: &str, keys: &str) -> String {
    format!(
        "[channels.whatsapp]\nadapter = \"{adapter}\"\nassistant = \"helper\"\nallow_from = [\"+{ANA}\"]\n\
         reconcile_seconds = 1\n{keys}\n"
    )
}

async fn start(file: String, folder: &Path) -> Bot {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let running = Runtime::builder()
        .assistant_with("helper", assistants::remembering_by_history(), limits::TURN_TIMEOUT, 8)
        .config(file)
        .store_path(folder)
        .gateway("127.0.0.1:0".parse().unwrap())
        .build()
        .unwrap()
        .start()
        .await
        .unwrap();
    Bot { running }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_goes_on_from_web_to_cloud_and_back() {
    let whatsapp = Simulator::start(Options::default()).await.unwrap();
    // A file names variables for its secrets, so these secrets are what cargo's variables hold.
    let secret = |name: &str| std::env::var(name).expect("cargo sets it for tests");
    let settings = Settings {
        access_token: secret("CARGO_PKG_NAME"),
        app_secret: secret("CARGO_MANIFEST_DIR"),
        verify_token: secret("CARGO_PKG_VERSION"),
        ..Settings::default()
    };
    let meta = Meta::start_with(settings).await;
    let (phone, ana) = (whatsapp.phone(BOT, "Bot").await.unwrap(), whatsapp.phone(ANA, "Ana").await.unwrap());
    let cloud_ana = meta.person(&format!("+{ANA}"));
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let web = file(
        "whatsapp-web",
        &format!("socket_url = '{}'\nmedia_certificate = '''{}'''", whatsapp.url(), whatsapp.certificate_pem()),
    );
    let cloud = file(
        "whatsapp-cloud",
        &format!(
            "graph_url = '{}'\nphone_number_id = '{}'\naccess_token = {{ env = \"CARGO_PKG_NAME\" }}\n\
             app_secret = {{ env = \"CARGO_MANIFEST_DIR\" }}\nverify_token = {{ env = \"CARGO_PKG_VERSION\" }}",
            meta.graph_url(),
            meta.settings().numbers[0].id,
        ),
    );

    let bot = start(web.clone(), &data).await;
    let account = bot.link(&phone).await;
    ana.say(&to_bot(), "one").await.unwrap();
    hears(&ana, "before: nothing").await;
    bot.settled().await;
    bot.stop().await;

    let bot = start(cloud, &data).await;
    let address = bot.running.gateway_address().unwrap();
    meta.connect(&format!("http://{address}/api/channels/whatsapp")).await.unwrap();
    cloud_ana.says("two").await;
    assert_eq!(cloud_ana.received_within(PATIENCE).await.expect("an answer").text(), "before: one");
    let accounts = bot.running.handle().account_list().await.unwrap();
    let kept = accounts.iter().find(|one| one.account == account).expect("the linked account is kept");
    assert!(kept.status.to_string().contains("whatsapp-web"), "{}", kept.status);
    bot.settled().await;
    bot.stop().await;

    let bot = start(web, &data).await;
    bot.until_status(&account, "connected").await;
    ana.say(&to_bot(), "three").await.unwrap();
    hears(&ana, "before: two").await;
    bot.stop().await;
    assert_eq!(whatsapp.violations(), []);
}
