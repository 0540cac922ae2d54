//! The document about the routes, and what it is made from.

use super::callers;
use serde_json::Value;

/// One operation of the document.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) id: String,
    /// The scope that it demands; `Some("")` where it is enough to be known, `None` for everybody.
    pub(super) scope: Option<String>,
    /// The body that it wants, as small as its schema allows.
    pub(super) body: Option<Value>,
}

/// Every operation that the running server tells about.
pub(super) async fn operations(server: &super::Server) -> Vec<Operation> {
    let (status, text) = server.ask(server.get("/api/openapi.json")).await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else { continue };
            let security = operation["security"].as_array().unwrap_or_else(|| panic!("{id} says who may"));
            let scope = security.first().map(|first| first["token"][0].as_str().unwrap_or_default().to_owned());
            let schema = operation.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| sample(&document, schema));
            let (method, path, id) = (method.to_uppercase(), path.clone(), id.to_owned());
            operations.push(Operation { method, path, id, scope, body });
        }
    }
    operations
}

/// A value that the schema allows, with what is required only.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return sample(document, document.pointer(&name[1..]).unwrap_or_else(|| panic!("{name} is not described")));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let entry = |name: &Value| {
                let name = name.as_str().unwrap();
                let value =
                    if name == "channel" { "front".into() } else { sample(document, &schema["properties"][name]) };
                (name.to_owned(), value)
            };
            Value::Object(required.iter().map(entry).collect())
        }
        Some("array") => Value::Array(Vec::new()),
        Some("boolean") => true.into(),
        Some("integer" | "number") => 1.into(),
        Some("string") => "x".into(),
        _ => Value::Null,
    }
}

/// Routes that are open to everybody. A new one is a decision, which is made here.
const OPEN: [&str; 3] = ["compare_fences", "health", "login"];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_described_and_says_who_may() {
    let server = callers::server().await;
    let operations = operations(&server).await;
    assert!(operations.len() >= 28, "{}", operations.len());
    let mut open: Vec<&str> = operations.iter().filter(|one| one.scope.is_none()).map(|one| one.id.as_str()).collect();
    open.sort_unstable();
    assert_eq!(open, OPEN);
    let mut ids: Vec<&str> = operations.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), operations.len(), "an id names one operation");
    for operation in operations.iter().filter(|one| one.scope.is_some()) {
        let path = operation.path.replace(['{', '}'], "");
        let method = reqwest::Method::from_bytes(operation.method.as_bytes()).unwrap();
        let request = reqwest::Client::new().request(method, format!("{}{path}", server.base));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{operation:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_of_openapi_3_1_and_describes_problems() {
    let server = callers::server().await;
    let document: Value = serde_json::from_str(&server.ask(server.get("/api/openapi.json")).await.1).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    assert!(document["components"]["securitySchemes"]["token"]["scheme"] == "bearer", "{document}");
    let mut refs = Vec::new();
    references(&document, &mut refs);
    refs.sort_unstable();
    refs.dedup();
    assert!(refs.contains(&"#/components/schemas/ProblemView".to_owned()));
    for name in refs {
        assert!(document.pointer(&name[1..]).is_some(), "{name} is not described");
    }
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        let problem = "/responses/default/content/application~1problem+json/schema/$ref";
        assert_eq!(operation.pointer(problem).unwrap(), "#/components/schemas/ProblemView", "{operation}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{operation}");
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
