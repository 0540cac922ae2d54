//! Commands that ask a gateway on another machine, run as processes.

use crate::support::process::{clean, folder, run, succeeded};
use std::path::Path;
use std::process::Output;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn greenroom(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = clean(env!("CARGO_BIN_EXE_greenroom"), folder);
    command.args(arguments).envs(variables.iter().copied());
    run(command, "")
}

fn complaints(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A gateway that answers each request with this.
fn gateway(answer: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 8 * 1024]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn three_things_that_go_wrong_have_three_messages() {
    let folder = folder();
    let unset = greenroom(folder.path(), &[("AUTH_SECRET", SECRET)], &["accounts"]);
    assert!(complaints(&unset).contains("gateway not configured: set WHATSAPP_GATEWAY_URL"), "{unset:?}");
    assert_eq!(unset.status.code(), Some(2));

    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", closed.local_addr().expect("it is bound"));
    drop(closed);
    let away = greenroom(folder.path(), &[("AUTH_SECRET", SECRET), ("WHATSAPP_GATEWAY_URL", &url)], &["accounts"]);
    let text = complaints(&away);
    assert!(text.contains(&format!("the gateway at {url} cannot be reached")), "{text}");

    let url = gateway("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let refused = greenroom(folder.path(), &[("AUTH_SECRET", SECRET), ("WHATSAPP_GATEWAY_URL", &url)], &["accounts"]);
    let text = complaints(&refused);
    assert!(text.contains("refuses the token (401)"), "{text}");
    for cause in ["AUTH_SECRET", "clock", "audience"] {
        assert!(text.contains(cause), "{cause} in {text}");
    }
    for output in [&unset, &away, &refused] {
        assert!(!complaints(output).contains(SECRET), "{output:?}");
    }
}

#[test]
fn what_a_gateway_elsewhere_says_is_shown_and_nothing_is_made_here() {
    let folder = folder();
    let url = gateway(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]",
    );
    let variables = [("AUTH_SECRET", SECRET), ("WHATSAPP_GATEWAY_URL", url.as_str())];
    let listed = greenroom(folder.path(), &variables, &["allowlist", "--json"]);
    assert_eq!(succeeded(&listed).trim(), "[]");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a readable folder").count(), 0);
    // A token is sent where no one reads it on its way, or not at all.
    let far = [("AUTH_SECRET", SECRET), ("WHATSAPP_GATEWAY_URL", "http://bot.example.com")];
    let refused = greenroom(folder.path(), &far, &["allowlist"]);
    assert!(complaints(&refused).contains("use https://"), "{refused:?}");
}
