//! Lines to messages, and which of them are passed on. Pure.

use crate::limits::{FLOOD_LINES_MAX, FLOOD_WINDOW, REQUESTS_AT_ONCE_MAX, STRAY_LINES_MAX};
use crate::wire::broken::{id_at_begin, id_at_end};
use crate::wire::frames::Frame;
use rmcp::RoleClient;
use rmcp::model::{CustomResult, ErrorCode, ErrorData, JsonRpcMessage, RequestId, ServerResult};
use rmcp::service::RxJsonRpcMessage;
use serde_json::Value;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// A message of the server's, or one in the place of a message that cannot be read.
pub(crate) type Incoming = RxJsonRpcMessage<RoleClient>;

/// The code of the error that stands for an answer that came and cannot be read.
pub(crate) const UNREADABLE: ErrorCode = ErrorCode(-31_999);

/// Why a program is ended that does not keep to the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    #[error("it wrote a line longer than any message, without saying which call it answers")]
    TooLong,
    #[error("it wrote a line without end")]
    Endless,
    #[error("it writes lines that are not messages; its log belongs on standard error")]
    Stray,
    #[error("it writes more messages than can be read")]
    Flood,
}

/// What is known of the conversation with a program.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Requests that it has not answered.
    pending: BTreeSet<i64>,
    /// The request that begins the conversation, until it is answered.
    first: Option<i64>,
    /// Its own requests that were not answered yet.
    asked_back: usize,
    /// Whether the line that is passed over was told of already.
    is_blamed: bool,
    stray: u32,
    window: (Instant, u32),
}

impl Exchange {
    pub(crate) fn new(now: Instant) -> Self {
        Self { pending: BTreeSet::new(), first: None, asked_back: 0, is_blamed: false, stray: 0, window: (now, 0) }
    }

    /// Notes a request that is sent.
    pub(crate) fn asks(&mut self, id: i64, is_first: bool) {
        self.pending.insert(id);
        if is_first {
            self.first = Some(id);
        }
    }

    /// Notes a request that is given up.
    pub(crate) fn gives_up(&mut self, id: i64) {
        self.pending.remove(&id);
    }

    /// Notes an answer to one of its own requests.
    pub(crate) fn answers(&mut self) {
        self.asked_back = self.asked_back.saturating_sub(1);
    }

    /// What is passed on of what it wrote.
    pub(crate) fn hears(&mut self, frame: Frame, now: Instant) -> Result<Option<Incoming>, Breach> {
        self.count(now)?;
        match frame {
            Frame::Line(line) if line.trim_ascii().is_empty() => Ok(None),
            Frame::Line(line) => self.line(&line),
            Frame::TooLong(begin) => {
                let id = id_at_begin(&begin).filter(|id| self.pending.contains(id));
                // What is not an answer holds up no one.
                self.is_blamed = id.is_some() || is_no_answer(&begin);
                Ok(id.map(|id| self.unreadable(id, "its answer is longer than any message that is read")))
            }
            Frame::TooLongEnds(_) if std::mem::take(&mut self.is_blamed) => Ok(None),
            Frame::TooLongEnds(end) => {
                let id = id_at_end(&end).filter(|id| self.pending.contains(id)).or_else(|| self.only());
                let id = id.ok_or(Breach::TooLong)?;
                Ok(Some(self.unreadable(id, "its answer is longer than any message that is read")))
            }
            Frame::Endless => Err(Breach::Endless),
        }
    }

    fn count(&mut self, now: Instant) -> Result<(), Breach> {
        if now.duration_since(self.window.0) >= FLOOD_WINDOW {
            self.window = (now, 0);
        }
        self.window.1 += 1;
        if self.window.1 > FLOOD_LINES_MAX { Err(Breach::Flood) } else { Ok(()) }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Incoming>, Breach> {
        let Ok(mut message) = serde_json::from_slice::<Value>(line) else {
            let id = id_at_begin(line).or_else(|| id_at_end(line)).filter(|id| self.pending.contains(id));
            return match id {
                Some(id) => Ok(Some(self.unreadable(id, "its answer is not JSON"))),
                None => self.strays(),
            };
        };
        match (message.get("method").and_then(Value::as_str), message.get("id").is_some()) {
            (Some("notifications/tools/list_changed"), false) => Ok(serde_json::from_value(message).ok()),
            // Progress, logs and the like are for programs with a screen.
            (Some(_), false) => Ok(None),
            (Some(_), true) => Ok(self.asked_back(message)),
            (None, true) => {
                let id = id_of(&message).filter(|id| self.pending.contains(id));
                let Some(id) = id else { return self.strays() };
                Ok(Some(self.answer(id, &mut message)))
            }
            (None, false) => self.strays(),
        }
    }

    /// A request of its own. One that asks without reading the answers is not listened to.
    fn asked_back(&mut self, message: Value) -> Option<Incoming> {
        if self.asked_back >= REQUESTS_AT_ONCE_MAX {
            return None;
        }
        let message = serde_json::from_value(message).ok()?;
        self.asked_back += 1;
        Some(message)
    }

    fn answer(&mut self, id: i64, message: &mut Value) -> Incoming {
        self.stray = 0;
        if let Some(error) = message.get("error") {
            self.pending.remove(&id);
            let code = error.get("code").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
            let said = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            let code = code.map_or(ErrorCode::INTERNAL_ERROR, ErrorCode);
            return JsonRpcMessage::error(ErrorData::new(code, said, None), Some(RequestId::Number(id)));
        }
        let Some(result) = message.get_mut("result").map(Value::take) else {
            return self.unreadable(id, "its answer holds neither a result nor an error");
        };
        let result = if self.first == Some(id) {
            self.first = None;
            serde_json::from_value(result).map(ServerResult::InitializeResult)
        } else {
            Ok(ServerResult::CustomResult(CustomResult(result)))
        };
        match result {
            Ok(result) => {
                self.pending.remove(&id);
                JsonRpcMessage::response(result, RequestId::Number(id))
            }
            Err(_) => self.unreadable(id, "its answer to the first request is not that of a tool server"),
        }
    }

    fn unreadable(&mut self, id: i64, what: &'static str) -> Incoming {
        self.pending.remove(&id);
        JsonRpcMessage::error(ErrorData::new(UNREADABLE, what, None), Some(RequestId::Number(id)))
    }

    fn strays(&mut self) -> Result<Option<Incoming>, Breach> {
        self.stray += 1;
        if self.stray > STRAY_LINES_MAX { Err(Breach::Stray) } else { Ok(None) }
    }

    /// The request that waits, if it is only one.
    fn only(&self) -> Option<i64> {
        self.pending.first().filter(|_| self.pending.len() == 1).copied()
    }
}

/// Whether this is the beginning of a message that answers nothing.
fn is_no_answer(begin: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(begin);
    let begin: String = begin.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    let begin = begin.strip_prefix("{\"jsonrpc\":\"2.0\",").map_or(begin.clone(), |rest| format!("{{{rest}"));
    begin.starts_with("{\"method\":")
}

/// The number of a request, which some write as a text.
fn id_of(message: &Value) -> Option<i64> {
    let id = message.get("id")?;
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exchange(pending: &[i64]) -> (Exchange, Instant) {
        let now = Instant::now();
        let mut exchange = Exchange::new(now);
        for id in pending {
            exchange.asks(*id, false);
        }
        (exchange, now)
    }

    fn said(text: &str) -> Frame {
        Frame::Line(text.into())
    }

    /// Whose answer is told to be unreadable.
    fn blamed(heard: Result<Option<Incoming>, Breach>) -> Option<i64> {
        match heard.unwrap()? {
            JsonRpcMessage::Error(error) if error.error.code == UNREADABLE => match error.id {
                Some(RequestId::Number(id)) => Some(id),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether something is passed on.
    fn passes(heard: Result<Option<Incoming>, Breach>) -> Result<bool, Breach> {
        heard.map(|message| message.is_some())
    }

    #[test]
    fn an_answer_finds_its_request_once() {
        let (mut exchange, now) = exchange(&[1, 2]);
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#,
            r#"{"jsonrpc":"2.0","id":"2","error":{"code":-32602,"message":"no"}}"#,
        ] {
            assert!(exchange.hears(said(text), now).unwrap().is_some(), "{text}");
            assert!(exchange.hears(said(text), now).unwrap().is_none(), "{text}: answered already");
        }
        assert!(exchange.hears(said(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#), now).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_read_ends_its_request_immediately() {
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"result":{"a":"#,
            r#"{"a":nonsense,"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
        ] {
            let (mut exchange, now) = exchange(&[1, 2]);
            assert_eq!(blamed(exchange.hears(said(text), now)), Some(1), "{text}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_ends_the_request_that_it_answers() {
        let begin = |text: &str| Frame::TooLong(text.into());
        let end = |text: &str| Frame::TooLongEnds(text.into());
        let (mut named, now) = exchange(&[1, 2]);
        assert_eq!(blamed(named.hears(begin(r#"{"jsonrpc":"2.0","id":2,"result":"#), now)), Some(2));
        assert_eq!(blamed(named.hears(end("xx\"}}"), now)), None, "and it is told once");
        assert_eq!(blamed(named.hears(begin(r#"{"result":"#), now)), None);
        assert_eq!(blamed(named.hears(end(r#"},"jsonrpc":"2.0","id":1}"#), now)), Some(1));
        let (mut only, _) = exchange(&[7]);
        assert_eq!(blamed(only.hears(begin("xxx"), now)), None);
        assert_eq!(blamed(only.hears(end("xxx"), now)), Some(7));
        let (mut unclear, _) = exchange(&[1, 2]);
        assert_eq!(passes(unclear.hears(begin("xxx"), now)), Ok(false));
        assert_eq!(passes(unclear.hears(end("xxx"), now)), Err(Breach::TooLong));
        let (mut log, _) = exchange(&[1]);
        let line = begin(r#"{"jsonrpc": "2.0", "method":"notifications/message","#);
        assert_eq!(passes(log.hears(line, now)), Ok(false));
        assert_eq!(passes(log.hears(end("xxx"), now)), Ok(false), "a log line answers nothing");
    }

    #[test]
    fn floods_are_ended_and_chatter_is_passed_over() {
        let (mut exchange, now) = exchange(&[1]);
        let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#;
        let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
        assert_eq!(passes(exchange.hears(said(progress), now)), Ok(false));
        assert!(exchange.hears(said(changed), now).unwrap().is_some());
        let mut ended = (0..FLOOD_LINES_MAX).map(|_| passes(exchange.hears(said(progress), now)));
        assert_eq!(ended.find(Result::is_err), Some(Err(Breach::Flood)));
        let (mut stray, _) = self::exchange(&[1]);
        let mut ended = (0..=STRAY_LINES_MAX).map(|_| passes(stray.hears(said("Loading the model"), now)));
        assert_eq!(ended.find(Result::is_err), Some(Err(Breach::Stray)));
        let (mut asks, _) = self::exchange(&[]);
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let taken = (0..1_000).filter(|_| asks.hears(said(ping), now).unwrap().is_some()).count();
        assert_eq!(taken, REQUESTS_AT_ONCE_MAX);
        asks.answers();
        assert!(asks.hears(said(ping), now).unwrap().is_some());
    }

    proptest! {
        /// Whatever a program writes: a request is ended at most once, and only if it was made.
        #[test]
        fn each_request_is_ended_once(lines in prop::collection::vec("(\\{\"jsonrpc\":\"2.0\",)?(\"id\":[0-4],)?(\"result\":\\{\\}|\"error\":\\{\\}|x)?,?(\"id\":[0-4])?\\}", 0..40)) {
            let (mut exchange, now) = exchange(&[0, 1, 2]);
            let mut ended = BTreeSet::new();
            for line in lines {
                let id = match exchange.hears(said(&line), now).unwrap() {
                    Some(JsonRpcMessage::Response(response)) => Some(response.id),
                    Some(JsonRpcMessage::Error(error)) => error.id,
                    _ => None,
                };
                if let Some(RequestId::Number(id)) = id {
                    prop_assert!((0..3).contains(&id) && ended.insert(id), "{}", id);
                }
            }
        }
    }
}
