use super::*;
use greenroom_contract::secret::Secret;
use serde::Deserialize;

fn config(table: &str) -> ModelConfig {
    with_key(table, None)
}

fn with_key(table: &str, key: Option<&str>) -> ModelConfig {
    let mut table: toml::Table = table.parse().unwrap();
    if let Some(key) = key {
        table.insert("key".to_owned(), Secret::new(key).handed_over());
    }
    ModelConfig::deserialize(toml::Value::Table(table)).unwrap()
}

/// The path and the reason.
fn refusal(config: &ModelConfig) -> (String, String) {
    match checked(config) {
        Err(BuildError::Config { path, reason }) => (path, reason),
        other => panic!("{other:?}"),
    }
}

const OLLAMA: &str = "provider = \"ollama\"\nmodel = \"m\"\n";

#[test]
fn what_is_wrong_is_refused_by_its_path_with_what_to_write() {
    for (more, path, words) in [
        ("url = \"localhost:11434\"", "url", "begins with neither"),
        ("url = \"\"", "url", "is not an address such as http://127.0.0.1:11434/v1"),
        ("url = \"file:///etc/passwd\"", "url", "neither https:// nor http://"),
        ("url = \"https://user:word@a.example/v1\"", "url", "key = { env"),
        ("url = \"https://a.example/v1#x\"", "url", "leave it out"),
        ("url = \"https://a.example/v1/chat/completions\"", "url", "leave that out"),
        ("url = \"http://a.example/v1\"", "url", "use https://"),
        ("url = \"http://8.8.8.8/v1\"", "url", "use https://"),
        ("timeout_seconds = 0", "timeout_seconds", "from 1 to 600"),
        ("read_timeout_seconds = 601", "read_timeout_seconds", "from 1 to 600"),
        ("calls_at_once = 0", "calls_at_once", "from 1 to 1024"),
        ("context_tokens = 100", "context_tokens", "512 or more"),
        ("answer_tokens = 4096", "answer_tokens", "less than context_tokens, which is 4096"),
        ("answer_tokens = 0", "answer_tokens", "from 1"),
        ("price_in = 1.0", "price_out", "write both prices"),
        ("price_out = 1.0", "price_in", "write both prices"),
        ("price_in = -1.0\nprice_out = 1.0", "price_in", "from 0"),
        ("price_in = nan\nprice_out = 1.0", "price_in", "from 0"),
        ("price_in = 1.0\nprice_out = inf", "price_out", "from 0"),
        ("price_cached = 1.0", "price_cached", "price_in and price_out"),
        ("budget_per_day = 1.0", "budget_per_day", "tokens_per_day"),
        ("budget_per_person_per_day = 1", "budget_per_person_per_day", "tokens_per_person_per_day"),
        ("tokens_per_day = 0", "tokens_per_day", "leave it out"),
        ("tokens_per_person_per_day = 0", "tokens_per_person_per_day", "leave it out"),
    ] {
        let (refused, reason) = refusal(&config(&format!("{OLLAMA}{more}")));
        assert!(refused == path && reason.contains(words), "{more}: {refused}: {reason}");
    }
}

#[test]
fn a_model_has_a_name_that_can_be_sent() {
    for (name, words) in [("", "is empty"), ("a b", "white space"), ("a\\n", "white space")] {
        let (path, reason) = refusal(&config(&format!("provider = \"ollama\"\nmodel = \"{name}\"")));
        assert!(path == "model" && reason.contains(words), "{name}: {reason}");
    }
    let (path, reason) = refusal(&config(&format!("provider = \"ollama\"\nmodel = \"{}\"", "x".repeat(129))));
    assert!(path == "model" && reason.contains("128 bytes"), "{reason}");
    let (path, _) = refusal(&with_key("provider = \"gemini\"\nmodel = \"models/gemini-3\"", Some("k")));
    assert_eq!(path, "model");
    for name in ["mistral-medium", "name-low", "ns::name", "openai/o3-mini-high", "qwen3:8b-q4_K_M"] {
        assert!(checked(&config(&format!("provider = \"ollama\"\nmodel = \"{name}\""))).is_ok(), "{name}");
    }
}

#[test]
fn a_key_is_needed_at_a_provider_and_not_at_a_server_of_ones_own() {
    for provider in ["openai", "openai-responses", "anthropic", "gemini"] {
        let table = format!("provider = \"{provider}\"\nmodel = \"m\"\n");
        let (path, reason) = refusal(&config(&table));
        assert!(path == "key" && reason.contains("{ env = \"NAME\" }"), "{reason}");
        assert!(checked(&with_key(&table, Some("k"))).is_ok());
        assert!(checked(&config(&format!("{table}url = \"http://127.0.0.1:1/v1\""))).is_ok());
    }
    for key in ["", "  ", "two\nlines", "k\u{fc}"] {
        let (path, reason) = refusal(&with_key(OLLAMA, Some(key)));
        assert!(path == "key" && !reason.contains("two"), "{reason}");
    }
}

#[test]
fn plain_http_is_for_this_machine_and_its_network() {
    for url in [
        "http://localhost:8080/v1",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/v1",
        "http://192.168.1.7/v1",
        "http://10.0.0.7/v1",
        "http://100.100.1.1/v1",
        "http://[fd00::1]/v1",
        "http://[::ffff:10.0.0.1]/v1",
        "http://ollama:11434/v1",
        "http://gpu.local/v1",
        "https://openrouter.ai/api/v1",
    ] {
        assert!(checked(&with_key(&format!("{OLLAMA}url = \"{url}\""), Some("k"))).is_ok(), "{url}");
    }
    for url in ["http://localhost.example.com/", "http://0x08080808/", "http://[2606:4700::1]/", "http://a.example./"] {
        assert_eq!(refusal(&config(&format!("{OLLAMA}url = \"{url}\""))).0, "url", "{url}");
    }
}

#[test]
fn a_model_of_anthropic_that_thinks_has_room_for_it() {
    let table = "provider = \"anthropic\"\nmodel = \"m\"\nthinking = true\nanswer_tokens = ";
    assert_eq!(refusal(&with_key(&format!("{table}1024"), Some("k"))).0, "answer_tokens");
    assert!(checked(&with_key(&format!("{table}2048"), Some("k"))).is_ok());
}

#[test]
fn a_fallback_is_another_model_and_the_row_ends() {
    let row = |links: &[(&str, Option<&str>)]| -> Vec<(ModelName, ModelConfig)> {
        let one = |(name, fallback): &(&str, Option<&str>)| {
            let more = fallback.map(|other| format!("fallback = {other:?}")).unwrap_or_default();
            (name.parse().unwrap(), config(&format!("{OLLAMA}{more}")))
        };
        links.iter().map(one).collect()
    };
    assert!(fallbacks(&row(&[("a", Some("b")), ("b", Some("c")), ("c", None)])).is_ok());
    for (links, who, words) in [
        (vec![("a", Some("a"))], "a", "the model itself"),
        (vec![("a", Some("x"))], "a", "no [models.x]"),
        (vec![("a", Some(""))], "a", "no [models.]"),
        (vec![("a", Some("b")), ("b", Some("a"))], "a", "back to this model"),
        (vec![("a", Some("b")), ("b", Some("c")), ("c", Some("b"))], "a", "a circle"),
        (
            vec![("a", Some("b")), ("b", Some("c")), ("c", Some("d")), ("d", Some("e")), ("e", None)],
            "a",
            "more than 4 models",
        ),
    ] {
        let (name, error) = fallbacks(&row(&links)).unwrap_err();
        assert!(name.as_str() == who && error.to_string().contains(words), "{links:?}: {name} {error}");
    }
}
