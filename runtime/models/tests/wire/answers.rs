//! What an answer means.

use crate::asked::{ask, model};
use crate::dialect::{ALL, Stop, answer, begin, call, end, words};
use crate::server::{Act, Server};
use greenroom_contract::model::{Ended, ModelError};
use greenroom_models::Provider;
use serde_json::json;

async fn asked(provider: Provider, events: String) -> greenroom_contract::model::Completion {
    let server = Server::start([Act::Events(events, 7)]).await;
    ask(&model(provider, &server, ""), 5_000).await.unwrap_or_else(|error| panic!("{provider:?}: {error}"))
}

#[tokio::test]
async fn words_are_whole_however_they_are_cut_into_pieces() {
    for provider in ALL {
        for piece in [1, 3, 100_000] {
            let server = Server::start([Act::Events(answer(provider, "Grüße, 世界 👩‍👩‍👧!"), piece)]).await;
            let completion = ask(&model(provider, &server, ""), 5_000).await.unwrap();
            assert_eq!(
                (completion.said.text.as_str(), completion.ended),
                ("Grüße, 世界 👩‍👩‍👧!", Ended::Whole),
                "{provider:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_it_cost_is_told() {
    for provider in ALL {
        let server = Server::start([Act::Events(answer(provider, "Hello"), 100)]).await;
        let prices = "price_in = 1.0\nprice_out = 2.0\nprice_cached = 0.1";
        let completion = ask(&model(provider, &server, prices), 5_000).await.unwrap();
        let [usage] = &completion.usage[..] else { panic!("{completion:?}") };
        assert_eq!(usage.model.as_deref(), Some("a-model"));
        assert_eq!((usage.tokens_in, usage.tokens_out, usage.tokens_cached), (10, 5, 4), "{provider:?}");
        // Six for one, four for a tenth, five for two: 16.4 millionths, rounded up.
        assert_eq!(usage.cost_millionths, 17, "{provider:?}");
    }
}

#[tokio::test]
async fn two_calls_are_read_by_every_protocol() {
    for provider in ALL {
        let events = begin(provider)
            + &words(provider, "One moment.")
            + &call(provider, 1, "c1", "add", "{\"item\":\"mil\\u006b\"}")
            + &call(provider, 2, "c2", "list", "{}")
            + &end(provider, Stop::Calls);
        let completion = asked(provider, events).await;
        assert_eq!((completion.ended, completion.said.text.as_str()), (Ended::Calls, "One moment."), "{provider:?}");
        let calls: Vec<_> =
            completion.said.calls.iter().map(|call| (call.name.as_str(), call.arguments.clone())).collect();
        assert_eq!(calls, [("add", json!({ "item": "milk" })), ("list", json!({}))], "{provider:?}");
        assert_ne!(completion.said.calls[0].id, completion.said.calls[1].id, "{provider:?}");
    }
}

#[tokio::test]
async fn arguments_that_cannot_be_read_stay_as_they_were_written() {
    for provider in [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic] {
        let events = begin(provider) + &call(provider, 0, "c1", "add", "{\"item\":") + &end(provider, Stop::Calls);
        let completion = asked(provider, events).await;
        assert_eq!(completion.said.calls[0].arguments, json!("{\"item\":"), "{provider:?}");
    }
}

#[tokio::test]
async fn a_cut_answer_and_a_refusal_are_marked() {
    for provider in ALL {
        for (stop, ended) in [(Stop::Cut, Ended::Cut), (Stop::Filtered, Ended::Refused)] {
            let events = begin(provider)
                + &words(provider, "Half")
                + &call(provider, 1, "c1", "add", "{\"item\":\"x\"}")
                + &end(provider, stop);
            let completion = asked(provider, events).await;
            assert_eq!((completion.ended, completion.said.text.as_str()), (ended, "Half"), "{provider:?}");
            assert!(completion.said.calls.is_empty(), "{provider:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_in_a_place_of_its_own_is_one() {
    let openai = "data: {\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"I cannot\"}}]}\n\n".to_owned();
    let responses =
        "event: response.refusal.delta\ndata: {\"type\":\"response.refusal.delta\",\"delta\":\"I cannot\"}\n\n";
    for (provider, refusal) in [(Provider::Openai, openai), (Provider::OpenaiResponses, responses.to_owned())] {
        let completion = asked(provider, begin(provider) + &refusal + &end(provider, Stop::Whole)).await;
        assert_eq!(completion.ended, Ended::Refused, "{provider:?}");
    }
    let blocked =
        "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{\"promptTokenCount\":3}}\n\n";
    assert_eq!(asked(Provider::Gemini, blocked.to_owned()).await.ended, Ended::Refused);
    let filtered = r#"{"error":{"message":"The prompt was filtered","code":"content_filter"}}"#;
    let server = Server::start([Act::Status(400, String::new(), filtered.to_owned())]).await;
    let completion = ask(&model(Provider::Openai, &server, ""), 5_000).await.unwrap();
    assert_eq!((completion.ended, server.seen().len()), (Ended::Refused, 1));
}

#[tokio::test]
async fn an_answer_without_a_known_reason_is_none() {
    for provider in ALL {
        let events = begin(provider) + &words(provider, "Hello") + &end(provider, Stop::Unknown);
        let server = Server::start([Act::Events(events, 100)]).await;
        let outcome = ask(&model(provider, &server, ""), 300).await;
        assert!(matches!(outcome, Err(ModelError::Unavailable { .. })), "{provider:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_wish_for_calls_without_one_is_no_answer() {
    for provider in [Provider::Openai, Provider::Anthropic] {
        let events = begin(provider) + &words(provider, "Hello") + &end(provider, Stop::Calls);
        let server = Server::start([Act::Events(events, 100)]).await;
        assert!(ask(&model(provider, &server, ""), 300).await.is_err(), "{provider:?}");
    }
}

#[tokio::test]
async fn thoughts_in_front_of_the_words_are_not_said() {
    let events = answer(Provider::Ollama, "<think>They greet me.</think>\n\nHello");
    assert_eq!(asked(Provider::Ollama, events).await.said.text, "Hello");
}
