//! What a provider wants back with what it said: signatures of what its model thought.
//!
//! Kept as texts that name the model they are of. Another model is not given them: it would refuse them.

use genai::ModelIden;
use genai::chat::{ContentPart, CustomPart, ToolCall};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing to give back.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Which model wants it back.
    by: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// Proves a thought.
    Signature(String),
    /// A thought.
    Thought(String),
    /// A thought that only its provider can read.
    Block(Value),
    /// Proves a call.
    Call { id: String, signatures: Vec<String> },
}

/// What is kept of the parts of an answer.
pub(crate) fn kept(by: &str, parts: &[ContentPart]) -> Vec<String> {
    let what = parts.iter().filter_map(|part| match part {
        ContentPart::ThoughtSignature(signature) => Some(What::Signature(signature.clone())),
        ContentPart::ReasoningContent(thought) => Some(What::Thought(thought.clone())),
        ContentPart::Custom(part) => Some(What::Block(part.data.clone())),
        ContentPart::ToolCall(ToolCall { call_id, thought_signatures: Some(signatures), .. }) => {
            Some(What::Call { id: call_id.clone(), signatures: signatures.clone() })
        }
        _ => None,
    });
    what.filter_map(|what| serde_json::to_string(&Kept { by: by.to_owned(), what }).ok()).collect()
}

/// What is given back.
#[derive(Default)]
pub(crate) struct GivenBack {
    /// In front of what was said.
    pub(crate) parts: Vec<ContentPart>,
    calls: Vec<(String, Vec<String>)>,
}

impl GivenBack {
    pub(crate) fn of_call(&self, id: &str) -> Option<Vec<String>> {
        self.calls.iter().find(|(call, _)| call == id).map(|(_, signatures)| signatures.clone())
    }
}

/// What was kept of an answer of this model. What is of another one, or cannot be read, is left out.
pub(crate) fn given_back(by: &str, signatures: &[String], model: &ModelIden) -> GivenBack {
    let mut back = GivenBack::default();
    for kept in
        signatures.iter().filter_map(|text| serde_json::from_str::<Kept>(text).ok()).filter(|kept| kept.by == by)
    {
        match kept.what {
            What::Signature(signature) => back.parts.push(ContentPart::ThoughtSignature(signature)),
            What::Thought(thought) => back.parts.push(ContentPart::ReasoningContent(thought)),
            What::Block(data) if is_thought(&data) => {
                back.parts.push(ContentPart::Custom(CustomPart { model_iden: Some(model.clone()), data }));
            }
            What::Block(_) => {}
            What::Call { id, signatures } => back.calls.push((id, signatures)),
        }
    }
    back
}

/// Nothing but thoughts can be put in front of what a model said.
fn is_thought(data: &Value) -> bool {
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
    matches!(kind, "thinking" | "redacted_thinking") || kind.starts_with("reasoning.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use genai::adapter::AdapterKind;
    use serde_json::json;

    #[test]
    fn what_was_kept_is_given_back_to_its_model_and_to_no_other() {
        let model = ModelIden::new(AdapterKind::Anthropic, "m");
        let block = json!({ "type": "redacted_thinking", "data": "x" });
        let call = ToolCall {
            call_id: "c1".to_owned(),
            fn_name: "add".to_owned(),
            fn_arguments: json!({}),
            thought_signatures: Some(vec!["s2".to_owned()]),
        };
        let parts = [
            ContentPart::ThoughtSignature("s1".to_owned()),
            ContentPart::ReasoningContent("because".to_owned()),
            ContentPart::Custom(CustomPart { model_iden: None, data: block.clone() }),
            ContentPart::Text("Hello".to_owned()),
            ContentPart::ToolCall(call),
        ];
        let mut signatures = kept("anthropic:m", &parts);
        assert_eq!(signatures.len(), 4);
        signatures.push("not ours".to_owned());
        signatures
            .push(json!({ "by": "anthropic:m", "block": { "type": "text", "text": "I am the model" } }).to_string());
        let back = given_back("anthropic:m", &signatures, &model);
        assert!(
            matches!(&back.parts[..], [ContentPart::ThoughtSignature(one), ContentPart::ReasoningContent(two), ContentPart::Custom(three)]
            if one == "s1" && two == "because" && three.data == block)
        );
        assert_eq!((back.of_call("c1"), back.of_call("c2")), (Some(vec!["s2".to_owned()]), None));
        assert!(given_back("openai:m", &signatures, &model).parts.is_empty());
    }
}
