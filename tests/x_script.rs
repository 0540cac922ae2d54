//! `./x`, the newcomer's script: which features a configuration makes it build. With X_DRY_RUN it names what it would do.

use std::path::Path;
use std::process::{Command, Output};

/// `./x` in a folder of its own, so that no configuration lies beside it but the test's.
struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("x");
        std::fs::copy(script, folder.path().join("x")).expect("the script can be copied");
        Self { folder }
    }

    fn write(&self, file: &str, text: &str) -> &Self {
        let file = self.folder.path().join(file);
        let parent = file.parent().expect("it is below the folder");
        std::fs::create_dir_all(parent).expect("a folder can be made");
        std::fs::write(file, text).expect("a file can be written");
        self
    }

    fn call(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new("bash");
        command.arg(self.folder.path().join("x")).args(arguments).current_dir(self.folder.path());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("X_DRY_RUN", "1");
        command.envs(variables.iter().copied());
        command.output().expect("bash is there")
    }

    /// What would be run, line by line.
    fn planned(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let output = self.call(arguments, variables);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// The features that `./x run` would build.
    fn features(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let arguments: Vec<&str> = ["run"].iter().chain(arguments).copied().collect();
        let planned = self.planned(&arguments, variables);
        let (build, features) = planned[0].split_once(" --features ").expect("features are named");
        assert!(build.contains("--profile quick") && build.contains("--no-default-features"), "{build}");
        features.to_owned()
    }
}

#[test]
fn the_script_is_sound_bash_and_says_how_it_is_used() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("x");
    let read = Command::new("bash").arg("-n").arg(&script).output().expect("bash is there");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let usage = Script::new().call(&[], &[]);
    assert!(usage.status.success() && String::from_utf8_lossy(&usage.stderr).contains("./x run"), "{usage:?}");
    let unknown = Script::new().call(&["fly"], &[]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
}

#[test]
fn what_the_configuration_asks_for_is_built_and_nothing_else() {
    let table: &[(&str, &str)] = &[
        ("", "cli"),
        ("[channels.a]\nadapter = \"console\"\n", "cli"),
        ("# adapter = \"whatsapp-web\"\n  # [voice]\n", "cli"),
        ("[channels.a]\nadapter=\"whatsapp-cloud\"\n", "cli,gateway,whatsapp-cloud"),
        ("[channels.a]\nadapter   =   'whatsapp-cloud' # a comment\n", "cli,gateway,whatsapp-cloud"),
        ("channels.a = { adapter = 'whatsapp-web' }\n", "cli,gateway,whatsapp-web"),
        ("[assistants.a]\nkind = \"http\"\n", "cli,assistant-http"),
        ("assistants.a = { kind = 'http', url = 'https://a.example/' }\n", "cli,assistant-http"),
        ("[assistants.a]\nkind = \"process\"\ncommand = [\"curl\", \"https://a.example/\"]\n", "cli"),
        ("[assistants.a]\nkind = \"llm\"\nmodel = \"main\"\n", "cli,models"),
        ("[assistants.a]\nkind = \"plugin\"\nplugin = \"pizza\"\n", "cli,plugins"),
        ("[models.main]\nprovider = \"ollama\"\n", "cli,models"),
        ("models.main = { provider = \"ollama\" }\n", "cli,models"),
        ("models = { main = { provider = \"ollama\" } }\n", "cli,models"),
        ("[store]\nmodels = \"./models.bin\"\n", "cli"),
        ("[models.a]\n[tools.tasks]\ncommand = [\"python3\"]\n", "cli,models,tools"),
        ("[gateway]\nlisten = \"127.0.0.1:1\"\n", "cli,gateway"),
        ("[store]\nengine = 'fjall'\n", "cli,fjall"),
        ("[alerts]\nwebhook = \"https://a.example/\"\n", "cli,alerts"),
        ("[identity]\nsmtp = \"smtp://mail.example.com\"\n", "cli,identity"),
        ("[log]\notlp = \"http://127.0.0.1:4318/v1/traces\"\n", "cli,otlp"),
        ("[ voice ]\nmodel = \"base\"\n", "cli,voice,speech-models"),
        ("[channels.a.group.b]\nvoice_wakes = true\n", "cli,voice,speech-models"),
    ];
    for (text, expected) in table {
        let script = Script::new();
        script.write("greenroom.toml", text);
        assert_eq!(script.features(&[], &[]), *expected, "{text}");
    }
    assert_eq!(Script::new().features(&[], &[]), "cli", "without a file");
}

#[test]
fn what_the_environment_and_the_command_ask_for_is_built() {
    let variables: &[(&str, &str, &str)] = &[
        ("WHATSAPP_ACCESS_TOKEN", "t", "cli,gateway,whatsapp-cloud"),
        ("WHATSAPP_ACCESS_TOKEN", "", "cli"),
        ("GREENROOM_CHANNELS__A__ADAPTER", "whatsapp-web", "cli,gateway,whatsapp-web"),
        ("GREENROOM_ASSISTANTS__A__KIND", "http", "cli,assistant-http"),
        ("GREENROOM_STORE__ENGINE", "fjall", "cli,fjall"),
        ("GREENROOM_MODELS__MAIN__PROVIDER", "ollama", "cli,models"),
        ("GREENROOM_TOOLS__TASKS__COMMAND", "tasks", "cli,tools"),
        ("GREENROOM_ASSISTANTS__A__KIND", "llm", "cli,models"),
        ("GREENROOM_VOICE__MODEL", "base", "cli,voice,speech-models"),
        ("GREENROOM_GATEWAY__LISTEN", "127.0.0.1:0", "cli,gateway"),
        ("WHATSAPP_GATEWAY_URL", "https://bot.example.com", "cli,gateway,remote"),
        ("GREENROOM_ALERTS__WEBHOOK", "https://a.example/", "cli,alerts"),
        ("GREENROOM_IDENTITY__SMTP", "smtp://mail.example.com", "cli,identity"),
        ("GREENROOM_LOG__OTLP", "http://127.0.0.1:4318/v1/traces", "cli,otlp"),
        ("GREENROOM_LOG", "debug", "cli"),
        ("HOME", "/home/whatsapp-web", "cli"),
    ];
    for (name, value, expected) in variables {
        assert_eq!(Script::new().features(&[], &[(name, value)]), *expected, "{name}={value}");
    }
    let commands: &[(&[&str], &str)] = &[
        (&["--", "chat"], "cli"),
        (&["--", "link"], "cli,gateway,whatsapp-web"),
        (&["--", "--config", "a.toml", "accounts"], "cli,gateway,whatsapp-web"),
        (&["--", "health", "--json"], "cli,gateway"),
        (&["--", "doctor", "--json"], "cli,gateway"),
        (&["--", "access", "explain", "+15551234567"], "cli,gateway"),
        (&["--", "doctor", "cloud"], "cli,gateway,whatsapp-cloud"),
        (&["--", "doctor", "models"], "cli,models"),
        (&["--", "plugin", "list"], "cli,plugins"),
        (&["--", "backup", "bot.age"], "cli,gateway,capsules"),
        (&["--", "restore", "bot.age"], "cli,gateway,capsules"),
        (&["--", "rotate-key"], "cli"),
        (&["--", "forget", "--person", "+15551234567"], "cli,gateway"),
        (&["--", "doctor", "tools"], "cli,tools"),
        (&["--", "doctor", "voice"], "cli,voice,speech-models"),
        (&["--", "model", "fetch"], "cli,voice,speech-models"),
    ];
    for (command, expected) in commands {
        assert_eq!(Script::new().features(command, &[]), *expected, "{command:?}");
    }
}

#[test]
fn a_speech_model_that_was_fetched_is_used() {
    let script = Script::new();
    script.write("data/models/ggml-base.bin", "");
    assert_eq!(script.features(&[], &[]), "cli,voice,speech-models");
    let script = Script::new();
    script.write("greenroom.toml", "[store]\n path = 'kept/here'\n").write("kept/here/models/ggml-tiny.bin", "");
    assert_eq!(script.features(&[], &[]), "cli,voice,speech-models");
}

#[test]
fn a_named_configuration_is_the_one_that_is_read_wherever_the_script_is_called() {
    let script = Script::new();
    script.write("greenroom.toml", "[gateway]\n").write("elsewhere/bot.toml", "adapter = \"whatsapp-web\"\n");
    let elsewhere = script.folder.path().join("elsewhere");
    let mut command = Command::new("bash");
    command.arg(script.folder.path().join("x")).args(["run", "--", "--config", "bot.toml", "check"]);
    let output = command.current_dir(&elsewhere).env("X_DRY_RUN", "1").output().expect("bash is there");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("--features cli,gateway,whatsapp-web\n"), "{text}");
    assert!(text.contains("/elsewhere/bot.toml check"), "the program runs in another folder: {text}");
    assert_eq!(script.features(&["--", "--config=elsewhere/bot.toml"], &[]), "cli,gateway,whatsapp-web");
}

#[test]
fn a_large_environment_does_not_stop_the_script() {
    let mut values: Vec<(String, String)> =
        (0..2_000).map(|n| (format!("GREENROOM_LOG_{n}"), "x".repeat(40))).collect();
    // More than a pipe holds: a reader that stops at the first match must not end the writer.
    values.push(("GREENROOM_STORE__PATH".to_owned(), "x".repeat(100_000)));
    let variables: Vec<(&str, &str)> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let script = Script::new();
    script.write("greenroom.toml", "[store]\nengine = 'fjall'\n");
    assert_eq!(script.features(&[], &variables), "cli,fjall");
}

#[test]
fn the_estimate_grows_with_what_is_built() {
    let seconds = |variables: &[(&str, &str)]| {
        let output = Script::new().call(&["run"], variables);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut about = text.split_once("about ").map(|(_, rest)| rest).unwrap_or_default().split(' ');
        let number = about.next().and_then(|number| number.parse::<u32>().ok());
        let unit = match about.next() {
            Some("seconds") => Some(1),
            Some("minutes") => Some(60),
            _ => None,
        };
        number.zip(unit).map(|(number, unit)| number * unit).ok_or(text).expect("an estimate is printed")
    };
    let (web, voice) = (("GREENROOM_CHANNELS__A__ADAPTER", "whatsapp-web"), ("GREENROOM_VOICE__MODEL", "base"));
    assert!(seconds(&[]) < seconds(&[web]), "WhatsApp Web takes minutes on any machine");
    assert!(seconds(&[web]) <= seconds(&[web, voice]));
}

/// A folder of programs that stand before those of the system: this Node, and a cargo that has the test runner.
fn with_node(script: &Script, version: &str) -> String {
    script.write("bin/node", &format!("#!/bin/sh\necho v{version}\n")).write("bin/npm", "#!/bin/sh\n");
    script.write("bin/cargo", "#!/bin/sh\n");
    for program in ["node", "npm", "cargo"] {
        let file = script.folder.path().join("bin").join(program);
        let done = Command::new("chmod").arg("+x").arg(file).status().expect("chmod is there");
        assert!(done.success());
    }
    format!("{}:{}", script.folder.path().join("bin").display(), std::env::var("PATH").unwrap_or_default())
}

#[test]
fn without_node_20_the_foreign_client_is_left_out_and_the_last_line_says_so() {
    let script = Script::new();
    let path = with_node(&script, "18.20.4");
    let output = script.call(&["test"], &[("PATH", path.as_str())]);
    let (planned, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(planned.contains("nextest run --profile without-node"), "{planned}");
    assert!(said.lines().last().is_some_and(|line| line.contains("left out: Node 20")), "{said}");
    let refused = script.call(&["test"], &[("PATH", path.as_str()), ("CI", "true")]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stdout.is_empty(), "nothing was run: {refused:?}");
    let path = with_node(&script, "22.1.0");
    let output = script.call(&["test"], &[("PATH", path.as_str())]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("left out"), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("nextest run --profile default"), "{output:?}");
}

#[test]
fn everything_is_linted_once_apart_by_a_person_and_while_it_is_compiled_in_ci() {
    let script = Script::new();
    let path = with_node(&script, "22.1.0");
    let lints = "cargo clippy --locked --workspace --all-targets --all-features -- -D warnings";
    let compiled = "cargo test --locked --workspace --all-targets --all-features --no-run";
    for (ci, wanted) in [("", [lints]), ("true", [compiled])] {
        let planned = script.planned(&["test"], &[("PATH", path.as_str()), ("CI", ci)]);
        let found: Vec<&String> = planned.iter().filter(|line| *line == lints || *line == compiled).collect();
        assert_eq!(found, wanted, "{planned:?}");
    }
}

/// Another set of packages or features would compile the engine of plugins a second time.
#[test]
fn plugins_in_python_have_a_bounded_step_that_shares_the_build_of_the_suite() {
    let script = Script::new();
    let path = with_node(&script, "22.1.0");
    let planned = script.planned(&["test"], &[("PATH", path.as_str()), ("CI", "true")]);
    let step = planned.iter().find(|line| line.contains("GREENROOM_PLUGINS_PYTHON=1")).expect("it is planned");
    assert!(step.contains("cargo test --locked --workspace --all-features --test"), "{step}");
    assert!(step.ends_with("-- --test-threads=1 python"), "{step}");
    let is_bounded = Command::new("timeout").arg("--version").output().is_err() || step.contains(" timeout 300 cargo");
    assert!(is_bounded, "{step}");
    let selected = script.planned(&["test", "one"], &[("PATH", path.as_str())]);
    assert!(!selected.iter().any(|line| line.contains("PYTHON")), "{selected:?}");
}
