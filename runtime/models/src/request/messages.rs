//! What was said, fixed where a provider would refuse it.

use crate::request::media::{document, picture};
use crate::request::signatures::given_back;
use crate::request::tool_names;
use genai::ModelIden;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatRole, ContentPart, MessageContent, ToolCall, ToolResponse};
use greenroom_contract::model::{self, ModelTraits, Part, PromptMessage, Said, ToolOutput};
use serde_json::{Value, json};

/// What stands for a message in which nothing is said. Providers refuse an empty one.
const NOTHING: &str = "[nothing]";
/// What stands for the return of a call of which none is known.
const NO_RETURN: &str = "[nothing is known of what became of this call]";

/// The messages: people and the model in turns, each call with its return behind it, and nothing empty.
/// Where `keeps_ids` is not set, calls are numbered anew: what one provider makes of an id another one refuses.
pub(crate) fn messages(said: &[PromptMessage], traits: ModelTraits, by: &str, keeps_ids: bool) -> Vec<ChatMessage> {
    let mut row = Row { messages: Vec::new(), open: Vec::new(), calls: 0, traits, by, keeps_ids };
    for message in said {
        match message {
            PromptMessage::Person(parts) => row.person(parts),
            PromptMessage::Model(said) => row.model(said),
            PromptMessage::Tools(outputs) => row.tools(outputs),
        }
    }
    row.close();
    if row.messages.last().is_none_or(|last| last.role == ChatRole::Assistant) {
        row.append(ChatRole::User, vec![ContentPart::from_text(NOTHING)]);
    }
    row.messages
}

struct Row<'a> {
    messages: Vec<ChatMessage>,
    /// The calls whose returns have not come yet, with the ids by which they are sent.
    open: Vec<(model::ToolCall, String)>,
    /// How many calls there were.
    calls: usize,
    traits: ModelTraits,
    by: &'a str,
    keeps_ids: bool,
}

impl Row<'_> {
    /// One message more, or more of the last one if it is of the same role: some servers insist on turns.
    fn append(&mut self, role: ChatRole, parts: Vec<ContentPart>) {
        match self.messages.last_mut() {
            Some(last) if last.role == role => parts.into_iter().for_each(|part| last.content.push(part)),
            _ => self.messages.push(ChatMessage::new(role, MessageContent::from_parts(parts))),
        }
    }

    fn person(&mut self, parts: &[Part]) {
        self.close();
        let traits = self.traits;
        let parts = parts.iter().map(|part| match part {
            Part::Text(text) => ContentPart::from_text(text.clone()),
            Part::Image(media) => picture(media, traits),
            Part::Document { media, name } => document(media, name.as_deref(), traits),
        });
        let mut parts: Vec<ContentPart> = parts.filter(|part| !is_blank(part)).collect();
        if parts.is_empty() {
            parts.push(ContentPart::from_text(NOTHING));
        }
        self.append(ChatRole::User, parts);
    }

    fn model(&mut self, said: &Said) {
        self.close();
        let calls: &[model::ToolCall] = if self.traits.tools { &said.calls } else { &[] };
        let mut parts = Vec::new();
        if calls.is_empty() {
            parts.extend(text(&said.text));
        } else {
            // The adapter is not part of what is given back.
            let model = ModelIden::new(AdapterKind::OpenAI, "");
            let back = given_back(self.by, &said.signatures, &model);
            parts.extend(back.parts.iter().cloned());
            parts.extend(text(&said.text));
            self.open = calls.iter().map(|call| (call.clone(), self.id(call))).collect();
            parts.extend(self.open.iter().map(|(call, id)| {
                ContentPart::ToolCall(ToolCall {
                    call_id: id.clone(),
                    fn_name: tool_names::sent(&call.name),
                    fn_arguments: object(&call.arguments),
                    thought_signatures: back.of_call(&call.id),
                })
            }));
        }
        if !parts.is_empty() {
            self.append(ChatRole::Assistant, parts);
        }
    }

    /// The id by which a call is sent: nine letters and digits, which every provider takes.
    fn id(&mut self, call: &model::ToolCall) -> String {
        self.calls += 1;
        if self.keeps_ids { call.id.clone() } else { format!("call{:05}", self.calls) }
    }

    fn tools(&mut self, outputs: &[ToolOutput]) {
        if self.traits.tools {
            let open = std::mem::take(&mut self.open);
            let returns: Vec<ContentPart> = open.iter().map(|(call, id)| returned(call, id, outputs)).collect();
            if !returns.is_empty() {
                self.append(ChatRole::Tool, returns);
            }
            return;
        }
        // A model without tools reads what other models had done.
        let told = outputs.iter().map(|output| {
            let (name, text) = (&output.name, worded(output));
            ContentPart::from_text(format!("[the tool {name:?} returned]\n{text}"))
        });
        let told: Vec<ContentPart> = told.collect();
        if !told.is_empty() {
            self.append(ChatRole::User, told);
        }
    }

    /// Answers the calls that nothing answers.
    fn close(&mut self) {
        self.tools_open(&[]);
    }

    fn tools_open(&mut self, outputs: &[ToolOutput]) {
        if !self.open.is_empty() {
            self.tools(outputs);
        }
    }
}

fn text(text: &str) -> Option<ContentPart> {
    let text = text.trim_end();
    (!text.is_empty()).then(|| ContentPart::from_text(text))
}

fn is_blank(part: &ContentPart) -> bool {
    matches!(part, ContentPart::Text(text) if text.trim().is_empty())
}

/// The return of one call. What answers no call is left out: a provider refuses it.
fn returned(call: &model::ToolCall, id: &str, outputs: &[ToolOutput]) -> ContentPart {
    let text = outputs.iter().find(|output| output.call == call.id).map_or_else(|| NO_RETURN.to_owned(), worded);
    ContentPart::ToolResponse(ToolResponse::new(id.to_owned(), text).with_fn_name(tool_names::sent(&call.name)))
}

fn worded(output: &ToolOutput) -> String {
    match (output.failed, output.text.trim().is_empty()) {
        (true, _) => format!("[this call failed]\n{}", output.text),
        (false, true) => NOTHING.to_owned(),
        (false, false) => output.text.clone(),
    }
}

/// Arguments as the object that providers insist on, also where a model wrote something else.
fn object(arguments: &Value) -> Value {
    match arguments {
        Value::Object(_) => arguments.clone(),
        Value::Null => json!({}),
        other => json!({ "unreadable": other }),
    }
}

#[cfg(test)]
mod tests;
