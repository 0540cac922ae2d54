//! That the macros name every rule.

/// A rule that is written but not named in the macro would never run.
#[test]
fn every_rule_is_named_in_the_macro() {
    let macros = include_str!("mod.rs");
    let files = [
        include_str!("inbox.rs"),
        include_str!("anything.rs"),
        include_str!("content.rs"),
        include_str!("settings.rs"),
        include_str!("settle.rs"),
        include_str!("outbox.rs"),
        include_str!("people.rs"),
        include_str!("accounts.rs"),
        include_str!("vault.rs"),
        include_str!("traces.rs"),
        include_str!("wakes.rs"),
        include_str!("links.rs"),
        include_str!("usage.rs"),
        include_str!("said.rs"),
    ];
    for line in files.iter().flat_map(|file| file.lines()) {
        let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        assert!(macros.contains(name), "the rule {name} is in no macro");
    }
}
