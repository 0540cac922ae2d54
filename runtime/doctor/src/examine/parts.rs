//! What was tried out.

use crate::facts::{Facts, Part, Tried};
use crate::finding::Finding;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    facts.parts.iter().map(of_part).collect()
}

fn of_part(part: &Part) -> Finding {
    let area = format!("{} {}", part.kind, part.name).trim_end().to_owned();
    let code = |end: &str| format!("{}-{end}", part.kind);
    match &part.tried {
        Tried::Works { how } => Finding::ok(&code("works"), area, how),
        Tried::Not { why } => Finding::note(&code("not-tried"), area, why),
        Tried::Doubtful { what, command } => Finding::warning(&code("doubtful"), area, what, command),
        Tried::Fails { what, command } => Finding::error(&code("fails"), area, what, command),
    }
}
