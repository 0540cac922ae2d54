use super::*;
use proptest::prelude::*;

const ALL: ModelTraits =
    ModelTraits { images: true, documents: true, tools: true, context_tokens: 1000, answer_tokens: 100 };
const PLAIN: ModelTraits = ModelTraits { images: false, documents: false, tools: false, ..ALL };

fn person(text: &str) -> PromptMessage {
    PromptMessage::Person(vec![Part::Text(text.to_owned())])
}

fn said(text: &str, calls: &[&str]) -> PromptMessage {
    let call = |id: &&str| model::ToolCall {
        id: (*id).to_owned(),
        name: "add".to_owned(),
        arguments: json!({ "item": "milk" }),
    };
    PromptMessage::Model(Said {
        text: text.to_owned(),
        calls: calls.iter().map(call).collect(),
        signatures: Vec::new(),
    })
}

fn output(call: &str, text: &str, failed: bool) -> ToolOutput {
    ToolOutput { call: call.to_owned(), name: "add".to_owned(), text: text.to_owned(), failed }
}

/// One line for each message.
fn shown(said: &[PromptMessage], traits: ModelTraits) -> Vec<String> {
    let part = |part: &ContentPart| match part {
        ContentPart::Text(text) => text.clone(),
        ContentPart::ToolCall(call) => format!("call {} {}", call.call_id, call.fn_arguments),
        ContentPart::ToolResponse(response) => format!("return {} {}", response.call_id, response.content),
        other => panic!("{other:?}"),
    };
    let line = |message: &ChatMessage| {
        let parts: Vec<String> = message.content.parts().iter().map(part).collect();
        format!("{}: {}", message.role, parts.join(" | "))
    };
    messages(said, traits, "x:y", false).iter().map(line).collect()
}

#[test]
fn people_and_the_model_speak_in_turns() {
    let talk = [person("a"), person("b"), said("c", &[]), said("d ", &[]), person("e")];
    assert_eq!(shown(&talk, ALL), ["User: a | b", "Assistant: c | d", "User: e"]);
}

#[test]
fn nothing_is_empty_and_the_last_word_is_not_the_models() {
    assert_eq!(shown(&[], ALL), ["User: [nothing]"]);
    assert_eq!(shown(&[PromptMessage::Person(Vec::new())], ALL), ["User: [nothing]"]);
    assert_eq!(shown(&[person(" \n"), said("", &[]), person("a")], ALL), ["User: [nothing] | a"]);
    assert_eq!(shown(&[person("a"), said("b", &[])], ALL), ["User: a", "Assistant: b", "User: [nothing]"]);
}

#[test]
fn each_call_has_its_return_behind_it() {
    let outputs = PromptMessage::Tools(vec![output("2", "two", true), output("9", "of no call", false)]);
    let talk = [person("a"), said("", &["1", "2"]), outputs, person("b")];
    assert_eq!(
        shown(&talk, ALL),
        [
            "User: a",
            "Assistant: call call00001 {\"item\":\"milk\"} | call call00002 {\"item\":\"milk\"}",
            "Tool: return call00001 [nothing is known of what became of this call] | return call00002 [this call failed]\ntwo",
            "User: b",
        ]
    );
    let orphans = [person("a"), PromptMessage::Tools(vec![output("1", "x", false)])];
    assert_eq!(shown(&orphans, ALL), ["User: a"]);
    let unanswered = [person("a"), said("b", &["1"]), person("c")];
    assert_eq!(shown(&unanswered, ALL)[2], "Tool: return call00001 [nothing is known of what became of this call]");
    let last = [person("a"), said("b", &["1"])];
    assert!(shown(&last, ALL).last().unwrap().starts_with("Tool: return call00001"));
}

/// What is made by one provider is taken by all others: an id without a form, a long one, a repeated one, and a made-up name.
#[test]
fn calls_of_another_provider_are_sent_in_a_form_that_all_take() {
    let call =
        |id: &str, name: &str| model::ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: json!({}) };
    let names = ["add", "multi_tool_use.parallel", "add milk", "a-b_c", "grüße"];
    let ids = ["call#add#0", "chatcmpl-tool-0123456789abcdef0123456789abcdef", "a b", "", "toolu_01"];
    let calls: Vec<_> = ids.iter().zip(names).map(|(id, name)| call(id, name)).collect();
    let outputs = calls.iter().map(|call| ToolOutput {
        call: call.id.clone(),
        name: call.name.clone(),
        text: call.id.clone(),
        failed: false,
    });
    let outputs = PromptMessage::Tools(outputs.collect());
    let said = PromptMessage::Model(Said { calls, ..Said::default() });
    let row = messages(&[person("a"), said.clone(), outputs.clone(), said, outputs], ALL, "x:y", false);
    let mut seen = Vec::new();
    for pair in row[1..].chunks(2) {
        let (calls, returns) = (pair[0].content.tool_calls(), pair[1].content.tool_responses());
        assert_eq!((calls.len(), returns.len()), (5, 5));
        for ((call, back), id) in calls.iter().zip(&returns).zip(ids) {
            assert_eq!((call.call_id.as_str(), back.content.contains(id)), (back.call_id.as_str(), true));
            assert!(call.call_id.len() == 9 && call.call_id.chars().all(|c| c.is_ascii_alphanumeric()), "{call:?}");
            let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            assert!((1..=64).contains(&call.fn_name.len()) && call.fn_name.chars().all(is_sound), "{call:?}");
            seen.push(call.call_id.clone());
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 10, "each is one of its own");
}

#[test]
fn a_model_without_tools_reads_what_others_had_done() {
    let talk = [person("a"), said("b", &["1"]), PromptMessage::Tools(vec![output("1", "done", false)])];
    assert_eq!(shown(&talk, PLAIN), ["User: a", "Assistant: b", "User: [the tool \"add\" returned]\ndone"]);
}

#[test]
fn arguments_are_an_object_whatever_the_model_wrote() {
    for (arguments, expected) in [
        (json!({ "a": 1 }), json!({ "a": 1 })),
        (Value::Null, json!({})),
        (json!("{\"a\":"), json!({ "unreadable": "{\"a\":" })),
        (json!([1]), json!({ "unreadable": [1] })),
    ] {
        assert_eq!(object(&arguments), expected);
    }
}

fn any_message() -> impl Strategy<Value = PromptMessage> {
    let words = || "[a-c ]{0,3}";
    let call = ("[1-3]", words()).prop_map(|(id, text)| output(&id, &text, text.len() > 2));
    prop_oneof![
        proptest::collection::vec(words().prop_map(Part::Text), 0..3).prop_map(PromptMessage::Person),
        (words(), proptest::sample::subsequence(vec!["1", "2", "3"], 0..=3))
            .prop_map(|(text, calls)| said(&text, &calls)),
        proptest::collection::vec(call, 0..3).prop_map(PromptMessage::Tools),
    ]
}

proptest! {
    #[test]
    fn no_talk_makes_a_row_that_a_provider_refuses(
        talk in proptest::collection::vec(any_message(), 0..12),
        tools in any::<bool>(),
    ) {
        let row = messages(&talk, ModelTraits { tools, ..ALL }, "x:y", false);
        prop_assert!(row.last().is_some_and(|last| last.role != ChatRole::Assistant));
        let mut open: Vec<String> = Vec::new();
        for (at, message) in row.iter().enumerate() {
            let parts = message.content.parts();
            prop_assert!(!parts.is_empty() && !parts.iter().any(is_blank));
            prop_assert!(message.role != ChatRole::System);
            prop_assert!(at == 0 || row[at - 1].role != message.role, "in turns");
            let returned: Vec<String> = message.content.tool_responses().iter().map(|response| response.call_id.clone()).collect();
            prop_assert_eq!(&returned, &open, "each call has its return behind it");
            open = message.content.tool_calls().iter().map(|call| call.call_id.clone()).collect();
        }
        prop_assert!(open.is_empty());
    }
}
