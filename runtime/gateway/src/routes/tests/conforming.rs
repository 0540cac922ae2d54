//! The API against its own description: whatever is asked, no answer is a bug, and each has the shape that the document says.

use super::Server;
use super::callers::{server, token};
use greenroom_channel_loopback::said;
use greenroom_client::{LinkBody, LinkStepView};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Requests of one run.
const CASES: u32 = 600;
/// Texts for every place that takes one: some mean something here, the others break what is careless.
const TEXTS: [&str; 18] = [
    "",
    "x",
    "front",
    "main",
    "echo",
    "*",
    "+15551234567",
    "@ben",
    "group:1@g.us",
    "2026-11-28",
    "2026-13-99",
    "day",
    "refused",
    "..",
    "%00",
    "é\u{0}\u{202e}\u{1f600}",
    "'; drop table",
    "18446744073709551616",
];
const NUMBERS: [i64; 7] = [0, 1, -1, 7, 4_102_444_800_000, i64::MAX, i64::MIN];

/// A row of numbers that is the same for the same seed.
struct Dice(u64);

impl Dice {
    /// Below `sides`, which is not 0.
    fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn text(&mut self) -> String {
        if self.one_in(12) { "long ".repeat(100) } else { TEXTS[self.roll(TEXTS.len())].to_owned() }
    }

    /// A value of any kind, for places where another one belongs.
    fn nonsense(&mut self) -> Value {
        match self.roll(6) {
            0 => Value::Null,
            1 => self.one_in(2).into(),
            2 => NUMBERS[self.roll(NUMBERS.len())].into(),
            3 => json!([self.text()]),
            4 => json!({ "unknown": 1.5 }),
            _ => self.text().into(),
        }
    }
}

/// What the server says about itself.
struct Document {
    whole: Value,
    operations: Vec<(String, Method, Value)>,
    validators: parking_lot::Mutex<BTreeMap<String, std::sync::Arc<Validator>>>,
}

impl Document {
    async fn of(server: &Server) -> Self {
        let (_, text) = server.ask(server.get("/api/openapi.json")).await;
        let whole: Value = serde_json::from_str(&text).unwrap();
        let mut operations = Vec::new();
        for (path, item) in whole["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes())
                    && operation["operationId"].is_string()
                {
                    operations.push((path.clone(), method, operation.clone()));
                }
            }
        }
        Self { whole, operations, validators: parking_lot::Mutex::default() }
    }

    fn followed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str();
        name.map_or(schema, |name| self.followed(self.whole.pointer(&name[1..]).expect("it is described")))
    }

    /// A value that may be what the schema wants.
    fn value(&self, schema: &Value, dice: &mut Dice, depth: u8) -> Value {
        if depth > 5 || dice.one_in(14) {
            return dice.nonsense();
        }
        let schema = self.followed(schema);
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(schemas) = schema[choice].as_array().filter(|schemas| !schemas.is_empty()) {
                return self.value(&schemas[dice.roll(schemas.len())], dice, depth + 1);
            }
        }
        if let Some(values) = schema["enum"].as_array().filter(|values| !values.is_empty()) {
            return values[dice.roll(values.len())].clone();
        }
        let kinds = schema["type"].as_array();
        let kind = kinds.map_or(&schema["type"], |kinds| &kinds[dice.roll(kinds.len())]);
        match kind.as_str() {
            Some("object") => self.object(schema, dice, depth),
            Some("array") => {
                (0..dice.roll(4)).map(|_| self.value(&schema["items"], dice, depth + 1)).collect::<Vec<_>>().into()
            }
            Some("boolean") => dice.one_in(2).into(),
            Some("integer" | "number") => NUMBERS[dice.roll(NUMBERS.len())].into(),
            Some("string") => dice.text().into(),
            _ => dice.nonsense(),
        }
    }

    fn object(&self, schema: &Value, dice: &mut Dice, depth: u8) -> Value {
        let mut made = Map::new();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let wanted = if required.contains(&name.as_str()) { !dice.one_in(12) } else { dice.one_in(2) };
            if wanted {
                made.insert(name.clone(), self.value(inner, dice, depth + 1));
            }
        }
        if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            made.insert(dice.text(), self.value(inner, dice, depth + 1));
        }
        if dice.one_in(15) {
            made.insert("unknown".to_owned(), dice.nonsense());
        }
        made.into()
    }

    fn validator(&self, schema: &Value) -> std::sync::Arc<Validator> {
        let made = || {
            let mut root = schema.clone();
            root["components"] = self.whole["components"].clone();
            std::sync::Arc::new(jsonschema::validator_for(&root).unwrap())
        };
        let mut validators = self.validators.lock();
        std::sync::Arc::clone(validators.entry(schema.to_string()).or_insert_with(made))
    }

    /// What is wrong with an answer, if anything is.
    fn fault(&self, operation: &Value, (status, kind, body): (u16, &str, &[u8])) -> Option<String> {
        let told = &operation["responses"][status.to_string()];
        let is_problem = kind.starts_with("application/problem+json");
        if status >= 400 && (told.is_null() || is_problem) {
            if status >= 500 && status != 503 {
                return Some("it is a bug".to_owned());
            }
            if !is_problem {
                return Some("it is not a problem document".to_owned());
            }
            return self.differs(&json!({ "$ref": "#/components/schemas/ProblemView" }), body);
        }
        if told.is_null() {
            return Some("the document does not know this status".to_owned());
        }
        match told["content"].as_object() {
            None if body.is_empty() => None,
            None => Some("there should be no body".to_owned()),
            Some(content) => {
                let Some(media) =
                    content.iter().find_map(|(name, media)| kind.starts_with(name.as_str()).then_some(media))
                else {
                    return Some(format!("the document does not know {kind}"));
                };
                if kind.starts_with("application/json") { self.differs(&media["schema"], body) } else { None }
            }
        }
    }

    fn differs(&self, schema: &Value, body: &[u8]) -> Option<String> {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Some("it is not JSON".to_owned()) };
        let faults: Vec<String> = self
            .validator(schema)
            .iter_errors(&body)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// What there is, so that not everything that is asked for is missing.
struct There {
    ids: Vec<(&'static str, String)>,
    tokens: Vec<String>,
}

async fn filled(server: &Server) -> There {
    let client = server.client_of("olga", "read text send control settings delete");
    let body = LinkBody { channel: "front".to_owned(), accept_risk: true, ..LinkBody::default() };
    let session = client.link(&body).await.unwrap().session;
    let mut after = None;
    let code = loop {
        let progress = client.link_progress(&session, after).await.unwrap();
        match progress.step {
            Some(LinkStepView::Show { code, .. }) => break code,
            _ => after = Some(progress.sequence),
        }
    };
    assert!(server.network.scan(&code, "+15557770001"));
    server.network.connected(&session).await;
    server.network.deliver(&session, said::text("+15551234567", "hello").with_id("m-1")).await;
    server.network.sent_count_reached(1).await;
    server.handle.settled().await;
    let conversation = client.why("m-1").await.unwrap()[0].conversation.to_string();
    let ids = vec![
        ("session", session),
        ("conversation", conversation),
        ("message", "m-1".to_owned()),
        ("channel", "front".to_owned()),
        ("entry", "+15551234567".to_owned()),
        ("sequence", "1".to_owned()),
        ("number", "1".to_owned()),
    ];
    let tokens = vec![
        server.token.clone(),
        token("olga", "read text send control settings delete"),
        token("otto", "read text send control settings delete"),
    ];
    There { ids, tokens }
}

/// One request: its address, its headers and its body.
fn request(
    base: &str,
    (path, operation): (&str, &Value),
    (document, there): (&Document, &There),
    dice: &mut Dice,
) -> (url::Url, Option<String>, Option<Value>) {
    let mut url: url::Url = base.parse().unwrap();
    let mut segments = url.path_segments_mut().unwrap();
    segments.clear();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let known = name.and_then(|name| there.ids.iter().find(|(known, _)| *known == name));
        match (name, known) {
            (None, _) => segments.push(segment),
            (Some(_), Some((_, id))) if !dice.one_in(4) => segments.push(id),
            // What names a folder is taken away by every client.
            (Some(_), _) => segments.push(
                Some(dice.text()).filter(|text| !matches!(text.as_str(), "" | "." | "..")).as_deref().unwrap_or("x"),
            ),
        };
    }
    drop(segments);
    let mut key = None;
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        // What waits for news is asked without a place, so that it answers at once.
        if dice.one_in(3) || name == "after" {
            continue;
        }
        let value = document.value(&parameter["schema"], dice, 0);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match parameter["in"].as_str() {
            Some("query") => drop(url.query_pairs_mut().append_pair(name, &text)),
            Some("header") => key = Some(text).filter(|text| text.bytes().all(|byte| (32..127).contains(&byte))),
            _ => {}
        }
    }
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    (url, key, schema.map(|schema| document.value(schema, dice, 0)))
}

async fn check(server: &Server, document: &Document, there: &There, which: usize, seed: u64) {
    let dice = &mut Dice(seed);
    let (path, method, operation) = &document.operations[which];
    let (url, key, body) = request(&server.base, (path, operation), (document, there), dice);
    let what = format!("{method} {url} with {key:?} {body:?}");
    let http = reqwest::Client::new();
    let mut request = http.request(method.clone(), url).bearer_auth(&there.tokens[dice.roll(there.tokens.len())]);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer =
        request.timeout(Duration::from_secs(40)).send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    // A stream has no end.
    let body = if kind.starts_with("text/event-stream") { Vec::new() } else { answer.bytes().await.unwrap().to_vec() };
    let fault = document.fault(operation, (status, &kind, &body));
    assert!(
        fault.is_none(),
        "{what}\n{status} {kind} {}\n{}",
        String::from_utf8_lossy(&body),
        fault.unwrap_or_default()
    );
}

#[test]
fn whatever_is_asked_the_answer_is_as_described() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (server, document, there) = runtime.block_on(async {
        let server = server().await;
        let document = Document::of(&server).await;
        let there = filled(&server).await;
        (server, document, there)
    });
    assert!(document.operations.len() >= 50, "{}", document.operations.len());
    // Each once, and then whatever chance brings.
    for which in 0..document.operations.len() {
        runtime.block_on(check(&server, &document, &there, which, which as u64));
    }
    let asked = (0..document.operations.len(), any::<u64>());
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&asked, |(which, seed)| {
        runtime.block_on(check(&server, &document, &there, which, seed));
        Ok(())
    });
    checked.unwrap();
    let is_well = runtime.block_on(server.ask(server.get("/healthz"))).0;
    assert_eq!(is_well, 200, "it is still there");
}

#[test]
fn what_is_not_as_described_is_seen() {
    let whole = json!({
        "components": { "schemas": {
            "ProblemView": { "type": "object", "required": ["detail"], "properties": { "detail": { "type": "string" } } },
            "View": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } },
        } },
        "paths": {},
    });
    let document = Document { whole, operations: Vec::new(), validators: parking_lot::Mutex::default() };
    let view = json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/View" } } } });
    let operation = json!({ "responses": { "200": view, "204": {} } });
    let fault = |status, kind: &str, body: &str| document.fault(&operation, (status, kind, body.as_bytes()));
    assert_eq!(fault(200, "application/json", "{\"n\":1}"), None);
    assert_eq!(fault(204, "", ""), None);
    assert_eq!(fault(404, "application/problem+json", "{\"detail\":\"no\"}"), None);
    for (status, kind, body) in [
        (200, "application/json", "{\"n\":\"1\"}"),
        (200, "application/json", "{}"),
        (200, "application/json", "{"),
        (200, "text/html", "{\"n\":1}"),
        (201, "application/json", "{\"n\":1}"),
        (204, "", "x"),
        (404, "application/problem+json", "{}"),
        (404, "text/plain", "no"),
        (500, "application/problem+json", "{\"detail\":\"a bug\"}"),
    ] {
        assert!(fault(status, kind, body).is_some(), "{status} {kind} {body}");
    }
}
