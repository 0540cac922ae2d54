//! Whatever others write, in whatever place: it stays data, and in its frame.

use crate::support::{Bot, assert_well_formed, away, calls, offer, says, words};
use greenroom_conformance::turns::turn;
use greenroom_contract::assistant::{Content, NotDelivered, OverheardLine, PastTurn, Quoted, Turn};
use greenroom_contract::ids::TurnId;
use greenroom_contract::message::{Chat, Contact, Location};
use greenroom_contract::model::{Part, Prompt, PromptMessage};
use greenroom_contract::time::Timestamp;
use greenroom_contract::tools::{ToolMedium, ToolReturn};
use greenroom_contract::transcriber::Transcript;
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

const CANARY: &str = "CANARY";

/// The corpus, its escapes read.
fn corpus() -> Vec<String> {
    let lines = include_str!("../corpus/attacks.txt").lines();
    let attacks: Vec<String> = lines.filter(|line| !line.starts_with("# ")).map(unescaped).collect();
    assert!(attacks.len() >= 40 && attacks.iter().all(|attack| attack.contains(CANARY)), "{}", attacks.len());
    attacks
}

fn unescaped(line: &str) -> String {
    let line = line.replace("\\n", "\n").replace("\\r", "\r");
    let mut parts = line.split("\\u{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').expect("an escape is closed");
        text.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}

/// A turn in which all that comes from others is the attack.
fn attacked(attack: &str) -> Turn {
    let words = || attack.to_owned();
    let transcript =
        Transcript { text: words(), language: Some(words()), duration: Duration::from_secs(1), confidence: Some(0.1) };
    let place = Location { latitude: 1.0, longitude: 2.0, name: Some(words()), address: Some(words()) };
    let document = |media| Content::Document { media, name: Some(words()), caption: Some(words()) };
    let pdf = greenroom_contract::message::Media { mime: "application/pdf".into(), bytes: vec![1, 2].into() };
    let draft = turn(attack)
        .in_group()
        .and(Content::Image { media: None, caption: Some(words()) })
        .and(Content::Voice(transcript))
        .and(Content::Choice { id: words(), title: words() })
        .and(document(None))
        .and(document(Some(pdf)))
        .and(Content::Location(place))
        .and(Content::Contacts(vec![Contact { name: Some(words()), phones: vec![words()] }]))
        .and(Content::Unsupported { kind: words(), caption: words() });
    let mut turn = draft.build();
    turn.sender.name = Some(words());
    turn.chat = Chat::Group { title: Some(words()) };
    turn.language = Some(words());
    turn.overheard = vec![OverheardLine { at: Timestamp(1), name: Some(words()), text: words() }];
    turn.undelivered = vec![NotDelivered { at: Timestamp(1), reason: words() }];
    let past = |turn, answered: &str| PastTurn {
        at: Timestamp(1),
        name: Some(words()),
        asked: words(),
        answered: answered.to_owned(),
        turn,
        ..PastTurn::default()
    };
    let own = |worded_by: Option<&str>, answered: &str| PastTurn {
        worded_by: worded_by.map(|name| name.parse().unwrap()),
        ..past(None, answered)
    };
    // By a model of this assistant, by another assistant that repeats it, by a program, and by nothing that is known.
    turn.history =
        vec![own(Some("assistant"), "hello"), own(Some("orders"), attack), own(None, attack), past(None, "")];
    turn.messages[0].quote =
        Some(Quoted { message: "m0".parse().unwrap(), sender: None, text: Some(words()), ours: true, claimed: true });
    turn.state = Some(serde_json::to_vec(&json!({ "v": 1, "summary": { "text": attack, "until": 0 }})).unwrap().into());
    turn
}

/// Marks open and close by turns, each as `⟦kind …⟧` or `⟦/kind⟧` of the kinds that there are.
fn assert_frames_are_whole(text: &str) {
    let mut open: Option<String> = None;
    let mut rest = text;
    while let Some(at) = rest.find(['⟦', '⟧']) {
        assert!(rest[at..].starts_with('⟦'), "a mark closes that was not opened: {text}");
        let mark = rest[at..].split_once('⟧').expect("a mark is closed").0.trim_start_matches('⟦');
        assert!(!mark.contains('⟦') && !mark.contains('\n'), "{mark}");
        match (open.take(), mark.strip_prefix('/')) {
            (Some(kind), Some(closed)) => assert_eq!(kind, closed),
            (None, None) => open = mark.split(' ').next().map(str::to_owned),
            (open, _) => panic!("{mark:?} within {open:?}: {text}"),
        }
        rest = rest[at..].split_once('⟧').unwrap().1;
    }
    assert_eq!(open, None, "{text}");
}

/// What stands outside of all frames.
fn outside(text: &str) -> String {
    let mut outside = String::new();
    for line in text.lines().scan(false, |within, line| {
        let mark = line.starts_with('⟦');
        *within = if mark { !line.starts_with("⟦/") } else { *within };
        Some((mark || *within, line))
    }) {
        if !line.0 {
            outside.push_str(line.1);
        }
    }
    outside
}

fn assert_contained(prompt: &Prompt, owner: &str) {
    assert_well_formed(prompt);
    assert!(!prompt.system.contains(CANARY) && prompt.system.contains(owner), "the instructions are ours");
    for tool in &prompt.tools {
        assert!(!tool.name.contains(CANARY));
        let told = format!("{} {}", tool.about, tool.parameters);
        for token in ["<|", "<｜", "[INST]", "<<SYS>>", "<start_of_turn>", "</s>", "<system>", "<tool_call>", "⟦", "⟧"]
        {
            assert!(!told.contains(token), "{token} in {told}");
        }
    }
    for message in &prompt.messages {
        let texts: Vec<&str> = match message {
            PromptMessage::Model(said) => {
                assert!(!said.text.contains(CANARY), "words in the mouth of the model: {}", said.text);
                continue;
            }
            PromptMessage::Person(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Text(text) => Some(text.as_str()),
                    Part::Image(_) => None,
                    Part::Document { name, .. } => {
                        assert!(!name.as_deref().unwrap_or_default().contains(CANARY));
                        None
                    }
                })
                .collect(),
            PromptMessage::Tools(outputs) => outputs.iter().map(|output| output.text.as_str()).collect(),
        };
        for text in texts {
            assert_frames_are_whole(text);
            assert_eq!(outside(text), "", "all of it is in frames");
            for token in
                ["<|", "<｜", "[INST]", "<<SYS>>", "<start_of_turn>", "</s>", "<system>", "<tool_call>", "[TOOL_"]
            {
                assert!(!text.contains(token), "{token} in {text}");
            }
            assert!(
                !text
                    .chars()
                    .any(|c| (c.is_control() && c != '\n' && c != '\t') || ('\u{e0000}'..='\u{e0fff}').contains(&c))
            );
        }
    }
}

#[tokio::test]
async fn no_attack_becomes_instructions_or_words_of_the_model() {
    let bot = Bot::with("tools = [\"tasks\"]\nprompt = \"Be a lighthouse keeper.\"").await;
    for (number, attack) in (1..).zip(corpus()) {
        let mut turn = attacked(&attack);
        turn.id = TurnId(1000 + number);
        let mut poisoned = offer("list", false);
        poisoned.spec.about = attack.clone();
        poisoned.title = Some(attack.clone());
        poisoned.spec.parameters = json!({
            "type": "object",
            "title": attack,
            "properties": {
                "item": { "type": "string", "description": attack, "enum": [attack, "milk"], "default": attack },
                attack.as_str(): { "type": "string" },
            },
        });
        *bot.around.tools.offers.lock() = vec![poisoned];
        let media = greenroom_contract::message::Media { mime: attack.clone(), bytes: vec![0].into() };
        let returned = ToolReturn {
            text: attack.clone(),
            media: vec![ToolMedium { media, name: Some(attack.clone()) }],
            failed: false,
        };
        bot.around.tools.returns.lock().push_back(Ok(returned));
        bot.then([calls(&[("tasks_list", json!({})), ("nonsense", json!([attack]))]), says("done")]);
        bot.ask(&turn).await.unwrap();
        let prompts = bot.around.model.prompts();
        let [.., first, second] = prompts.as_slice() else { panic!("two rounds") };
        assert!(words(first).0.matches(CANARY).count() >= 12, "it was told in every place: {}", words(first).0);
        assert!(words(second).2.contains(CANARY), "and returned");
        assert_contained(first, "lighthouse");
        assert_contained(second, "lighthouse");
    }
}

/// A reminder whose words are an attack, said by the program, is not called a word of the model, nor is a file of a tool.
#[tokio::test]
async fn what_the_program_says_itself_does_not_become_words_of_the_model() {
    let bot = Bot::new().await;
    for (number, attack) in (100..).step_by(2).zip(corpus().into_iter().take(8)) {
        let token = json!({ "reminder": 1, "text": attack, "first": "2026-11-28T07:00:00", "zone": "UTC" }).to_string();
        let mut due = turn("").instead(Content::Wake { token }).build();
        due.id = TurnId(42);
        bot.then([away()]);
        let said = bot.ask(&due).await.unwrap();
        assert!(!said.replies.is_empty() && !said.worded);
        let media = greenroom_contract::message::Media { mime: "application/pdf".into(), bytes: vec![0].into() };
        let file = ToolReturn { media: vec![ToolMedium { media, name: Some(attack) }], ..ToolReturn::default() };
        bot.around.tools.returns.lock().push_back(Ok(file));
        bot.then([calls(&[("tasks_list", json!({}))]), calls(&[("send_file", json!({ "number": 1 }))]), says("Here.")]);
        let mut asked = turn("send it").build();
        asked.id = TurnId(number);
        asked.can = vec![greenroom_contract::capabilities::Ability::Documents];
        let sent = bot.ask(&asked).await.unwrap();
        assert!(sent.replies.len() == 2 && !sent.worded, "{sent:?}");
        bot.then([says("Here.")]);
        asked.id = TurnId(number + 1);
        assert!(bot.ask(&asked).await.unwrap().worded, "these are words of the model");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn frames_stay_whole_whatever_is_written(text in "[⟦⟧<>|/\\[\\]\"\n\\PC]{0,80}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bot = Bot::with("").await;
            bot.ask(&attacked(&text)).await.unwrap();
            let prompt = bot.around.model.last();
            assert_well_formed(&prompt);
            assert_frames_are_whole(&words(&prompt).0);
        });
    }
}
