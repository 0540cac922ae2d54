//! Findings as text: the worst first within each area, and what has to be done below each.

use crate::finding::{Finding, Severity};
use std::fmt::Write as _;

/// A line for each finding, and one for the command that corrects it; then how it is on the whole.
pub fn shown(findings: &[Finding]) -> String {
    let mut text = String::new();
    let width = findings.iter().map(|one| one.severity.word().len()).max().unwrap_or(0);
    let mut area = "";
    for one in findings {
        if one.area != area {
            let _ = writeln!(text, "{}", one.area);
            area = &one.area;
        }
        let _ = writeln!(text, "  {:<width$}  {} ({})", one.severity.word(), one.what, one.code);
        if let Some(command) = &one.command {
            let _ = writeln!(text, "  {:<width$}  -> {command}", "");
        }
    }
    let count = |severity| findings.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let verdict = match (errors, warnings) {
        (0, 0) => "nothing has to be done".to_owned(),
        (0, warnings) => format!("{warnings} warning(s)"),
        (errors, 0) => format!("{errors} error(s)"),
        (errors, warnings) => format!("{errors} error(s), {warnings} warning(s)"),
    };
    text + &verdict + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::exit_code;

    #[test]
    fn a_report_names_the_area_once_and_ends_with_the_sum() {
        let findings = [
            Finding::ok("store-fine", "store", "it can be opened"),
            Finding::error("disk-full", "store", "7 MiB are free", "delete something"),
            Finding::warning("held", "messages", "2 wait", "greenroom outbox"),
        ];
        let expected = "\
store
  ok       it can be opened (store-fine)
  error    7 MiB are free (disk-full)
           -> delete something
messages
  warning  2 wait (held)
           -> greenroom outbox
1 error(s), 1 warning(s)
";
        assert_eq!(shown(&findings), expected);
        assert_eq!([exit_code(&findings), exit_code(&findings[2..]), exit_code(&findings[..1])], [1, 3, 0]);
        assert_eq!(shown(&[]), "nothing has to be done\n");
    }
}
