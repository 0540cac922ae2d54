//! A secret that was put into the wrong place is in no message.

use super::super::*;
use greenroom_contract::cause::chain;

/// As those of Meta look, an app's secret, and one of a person.
const CANARIES: [&str; 3] =
    ["EAAGm0PX4ZCpsBAKZCwTOKENCANARY1", "0123456789abcdef0123456789abcdef", "Hunter2-secret-9911"];

/// Ways in which people write a secret where it does not belong.
const WAYS: [&str; 16] = [
    "access_token = CANARY",
    "access_token = \"CANARY",
    "access_token = \"CANARY\"",
    "access_token = 'CANARY",
    "access_token = { env = CANARY }",
    "access_token = { env = \"CANARY\" }",
    "access_token = { env = \"CANARY\"",
    "access_token = { CANARY = \"env\" }",
    "access_token = [\"CANARY\"]",
    "access_token CANARY",
    "CANARY",
    "CANARY = \"access_token\"",
    "access_token: CANARY",
    "graph_url = \"CANARY\"",
    "standby = \"CANARY\"",
    "access_tokn = \"CANARY\"",
];

fn said(text: &str, variables: &[(&str, &str)]) -> Option<String> {
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let parsed = Config::parse(Origin::File("greenroom.toml".into()), text, variables, &Registry::standard(), &[]);
    parsed.err().map(|error| format!("{} {error:?}", chain(&error)))
}

fn configured(line: &str) -> String {
    format!(
        "[channels.front]\nadapter = \"whatsapp-cloud\"\nallow_from = [\"*\"]\nphone_number_id = \"1\"\n{line}\n\
         [assistants.echo]\nkind = \"echo\"\n"
    )
}

#[test]
fn no_message_repeats_a_secret_that_stands_in_the_wrong_place() {
    for canary in CANARIES {
        for way in WAYS {
            let text = configured(&way.replace("CANARY", canary));
            let said = said(&text, &[]).unwrap_or_else(|| panic!("nothing was wrong with {way}"));
            assert!(!said.contains(canary), "{way}: {said}");
        }
        for key in ["ADAPTER", "STANDBY", "GRAPH_URL", "ALLOW_FROM", "NONSENSE"] {
            let variable = format!("GREENROOM_CHANNELS__FRONT__{key}");
            let said = said(&configured(""), &[(&variable, canary)]).expect("something was wrong");
            assert!(!said.contains(canary), "{variable}: {said}");
        }
    }
}

#[test]
fn a_secret_may_stand_in_the_variable_of_its_key() {
    let variables = [
        ("GREENROOM_CHANNELS__FRONT__ACCESS_TOKEN", CANARIES[0]),
        ("GREENROOM_CHANNELS__FRONT__APP_SECRET", "12345"),
        ("WHATSAPP_VERIFY_TOKEN", "verify"),
    ];
    let given = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let text = configured("");
    let config = Config::parse(Origin::Embedded, &text, given, &Registry::standard(), &[]).expect("all is there");
    let read = |key: &str| {
        let value = config.channels[0].own.handed_over()[key].clone();
        <Secret as serde::Deserialize>::deserialize(value).unwrap().expose().to_owned()
    };
    assert_eq!((read("access_token").as_str(), read("app_secret").as_str()), (CANARIES[0], "12345"));
    assert!(!format!("{config:?}").contains(CANARIES[0]), "a secret is shown");
}
