//! The recipes of `examples/deploy` are what their programs read. Where a program is missing its part is left out, which
//! is printed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn recipe(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy").join(file);
    std::fs::read_to_string(path).expect("the recipe is there")
}

/// What a program says about a file; nothing where the program is missing.
fn asked(program: &str, arguments: &[&str]) -> Option<Output> {
    // Servers are kept from users without rights by some systems.
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    match Command::new(program).args(arguments).env("PATH", path).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: {program} cannot be run here ({error})");
            None
        }
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

fn written(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a writable folder");
    path
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of ours")
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_reads_the_unit_without_a_word_and_calls_it_safe() {
    let folder = TempDir::new().expect("a temporary folder");
    // Only the program lies elsewhere here.
    let unit = recipe("greenroom.service");
    let here = unit.replace("/usr/local/bin/greenroom", env!("CARGO_BIN_EXE_greenroom"));
    assert_ne!(unit, here);
    let file = written(&folder, "greenroom.service", &here);
    let Some(output) = asked("systemd-analyze", &["verify", path(&file)]) else { return };
    // Of other units of this machine it may complain.
    let about_ours = |output: &Output| {
        let text = said(output);
        text.lines().filter(|line| line.contains(path(folder.path()))).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(about_ours(&output), Vec::<String>::new());
    let wrong = written(&folder, "wrong.service", &here.replace("UMask=", "UMaks="));
    let output = asked("systemd-analyze", &["verify", path(&wrong)]).expect("it is there");
    assert!(about_ours(&output).iter().any(|line| line.contains("UMaks")), "it does look: {}", said(&output));
    // From 0, nothing is exposed, to 100; a unit without any of this has 96.
    let arguments = ["security", "--offline=true", "--threshold=20", path(&file)];
    let output = asked("systemd-analyze", &arguments).expect("it is there");
    if said(&output).contains("unrecognized option") {
        eprintln!("skipped: this systemd cannot look at a unit that is not installed");
        return;
    }
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn caddy_takes_its_file_and_passes_on_one_path() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy/Caddyfile");
    let arguments = ["validate", "--adapter", "caddyfile", "--config", path(&file)];
    let Some(output) = asked("caddy", &arguments) else { return };
    assert!(output.status.success(), "{}", said(&output));
    let output = asked("caddy", &["adapt", "--adapter", "caddyfile", "--config", path(&file)]).expect("it is there");
    let adapted: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = adapted.to_string();
    assert_eq!(text.matches("reverse_proxy").count(), 1, "{text}");
    assert!(text.contains(r#""path":["/api/channels/*"]"#) && text.contains(r#""status_code":404"#), "{text}");
}

#[test]
fn nginx_takes_its_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let made = rcgen::generate_simple_self_signed(vec!["bot.example.com".to_owned()]).expect("a certificate");
    written(&folder, "fullchain.pem", &made.cert.pem());
    written(&folder, "privkey.pem", &made.signing_key.serialize_pem());
    let server = recipe("nginx.conf").replace("/etc/letsencrypt/live/bot.example.com", path(folder.path()));
    // Without rights it may neither listen below 1024 nor write into the folders of the system.
    let server = server.replace("listen 443", "listen 8443");
    let ours = path(folder.path());
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places =
        places.iter().fold(String::new(), |text, place| text + &format!("{place}_temp_path {ours}/{place};\n"));
    let whole =
        format!("pid {ours}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{server}\n}}\n");
    let file = written(&folder, "whole.conf", &whole);
    let Some(output) = asked("nginx", &["-e", "stderr", "-t", "-c", path(&file)]) else { return };
    assert!(output.status.success(), "{}", said(&output));
}
