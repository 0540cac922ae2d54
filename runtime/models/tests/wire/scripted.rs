//! Against the scripted server, which refuses what the real ones refuse.

use crate::asked::{config, get, models, within};
use crate::dialect::ALL;
use bytes::Bytes;
use greenroom_contract::message::Media;
use greenroom_contract::model::{Ended, LanguageModel, ModelError, Part, Prompt, PromptMessage, ToolOutput, ToolSpec};
use greenroom_contract::secret::Secret;
use greenroom_models::Provider;
use greenroom_simulator_models::{Fault, ModelServer, Protocol, Reply, RetryAfter, Role};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn protocol(provider: Provider) -> Protocol {
    match provider {
        Provider::Openai | Provider::Ollama => Protocol::OpenAiChat,
        Provider::OpenaiResponses => Protocol::OpenAiResponses,
        Provider::Anthropic => Protocol::Anthropic,
        Provider::Gemini => Protocol::Gemini,
    }
}

fn model(provider: Provider, server: &ModelServer, more: &str) -> Arc<dyn LanguageModel> {
    let name = if more.contains("thinking") { "scripted-thinking" } else { "scripted" };
    let mut table = config(provider, &server.base(protocol(provider)), &format!("model = \"{name}\"\n{more}"));
    table.key = Some(Secret::new(server.key()));
    get(&models(vec![("main", table)]), "main")
}

fn tools() -> Vec<ToolSpec> {
    let tool = |name: &str| ToolSpec {
        name: name.to_owned(),
        about: "Keeps lists.".to_owned(),
        parameters: json!({ "type": "object", "properties": { "item": { "type": "string" } }, "required": ["item"] }),
    };
    vec![tool("add_item"), tool("web_search")]
}

/// Two rounds of calls, thoughts signed and given back, and an answer: nothing of it is refused.
#[tokio::test]
async fn a_talk_with_tools_is_what_each_provider_takes() {
    for provider in ALL {
        for more in ["", "thinking = true"] {
            let server = ModelServer::scripted("otherwise\n  say nothing planned").await;
            let thought = |reply: Reply| if more.is_empty() { reply } else { reply.thinking("I look it up.") };
            server.plan(thought(
                Reply::call("add_item", json!({ "item": "milk" })).and_call("add_item", json!({ "item": "Brötchen" })),
            ));
            server.plan(thought(Reply::call("add_item", json!({ "item": "eggs" }))));
            server.plan(thought(Reply::say("All three are on your list.")));
            let model = model(provider, &server, more);
            let mut prompt = Prompt { tools: tools(), ..Prompt::new("Be kind.").person("Add milk, rolls and eggs.") };
            let mut rounds = 0;
            let last = loop {
                let completion = model.ask(&prompt, within(5_000)).await;
                let completion =
                    completion.unwrap_or_else(|error| panic!("{provider:?} {more}: {error} {:?}", server.violations()));
                if completion.ended != Ended::Calls {
                    break completion;
                }
                rounds += 1;
                let outputs = completion.said.calls.iter().map(|call| ToolOutput {
                    call: call.id.clone(),
                    name: call.name.clone(),
                    text: format!("added {}", call.arguments["item"]),
                    failed: false,
                });
                let outputs = outputs.collect();
                prompt.messages.push(PromptMessage::Model(completion.said));
                prompt.messages.push(PromptMessage::Tools(outputs));
            };
            assert_eq!((rounds, last.said.text.as_str()), (2, "All three are on your list."), "{provider:?} {more}");
            assert!(last.usage.iter().all(|usage| usage.tokens_in > 0 && usage.tokens_out > 0), "{:?}", last.usage);
            server.assert_no_violations();
            // The talk continues after it.
            prompt.messages.push(PromptMessage::Model(last.said));
            prompt = prompt.person("Thank you.");
            model.ask(&prompt, within(5_000)).await.unwrap_or_else(|error| panic!("{provider:?}: {error}"));
            server.assert_no_violations();
            let asked = server.last().unwrap();
            assert_eq!(asked.texts_of(Role::User), ["Add milk, rolls and eggs.", "Thank you."], "{provider:?}");
            assert_eq!(asked.system.trim(), "Be kind.", "{provider:?}");
        }
    }
}

#[tokio::test]
async fn a_picture_is_what_each_provider_takes() {
    // The smallest PNG.
    let png: &'static [u8] = &[
        0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1,
        8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0, 0, 0,
        2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
    ];
    for provider in ALL {
        let server = ModelServer::scripted("otherwise\n  say A dot.").await;
        let picture = Part::Image(Media { mime: "image/png".to_owned(), bytes: Bytes::from_static(png) });
        let messages = vec![PromptMessage::Person(vec![picture, Part::Text("What is it?".to_owned())])];
        let prompt = Prompt { messages, ..Prompt::default() };
        let completion = model(provider, &server, "images = true").ask(&prompt, within(5_000)).await;
        let completion = completion.unwrap_or_else(|error| panic!("{provider:?}: {error} {:?}", server.violations()));
        assert_eq!(completion.said.text, "A dot.");
        let asked = server.last().unwrap();
        assert_eq!(
            asked.pictures().iter().map(|(mime, bytes)| (*mime, bytes.len())).collect::<Vec<_>>(),
            [("image/png", png.len())]
        );
        server.assert_no_violations();
    }
}

#[tokio::test]
async fn each_end_is_told_for_what_it_is() {
    for provider in ALL {
        for (reply, ended) in [
            (Reply::say("Whole."), Ended::Whole),
            (Reply::cut_short("Half"), Ended::Cut),
            (Reply::refuse("I cannot help with that."), Ended::Refused),
            (Reply::filtered(""), Ended::Refused),
        ] {
            let server = ModelServer::scripted("otherwise\n  say nothing planned").await;
            server.plan(reply.clone());
            let outcome = model(provider, &server, "").ask(&Prompt::new("").person("Hello"), within(5_000)).await;
            let completion = outcome.unwrap_or_else(|error| panic!("{provider:?} {reply:?}: {error}"));
            assert_eq!(completion.ended, ended, "{provider:?} {reply:?}");
            server.assert_no_violations();
        }
    }
}

/// What goes wrong once is made good by the second try, and no half of the first is in the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_that_passes_is_made_good() {
    let faults = [
        Fault::Cut(0),
        Fault::Cut(120),
        Fault::EndEarly(1),
        Fault::EndEarly(3),
        Fault::status(500),
        Fault::status(503),
        Fault::status(529),
        Fault::Status { status: 429, retry_after: Some(RetryAfter::Seconds(1)), echo: true },
        Fault::Status { status: 429, retry_after: Some(RetryAfter::Date(1)), echo: false },
        Fault::ErrorEvent(1),
        Fault::BadJson,
        Fault::Html,
        Fault::Stuck(60),
    ];
    for provider in ALL {
        let cases = faults.iter().map(|fault| async move {
            let server = ModelServer::scripted("otherwise\n  say It is whole, and it was asked for twice.").await;
            server.fail_next(1, fault.clone());
            let began = Instant::now();
            let outcome = model(provider, &server, "read_timeout_seconds = 1")
                .ask(&Prompt::new("").person("Hello"), within(8_000))
                .await;
            let completion = outcome.unwrap_or_else(|error| panic!("{provider:?} {fault:?}: {error}"));
            assert_eq!(completion.said.text, "It is whole, and it was asked for twice.", "{provider:?} {fault:?}");
            assert!(began.elapsed() < Duration::from_secs(7));
        });
        futures::future::join_all(cases).await;
    }
}

/// The server writes megabytes without letting go: it leaves enough threads for the clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn each_fault_that_stays_ends_in_time() {
    let faults = [
        Fault::Silent,
        Fault::Held,
        Fault::Stuck(10),
        Fault::EndlessLine,
        Fault::Oversized(8 * 1024 * 1024),
        Fault::Html,
    ];
    for provider in ALL {
        for fault in &faults {
            let server = ModelServer::scripted("otherwise\n  say Hello.").await;
            server.fail_next(20, fault.clone());
            let began = Instant::now();
            let outcome = model(provider, &server, "").ask(&Prompt::new("").person("Hello"), within(800)).await;
            assert!(matches!(outcome, Err(ModelError::Unavailable { .. })), "{provider:?} {fault:?}: {outcome:?}");
            // Its time is 0.8 s; the rest is for a machine that does other things.
            assert!(began.elapsed() < Duration::from_secs(6), "{provider:?} {fault:?}: {:?}", began.elapsed());
        }
    }
}
