//! What the host adds to requests, taken out of what comes back. Pure.

use crate::limits::HTTP_SECRET_BYTES_MIN;
use reqwest::header::HeaderMap;

/// The values that are taken out of the responses of one host: those of the headers that are added, whole and without the word
/// before them. A host that repeats what it was sent would tell them to the guest otherwise. What it sends in another writing,
/// such as base64, is not found.
#[derive(Default)]
pub(crate) struct Masks(Vec<Vec<u8>>);

/// What stands in place of a secret.
const MASK: &[u8] = b"***";

impl Masks {
    pub(crate) fn of(added: Option<&HeaderMap>) -> Self {
        let mut secrets: Vec<Vec<u8>> = Vec::new();
        for value in added.into_iter().flat_map(HeaderMap::values) {
            let value = value.as_bytes();
            let behind = value.iter().position(|byte| *byte == b' ').map(|at| &value[at + 1..]);
            let long = [Some(value), behind].into_iter().flatten().filter(|one| one.len() >= HTTP_SECRET_BYTES_MIN);
            secrets.extend(long.map(<[u8]>::to_vec));
        }
        // One that holds another one is taken out first, or its beginning would stay.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// The same without them.
    pub(crate) fn hide(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.0.iter().fold(bytes, |bytes, secret| without(bytes, secret))
    }
}

fn without(bytes: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let first = secret[0];
    let (mut safe, mut done, mut at) = (Vec::new(), 0, 0);
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == first) {
        at += next;
        if bytes[at..].starts_with(secret) {
            safe.extend_from_slice(&bytes[done..at]);
            safe.extend_from_slice(MASK);
            at += secret.len();
            done = at;
        } else {
            at += 1;
        }
    }
    if done == 0 {
        return bytes;
    }
    safe.extend_from_slice(&bytes[done..]);
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn masks(value: &'static str) -> Masks {
        let mut added = HeaderMap::new();
        added.insert("authorization", HeaderValue::from_static(value));
        Masks::of(Some(&added))
    }

    #[test]
    fn a_secret_is_hidden_with_and_without_the_word_before_it() {
        let masks = masks("Bearer hunter2-hunter2");
        let hidden = masks.hide(b"Bearer hunter2-hunter2, hunter2-hunter2hunter2-hunter2 and hunter2".to_vec());
        assert_eq!(String::from_utf8_lossy(&hidden), "***, ****** and hunter2");
        assert_eq!(self::masks("short").hide(b"a short word".to_vec()), b"a short word");
        assert_eq!(Masks::of(None).hide(b"all".to_vec()), b"all");
    }

    #[test]
    fn nothing_of_it_stays_and_nothing_else_goes() {
        let (secret, masks) = ("abcabcab-secret", masks("Token abcabcab-secret"));
        let parts = ["", "a", "abc", "abcabc", "abcabcab", "-secret", "cab"];
        for (one, two) in parts.iter().flat_map(|one| parts.map(|two| (one, two))) {
            let hidden = masks.hide(format!("{one}{secret}{two}{secret}").into_bytes());
            assert_eq!(String::from_utf8(hidden).unwrap(), format!("{one}***{two}***"));
        }
    }
}
