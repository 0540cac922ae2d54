//! A business number is set up while the bot runs, as the portal does it.

use super::{ANA, PATIENCE, quick};
use greenroom::{Running, Runtime};
use greenroom_client::{Client, ClientError, SettingOriginView, SettingsBody, VerdictView};
use greenroom_simulator_whatsapp_cloud::{Settings, Simulator};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "fedcba9876543210fedcba9876543210";

fn token() -> String {
    format!("EAA{}", "a1B2".repeat(30))
}

/// Meta with values of the shape that the real one gives out.
async fn meta() -> Simulator {
    let settings = Settings { access_token: token(), app_secret: SECRET.to_owned(), ..quick() };
    Simulator::start_with(settings).await
}

/// A file with a channel whose values were saved at an earlier time, one of them wrongly.
fn written(folder: &Path, meta: &Simulator) -> PathBuf {
    let data = folder.join("data");
    std::fs::create_dir(&data).expect("a writable folder");
    let settings = meta.settings();
    let value = |key: &str, text: &str| format!("[channels.whatsapp.values.{key}]\ntext = {text:?}\nat_ms = 7\n");
    let saved = [
        ("phone_number_id", settings.numbers[0].id.as_str()),
        ("access_token", &settings.access_token),
        ("app_secret", OTHER_SECRET),
        ("verify_token", &settings.verify_token),
    ];
    let saved: String = saved.iter().map(|(key, text)| value(key, text)).collect();
    let saved = format!("[channels.whatsapp]\nadapter = \"whatsapp-cloud\"\n{saved}");
    std::fs::write(data.join("settings.toml"), saved).expect("a writable folder");
    let path = folder.join("greenroom.toml");
    let text = format!(
        "[store]\npath = \"{}\"\n[gateway]\nlisten = \"127.0.0.1:0\"\n[assistants.helper]\nkind = \"echo\"\n\
         [channels.whatsapp]\nadapter = \"whatsapp-cloud\"\ngraph_url = {:?}\nallow_from = [\"*\"]\n",
        data.display(),
        meta.graph_url()
    );
    std::fs::write(&path, text).expect("a writable folder");
    path
}

async fn started(path: &Path) -> (Running, Client, String) {
    let running = Runtime::builder().config_file(path).start().await.expect("a sound file");
    let base = format!("http://{}", running.gateway_address().expect("it has a gateway"));
    let client = Client::new(&base, running.gateway_token()).expect("a client");
    (running, client, format!("{base}/api/channels/whatsapp"))
}

fn values(values: &[(&str, Option<&str>)]) -> SettingsBody {
    let values = values.iter().map(|(key, text)| ((*key).to_owned(), text.map(str::to_owned))).collect();
    SettingsBody { values, assistant: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_value_is_seen_checked_and_replaced_without_a_restart() {
    let (meta, folder) = (meta().await, TempDir::new().expect("a temporary folder"));
    let path = written(folder.path(), &meta);
    let (running, client, url) = started(&path).await;
    meta.connect(&url).await.expect("the handshake");
    let ana = meta.person(ANA).named("Ana");
    ana.says("hello").soon();
    let refused = async {
        while client.refused().await.expect("it answers").iter().all(|row| row.cause != "signature") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("posts are refused with the wrong secret");

    // The commonest mistake, and what Meta says of a value that looks right.
    let number = client.save_settings("whatsapp", &values(&[("phone_number_id", Some("+1 555 000 1111"))])).await;
    assert!(
        matches!(&number, Err(ClientError::Refused { reason, .. }) if reason.contains("this is the phone number")),
        "{number:?}"
    );
    let verdict = async |secret: Option<&str>| {
        let body = secret.map_or_else(SettingsBody::default, |secret| values(&[("app_secret", Some(secret))]));
        let checks = client.check_settings("whatsapp", &body).await.expect("it is looked at");
        checks.into_iter().find(|check| check.what == "app secret").expect("it is among them").verdict
    };
    assert_eq!(verdict(None).await, VerdictView::Bad, "as it is");
    assert_eq!(verdict(Some(SECRET)).await, VerdictView::Good, "as it would be");
    assert_eq!(verdict(None).await, VerdictView::Bad, "and nothing was saved by asking");

    let saved = client.save_settings("whatsapp", &values(&[("app_secret", Some(SECRET))])).await.expect("it is right");
    let field = saved.fields.iter().find(|field| field.key == "app_secret").expect("it can be set");
    assert_eq!((field.set, field.origin, &field.value), (true, Some(SettingOriginView::Saved), &None));
    assert!(field.changed_ms > Some(7), "{field:?}");
    let answer = tokio::time::timeout(PATIENCE, ana.received()).await.expect("the post is repeated and answered");
    assert_eq!(answer.text(), "hello");

    // What would make the configuration wrong is not kept.
    let taken = client.save_settings("whatsapp", &values(&[("app_secret", None)])).await;
    assert!(matches!(&taken, Err(ClientError::Refused { reason, .. }) if reason.contains("app_secret")), "{taken:?}");
    let shown = serde_json::to_string(&client.settings("whatsapp").await.expect("it is shown")).expect("JSON");
    for secret in [SECRET, OTHER_SECRET, token().as_str(), &meta.settings().verify_token] {
        assert!(!shown.contains(secret), "{shown}");
    }
    running.drain().await;

    let file = folder.path().join("data").join("settings.toml");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for its owner only");
    }
    assert!(std::fs::read_to_string(&file).expect("it is there").contains(SECRET));
    // After a restart it holds.
    let (running, _, url) = started(&path).await;
    meta.point_at(&url);
    ana.says("and now?").await;
    let answer = tokio::time::timeout(PATIENCE, ana.received()).await.expect("it is answered");
    assert_eq!(answer.text(), "and now?");
    running.drain().await;
}
