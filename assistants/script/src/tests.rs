use super::*;
use greenroom_contract::ids::AssistantName;
use proptest::prelude::*;

const PIZZA: &str = include_str!("../../../examples/pizza.toml");

#[allow(clippy::unused_async, reason = "as the rules call it")]
async fn pizza() -> Arc<dyn Assistant> {
    Arc::new(Scripted::parse(PIZZA).unwrap())
}

greenroom_conformance::assistant_conformance!(pizza);

fn mistakes(text: &str) -> Vec<String> {
    let me: AssistantName = "me".parse().unwrap();
    let assistants = [me.clone(), "model".parse().unwrap()];
    let around = Around { folder: None, assistants: Some((&me, &assistants)) };
    match load::script(text, around) {
        Ok(_) => Vec::new(),
        Err(error) => error.mistakes().iter().map(Mistake::to_string).collect(),
    }
}

#[test]
fn the_example_is_sound() {
    assert_eq!(mistakes(PIZZA), Vec::<String>::new());
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn what_is_wrong_is_said_with_its_place() {
    let rule = "[[rules]]\nwhen = [\"a\"]\n";
    let mut others = Vec::new();
    for (text, expected) in [
        (
            "",
            "line 1, column 1: a script without [[rules]] and without [unknown] never says anything; write one of them",
        ),
        (
            "[[rules]]\nwhen = [\"\"]\nsay = \"b\"",
            "line 2, column 8: a pattern needs a word, such as \"hello\" or \"order *\"",
        ),
        ("[[rules]]\nwhen = []\nsay = \"b\"", "line 1, column 1: a rule needs what is said: when = [\"hello\"]"),
        (rule, "line 1, column 1: this does nothing; write say, go or hand_over"),
        (
            &format!("{rule}go = \"mneu\"\n[nodes.menu]\nsay = \"x\"\n[unknown]\ngo = \"menu\""),
            "line 3, column 6: there is no node \"mneu\"; did you mean \"menu\"?",
        ),
        (
            &format!("{rule}hand_over = \"modle\""),
            "line 3, column 13: there is no assistant \"modle\"; did you mean \"model\"?",
        ),
        (
            &format!("{rule}hand_over = \"me\""),
            "line 3, column 13: this is the script itself; write go to lead to another node",
        ),
        (&format!("{rule}say = \"b\"\nstays = true"), "line 1, column 1: stays belongs to hand_over"),
        (&format!("{rule}say = \"{{slot.x}}\""), "line 1, column 1: {slot.x} is asked for nowhere"),
        (
            &format!("{rule}say = \"{{nmae}}\""),
            "line 3, column 7: {nmae} is unknown; known: {name}, {said}, {slot.NAME}",
        ),
        (
            &format!("{rule}say = {{ text = {{ de = \"x\" }} }}"),
            "line 1, column 1: texts by language, and no language of the script; write language = \"en\" at its beginning",
        ),
        (
            &format!("language = \"en\"\n{rule}say = {{ text = {{ de = \"x\" }} }}"),
            "line 2, column 1: a text by language lacks \"en\", the language of the script",
        ),
        (
            &format!("{rule}say = \"b\"\n[nodes.menu]\nsay = \"x\""),
            "line 4, column 1: nothing leads to \"menu\"; write go = \"menu\" somewhere, or remove it",
        ),
        (
            &format!("{rule}go = \"m\"\n[nodes.m]\nsay = \"x\"\ngo = \"m\""),
            "line 4, column 1: \"m\" leads back to itself without waiting for an answer; let a menu or a form lie on the way",
        ),
        (
            &format!(
                "{rule}go = \"m\"\n[nodes.m]\nask = \"x\"\noptions = [{{ title = \"t\", say = \"x\", id = \"a\" }}, {{ title = \"u\", say = \"x\", id = \"a\" }}]"
            ),
            "line 4, column 1: two options of one menu have the same id; write id = \"...\" in one of them",
        ),
        (
            &format!("{rule}go = \"m\"\n[nodes.m]\nslots = [{{ name = \"a\", ask = \"?\" }}]"),
            "line 4, column 1: a form needs what is done when it is filled in: done = { say = \"Thank you.\" }",
        ),
        (
            &format!(
                "{rule}go = \"m\"\n[nodes.m]\ndone = {{ say = \"x\" }}\nslots = [{{ name = \"a\", ask = \"?\", kind = \"choice\" }}]"
            ),
            "line 6, column 19: a choice needs its options: options = [\"Small\", \"Large\"]",
        ),
        (
            &format!(
                "{rule}go = \"m\"\n[nodes.m]\ndone = {{ say = \"x\" }}\nslots = [{{ name = \"a\", ask = \"?\", kind = \"date\", min = 3 }}]"
            ),
            "line 6, column 56: a bound of a date is a day: \"today\" or \"2026-12-24\"",
        ),
        (&format!("{rule}sya = \"b\""), "line 3, column 1: unknown field `sya`"),
        ("[[rules]\n", "line 1, column 9: unclosed array table, expected `]`"),
    ] {
        let said = mistakes(text).join("\n");
        if !said.contains(expected) {
            others.push(format!("{text}\nsaid: {said}\nexpected: {expected}"));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n\n"));
}

#[test]
fn everything_that_is_wrong_is_said_together() {
    let text = "[[rules]]\nwhen = [\"a\"]\ngo = \"x\"\n[[rules]]\nwhen = [\"b\"]\nhand_over = \"y\"";
    assert_eq!(mistakes(text).len(), 2);
}

#[test]
fn files_beside_the_script_are_read_and_others_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("menu.png"), b"png").unwrap();
    let built = |say: &str| {
        std::fs::write(folder.path().join("menu.toml"), format!("[[rules]]\nwhen = [\"a\"]\nsay = {say}")).unwrap();
        let name: AssistantName = "me".parse().unwrap();
        let parts = AssistantParts { folder: folder.path().to_owned(), ..AssistantParts::new(name) };
        greenroom_conformance::run(Scripted::build(ScriptConfig { file: "menu.toml".into() }, parts))
    };
    let script = built("{ image = \"menu.png\", caption = \"c\" }").map_err(|error| error.to_string()).unwrap();
    let answer = greenroom_conformance::run(script.respond(greenroom_conformance::turn("a").build())).unwrap();
    assert_eq!(
        format!("{:?}", answer.replies[0].body),
        "Image { media: Media(image/png, 3 bytes), caption: Some(\"c\") }"
    );
    for (say, expected) in [
        ("{ image = \"none.png\" }", "none.png cannot be read"),
        ("{ document = \"../menu.png\" }", "menu.toml: line 3, column 20: \"../menu.png\" is not beside the script"),
        ("{ document = \"/etc/passwd\" }", "is not beside the script"),
        ("{ image = \"menu.toml\" }", "\"menu.toml\" is not a picture by its name"),
        ("{ document = \".\" }", "is not a file"),
    ] {
        let refused = built(say).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains(expected), "{say}: {refused}");
    }
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let name: AssistantName = "me".parse().unwrap();
    let parts = AssistantParts { folder: "/nowhere".into(), ..AssistantParts::new(name) };
    let refused = greenroom_conformance::run(Scripted::build(ScriptConfig { file: "x.toml".into() }, parts));
    assert!(
        matches!(refused, Err(BuildError::Config { path, reason }) if path == "file" && reason.contains("/nowhere/x.toml cannot be read"))
    );
}

#[test]
fn the_declared_keys_are_those_that_are_read() {
    greenroom_conformance::schema_conformance::assert_keys_agree::<ScriptConfig>(Scripted::KEYS);
}

proptest! {
    #[test]
    fn any_file_is_a_script_or_wrong(text in any::<String>()) {
        let _ = Scripted::parse(&text);
    }

    /// The example with pieces cut out and put elsewhere: mostly TOML, and mostly not what was meant.
    #[test]
    fn a_damaged_script_is_a_script_or_wrong(cut in 0..PIZZA.len(), count in 0_usize..300, to in 0..PIZZA.len()) {
        let at = |place: usize| PIZZA.floor_char_boundary(place);
        let piece = &PIZZA[at(cut)..at((cut + count).min(PIZZA.len()))];
        let text = format!("{}{piece}{}", &PIZZA[..at(to)], &PIZZA[at(to)..]).replacen(piece, "", 1);
        if let Err(error) = Scripted::parse(&text) {
            let lines = text.lines().count() + 1;
            prop_assert!(error.mistakes().iter().all(|mistake| mistake.line <= lines && mistake.column > 0));
        }
    }
}
