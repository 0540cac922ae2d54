use super::read::{Reading, Section};
use super::*;
use crate::built::Built;
use greenroom_contract::address::AllowEntry;
use greenroom_contract::policy::{Busy, GroupMode, Rates};
use greenroom_contract::schema::KeyKind;
use proptest::prelude::*;

#[cfg(feature = "alerts")]
mod alerts;
mod callers;
#[cfg(feature = "whatsapp-cloud")]
mod canary;
mod manners;

fn parsed(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::parse(Origin::File("greenroom.toml".into()), text, variables, &Registry::standard(), &[])
}

fn problems(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    match parsed(text, variables) {
        Ok(config) => panic!("nothing was wrong: {config:?}"),
        Err(ConfigError::Invalid { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
    }
}

const SOUND: &str = r#"
[channels.desk]
adapter = "console"
assistant = "helper"
allowFrom = ["+1 555 123 4567", "*"]
groups = "always"
busy = "collect"
debounce_ms = 300
rates = { person_per_minute = 5 }
name = "Ana"
[channels.desk.group."1203630@g.us"]
admit = true
[assistants.helper]
kind = "echo"
prefix = "> "
timeout_seconds = 30
"#;

#[test]
fn a_sound_file_is_read_whole() {
    let config = parsed(SOUND, &[]).unwrap();
    let channel = &config.channels[0];
    assert_eq!((channel.name.as_str(), channel.adapter.as_str()), ("desk", "console"));
    assert_eq!(channel.policy.allow_from, ["+15551234567".parse().unwrap(), AllowEntry::Everybody]);
    assert_eq!((channel.policy.groups, channel.policy.busy), (GroupMode::Always, Busy::Collect));
    assert_eq!(channel.policy.debounce, Some(Duration::from_millis(300)));
    assert_eq!(channel.policy.rates, Rates { person_per_minute: 5, ..Rates::UNLIMITED });
    let group = channel.policy.group.iter().next().unwrap();
    assert_eq!((group.0.as_str(), group.1.admit, group.1.mode), ("1203630@g.us", Some(true), None));
    assert_eq!(channel.own["name"].as_str(), Some("Ana"));
    let assistant = &config.assistants[0];
    assert_eq!((assistant.timeout, assistant.own["prefix"].as_str()), (Duration::from_secs(30), Some("> ")));
    assert_eq!(config.gateway.listen.to_string(), LISTEN);
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn the_embedded_default_admits_the_person_at_the_keyboard() {
    let config = parsed(EMBEDDED, &[]).unwrap();
    let policy = &config.channels[0].policy;
    assert_eq!(policy.allow_from, [greenroom_channel_console::LOCAL_PERSON.parse().unwrap()]);
    assert_eq!((policy.rates, config.store.path.to_str()), (Rates::UNLIMITED, Some("./data")));
    assert!(!config.gateway.chosen);
}

#[test]
fn everything_wrong_is_said_at_once_with_path_and_suggestion() {
    let text = r#"
colour = "green"
[channels.whatsapp]
adapter = "consol"
assistant = "helpr"
allow_from = ["15551234567", "+15551234567", "everyone"]
groups = "mentions"
debounce_ms = 99999999
[channels.whatsapp.group."1@g.us"]
mod = "always"
[channels.desk]
adapter = "console"
assistant = "helper"
nmae = "Ana"
idz = "always"
uncertain = 7
[channels.second]
adapter = "console"
assistant = "helper"
ids = "somewhere"
[channels."a b"]
adapter = "loopback"
assistant = "helper"
[channels.bare]
adaptor = "console"
ids = "always"
[assistants.helper]
kind = "ecco"
turns_max = 0
[gateway]
listen = "localhost"
[store]
engine = "rocks"
pth = "x"
"#;
    let expected = [
        r"assistants.helper.turns_max: 0 is out of range; write 1 to 10000",
        r#"assistants.helper.kind: unknown kind of assistant "ecco"; did you mean "echo"? known: echo"#,
        r#"gateway.listen: "localhost" is not an address; write IP:PORT, such as 127.0.0.1:8787"#,
        "channels.\"a b\": \"a b\" is not a name: use 1 to 64 letters, digits, \"-\" and single \"_\"",
        r"channels.bare.adapter: this key is missing; known: console, loopback",
        r"channels.desk.uncertain: this must be one of its words, between quotation marks",
        r#"channels.bare.adaptor: unknown key; did you mean "adapter"?"#,
        r#"channels.desk.idz: unknown key; did you mean "ids"?"#,
        r#"channels.desk.nmae: unknown key; did you mean "name"?"#,
        "channels.second: the terminal is already used by channels.desk; remove one of them",
        r#"channels.second.ids: "somewhere" is not one of terminal, always, never"#,
        r#"channels.whatsapp.adapter: unknown adapter "consol"; did you mean "console"? known: console, loopback"#,
        r#"channels.whatsapp.assistant: unknown assistant "helpr"; did you mean "helper"? known: helper"#,
        r#"channels.whatsapp.allow_from: "15551234567" is not a phone number in E.164: write +"#,
        r#"channels.whatsapp.allow_from: "everyone" is not an address: write +E164"#,
        r#"channels.whatsapp.groups: "mentions" is not one of mention, always, never; did you mean "mention"?"#,
        r"channels.whatsapp.debounce_ms: 99999999 is out of range; write 0 to 30000",
        r#"channels.whatsapp.group."1@g.us".mod: unknown key; did you mean "mode"?"#,
        r#"store.engine: "rocks" is not one of sled, fjall"#,
        r#"store.pth: unknown key; did you mean "path"?"#,
        r"colour: unknown key; known: assistants, models, tools, gateway, channels, store, voice, usage, alerts, identity, log",
    ];
    let found = problems(text, &[]);
    for expected in expected {
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "missing {expected:?} in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn two_channels_cannot_share_the_terminal() {
    let text =
        "[channels.a]\nadapter = \"console\"\n[channels.b]\nadapter = \"console\"\n[assistants.e]\nkind = \"echo\"";
    assert_eq!(problems(text, &[]), ["channels.b: the terminal is already used by channels.a; remove one of them"]);
}

#[test]
fn the_environment_goes_before_the_file_and_is_named_when_it_is_wrong() {
    let config = parsed(
        SOUND,
        &[
            ("GREENROOM_CHANNELS__DESK__ALLOW_FROM", "+15557654321, @ana"),
            ("GREENROOM_CHANNELS__DESK__DEBOUNCE_MS", "5"),
            ("GREENROOM_CHANNELS__DESK__NAME", "123"),
            ("GREENROOM_CHANNELS__DESK__COMMAND_PREFIX", "!"),
            ("GREENROOM_CHANNELS__DESK__RATES__PERSON_PER_DAY", "9"),
            ("GREENROOM_ASSISTANTS__HELPER__PREFIX", "true"),
            ("GREENROOM_GATEWAY__LISTEN", "127.0.0.1:0"),
            ("GREENROOM_STORE__PATH", "/var/lib/greenroom"),
        ],
    )
    .unwrap();
    let channel = &config.channels[0];
    assert_eq!(channel.policy.allow_from, ["+15557654321".parse().unwrap(), "@ana".parse().unwrap()]);
    assert_eq!(channel.policy.debounce, Some(Duration::from_millis(5)));
    assert_eq!(channel.policy.command_prefix.as_deref(), Some("!"));
    assert_eq!(channel.policy.rates, Rates { person_per_minute: 5, person_per_day: 9, ..Rates::UNLIMITED });
    assert_eq!(channel.own["name"].as_str(), Some("123"));
    assert_eq!(config.assistants[0].own["prefix"].as_str(), Some("true"));
    assert_eq!((config.gateway.listen.port(), config.gateway.chosen), (0, true));
    assert_eq!(config.store.path.to_str(), Some("/var/lib/greenroom"));

    assert_eq!(
        problems(SOUND, &[("GREENROOM_CHANNELS__DESK__GROUPS", "loud"), ("GREENROOM_STORE__ENGIN", "sled")]),
        [
            "channels.desk.groups (from GREENROOM_CHANNELS__DESK__GROUPS): \"loud\" is not one of mention, always, never",
            "store.engin (from GREENROOM_STORE__ENGIN): unknown key; did you mean \"engine\"?"
        ]
    );
}

#[test]
fn the_master_key_is_checked_with_everything_else_and_never_shown() {
    let key = "a1".repeat(32);
    let both = format!("{key},{}", "b2".repeat(32));
    let config = parsed(SOUND, &[("GREENROOM_MASTER_KEY", &both)]).unwrap();
    assert!(matches!(&config.store.seal, SealSource::Key { older, .. } if older.len() == 1));
    assert!(!format!("{config:?}").contains("a1a1"), "the key is shown");
    let found = problems(SOUND, &[("GREENROOM_MASTER_KEY", "hunter2"), ("GREENROOM_STORE__ENGINE", "x")]);
    assert!(found.len() == 2 && found[0].starts_with("GREENROOM_MASTER_KEY: a master key is 32 bytes"), "{found:?}");
    assert!(!found[0].contains("hunter2"));
}

#[test]
fn a_list_with_one_number_like_entry_is_a_list_of_texts() {
    let config = parsed(SOUND, &[("GREENROOM_CHANNELS__DESK__ALLOW_FROM", "+15557654321")]).unwrap();
    assert_eq!(config.channels[0].policy.allow_from, ["+15557654321".parse().unwrap()]);
}

#[test]
fn nobody_admitted_is_a_warning_that_says_how_to_admit_somebody() {
    let text =
        "[channels.my-net]\nadapter = \"loopback\"\n[assistants.e]\nkind = \"echo\"\n[assistants.f]\nkind = \"echo\"";
    assert_eq!(
        problems(text, &[]),
        ["channels.my-net.assistant: this key is missing; configured: e, f"],
        "with two assistants one must be chosen"
    );
    let config = parsed(&text.replace("[assistants.f]\nkind = \"echo\"", ""), &[]).unwrap();
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].contains("GREENROOM_CHANNELS__MY_NET__ALLOW_FROM"), "{:?}", config.warnings);
}

#[test]
fn a_syntax_error_shows_the_line() {
    let found = problems("[channels.a]\nadapter = console\n", &[]).remove(0);
    assert!(
        found.starts_with("greenroom.toml is not valid TOML\nline ") && found.contains("\n  adapter = ..."),
        "{found}"
    );
}

#[test]
fn a_named_file_must_be_there() {
    let error = Config::load(Some(Path::new("/nowhere/greenroom.toml")), &Registry::standard()).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/greenroom.toml cannot be read: No such file"), "{error}");
}

fn any_value() -> impl Strategy<Value = toml::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(toml::Value::Integer),
        any::<bool>().prop_map(toml::Value::Boolean),
        any::<f64>().prop_map(toml::Value::Float),
        "\\PC{0,12}".prop_map(toml::Value::String),
        prop::sample::select(vec!["console", "loopback", "echo", "mention", "+15551234567", "127.0.0.1:0"])
            .prop_map(|text| toml::Value::String(text.to_owned())),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(toml::Value::Array),
            prop::collection::btree_map(any_key(), inner, 0..6)
                .prop_map(|map| toml::Value::Table(map.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let declared = [schema::ROOT, schema::CHANNEL, schema::ASSISTANT, schema::GATEWAY, schema::STORE].concat();
    let known: Vec<&str> = declared.iter().map(|key| key.name).collect();
    prop_oneof![
        4 => prop::sample::select(known).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["group", "rates", "a", "name", "ids", "prefix", "allowFrom"]).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn whatever_the_table_resolving_never_panics(
        table in prop::collection::btree_map(any_key(), any_value(), 0..8),
        variables in prop::collection::vec(("GREENROOM_[A-Z_]{0,24}", "\\PC{0,12}"), 0..4),
    ) {
        let table: toml::Table = table.into_iter().collect();
        let text = toml::to_string(&table).unwrap();
        let variables = variables.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        if let Err(ConfigError::Invalid { problems, .. }) =
            Config::parse(Origin::Program, &text, variables, &Registry::standard(), &[])
        {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| !problem.path.is_empty() && !problem.what.is_empty()));
        }
    }

    #[test]
    fn whatever_the_text_reading_never_panics(text in "\\PC*") {
        let _ = Config::parse(Origin::Program, &text, [], &Registry::standard(), &[]);
    }
}

#[test]
fn one_line_swaps_the_adapter_and_keys_of_the_other_one_are_left_out_with_a_warning() {
    let text = |adapter: &str, more: &str| {
        format!(
            "[channels.front]\nadapter = \"{adapter}\"\nallow_from = [\"*\"]\nphone_number_id = \"1\"\n\
             graph_url = \"https://graph.example\"\n{more}[assistants.echo]\nkind = \"echo\"\n"
        )
    };
    let config = parsed(&text("loopback", ""), &[]).unwrap();
    assert!(config.channels[0].own.is_empty(), "{:?}", config.channels[0].own);
    assert_eq!(
        config.warnings,
        ["graph_url", "phone_number_id"].map(|key| format!(
            "channels.front.{key} is a key of whatsapp-cloud and means nothing here; it is left out"
        ))
    );
    let wrong = problems(&text("loopback", "phone_nmber_id = \"1\"\n"), &[]);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("channels.front.phone_nmber_id: unknown key"), "{wrong:?}");
}

#[test]
fn the_limits_of_sessions_are_read_and_must_lie_in_their_range() {
    let gateway = |text: &str| format!("{SOUND}[gateway]\n{text}");
    let config = parsed(&gateway("sessions_per_owner_max = 2\nsessions_max = 7"), &[]).unwrap();
    assert_eq!(config.gateway.sessions, SessionLimits { per_owner: 2, total: 7 });
    let usual = parsed(SOUND, &[]).unwrap().gateway.sessions;
    assert_eq!((usual.per_owner, usual.total), (5, 20));
    let wrong = problems(&gateway("sessions_per_owner_max = 0\nsessions_max = 1001"), &[]);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}

#[cfg(not(feature = "whatsapp-web"))]
#[test]
fn without_whatsapp_web_the_refusal_says_how_to_get_it() {
    let wrong = problems("[channels.front]\nadapter = \"whatsapp-web\"\n[assistants.echo]\nkind = \"echo\"\n", &[]);
    assert!(wrong[0].contains("without the feature whatsapp-web"), "{wrong:?}");
}

fn cloud(more: &str) -> String {
    format!(
        "[channels.front]\nadapter = \"whatsapp-cloud\"\nallow_from = [\"*\"]\nphone_number_id = \"1\"\n{more}\n\
         [assistants.echo]\nkind = \"echo\"\n"
    )
}

#[test]
fn a_secret_is_looked_up_for_the_component_and_shown_nowhere() {
    let variables = [("A", "hunter2"), ("WHATSAPP_APP_SECRET", "hunter3"), ("WHATSAPP_VERIFY_TOKEN", "hunter4")];
    let config = parsed(&cloud("access_token = { env = \"A\" }"), &variables).unwrap();
    let own = &config.channels[0].own;
    assert_eq!(own["access_token"]["env"].as_str(), Some("A"));
    assert!(!format!("{config:?}").contains("hunter"), "a secret is shown");
    let handed_over = own.handed_over();
    let read = |key: &str| <Secret as serde::Deserialize>::deserialize(handed_over[key].clone());
    assert_eq!(read("access_token").unwrap().expose(), "hunter2");
    assert_eq!(read("verify_token").unwrap().expose(), "hunter4");
}

#[test]
fn every_problem_of_a_component_is_said_at_once() {
    let variables = [("WHATSAPP_VERIFY_TOKEN", "set"), ("GREENROOM_CHANNELS__FRONT__STANDBY", "sleep")];
    let text = "access_token = { env = \"NOT_SET\" }\napp_secert = \"hunter2\"\npacing = true\napi_version = \"25\"\n\
                template = { name = \"late\", color = 1 }\nnumbers = [\"+1555\"]\ndaily_budget = -1\ngraph_url = \"x\"";
    let found = problems(&cloud(text), &variables);
    let expected = [
        "channels.front.access_token: the environment variable NOT_SET is not set",
        "channels.front.app_secert: unknown key; did you mean \"app_secret\"?",
        "channels.front.pacing: this must be one of its words, between quotation marks: on, off",
        "channels.front.api_version: \"25\" is no",
        "channels.front.template.color: unknown key; known: name, language",
        "channels.front.template.language: this key is missing",
        "channels.front.numbers: \"+1555\" is no",
        "channels.front.daily_budget: -1 is out of range; write 0 to 4294967295",
        "channels.front.graph_url: \"x\" is not a URL",
        "channels.front.standby (from GREENROOM_CHANNELS__FRONT__STANDBY): \"sleep\" is not one of observe, ignore",
        "channels.front.app_secret: this key is missing; set the environment variable WHATSAPP_APP_SECRET, or write app_secret = { env = \"NAME\" }",
    ];
    for expected in expected {
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "missing {expected:?} in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(!found.concat().contains("hunter2"), "a secret is shown");
}

#[test]
fn a_certificate_is_ordered_or_read_and_half_of_it_is_refused() {
    let gateway = |text: &str| format!("{SOUND}[gateway]\n{text}");
    let config = parsed(&gateway("listen = \"0.0.0.0:443\"\nacme = \"bot.example.com\""), &[]).unwrap().gateway;
    let ordered = HttpsConfig::Acme { name: "bot.example.com".to_owned(), contact: None, directory: None };
    assert_eq!((config.https, config.public_url.as_deref()), (Some(ordered), Some("https://bot.example.com")));
    let files = parsed(&gateway("certificate = \"a.pem\"\nkey = \"b.pem\""), &[]).unwrap().gateway.https;
    assert_eq!(files, Some(HttpsConfig::Files { certificate: "a.pem".into(), key: "b.pem".into() }));
    for (text, words) in [
        ("acme = \"bot.example.com\"", "gateway.acme: the authority asks at port 443"),
        ("listen = \"0.0.0.0:443\"\nacme = \"https://bot.example.com\"", "is not a public name"),
        ("listen = \"0.0.0.0:443\"\nacme = \"192.0.2.7\"", "is not a public name"),
        ("listen = \"0.0.0.0:443\"\nacme = \"bot\"", "is not a public name"),
        ("certificate = \"a.pem\"", "gateway.key: this key is missing"),
        ("key = \"b.pem\"", "gateway.certificate: this key is missing"),
        ("acme = \"bot.example.com\"\nkey = \"b.pem\"", "either ordered or read from files"),
    ] {
        let found = problems(&gateway(text), &[]);
        assert!(found.iter().any(|problem| problem.contains(words)), "{text}: {found:?}");
    }
}

#[test]
fn what_the_program_lacks_is_refused_by_name() {
    let no = false;
    let lacking = Built { gateway: no, https: no, mcp: no, voice: no, models: no, tools: no, fjall: no, otlp: no };
    let told = |path: &str, text: &str, read: &dyn Fn(Section)| {
        let (reading, keys) = (Reading::default(), schema::ROOT.iter().find(|key| key.name == path).unwrap().kind);
        let KeyKind::Table(keys) = keys else { unreachable!("{path} is a section") };
        read(Section::new(&reading, path, text.parse().unwrap(), keys));
        reading.into_problems().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let missing = |path: &str, feature: &str| {
        vec![format!("{path}: this program was built without {feature}; build it with --features {feature}")]
    };
    let gateway = |text: &str| told("gateway", text, &|section| drop(gateway::gateway(section, lacking)));
    assert_eq!(gateway("enabled = true"), missing("gateway.enabled", "gateway"));
    assert_eq!(gateway("listen = \"127.0.0.1:0\""), missing("gateway.listen", "gateway"));
    assert_eq!(gateway("enabled = false\nlisten = \"127.0.0.1:0\"\nsessions_max = 7"), [""; 0]);
    let store = |text: &str| told("store", text, &|section| drop(resolve::store(section, lacking)));
    assert_eq!(store("engine = \"fjall\""), missing("store.engine", "fjall"));
    assert_eq!(store("engine = \"sled\""), [""; 0]);
    let voice = |text: &str| told("voice", text, &|section| drop(voice::read(section, lacking)));
    assert_eq!(voice("model = \"base\""), missing("voice", "voice"));
    assert_eq!(voice(""), [""; 0]);
    let log = |text: &str| told("log", text, &|section| drop(tables::log(section, lacking)));
    assert_eq!(log("otlp = \"http://127.0.0.1:4318/v1/traces\""), missing("log.otlp", "otlp"));
    assert_eq!(log("filter = \"info\""), [""; 0]);
}

#[test]
fn adapters_that_the_program_lacks_are_refused_by_name_and_their_variables_too() {
    let mut registry = Registry::empty();
    registry.add_channel(crate::registry::channel::<greenroom_channel_console::Console>(Some("*")));
    registry.add_assistant(crate::registry::assistant::<greenroom_assistant_echo::Echo>());
    let text = "[channels.a]\nadapter = \"whatsapp-cloud\"\n[channels.b]\nadapter = \"whatsapp-web\"\n\
                [assistants.echo]\nkind = \"echo\"\n";
    let refused = Config::parse(Origin::Program, text, [], &registry, &[]).unwrap_err().to_string();
    assert!(refused.contains("built without whatsapp-cloud; build it with --features whatsapp-cloud"), "{refused}");
    assert!(refused.contains("without the feature whatsapp-web"), "{refused}");
    let variables = [("WHATSAPP_ACCESS_TOKEN".into(), "t".into())];
    let text = env_aliases::embedded(&variables, &registry).unwrap();
    assert!(text.contains("adapter = \"whatsapp-cloud\""), "{text}");
    assert_eq!(env_aliases::embedded(&[("WHATSAPP_GRAPH_URL".into(), "t".into())], &registry), None);
}

#[test]
fn an_adapter_that_is_misspelt_and_not_in_the_program_is_named_all_the_same() {
    let told = resolve::unknown_adapter("whatsap-cloud", &["console", "loopback"]);
    assert!(told.contains("did you mean \"whatsapp-cloud\"?") && told.contains("--features whatsapp-cloud"), "{told}");
    let built = resolve::unknown_adapter("whatsap-cloud", &["console", "whatsapp-cloud"]);
    assert_eq!(
        built,
        "unknown adapter \"whatsap-cloud\"; did you mean \"whatsapp-cloud\"? known: console, whatsapp-cloud"
    );
    let other = resolve::unknown_adapter("telegraph", &["console", "loopback"]);
    assert_eq!(other, "unknown adapter \"telegraph\"; known: console, loopback");
}
