//! The document of an answer, as an assistant in any language writes it: read or refused, never a crash; what is read can be
//! written and reads the same.
#![no_main]

use greenroom_documents::{AnswerDocument, MediaTable, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = greenroom_documents::answer::turn_of(data);
    let media = MediaTable::default();
    if let Ok(answer) = read(data, &media) {
        let written = serde_json::to_vec(&AnswerDocument::of(&answer, &media)).expect("it has a JSON form");
        assert_eq!(read(&written, &media), Ok(answer));
    }
});
