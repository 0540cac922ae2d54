//! The JSON Schema files below `plugins/schema` are those of the types, and the golden documents keep to them.
//! `UPDATE_GOLDEN=1` writes them.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside the test functions")]

use std::path::PathBuf;

fn kept(name: &str, schema: &schemars::Schema) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/schema").join(name);
    let got = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &got).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), got, "{name}");
}

#[test]
fn the_kept_schema_of_a_turn_is_that_of_its_type() {
    kept("turn.json", &greenroom_documents::schema::turn());
}

#[test]
fn the_kept_schemas_of_a_prompt_and_of_a_completion_are_those_of_their_types() {
    kept("prompt.json", &greenroom_documents::schema::prompt());
    kept("completion.json", &greenroom_documents::schema::completion());
}

#[test]
fn the_kept_schema_of_an_answer_is_that_of_its_type() {
    let schema = greenroom_documents::schema::answer();
    assert_eq!(schema.get("additionalProperties"), Some(&false.into()), "unknown keys are refused");
    kept("answer.json", &schema);
}
