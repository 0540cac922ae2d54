use super::*;
use greenroom_conformance::turn;
use greenroom_contract::assistant::Content;
use greenroom_contract::time::Timestamp;

#[allow(clippy::unused_async, reason = "as the rules call it")]
async fn router() -> Arc<dyn Assistant> {
    let commands = Rule { commands: Some(vec!["/order".to_owned()]), ..Rule::to("orders".parse().unwrap()) };
    Arc::new(Router::new("helper".parse().unwrap()).rule(commands))
}

greenroom_conformance::assistant_conformance!(router);

fn holds(keys: &str, turn: &Turn) -> bool {
    let rule: Rule = toml::from_str(&format!("to = \"a\"\n{keys}")).unwrap();
    rule.holds(turn)
}

#[test]
fn a_rule_holds_where_all_that_it_names_holds() {
    let mut here = turn("/Order two").from("+15551234567").in_group().build();
    here.channel = "front".parse().unwrap();
    here.language = Some("de-AT".to_owned());
    here.now = Timestamp(23 * 3_600_000);
    for keys in [
        "",
        "channels = [\"back\", \"front\"]",
        "accounts = [\"account-1\"]",
        "groups = [\"group\"]",
        "people = [\"+1 555 123 45 67\"]",
        "languages = [\"de\"]",
        "languages = [\"DE-at\"]",
        "commands = [\"/order\"]",
        "chat = \"group\"",
        "hours = \"22:00-06:00\"",
        "hours = \"22:00-24:00\"",
        "channels = [\"front\"]\ncommands = [\"/order\"]\nchat = \"group\"",
    ] {
        assert!(holds(keys, &here), "{keys}");
    }
    for keys in [
        "channels = [\"back\"]",
        "accounts = [\"account-2\"]",
        "groups = [\"friends\"]",
        "people = [\"+15557654321\"]",
        "languages = [\"d\", \"de-CH\"]",
        "commands = [\"order\", \"two\"]",
        "chat = \"direct\"",
        "hours = \"06:00-23:00\"",
        "channels = [\"front\"]\nchat = \"direct\"",
    ] {
        assert!(!holds(keys, &here), "{keys}");
    }
}

#[test]
fn the_time_of_day_is_that_of_the_people() {
    let mut here = turn("hello").build();
    // 21:30 in London, 22:30 in Zurich.
    here.now = Timestamp(1_795_037_400_000);
    assert!(!holds("hours = \"22:00-06:00\"", &here));
    here.time_zone = Some("Europe/Zurich".to_owned());
    assert!(holds("hours = \"22:00-06:00\"", &here));
}

#[test]
fn a_caption_and_what_was_heard_begin_with_a_command_too() {
    let caption = Content::Image { media: None, caption: Some("/order this".to_owned()) };
    assert!(holds("commands = [\"/order\"]", &turn("").instead(caption).build()));
    assert!(!holds("commands = [\"/order\"]", &turn("").build()));
}

fn built(text: &str) -> Result<Arc<dyn Assistant>, BuildError> {
    let config: RouterConfig = toml::from_str(text).unwrap();
    let assistants = ["front", "helper", "night"].map(|name| name.parse().unwrap()).to_vec();
    let parts = AssistantParts { assistants, ..AssistantParts::new("front".parse().unwrap()) };
    greenroom_conformance::run(Router::build(config, parts))
}

#[test]
fn the_first_rule_that_holds_counts() {
    let router = built(
        "default = \"helper\"\n[[rules]]\nto = \"night\"\nchat = \"group\"\nstays = true\n[[rules]]\nto = \"helper\"\nchat = \"group\"",
    );
    let router = router.unwrap();
    let asked = |turn: Turn| greenroom_conformance::run(router.respond(turn)).unwrap().hand_over.unwrap();
    let to = |name: &str, stays| HandOver { to: Receiver::Assistant(name.parse().unwrap()), stays };
    assert_eq!(asked(turn("hello").in_group().build()), to("night", true));
    assert_eq!(asked(turn("hello").build()), to("helper", false));
}

#[test]
fn addresses_are_asked_for_where_a_rule_names_people() {
    let people = "default = \"helper\"\n[[rules]]\nto = \"night\"\npeople = [\"+15551234567\"]";
    assert!(built(people).unwrap().needs().addresses);
    assert!(!built("default = \"helper\"").unwrap().needs().addresses);
}

#[test]
fn who_is_not_there_is_refused() {
    for (text, path, reason) in [
        ("default = \"helpr\"", "default", "there is no assistant helpr; there are front, helper, night"),
        ("default = \"front\"", "default", "a router cannot hand over to itself; name another assistant"),
        (
            "default = \"helper\"\n[[rules]]\nto = \"x\"",
            "rules.1.to",
            "there is no assistant x; there are front, helper, night",
        ),
        ("default = \"\"", "default", "\"\" is not a name of an assistant"),
    ] {
        match built(text) {
            Err(BuildError::Config { path: at, reason: why }) => {
                assert!(at == path && why.contains(reason), "{at}: {why}");
            }
            _ => panic!("{text} is refused"),
        }
    }
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused() {
    for (keys, expected) in [
        ("channels = []", "an empty list holds nowhere"),
        ("people = [\"Ana\"]", "is not an address"),
        ("hours = \"22-06\"", "\"22-06\" is not a time of day; write \"22:00-06:00\""),
        ("hours = \"06:00-06:00\"", "is not a time of day"),
        ("chanels = [\"a\"]", "unknown field `chanels`"),
        ("chat = \"both\"", "unknown variant `both`"),
    ] {
        let refused = toml::from_str::<Rule>(&format!("to = \"a\"\n{keys}")).unwrap_err().to_string();
        assert!(refused.contains(expected), "{keys}: {refused}");
    }
}

#[test]
fn the_declared_keys_are_those_that_are_read() {
    greenroom_conformance::schema_conformance::assert_keys_agree::<RouterConfig>(Router::KEYS);
    let mut declared: Vec<&str> = RULE.iter().map(|key| key.name).collect();
    let mut read = greenroom_conformance::schema_conformance::fields_of::<Rule>();
    declared.sort_unstable();
    read.sort_unstable();
    assert_eq!(declared, read);
}
