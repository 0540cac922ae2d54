//! What is known of a quoted message. Pure.

use greenroom_contract::assistant::Quoted;
use greenroom_contract::store::Said;

/// A quote as the network tells it, completed by what is remembered here. On some networks the words of a quote are
/// written by whoever quotes, so those that are remembered come first, and where there are none they stay a claim.
pub(crate) fn completed(told: Quoted, remembered: Option<Said>, answers_us: bool) -> Quoted {
    let (ours, text) = remembered.map_or((false, None), |said| (said.ours, said.text));
    let ours = ours || answers_us;
    match text {
        Some(text) => Quoted { text: Some(text), ours, claimed: false, ..told },
        None => Quoted { claimed: told.text.is_some(), ours, ..told },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: Option<&str>) -> Quoted {
        let message = "m-1".parse().unwrap();
        Quoted { message, sender: None, text: text.map(str::to_owned), ours: false, claimed: false }
    }

    #[allow(clippy::unnecessary_wraps, reason = "as it is compared")]
    fn said(ours: bool, text: Option<&str>) -> Option<Said> {
        Some(Said { ours, text: text.map(str::to_owned) })
    }

    #[test]
    fn what_is_remembered_comes_before_what_is_claimed() {
        for (claim, remembered, answers_us, text, ours, claimed) in [
            // What the bot said, whatever the quote says that it said.
            (Some("it is free"), said(true, Some("it is ten")), true, Some("it is ten"), true, false),
            (None, said(true, Some("it is ten")), false, Some("it is ten"), true, false),
            (Some("how much"), said(false, Some("how much is it")), false, Some("how much is it"), false, false),
            // Only its being ours is known.
            (Some("it is free"), said(true, None), false, Some("it is free"), true, true),
            (None, said(true, None), false, None, true, false),
            // Nothing is known here; the network may know whose it is.
            (Some("it is free"), None, true, Some("it is free"), true, true),
            (Some("how much"), None, false, Some("how much"), false, true),
            (None, None, false, None, false, false),
        ] {
            let quoted = completed(told(claim), remembered.clone(), answers_us);
            let found = (quoted.text.as_deref(), quoted.ours, quoted.claimed);
            assert_eq!(found, (text, ours, claimed), "{claim:?} {remembered:?} {answers_us}");
        }
    }
}
