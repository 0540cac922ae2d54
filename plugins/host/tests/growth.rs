//! A component that was built for `greenroom:plugin@0.1.0`, kept as it was: each later version of the interface runs it.
//! It is never built anew. If it fails, the interface was changed instead of extended.

#![allow(clippy::unwrap_used, reason = "a test")]

mod guest;

use greenroom_plugins::Plugin;
use guest::{Folder, lock, retry, say, target, words};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_components_still_run() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plugin-0.1.0.wasm");
    let folder = Folder::new(&kept, "[limits]\nown_ms = 20000");
    let plugin = {
        let _alone = lock("compile");
        Plugin::in_folder(folder.path(), target().join("kept")).load().await.unwrap()
    };
    for (said, answered) in [
        ("hello", "hello"),
        ("remember tea", "before: nothing"),
        ("medium 0", "0"),
        ("picture", "<image>"),
        ("log", "logged"),
    ] {
        assert_eq!(words(&say(&plugin, said).await.unwrap()), answered, "{said}");
    }
    assert!(words(&say(&plugin, "random").await.unwrap()).starts_with("0."));
    assert!(retry(say(&plugin, "http https://a.example/").await).contains("not granted"));
    assert!(retry(say(&plugin, "ask what?").await).contains("no model is granted"));
}
