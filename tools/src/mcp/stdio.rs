//! The standard streams of a program: messages, a line each, and what else it says there.
//!
//! Servers write more to their output than messages: logs, a banner, words without an end of
//! the line before a message. A message is found wherever it stands, and is read as it was
//! meant; the rest counts as words, which explain why a server failed. No line takes more
//! memory than it may, by its length or by what it is made of.

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

use super::loose::strict;
use super::redaction::Hidden;

/// The longest message, in bytes: as long as one over HTTP may be.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The most values in one message. While it is read each takes some hundred bytes, be it written
/// with one.
const VALUES_MAX: usize = 500_000;
/// How deep the values of a message may be nested, which is as deep as they are read.
const DEPTH_MAX: usize = 127;
/// The longest message that is written over several lines, in bytes.
const SPREAD_BYTES_MAX: usize = 1 << 20;
/// The longest line of words, in bytes.
const WORDS_BYTES_MAX: usize = 8 << 10;
/// Bytes that are kept of either end of a line that is too long.
const END_BYTES: usize = 512;
/// Lines of words that are kept to explain a server's end, and signs of each.
const LINES_KEPT: usize = 5;
const LINE_CHARS_MAX: usize = 300;

/// The code of the error in place of an answer that was too long to be read.
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
    /// The lines of a message that is written over several.
    begun: String,
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
            begun: String::new(),
            said,
            input: AsyncRwTransport::new(tokio::io::empty(), input),
        }
    }

    /// Takes the messages of a line, and the words.
    fn take(&mut self, line: &[u8]) {
        if let Some(refused) = beyond_limits(line) {
            self.ready.push_back(refused);
            return;
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_start_matches('\u{feff}').trim();
        let (found, words) = messages(text);
        if found.is_empty() && self.goes_on(line, text) {
            return;
        }
        self.give_up();
        self.ready.extend(found);
        self.said.line(words);
    }

    /// Whether a line is of a message that is written over several, as for people: the first is a
    /// bracket, and so does the last one begin. Its message is taken with the last.
    fn goes_on(&mut self, line: &[u8], text: &str) -> bool {
        let begins = self.begun.is_empty() && text == "{";
        let has_room = self.begun.len() + text.len() < SPREAD_BYTES_MAX;
        if !begins && (self.begun.is_empty() || !has_room) {
            return false;
        }
        self.begun.push_str(text);
        self.begun.push('\n');
        if line.first() == Some(&b'}') {
            let (found, _) = messages(&self.begun);
            match found.is_empty() {
                true => self.give_up(),
                false => self.begun.clear(),
            }
            self.ready.extend(found);
        }
        true
    }

    /// Takes for words what was begun and is no message.
    fn give_up(&mut self) {
        let begun = std::mem::take(&mut self.begun);
        begun.lines().for_each(|line| self.said.line(line));
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
                Ok(Line::TooLong { head, tail }) => {
                    return Some(refused(&too_long(), &head, &tail));
                }
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

/// Splits a stream into lines, none of which takes more than a given number of bytes.
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

/// The messages in `text` as they were meant to be; `text` itself where it has none.
pub(super) fn as_meant(text: String) -> Vec<String> {
    let meant = match beyond_limits(text.as_bytes()) {
        Some(refused) => vec![refused],
        None if serde_json::from_str::<ServerJsonRpcMessage>(&text).is_ok() => return vec![text],
        None => messages(&text).0,
    };
    let written = meant.iter().map(serde_json::to_string);
    let written: Vec<String> = written.filter_map(Result::ok).collect();
    match written.is_empty() {
        true => vec![text],
        false => written,
    }
}

/// The message in `text` that answers `asked`; the first one where none says so.
pub(super) fn reply_in(text: &str, asked: Option<&RequestId>) -> Option<ServerJsonRpcMessage> {
    if let Some(refused) = beyond_limits(text.as_bytes()) {
        return Some(refused);
    }
    let mut messages = messages(text).0;
    let answers = |message: &ServerJsonRpcMessage| {
        let id = match message {
            ServerJsonRpcMessage::Response(response) => Some(&response.id),
            ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        // Some answer a number as a text.
        id.zip(asked)
            .is_some_and(|(id, asked)| id.to_string() == asked.to_string())
    };
    let at = messages.iter().position(answers).unwrap_or(0);
    (at < messages.len()).then(|| messages.swap_remove(at))
}

/// The error in place of a message that holds more values than one may, or that is nested deeper
/// than is read. Words that are nested so deep are no message, and stay words.
fn beyond_limits(json: &[u8]) -> Option<ServerJsonRpcMessage> {
    let (values, depth) = extent(json);
    let words = match () {
        () if values > VALUES_MAX => too_many(),
        () if depth > DEPTH_MAX && is_of_messages(json) => too_deep(),
        () => return None,
    };
    let (head, tail) = ends(json);
    Some(refused(&words, head, tail))
}

/// Whether a message seems to be in `json`: it says so near one of its ends.
fn is_of_messages(json: &[u8]) -> bool {
    let (head, tail) = ends(json);
    let says = |end: &[u8]| String::from_utf8_lossy(end).contains("\"jsonrpc\"");
    says(head) || says(tail)
}

/// How many values `json` holds, and how deep they are nested.
fn extent(json: &[u8]) -> (usize, usize) {
    let (mut values, mut in_text, mut escaped) = (0_usize, false, false);
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b',' if !in_text => values += 1,
            b'[' | b'{' if !in_text => {
                values += 1;
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (values, deepest)
}

/// The first and the last bytes of a message, where its id may stand.
fn ends(json: &[u8]) -> (&[u8], &[u8]) {
    let head = &json[..END_BYTES.min(json.len())];
    (head, &json[json.len().saturating_sub(END_BYTES)..])
}

/// The messages in a line, and the words before them; all of it is words where it has none.
fn messages(text: &str) -> (Vec<ServerJsonRpcMessage>, &str) {
    let (found, words) = written(text);
    let read = if found.is_empty() { strict(text) } else { None };
    let Some(read) = read else {
        return (found, words);
    };
    let (found, before) = written(&read);
    let words = match found.is_empty() {
        true => text,
        // Nearly: they may have what is read otherwise, too.
        false => text.get(..before.len()).unwrap_or_default(),
    };
    (found, words)
}

/// The messages in a line, as [`messages`] has them. What stands behind words may be the value of
/// a log, so it has to say that it is a message.
fn written(text: &str) -> (Vec<ServerJsonRpcMessage>, &str) {
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
            .filter(|value| start == 0 || value.get("jsonrpc").is_some())
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

fn too_long() -> String {
    let mb = MESSAGE_BYTES_MAX >> 20;
    format!("its answer is longer than {mb} MB, which is the limit")
}

fn too_many() -> String {
    format!("its answer has more than {VALUES_MAX} values, which is the limit")
}

fn too_deep() -> String {
    format!("its answer is nested deeper than {DEPTH_MAX}, which is the limit")
}

/// The error in place of an answer that is not read, for the request that it answers.
fn refused(words: &str, head: &[u8], tail: &[u8]) -> ServerJsonRpcMessage {
    let error = ErrorData::new(TOO_LONG, words.to_owned(), None);
    ServerJsonRpcMessage::error(error, id_of(head, tail))
}

/// The id of an answer of which only the ends are known: the id stands before the result or after
/// it.
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
mod tests;
