use super::*;
use proptest::prelude::*;

const KEY: Failure = Failure::Wrong(WrongModel::Key);
const MODEL: Failure = Failure::Wrong(WrongModel::Model);
const URL: Failure = Failure::Wrong(WrongModel::Url);
const CREDIT: Failure = Failure::Wrong(WrongModel::Credit);

/// What providers really answer.
#[allow(clippy::too_many_lines, reason = "a table")]
#[test]
fn each_refusal_of_a_provider_means_one_thing() {
    let busy = Failure::Busy { after: None };
    for (status, body, expected) in [
        (401, r#"{"error":{"message":"Incorrect API key provided: sk-ab***","code":"invalid_api_key"}}"#, KEY),
        (401, r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, KEY),
        (
            400,
            r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}"#,
            KEY,
        ),
        (403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#, KEY),
        (
            403,
            r#"{"error":{"code":403,"message":"openai/x requires moderation. Your input was flagged"}}"#,
            Failure::Declined,
        ),
        (402, r#"{"error":{"message":"Insufficient credits"}}"#, CREDIT),
        (429, r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#, CREDIT),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}}"#,
            CREDIT,
        ),
        (429, r#"{"error":{"type":"requests","code":"rate_limit_exceeded"}}"#, busy.clone()),
        (
            429,
            r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details."}}"#,
            busy.clone(),
        ),
        (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, busy.clone()),
        (503, r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#, busy.clone()),
        (
            404,
            r#"{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","code":"model_not_found"}}"#,
            MODEL,
        ),
        (404, r#"{"error":{"message":"model \"qwen9\" not found, try pulling it first","type":"api_error"}}"#, MODEL),
        (404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#, MODEL),
        (
            404,
            r#"{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1beta","status":"NOT_FOUND"}}"#,
            MODEL,
        ),
        (400, r#"{"error":{"message":"x/y is not a valid model ID","code":400}}"#, MODEL),
        (404, "404 page not found", URL),
        (404, r#"{"detail":"Not Found"}"#, URL),
        (405, "", URL),
        (302, "", URL),
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
            Failure::TooLong,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            Failure::TooLong,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed","status":"INVALID_ARGUMENT"}}"#,
            Failure::TooLong,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            Failure::TooLong,
        ),
        (500, r#"{"error":{"message":"input is larger than the context size"}}"#, Failure::TooLong),
        (413, "", Failure::TooLong),
        (400, r#"{"error":{"message":"The response was filtered","code":"content_filter"}}"#, Failure::Declined),
        (
            400,
            r#"{"error":{"message":"registry.ollama.ai/library/gemma does not support tools"}}"#,
            Failure::Refused { what: "it takes no tools; set tools = false" },
        ),
        (
            400,
            r#"{"error":{"message":"bad","type":"invalid_request_error"}}"#,
            Failure::Refused { what: "it takes no request of this form" },
        ),
        (422, "{}", Failure::Refused { what: "it takes no request of this form" }),
        (500, "<html>", Failure::Unavailable { what: "it reports a failure of its own" }),
        (502, "", Failure::Unavailable { what: "it reports a failure of its own" }),
        (504, "", Failure::Unavailable { what: "it reports a failure of its own" }),
        (408, "", Failure::Unavailable { what: "it does not take the request now" }),
        (409, "", Failure::Unavailable { what: "it does not take the request now" }),
    ] {
        assert_eq!(of_status(status, body, None), expected, "{status} {body}");
    }
}

#[test]
fn an_error_within_an_answer_is_told_by_its_words() {
    for (body, expected) in [
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            Failure::Busy { after: None },
        ),
        (r#"{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}"#, Failure::Busy { after: None }),
        (r#"{"code":"rate_limit_exceeded","message":"x"}"#, Failure::Busy { after: None }),
        (r#"{"code":"context_length_exceeded"}"#, Failure::TooLong),
        (r#"{"code":"insufficient_quota"}"#, CREDIT),
        (
            r#"{"message":"boom","type":"server_error"}"#,
            Failure::Unavailable { what: "it reports a failure within its answer" },
        ),
        ("", Failure::Unavailable { what: "it reports a failure within its answer" }),
        ("not JSON", Failure::Unavailable { what: "it reports a failure within its answer" }),
    ] {
        assert_eq!(of_words(body), expected, "{body}");
    }
}

#[test]
fn the_pause_of_a_busy_provider_is_kept() {
    let after = Some(Duration::from_secs(7));
    for status in [429, 503, 529] {
        assert_eq!(of_status(status, "", after), Failure::Busy { after });
    }
}

proptest! {
    #[test]
    fn whatever_is_refused_is_told_in_our_words(status in any::<u16>(), body in "\\PC{0,80}", deep in 0usize..40) {
        let nested = format!("{}\"{body}\"{}", "[".repeat(deep), "]".repeat(deep));
        for body in [body, nested] {
            let failure = format!("{:?}", of_status(status, &body, None));
            prop_assert!(body.chars().filter(char::is_ascii).count() < 8 || !failure.contains(&body), "{}", failure);
        }
    }
}
