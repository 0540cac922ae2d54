//! For which request a message is that cannot be read: too long, or not JSON. Pure.
//!
//! Its number is found only where it can be nothing else: at the beginning of the message or at its end. Inside it may be
//! part of what a tool said.

use crate::limits::ID_SOUGHT_BYTES_MAX;

/// The number of the request, at the beginning of a message: `{"jsonrpc":"2.0","id":7,`.
pub(crate) fn id_at_begin(begin: &[u8]) -> Option<i64> {
    let sought = &begin[..begin.len().min(ID_SOUGHT_BYTES_MAX)];
    let rest = space(sought).strip_prefix(b"{").map(space)?;
    let rest = after_version(rest).unwrap_or(rest);
    let rest = number_follows(rest)?;
    let (number, rest) = number(rest)?;
    // The digits end here; in a piece they may continue.
    space(rest).starts_with(b",").then_some(number)
}

/// The number of the request, at the end of a message: `,"id":7}`.
pub(crate) fn id_at_end(end: &[u8]) -> Option<i64> {
    let sought = &end[end.len().saturating_sub(ID_SOUGHT_BYTES_MAX)..];
    let rest = sought.trim_ascii_end().strip_suffix(b"}")?.trim_ascii_end();
    let rest = match rest.windows(JSONRPC.len()).rposition(|window| window == JSONRPC) {
        // Some write the version last.
        Some(at) if after_version(&rest[at..]).is_none() => {
            rest[..at].trim_ascii_end().strip_suffix(b",")?.trim_ascii_end()
        }
        _ => rest,
    };
    let at = rest.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
    let before = rest[..at].trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let before = before.strip_suffix(b"\"id\"")?.trim_ascii_end();
    // A quote before it would be inside of a text.
    before.ends_with(b",").then_some(())?;
    number(&rest[at..]).map(|(number, _)| number)
}

const JSONRPC: &[u8] = b"\"jsonrpc\"";

fn space(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

/// What follows `"jsonrpc":"2.0",`.
fn after_version(bytes: &[u8]) -> Option<&[u8]> {
    let rest = space(space(bytes.strip_prefix(JSONRPC)?).strip_prefix(b":")?);
    space(rest.strip_prefix(b"\"2.0\"")?).strip_prefix(b",").map(space)
}

/// What follows `"id":`.
fn number_follows(bytes: &[u8]) -> Option<&[u8]> {
    space(bytes.strip_prefix(b"\"id\"")?).strip_prefix(b":").map(space)
}

fn number(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_where_it_can_be_nothing_else() {
        for (line, begin, end) in [
            (r#"{"jsonrpc":"2.0","id":7,"result":{"content":"#, Some(7), None),
            (r#" { "jsonrpc" : "2.0" , "id" : 7 , "result":"#, Some(7), None),
            (r#"{"id":12,"jsonrpc":"2.0","result":"#, Some(12), None),
            (r#"{"result":{"content":[]},"jsonrpc":"2.0","id":7}"#, None, Some(7)),
            (r#"{"result":{},"id":7,"jsonrpc":"2.0"}"#, None, Some(7)),
            (r#"{"result":{"text":"{\"id\":9,"},"jsonrpc":"2.0", "id": 31 } "#, None, Some(31)),
            (r#"{"jsonrpc":"2.0","result":{"a":"\"id\":7}"#, None, None),
            (r#"{"jsonrpc":"2.0","id":7"#, None, None),
            (r#"{"jsonrpc":"2.0","id":"7","result":"#, None, None),
            (r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"id":7}}"#, None, None),
            (r#"{"result":{"id":7}}"#, None, None),
            ("", None, None),
            ("7", None, None),
            (r#"{"jsonrpc":"2.0","id":99999999999999999999,"#, None, None),
        ] {
            assert_eq!((id_at_begin(line.as_bytes()), id_at_end(line.as_bytes())), (begin, end), "{line}");
        }
    }
}
