//! The standard streams of a program: messages, a line each, and what else it says there.
//!
//! Servers write more to their output than messages: logs, a banner, words without an end of
//! the line before a message. A message is found wherever it stands, and is read as it was
//! meant; the rest counts as words, which explain why a server failed. No line takes more
//! memory than it may.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use futures_util::StreamExt;
use parking_lot::Mutex;
use rmcp::model::{ErrorCode, ErrorData, RequestId, ServerJsonRpcMessage};
use rmcp::service::{self, RoleClient};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite, Empty};
use tokio_util::codec::{Decoder, FramedRead};

use super::hidden::Hidden;

/// The longest message, in bytes: as long as one over HTTP may be.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The longest line of words, in bytes.
const WORDS_BYTES_MAX: usize = 8 << 10;
/// Bytes that are kept of either end of a line that is too long.
const END_BYTES: usize = 512;
/// Lines of words that are kept to explain a server's end, and signs of each.
const LINES_KEPT: usize = 5;
const LINE_CHARS_MAX: usize = 300;

/// What stands in place of an answer that was too long to be read.
pub(super) const TOO_LONG: ErrorCode = ErrorCode(-31_999);

/// The last words of a server.
pub(super) type Lines = Arc<Mutex<VecDeque<String>>>;

/// Where the words of a server are kept, without what may not be said again.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) lines: Lines,
    pub(super) hidden: Hidden,
}

impl Said {
    fn line(&self, line: &str) {
        let line = self.hidden.text(line.trim());
        if line.is_empty() {
            return;
        }
        tracing::debug!(%line, "an MCP server says");
        let mut lines = self.lines.lock();
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(LINE_CHARS_MAX).collect());
    }
}

/// Keeps what a server says on standard error, until that is closed.
pub(super) async fn listen(errors: impl AsyncRead + Unpin, said: Said) {
    let mut lines = FramedRead::new(errors, Splitter::new(WORDS_BYTES_MAX));
    while let Some(Ok(line)) = lines.next().await {
        match line {
            Line::Whole(bytes) => said.line(&String::from_utf8_lossy(&bytes)),
            Line::TooLong { head, .. } => said.line(&String::from_utf8_lossy(&head)),
        }
    }
}

/// The connection to a program over its output and its input.
pub(super) struct Stdio<R, W: AsyncWrite> {
    output: FramedRead<R, Splitter>,
    /// Messages that were read with another.
    ready: VecDeque<ServerJsonRpcMessage>,
    said: Said,
    input: AsyncRwTransport<RoleClient, Empty, W>,
}

impl<R, W> Stdio<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    pub(super) fn new(output: R, input: W, said: Said) -> Self {
        Self {
            output: FramedRead::new(output, Splitter::new(MESSAGE_BYTES_MAX)),
            ready: VecDeque::new(),
            said,
            input: AsyncRwTransport::new(tokio::io::empty(), input),
        }
    }

    /// Takes the messages of a line, and the words.
    fn take(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}').trim();
        let (messages, words) = messages(text);
        self.ready.extend(messages);
        self.said.line(words);
    }
}

impl<R, W> Transport<RoleClient> for Stdio<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: service::TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.input.send(item)
    }

    async fn receive(&mut self) -> Option<service::RxJsonRpcMessage<RoleClient>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            match self.output.next().await? {
                Ok(Line::Whole(line)) => self.take(&line),
                Ok(Line::TooLong { head, tail }) => return Some(too_long(&head, &tail)),
                Err(error) => {
                    tracing::debug!(%error, "the output of an MCP server");
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.input.close().await
    }
}

/// A line of a stream.
#[derive(Debug, PartialEq)]
enum Line {
    /// With its end, if it has one.
    Whole(BytesMut),
    /// Its first and its last bytes.
    TooLong { head: Vec<u8>, tail: Vec<u8> },
}

/// Splits a stream into lines, of which none takes more than so many bytes.
struct Splitter {
    bytes_max: usize,
    /// Bytes that are known to have no end of a line in them.
    looked_at: usize,
    /// The first bytes of a line that is too long already.
    head: Option<Vec<u8>>,
}

impl Splitter {
    fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            looked_at: 0,
            head: None,
        }
    }

    fn line(&mut self, line: BytesMut) -> Line {
        self.looked_at = 0;
        match self.head.take() {
            Some(head) => Line::TooLong {
                head,
                tail: line[line.len().saturating_sub(END_BYTES)..].to_vec(),
            },
            None => Line::Whole(line),
        }
    }
}

impl Decoder for Splitter {
    type Item = Line;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Line>> {
        let end = bytes[self.looked_at..]
            .iter()
            .position(|byte| *byte == b'\n');
        if let Some(end) = end {
            let line = bytes.split_to(self.looked_at + end + 1);
            return Ok(Some(self.line(line)));
        }
        if self.head.is_none() && bytes.len() > self.bytes_max {
            self.head = Some(bytes[..END_BYTES.min(bytes.len())].to_vec());
        }
        if self.head.is_some() {
            bytes.advance(bytes.len().saturating_sub(END_BYTES));
        }
        self.looked_at = bytes.len();
        Ok(None)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Line>> {
        if let Some(line) = self.decode(bytes)? {
            return Ok(Some(line));
        }
        let rest = bytes.split();
        Ok((!rest.is_empty()).then(|| self.line(rest)))
    }
}

/// The message in `text` as it was meant to be; `text` itself where it has none.
pub(super) fn as_meant(text: String) -> String {
    if serde_json::from_str::<ServerJsonRpcMessage>(&text).is_ok() {
        return text;
    }
    let meant = messages(&text).0.into_iter().next();
    let meant = meant.and_then(|message| serde_json::to_string(&message).ok());
    meant.unwrap_or(text)
}

/// The messages in a line, and the words before them; all of it is words where it has none.
fn messages(text: &str) -> (Vec<ServerJsonRpcMessage>, &str) {
    // Behind words that have no end of their line.
    let behind = text.find("{\"").filter(|at| *at > 0);
    for start in std::iter::once(0).chain(behind) {
        let values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        let found: Vec<ServerJsonRpcMessage> = values
            .map_while(Result::ok)
            .flat_map(|value| match value {
                // Several at once, as an older revision had it.
                Value::Array(several) => several,
                one => vec![one],
            })
            .filter_map(message)
            .collect();
        if !found.is_empty() {
            return (found, &text[..start]);
        }
    }
    (Vec::new(), text)
}

/// A value as the message that it was meant to be, if it is one at all and no line of a log.
fn message(value: Value) -> Option<ServerJsonRpcMessage> {
    let Value::Object(mut fields) = value else {
        return None;
    };
    let is_marked = fields.contains_key("jsonrpc");
    // Without the mark it is an answer if it has nothing else.
    let of_answers = |key: &String| ["id", "result", "error"].contains(&key.as_str());
    if !is_marked && !fields.keys().all(of_answers) {
        return None;
    }
    let has = |key: &str| fields.get(key).is_some_and(|value| !value.is_null());
    let fails = has("error") && (is_marked || has("id"));
    // A result of nothing is one as well, where nothing is asked.
    let gives = has("result") || fields.contains_key("result") && !has("method");
    let answers = fails || gives && has("id");
    if !answers && !has("method") {
        return None;
    }
    fields.insert("jsonrpc".into(), "2.0".into());
    match answers {
        true => answer(&mut fields, fails),
        false => fields.retain(|key, value| match key.as_str() {
            "result" | "error" => false,
            "id" => !value.is_null(),
            _ => true,
        }),
    }
    serde_json::from_value(Value::Object(fields)).ok()
}

/// An answer with either a result or an error, and with an id that is a whole number or a text.
fn answer(fields: &mut Map<String, Value>, fails: bool) {
    // Some say again what was asked.
    fields.remove("method");
    let error = fields.remove("error").filter(|_| fails);
    if let Some(error) = error {
        fields.remove("result");
        fields.insert("error".into(), failure(error));
    }
    let id = fields.get("id").and_then(Value::as_f64);
    if let Some(id) = id.filter(|id| id.fract() == 0.0 && id.abs() < i32::MAX.into()) {
        fields.insert("id".into(), (id as i64).into());
    }
}

/// An error with a code and a message, whatever it was written as.
fn failure(error: Value) -> Value {
    let internal = ErrorCode::INTERNAL_ERROR.0;
    let Value::Object(fields) = error else {
        let text = error
            .as_str()
            .map_or_else(|| error.to_string(), str::to_owned);
        return json!({"code": internal, "message": text});
    };
    let code = fields.get("code").and_then(Value::as_i64);
    let code = code
        .and_then(|code| i32::try_from(code).ok())
        .unwrap_or(internal);
    let said = fields.get("message").and_then(Value::as_str);
    let data = fields.get("data").filter(|data| !data.is_null());
    match (said, data) {
        (Some(said), None) => json!({"code": code, "message": said}),
        (Some(said), Some(data)) => json!({"code": code, "message": said, "data": data}),
        (None, _) => json!({"code": code, "message": Value::Object(fields.clone()).to_string()}),
    }
}

/// What is said in place of an answer that was too long, to the request that it answers.
fn too_long(head: &[u8], tail: &[u8]) -> ServerJsonRpcMessage {
    let mb = MESSAGE_BYTES_MAX >> 20;
    let words = format!("its answer is longer than {mb} MB, which is the limit");
    ServerJsonRpcMessage::error(ErrorData::new(TOO_LONG, words, None), id_of(head, tail))
}

/// The id of an answer of which the ends are known: it stands before the result or behind it.
fn id_of(head: &[u8], tail: &[u8]) -> Option<RequestId> {
    const KEY: &str = "\"id\":";
    let read = |text: &str| serde_json::from_str::<RequestId>(text.trim()).ok();
    let head = String::from_utf8_lossy(head);
    let before = head.split("\"result\"").next().unwrap_or_default();
    if let Some((_, id)) = before.split_once(KEY) {
        return read(id.split(',').next().unwrap_or_default());
    }
    let tail = String::from_utf8_lossy(tail);
    let (_, rest) = tail.rsplit_once(KEY)?;
    let rest = rest.trim_end().strip_suffix('}')?;
    match rest.split_once(',') {
        None => read(rest),
        Some((id, more)) if more.trim_start().starts_with("\"jsonrpc\"") => read(id),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes over the output of a program that writes `text`: its messages as JSON,
    /// errors by their messages; and its words.
    fn read(text: &[u8]) -> (Vec<String>, Vec<String>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let said = Said {
            lines: Lines::default(),
            hidden: Hidden::default(),
        };
        let lines = said.lines.clone();
        let output = io::Cursor::new(text.to_vec());
        let mut stdio = Stdio::new(output, tokio::io::sink(), said);
        let mut messages = Vec::new();
        while let Some(message) = runtime.block_on(stdio.receive()) {
            messages.push(match message {
                ServerJsonRpcMessage::Response(response) => {
                    let result = serde_json::to_value(&response.result).unwrap();
                    format!("{}: {result}", response.id)
                }
                ServerJsonRpcMessage::Error(error) => {
                    let id = error.id.map_or("?".to_owned(), |id| id.to_string());
                    let data = error.error.data.unwrap_or_default();
                    format!(
                        "{id}! {} {} {data}",
                        error.error.code.0, error.error.message
                    )
                }
                ServerJsonRpcMessage::Request(request) => format!("{}?", request.id),
                ServerJsonRpcMessage::Notification(_) => "…".to_owned(),
            });
        }
        let words = lines.lock().iter().cloned().collect();
        (messages, words)
    }

    #[track_caller]
    fn check(text: &str, want: &[&str], words: &[&str]) {
        let (messages, said) = read(text.as_bytes());
        assert_eq!(messages, want, "{text}");
        assert_eq!(said, words, "{text}");
    }

    #[test]
    fn a_message_is_found_wherever_it_stands() {
        let one = r#"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#;
        let two = r#"{"jsonrpc":"2.0","id":2,"result":{"x":2}}"#;
        let both = ["1: {\"x\":1}", "2: {\"x\":2}"];
        check(&format!("{one}\n{two}\n"), &both, &[]);
        check(&format!("\u{feff}{one}\r\n\r\n  {two}"), &both, &[]);
        check(&format!("{one}{two}\n"), &both, &[]);
        check(&format!("[{one},{two}]\n"), &both, &[]);
        check(
            &format!("[info] on stdio {one}\nlistening\n{two}\n"),
            &both,
            &["[info] on stdio", "listening"],
        );
        // Logs in JSON are no messages, whatever they have.
        let log = r#"{"level":30,"method":"GET","msg":"up"}"#;
        check(
            &format!("{log}\n42\nnull\n{one}\n"),
            &both[..1],
            &[log, "42", "null"],
        );
        let log = r#"{"level":50,"id":1,"error":"boom"}"#;
        check(&format!("{log}\n{one}\n"), &both[..1], &[log]);
        let ping = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
        let told = r#"{"jsonrpc":"2.0","id":null,"method":"notifications/tools/list_changed"}"#;
        check(&format!("{ping}\n{told}\n"), &["p?", "…"], &[]);
        check("", &[], &[]);
    }

    #[test]
    fn an_answer_is_read_as_it_was_meant() {
        let check = |text: &str, want: &str| check(text, &[want], &[]);
        check(r#"{"id":1,"result":{"x":1}}"#, r#"1: {"x":1}"#);
        check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "1: null");
        check(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","result":{"x":1}}"#,
            r#"1: {"x":1}"#,
        );
        check(
            r#"{"jsonrpc":"2.0","id":1.0,"result":{"x":1},"error":null}"#,
            r#"1: {"x":1}"#,
        );
        check(
            r#"{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":-32602,"message":"bad"}}"#,
            "1! -32602 bad null",
        );
        check(
            r#"{"jsonrpc":"2.0","id":1,"error":"no such file"}"#,
            "1! -32603 no such file null",
        );
        check(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":"E1","message":"no","data":{"a":2}}}"#,
            r#"1! -32603 no {"a":2}"#,
        );
        check(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":7,"reason":"dry"}}"#,
            r#"1! 7 {"code":7,"reason":"dry"} null"#,
        );
    }

    #[test]
    fn an_event_is_read_as_it_was_meant() {
        let check = |text: &str, want: &str| assert_eq!(as_meant(text.to_owned()), want);
        let good = r#"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"#;
        check(good, good);
        check(
            r#"{"jsonrpc":"2.0","id":1,"result":{"x":1},"error":null}"#,
            good,
        );
        check("", "");
        check("ping", "ping");
    }

    #[test]
    fn what_is_no_text_is_read_too() {
        let mut line = br#"{"jsonrpc":"2.0","id":1,"result":{"x":"caf"#.to_vec();
        line.extend(b"\xe9\"}}\n");
        assert_eq!(read(&line).0, ["1: {\"x\":\"caf\u{fffd}\"}"]);
        assert_eq!(read(b"caf\xe9\n").1, ["caf\u{fffd}"]);
    }

    #[test]
    fn an_answer_that_is_too_long_is_told_to_whoever_asked() {
        let check = |before: &str, after: &str, want: Option<&str>| {
            let id = id_of(before.as_bytes(), after.as_bytes());
            assert_eq!(
                id.map(|id| id.to_string()).as_deref(),
                want,
                "{before} … {after}"
            );
        };
        check(
            r#"{"jsonrpc": "2.0", "id": 5, "result": {"id":"#,
            r#""}}"#,
            Some("5"),
        );
        check(
            r#"{"result":{"id":9"#,
            r#""}},"jsonrpc":"2.0","id":5}"#,
            Some("5"),
        );
        check(
            r#"{"result":{"content""#,
            r#"}, "id": "a", "jsonrpc": "2.0"}"#,
            Some("a"),
        );
        check(r#"{"result":{"content""#, r#"{"id":7}}"#, None);
        check(r#"{"result":{"content""#, r#","id":7,"x":1}"#, None);

        let mut splitter = Splitter::new(2 * END_BYTES);
        let mut bytes = BytesMut::from(&b"short\n"[..]);
        for _ in 0..8 {
            bytes.extend_from_slice(&[b'x'; END_BYTES]);
        }
        let whole = |bytes: &[u8]| Some(Line::Whole(BytesMut::from(bytes)));
        assert_eq!(splitter.decode(&mut bytes).unwrap(), whole(b"short\n"));
        assert_eq!(splitter.decode(&mut bytes).unwrap(), None);
        assert!(bytes.len() <= END_BYTES);
        bytes.extend_from_slice(b"end\nlast");
        let Some(Line::TooLong { head, tail }) = splitter.decode(&mut bytes).unwrap() else {
            panic!("it is not too long")
        };
        assert_eq!((head.len(), tail.len()), (END_BYTES, END_BYTES));
        assert!(tail.ends_with(b"xend\n"));
        assert_eq!(splitter.decode_eof(&mut bytes).unwrap(), whole(b"last"));
        assert_eq!(splitter.decode_eof(&mut bytes).unwrap(), None);
    }
}
