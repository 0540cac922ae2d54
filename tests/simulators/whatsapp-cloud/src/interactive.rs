//! The strict reading of questions: reply buttons and lists.
//!
//! The limits are those of Meta's pages about interactive messages; what is beyond them is refused with 131009.

use crate::error::GraphError;
use crate::validate::{Content, text_at};
use serde_json::Value;

const BUTTONS_BODY_CHARS_MAX: usize = 1024;
const LIST_BODY_CHARS_MAX: usize = 4096;
const BUTTONS_MAX: usize = 3;
const BUTTON_TITLE_CHARS_MAX: usize = 20;
const BUTTON_ID_CHARS_MAX: usize = 256;
const SECTIONS_MAX: usize = 10;
const SECTION_TITLE_CHARS_MAX: usize = 24;
const ROWS_MAX: usize = 10;
const ROW_TITLE_CHARS_MAX: usize = 24;
const ROW_ID_CHARS_MAX: usize = 200;
const ROW_DETAIL_CHARS_MAX: usize = 72;
const OPEN_LABEL_CHARS_MAX: usize = 20;

/// Something that a person can tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapOption {
    /// What comes back.
    pub id: String,
    /// What the person reads.
    pub title: String,
    /// The line below it, in a list.
    pub detail: Option<String>,
}

/// A question, as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub text: String,
    /// What can be tapped, in order.
    pub options: Vec<TapOption>,
    /// What stands on the button that opens the list; `None` where each option is a button.
    pub open_label: Option<String>,
}

pub(crate) fn read(part: &Value) -> Result<Content, GraphError> {
    let action = &part["action"];
    match part["type"].as_str() {
        Some("button") => {
            sized(&part["body"], "text", BUTTONS_BODY_CHARS_MAX, "interactive.body.text")?;
            buttons(action)?;
        }
        Some("list") => {
            sized(&part["body"], "text", LIST_BODY_CHARS_MAX, "interactive.body.text")?;
            list(action)?;
        }
        Some("request_contact_info") => {
            sized(&part["body"], "text", BUTTONS_BODY_CHARS_MAX, "interactive.body.text")?;
        }
        other => return Err(GraphError::invalid(format!("interactive.type {other:?} is unknown"))),
    }
    Ok(Content::Interactive(part.clone()))
}

fn buttons(action: &Value) -> Result<(), GraphError> {
    let buttons = action["buttons"].as_array().ok_or_else(|| GraphError::missing("action.buttons"))?;
    if buttons.is_empty() || buttons.len() > BUTTONS_MAX {
        return Err(GraphError::invalid("invalid buttons count: at least 1, at most 3"));
    }
    let (mut ids, mut titles) = (Vec::new(), Vec::new());
    for button in buttons {
        if button["type"] != "reply" {
            return Err(GraphError::invalid("button.type must be \"reply\""));
        }
        ids.push(sized(&button["reply"], "id", BUTTON_ID_CHARS_MAX, "button.reply.id")?);
        titles.push(sized(&button["reply"], "title", BUTTON_TITLE_CHARS_MAX, "button.reply.title")?);
    }
    different(ids, "button ids")?;
    different(titles, "button titles")
}

fn list(action: &Value) -> Result<(), GraphError> {
    sized(action, "button", OPEN_LABEL_CHARS_MAX, "action.button")?;
    let sections = action["sections"].as_array().ok_or_else(|| GraphError::missing("action.sections"))?;
    if sections.is_empty() || sections.len() > SECTIONS_MAX {
        return Err(GraphError::invalid("invalid sections count: at least 1, at most 10"));
    }
    let mut ids = Vec::new();
    for section in sections {
        if sections.len() > 1 || section.get("title").is_some() {
            sized(section, "title", SECTION_TITLE_CHARS_MAX, "section.title")?;
        }
        let rows = section["rows"].as_array().ok_or_else(|| GraphError::missing("section.rows"))?;
        for row in rows {
            ids.push(sized(row, "id", ROW_ID_CHARS_MAX, "row.id")?);
            sized(row, "title", ROW_TITLE_CHARS_MAX, "row.title")?;
            if row.get("description").is_some() {
                sized(row, "description", ROW_DETAIL_CHARS_MAX, "row.description")?;
            }
        }
    }
    if ids.is_empty() || ids.len() > ROWS_MAX {
        return Err(GraphError::invalid("invalid rows count: at least 1, at most 10"));
    }
    different(ids, "row ids")
}

fn sized(value: &Value, key: &str, chars_max: usize, path: &str) -> Result<String, GraphError> {
    let text = text_at(value, key, path)?;
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(GraphError::invalid(format!("{path} has {chars} characters, {chars_max} are allowed")));
    }
    Ok(text)
}

fn different(mut all: Vec<String>, what: &str) -> Result<(), GraphError> {
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(GraphError::invalid(format!("two {what} are {:?}", pair[0]))),
        None => Ok(()),
    }
}

/// What a person sees of a question that was taken.
pub(crate) fn question(part: &Value) -> Option<Question> {
    let action = &part["action"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let option = |option: &Value| {
        let detail = text(&option["description"]);
        Some(TapOption { id: text(&option["id"])?, title: text(&option["title"])?, detail })
    };
    let each = |key: &str| action[key].as_array().into_iter().flatten();
    let options = match part["type"].as_str()? {
        "button" => each("buttons").filter_map(|button| option(&button["reply"])).collect(),
        "list" => {
            each("sections").flat_map(|s| s["rows"].as_array().into_iter().flatten()).filter_map(option).collect()
        }
        _ => return None,
    };
    Some(Question { text: text(&part["body"]["text"])?, options, open_label: text(&action["button"]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn buttons(buttons: &[(&str, &str)]) -> Value {
        let button = |(id, title): &(&str, &str)| json!({"type": "reply", "reply": {"id": id, "title": title}});
        let all: Vec<Value> = buttons.iter().map(button).collect();
        json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": all}})
    }

    fn list(rows: usize, change: impl Fn(&mut Value)) -> Value {
        let rows: Vec<Value> = (0..rows).map(|at| json!({"id": at.to_string(), "title": "t"})).collect();
        let mut list = json!({"type": "list", "body": {"text": "?"},
            "action": {"button": "Open", "sections": [{"rows": rows}]}});
        change(&mut list);
        list
    }

    fn check(part: &Value, taken: bool) {
        assert_eq!(read(part).map(|_| ()).map_err(|e| e.code), if taken { Ok(()) } else { Err(131_009) }, "{part}");
    }

    #[test]
    fn buttons_beyond_the_limits_are_refused() {
        let (long, longer) = ("x".repeat(20), "x".repeat(21));
        check(&buttons(&[("a", "A"), ("b", "B"), ("c", &long)]), true);
        check(&buttons(&[("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]), false);
        check(&buttons(&[("a", &longer)]), false);
        check(&buttons(&[("a", "A"), ("a", "B")]), false);
        check(&buttons(&[("a", "A"), ("b", "A")]), false);
        check(&buttons(&[(&"x".repeat(257), "A")]), false);
        check(&buttons(&[]), false);
    }

    #[test]
    fn lists_beyond_the_limits_are_refused() {
        check(&list(10, |_| ()), true);
        check(&list(11, |_| ()), false);
        check(&list(0, |_| ()), false);
        check(&list(1, |list| list["action"]["button"] = json!("x".repeat(21))), false);
        check(&list(1, |list| list["action"]["sections"][0]["rows"][0]["title"] = json!("x".repeat(25))), false);
        check(&list(1, |list| list["action"]["sections"][0]["rows"][0]["description"] = json!("x".repeat(73))), false);
        check(&list(1, |list| list["action"]["sections"][0]["rows"][0]["id"] = json!("x".repeat(201))), false);
        check(&list(2, |list| list["action"]["sections"][0]["rows"][1]["id"] = json!("0")), false);
        let untitled = |list: &mut Value| {
            let sections = list["action"]["sections"].as_array_mut().unwrap();
            sections.push(json!({"rows": [{"id": "z", "title": "z"}]}));
        };
        assert_eq!(read(&list(2, untitled)).unwrap_err().code, 131_008, "of several sections each has a title");
    }

    #[test]
    fn a_person_sees_what_can_be_tapped() {
        let seen = question(&buttons(&[("a", "A")])).unwrap();
        assert_eq!((seen.options[0].id.as_str(), seen.open_label), ("a", None));
        let seen = question(&list(2, |_| ())).unwrap();
        assert_eq!((seen.options.len(), seen.open_label.as_deref()), (2, Some("Open")));
    }
}
