//! What a server offers, of what its owner allows and of what can be passed on to a model. Pure.

use crate::config::Confirm;
use crate::limits::{
    ABOUT_BYTES_MAX, NAMED_MAX, OFFERS_BYTES_MAX, SCHEMA_BYTES_MAX, TITLE_BYTES_MAX, TOOL_NAME_BYTES_MAX, TOOLS_MAX,
};
use crate::masks::Masks;
use crate::patterns::Patterns;
use greenroom_contract::model::ToolSpec;
use greenroom_contract::text;
use greenroom_contract::tools::ToolOffer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What holds for the tools of one server.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) patterns: Patterns,
    pub(crate) confirm: Confirm,
    pub(crate) masks: Masks,
}

/// A tool that is not offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name, cut and safe to show.
    pub name: String,
    /// Why.
    pub why: WhyNot,
}

/// Why a tool is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// Its owner does not allow it.
    #[error("it is not allowed by allow and deny")]
    NotAllowed,
    /// No model takes its name.
    #[error("its name has other characters than letters, digits, _ - . and /, or more than {TOOL_NAME_BYTES_MAX}")]
    Name,
    /// Another one has its name.
    #[error("another tool of this server has the same name")]
    Twice,
    /// The schema of its arguments is missing, or that of something else than an object.
    #[error("the schema of its arguments is not that of an object")]
    Schema,
    /// The schema of its arguments is too long.
    #[error("the schema of its arguments is longer than {SCHEMA_BYTES_MAX} bytes")]
    LongSchema,
    /// There are too many.
    #[error("the tools before it are as many as are passed on: name those that are needed in allow")]
    TooMany,
}

/// The tools of one server, as they are read.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) offers: Vec<ToolOffer>,
    /// What the server calls those that are offered under another name.
    pub(crate) renamed: BTreeMap<String, String>,
    /// The first of those that are left out.
    pub(crate) left_out: Vec<LeftOut>,
    /// All of those, and no allowed ones among them.
    pub(crate) unfit: usize,
    /// The names of all, for patterns that match none.
    names: Vec<String>,
    bytes: usize,
}

impl Listing {
    /// Takes one tool, as its server describes it.
    pub(crate) fn take(&mut self, tool: Value, terms: &Terms) {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.names.len() < TOOLS_MAX * 8 {
            self.names.push(text::bounded(&name, TOOL_NAME_BYTES_MAX));
        }
        let taken = if terms.patterns.allow(&name) { self.fit(&name, tool, terms) } else { Err(WhyNot::NotAllowed) };
        if let Err(why) = taken {
            self.unfit += usize::from(why != WhyNot::NotAllowed);
            if self.left_out.len() < TOOLS_MAX {
                let name = terms.masks.hide(&name).into_owned();
                let name = text::bounded(&text::one_line(&text::bounded(&name, TOOL_NAME_BYTES_MAX)), TITLE_BYTES_MAX);
                self.left_out.push(LeftOut { name, why });
            }
        }
    }

    fn fit(&mut self, name: &str, mut tool: Value, terms: &Terms) -> Result<(), WhyNot> {
        let offered = offered(name).ok_or(WhyNot::Name)?;
        if self.offers.iter().any(|one| one.spec.name == offered) {
            return Err(WhyNot::Twice);
        }
        let parameters = parameters(tool.get_mut("inputSchema").map(Value::take), terms)?;
        let said = |value: Option<&Value>, bytes_max: usize| {
            let said = value.and_then(Value::as_str).filter(|said| !text::is_blank(said))?;
            Some(text::bounded(&terms.masks.hide(said), bytes_max))
        };
        let annotations = tool.get("annotations");
        let hint = |name: &str| annotations.and_then(|all| all.get(name));
        let title = said(tool.get("title").or_else(|| hint("title")), TITLE_BYTES_MAX);
        let title = title.map(|title| text::one_line(&title).into_owned());
        let about = said(tool.get("description"), ABOUT_BYTES_MAX).unwrap_or_default();
        let bytes = self.bytes + about.len() + parameters.to_string().len();
        if self.offers.len() >= TOOLS_MAX || bytes > OFFERS_BYTES_MAX {
            return Err(WhyNot::TooMany);
        }
        self.bytes = bytes;
        if offered != name {
            self.renamed.insert(offered.clone(), name.to_owned());
        }
        let is = |name: &str| hint(name) == Some(&Value::Bool(true));
        let (confirm, repeatable) =
            (terms.confirm.asks(is("readOnlyHint")), is("readOnlyHint") || is("idempotentHint"));
        self.offers.push(ToolOffer { spec: ToolSpec { name: offered, about, parameters }, title, confirm, repeatable });
        Ok(())
    }

    /// Entries of `allow` and `deny` that match no tool.
    pub(crate) fn in_vain(&self, terms: &Terms) -> Vec<String> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        terms.patterns.in_vain(&names)
    }

    /// The first of those that cannot be offered, for a line in the log.
    pub(crate) fn named_unfit(&self) -> String {
        let unfit = self.left_out.iter().filter(|one| one.why != WhyNot::NotAllowed);
        let named: Vec<String> = unfit.take(NAMED_MAX).map(|one| format!("{}: {}", one.name, one.why)).collect();
        named.join("; ")
    }
}

/// The name under which a tool is offered: protocols of models have no dots and slashes in names.
fn offered(name: &str) -> Option<String> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
    let fits = !name.is_empty() && name.len() <= TOOL_NAME_BYTES_MAX && name.bytes().all(is_fit);
    fits.then(|| name.replace(['.', '/'], "_"))
}

/// The schema of the arguments.
fn parameters(schema: Option<Value>, terms: &Terms) -> Result<Value, WhyNot> {
    let Some(Value::Object(mut schema)) = schema else { return Err(WhyNot::Schema) };
    if schema.entry("type").or_insert_with(|| json!("object")) != "object" {
        return Err(WhyNot::Schema);
    }
    let schema = Value::Object(schema);
    let written = schema.to_string();
    if written.len() > SCHEMA_BYTES_MAX {
        return Err(WhyNot::LongSchema);
    }
    match terms.masks.hide(&written) {
        std::borrow::Cow::Borrowed(_) => Ok(schema),
        std::borrow::Cow::Owned(masked) => serde_json::from_str(&masked).map_err(|_| WhyNot::Schema),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use greenroom_contract::secret::Secret;
    use proptest::prelude::*;

    fn terms(allow: &[&str], confirm: Confirm) -> Terms {
        let allow = allow.iter().map(|name| (*name).to_owned()).collect();
        let masks = Masks::new([Secret::new("hunter2-hunter2")]);
        Terms { patterns: Patterns { allow, deny: vec!["drop_*".to_owned()] }, confirm, masks }
    }

    fn tool(name: &str) -> Value {
        json!({ "name": name, "description": "Does it.", "inputSchema": { "type": "object" } })
    }

    fn listed(tools: Vec<Value>, terms: &Terms) -> Listing {
        let mut listing = Listing::default();
        for tool in tools {
            listing.take(tool, terms);
        }
        listing
    }

    #[test]
    fn a_tool_is_offered_as_it_describes_itself() {
        let mut whole = tool("list_tasks");
        whole["annotations"] = json!({ "title": "List\u{1b} tasks", "readOnlyHint": true });
        whole["description"] = json!("Knows hunter2-hunter2.");
        whole["inputSchema"] = json!({ "properties": { "a": { "const": "hunter2-hunter2" } } });
        let terms = terms(&[], Confirm::Changes);
        let listing = listed(vec![whole, tool("add.task/now"), tool("drop_all")], &terms);
        let [first, second] = listing.offers.as_slice() else { panic!("{listing:?}") };
        assert_eq!((first.spec.about.as_str(), first.confirm), ("Knows ***.", false));
        assert_eq!(first.title.as_deref(), Some("List\\u{1b} tasks"));
        assert_eq!(first.spec.parameters, json!({ "type": "object", "properties": { "a": { "const": "***" } } }));
        assert_eq!((second.spec.name.as_str(), second.confirm), ("add_task_now", true));
        assert_eq!(listing.renamed["add_task_now"], "add.task/now");
        assert_eq!(listing.left_out, [LeftOut { name: "drop_all".to_owned(), why: WhyNot::NotAllowed }]);
        assert_eq!(listing.unfit, 0);
    }

    #[test]
    fn what_reads_or_is_idempotent_may_be_called_twice() {
        for (hints, repeatable) in [
            (json!({}), false),
            (json!({ "readOnlyHint": true }), true),
            (json!({ "readOnlyHint": false, "idempotentHint": true }), true),
            (json!({ "idempotentHint": "true" }), false),
            (json!({ "destructiveHint": false }), false),
        ] {
            let mut hinted = tool("a");
            hinted["annotations"] = hints;
            let listing = listed(vec![hinted], &terms(&[], Confirm::Never));
            assert_eq!((listing.offers[0].repeatable, listing.offers[0].confirm), (repeatable, false), "{listing:?}");
        }
    }

    #[test]
    fn only_a_true_hint_makes_a_tool_read_only() {
        for (hint, confirm) in [(json!(true), false), (json!(false), true), (json!("true"), true), (json!(1), true)] {
            let mut hinted = tool("a");
            hinted["annotations"] = json!({ "readOnlyHint": hint });
            assert_eq!(listed(vec![hinted], &terms(&[], Confirm::Changes)).offers[0].confirm, confirm, "{hint}");
        }
    }

    #[test]
    fn what_no_model_takes_is_left_out() {
        let with = |schema: Value| json!({ "name": "a", "inputSchema": schema });
        let long = json!({ "type": "object", "description": "x".repeat(SCHEMA_BYTES_MAX) });
        let terms = terms(&[], Confirm::Changes);
        for (tools, why) in [
            (vec![tool("")], WhyNot::Name),
            (vec![tool("two words")], WhyNot::Name),
            (vec![tool("größe")], WhyNot::Name),
            (vec![tool("a\nb")], WhyNot::Name),
            (vec![tool(&"x".repeat(300))], WhyNot::Name),
            (vec![json!(7)], WhyNot::Name),
            (vec![json!({ "name": "a" })], WhyNot::Schema),
            (vec![with(json!([]))], WhyNot::Schema),
            (vec![with(json!({ "type": "string" }))], WhyNot::Schema),
            (vec![with(json!({ "type": ["object"] }))], WhyNot::Schema),
            (vec![with(long)], WhyNot::LongSchema),
            (vec![tool("a"), tool("a")], WhyNot::Twice),
            (vec![tool("a.b"), tool("a_b")], WhyNot::Twice),
        ] {
            let count = tools.len();
            let listing = listed(tools, &terms);
            assert_eq!((listing.offers.len(), listing.unfit, listing.left_out[0].why), (count - 1, 1, why));
            assert!(listing.named_unfit().len() < 1_000 && !listing.named_unfit().contains('\n'));
        }
    }

    #[test]
    fn ten_thousand_tools_are_cut_and_those_that_are_allowed_are_found_among_them() {
        let many = || (0..10_000).map(|number| tool(&format!("tool_{number}"))).collect();
        let all = listed(many(), &terms(&[], Confirm::Changes));
        assert_eq!((all.offers.len(), all.unfit, all.left_out.len()), (TOOLS_MAX, 10_000 - TOOLS_MAX, TOOLS_MAX));
        let some = terms(&["tool_9999", "tool_x"], Confirm::Never);
        let listing = listed(many(), &some);
        assert_eq!(listing.offers.len(), 1);
        assert!(listing.in_vain(&some).contains(&"tool_x".to_owned()));
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("name|description|inputSchema|annotations|type|title|.{0,4}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever a server lists, what is offered can be sent to a model.
        #[test]
        fn what_is_offered_is_fit(tools in prop::collection::vec(anything(), 0..20)) {
            let listing = listed(tools, &terms(&[], Confirm::Changes));
            for offer in &listing.offers {
                prop_assert!(offer.spec.parameters["type"] == "object");
                prop_assert!(offer.spec.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
            }
        }
    }
}
