use super::*;
use proptest::prelude::*;

/// Numbers that their countries give out, in the normal form: mobile and fixed lines, of several lengths, with the zero that
/// stays in Italy, and of countries whose plans changed within the last years.
const GIVEN_OUT: &[&str] = &[
    "+12025550123",
    "+14155552671",
    "+442079460123",
    "+447911123456",
    "+4915123456789",
    "+493012345678",
    "+33612345678",
    "+390612345678",
    "+393123456789",
    "+5511987654321",
    "+541123456789",
    "+5215512345678",
    "+525512345678",
    "+2250712345678",
    "+22990123456",
    "+2290190123456",
    "+919876543210",
    "+8613800138000",
    "+81312345678",
    "+819012345678",
    "+61412345678",
    "+27821234567",
    "+6591234567",
    "+38344123456",
    "+37360123456",
    "+35312345678",
    "+358401234567",
    "+436641234567",
    "+4312345678",
    "+79161234567",
    "+380501234567",
    "+972501234567",
    "+971501234567",
];

#[test]
fn what_is_given_out_is_taken_as_it_is() {
    for number in GIVEN_OUT {
        let read = read(number).unwrap_or_else(|refused| panic!("{number}: {refused}"));
        assert_eq!(read.entry.to_string(), *number);
    }
}

#[test]
fn a_number_that_no_plan_knows_is_taken_with_a_word() {
    for odd in ["+4930", "+442079460", "+3361234567"].map(|start| format!("{start}000")) {
        let Ok(read) = read(&odd) else { continue };
        assert_eq!(read.warning.is_some(), known(&odd).is_none(), "{odd}");
    }
    // A country that no plan has: the plan may be the one that is old.
    let read = read("+999123456789").unwrap();
    assert_eq!(read.entry.to_string(), "+999123456789");
    assert!(read.warning.unwrap().contains("+999123456789"));
    assert_eq!(super::read("+4915123456789").unwrap().warning, None);
}

#[test]
fn what_is_almost_a_number_names_the_one_that_may_be_meant() {
    for (text, expected) in [
        ("15551234567", None),
        ("14155552671", Some("+14155552671")),
        ("49 151 23456789", Some("+4915123456789")),
        ("+49 0151 23456789", Some("+4915123456789")),
        ("0151 23456789", None),
        ("ben", None),
        ("12345", None),
        ("", None),
    ] {
        let refused = read(text).unwrap_err();
        let meant = match &refused {
            NoEntry::Near { meant, .. } => Some(meant.to_string()),
            NoEntry::None(_) => None,
        };
        assert_eq!(meant.as_deref(), expected, "{text:?}: {refused}");
        if let Some(meant) = meant {
            assert!(refused.to_string().ends_with(&format!("did you mean {meant}?")), "{refused}");
            assert_eq!(read(&meant).unwrap().warning, None, "what is offered is given out");
        }
    }
}

#[test]
fn what_is_no_number_is_not_looked_up() {
    for text in ["*", "group:12@g.us", "lid:123", "@ben", "telegram:7"] {
        let read = read(text).unwrap();
        assert_eq!((read.entry.to_string().as_str(), read.warning), (text, None));
    }
}

proptest! {
    /// The plans never refuse: what the contract takes is taken as it is.
    #[test]
    fn an_old_plan_refuses_nothing(text in "\\+[1-9][0-9]{0,17}|[+0-9 ()./-]{0,20}|.{0,30}") {
        if let Ok(entry) = text.parse::<AllowEntry>() { prop_assert_eq!(read(&text).unwrap().entry, entry) } else {
            let refused = read(&text).unwrap_err();
            if let NoEntry::Near { meant, .. } = refused {
                prop_assert!(read(&meant.to_string()).is_ok());
            }
        }
    }

    /// However it is set apart, it is one number.
    #[test]
    fn one_number_has_one_form(at in 0..GIVEN_OUT.len(), marks in proptest::collection::vec(0_usize..5, 20)) {
        let number = GIVEN_OUT[at];
        let mark = |(digit, mark): (char, &usize)| format!("{digit}{}", ["", "", " ", "-", "."][*mark]);
        let written: String = number.chars().zip(&marks).map(mark).collect();
        let written = written.trim_end_matches([' ', '-', '.']);
        // A mark directly after the plus is none that people write.
        prop_assume!(!written.starts_with("+-") && !written.starts_with("+."));
        prop_assert_eq!(read(written).unwrap().entry.to_string(), number);
    }
}
