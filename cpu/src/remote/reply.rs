//! What an endpoint sends, read by what it means: servers that speak "the OpenAI protocol"
//! differ in nearly everything around the text. Read are streams of events with or without
//! a last line, a whole JSON body, and lines of JSON; text as a string or in parts; errors
//! wherever and in whatever form they come (`fault`).

mod calls;

use serde_json::Value;

use calls::Calls;

use super::fault::{failure, shortened, words_or_all};
use crate::Usage;
use crate::{ClosedEarly, Completion};

/// A body that is no stream is kept up to here, in bytes.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Thoughts are kept up to here, in bytes.
const THOUGHT_BYTES_MAX: usize = 1 << 20;
/// The bytes of a byte order mark.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
/// Where servers put what a model thinks before it speaks.
const THOUGHTS: [&str; 4] = [
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_details",
];

/// A reply as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) completion: Completion,
    /// Whether it said that this was all.
    pub(super) ended: bool,
    /// Whether it said that nothing more comes.
    closed: bool,
    /// Whether it said how many tokens it took.
    told: bool,
    /// Whether it has calls of functions beside its text, which nobody offered it: its server
    /// reads them out of what the model writes.
    pub(super) called: bool,
    /// Those calls.
    pub(super) calls: Calls,
    /// What stands where servers put thoughts. Some put the answer there, too, when the model
    /// did not think before it.
    pub(super) thoughts: String,
    /// The first line that is nothing of a reply.
    pub(super) stray: String,
    /// Whether the event that comes was announced as an error.
    failing: bool,
    /// Whether the last byte was a carriage return: a line feed behind it ends no line.
    returned: bool,
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// The lines of an event whose JSON is not complete yet.
    event: String,
    /// All of a body that is no stream of events.
    body: Option<Vec<u8>>,
    begun: bool,
}

impl Reply {
    /// Whether nothing more is waited for. Behind the last word of a stream comes how many tokens
    /// it took, where a server says that.
    pub(super) fn is_over(&self) -> bool {
        self.closed || self.ended && self.told
    }

    /// Takes `bytes` in; gives the text they bring.
    ///
    /// # Errors
    /// The endpoint's own words where it failed.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        for byte in bytes {
            // A byte order mark begins neither a stream nor JSON.
            if !self.begun && MARK.contains(byte) {
                continue;
            }
            if !self.begun && !byte.is_ascii_whitespace() {
                self.begun = true;
                if matches!(byte, b'{' | b'[') {
                    self.body = Some(Vec::new());
                }
            }
            if let Some(body) = &mut self.body {
                if body.len() < BODY_BYTES_MAX {
                    body.push(*byte);
                }
            } else if *byte == b'\n' && self.returned {
                self.returned = false;
            } else if matches!(byte, b'\n' | b'\r') {
                self.returned = *byte == b'\r';
                self.line(&mut text)?;
            } else {
                self.returned = false;
                self.line.push(*byte);
            }
        }
        Ok(text)
    }

    /// Takes what is left when nothing more comes; gives its text.
    ///
    /// # Errors
    /// As [`Reply::take`], and where the body is nothing that could be read.
    pub(super) fn finish(&mut self) -> Result<String, String> {
        let mut text = String::new();
        if let Some(body) = self.body.take() {
            let body = String::from_utf8_lossy(&body).into_owned();
            if let Ok(value) = serde_json::from_str::<Value>(&body) {
                text.push_str(&self.event(&value)?);
                self.ended = true;
                return Ok(text);
            }
            for line in body.lines().filter(|line| !line.trim().is_empty()) {
                let value: Value = serde_json::from_str(line)
                    .map_err(|error| format!("its reply is not JSON: {error}"))?;
                text.push_str(&self.event(&value)?);
            }
            return Ok(text);
        }
        self.line(&mut text)?;
        // A blank line ends an event that has several.
        self.line(&mut text)?;
        Ok(text)
    }

    fn line(&mut self, text: &mut String) -> Result<(), String> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            self.failing = false;
            return match std::mem::take(&mut self.event) {
                event if event.is_empty() => Ok(()),
                event => Err(format!(
                    "an event of its stream is not JSON: {}",
                    shortened(&event)
                )),
            };
        }
        let Some(data) = self.data(line) else {
            return Ok(());
        };
        if matches!(data, "[DONE]" | "\"[DONE]\"") {
            (self.ended, self.closed) = (true, true);
            return Ok(());
        }
        if self.ended {
            // Whatever else it says, this was all.
            if let Ok(event) = serde_json::from_str::<Value>(data) {
                self.count(&event);
            }
            return Ok(());
        }
        if self.event.is_empty() && !data.starts_with(['{', '[']) {
            return self.words(data);
        }
        self.event.push_str(data);
        match serde_json::from_str::<Value>(&self.event) {
            Ok(event) => {
                self.event.clear();
                text.push_str(&self.event(&event)?);
                Ok(())
            }
            // The rest of it may be on the next line.
            Err(error) if error.is_eof() => Ok(()),
            Err(error) => Err(format!(
                "an event of its stream is not JSON: {error}: {}",
                shortened(&self.event)
            )),
        }
    }

    /// What `line` brings of an event, if it does.
    fn data<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        if let Some(data) = line.strip_prefix("data:") {
            return Some(data.trim());
        }
        if let Some(name) = line.strip_prefix("event:") {
            self.failing = name.trim() == "error";
            return None;
        }
        if let Some(words) = line.strip_prefix("error:") {
            self.failing = true;
            return Some(words.trim());
        }
        // Some servers fall out of the stream to say that they failed.
        if line.starts_with('{') {
            return Some(line);
        }
        let of_stream = [":", "id:", "retry:"];
        if !of_stream.iter().any(|begin| line.starts_with(begin)) {
            self.note(line);
        }
        None
    }

    /// Takes in data that is no JSON: the words of an error, or a sign of life.
    fn words(&mut self, data: &str) -> Result<(), String> {
        if self.failing && !data.is_empty() {
            let said = serde_json::from_str::<Value>(data).unwrap_or_else(|_| data.into());
            return Err(shortened(&words_or_all(&said)));
        }
        self.note(data);
        Ok(())
    }

    /// Keeps a line that says nothing here, for the case that nothing else comes.
    fn note(&mut self, line: &str) {
        if self.stray.is_empty() && !line.starts_with(':') {
            self.stray = shortened(line);
        }
    }

    /// Takes one event in; gives the text it brings.
    fn event(&mut self, event: &Value) -> Result<String, String> {
        if let Value::Array(events) = event {
            let texts = events.iter().map(|event| self.event(event));
            return texts.collect();
        }
        if let Some(words) = failure(event) {
            return Err(words);
        }
        if self.failing {
            return Err(shortened(&words_or_all(event)));
        }
        self.count(event);
        let choice = first_choice(event);
        let said = self.said(choice);
        self.think(said);
        let calls = said["tool_calls"].as_array();
        self.called |= calls.is_some_and(|calls| !calls.is_empty());
        self.called |= said["function_call"].is_object();
        self.calls.take(said);
        let text = match &said["content"] {
            Value::Null => choice["text"].as_str().unwrap_or_default().to_owned(),
            content => self.content(content),
        };
        self.completion.text.push_str(&text);
        if event["done"] == true {
            self.ended = true;
        }
        let reason = choice["finish_reason"]
            .as_str()
            .or(event["done_reason"].as_str());
        self.end(reason.unwrap_or_default())?;
        if let Some(refusal) = said["refusal"].as_str().filter(|text| !text.is_empty())
            && self.completion.text.is_empty()
        {
            return Err(format!("it refused to answer: {}", shortened(refusal)));
        }
        Ok(text)
    }

    /// What a choice says: a piece of a message, or a message. A message beside a piece counts
    /// only where nothing has come in pieces.
    fn said<'v>(&self, choice: &'v Value) -> &'v Value {
        let [piece, message] = [&choice["delta"], &choice["message"]];
        let silent = |said: &Value| {
            let content = &said["content"];
            content.is_null() || *content == ""
        };
        let instead = silent(piece) && !silent(message) && self.completion.text.is_empty();
        match (piece.is_object(), message.is_object()) {
            (true, true) if instead => message,
            (true, _) => piece,
            (false, true) => message,
            (false, false) => choice,
        }
    }

    /// Takes in what a message says of thoughts.
    fn think(&mut self, said: &Value) {
        self.completion.thought |= THOUGHTS.iter().any(|key| match &said[*key] {
            Value::String(text) => !text.is_empty(),
            Value::Array(parts) => !parts.is_empty(),
            Value::Object(parts) => !parts.is_empty(),
            _ => false,
        });
        let mut texts = THOUGHTS.iter().filter_map(|key| said[*key].as_str());
        let text = texts.next().unwrap_or_default();
        if self.thoughts.len() + text.len() <= THOUGHT_BYTES_MAX {
            self.thoughts.push_str(text);
        }
    }

    /// Takes in why a reply ended, if it did.
    fn end(&mut self, reason: &str) -> Result<(), String> {
        // What came whole is not the worse for it.
        let whole = || serde_json::from_str::<Value>(&self.completion.text).is_ok();
        match ending(reason) {
            Ending::NotYet => {}
            Ending::Withheld if !whole() => {
                return Err("it withheld its answer: a filter of content".into());
            }
            Ending::Failed if !whole() => {
                return Err(match reason {
                    "error" => "it ended with an error and said no more of it".into(),
                    reason => format!("it broke off: {}", shortened(reason)),
                });
            }
            Ending::Full => {
                self.ended = true;
                self.completion.closed_early = Some(ClosedEarly::Full);
            }
            _ => self.ended = true,
        }
        Ok(())
    }

    /// Takes in how many tokens it took, where `event` says that.
    fn count(&mut self, event: &Value) {
        if let Some(usage) = event.get("usage").filter(|usage| usage.is_object()) {
            self.completion.usage = usage_of(usage);
            self.told = true;
        }
    }

    /// The text of content: a string, a part, or several, of which some may be thoughts.
    fn content(&mut self, content: &Value) -> String {
        match content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().map(|part| self.content(part)).collect(),
            // Some read the JSON that a model writes, and hand on what it means.
            Value::Object(part) if !part.contains_key("type") && !part.contains_key("text") => {
                content.to_string()
            }
            Value::Object(part) => {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
                match kind {
                    "thinking" | "reasoning" | "reasoning_text" => {
                        self.completion.thought = true;
                        String::new()
                    }
                    _ => match part.get("text") {
                        // As some have it: {"text": {"value": "…"}}.
                        Some(Value::Object(text)) => text
                            .get("value")
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                            .to_owned(),
                        text => text.and_then(Value::as_str).unwrap_or_default().to_owned(),
                    },
                }
            }
            _ => String::new(),
        }
    }
}

fn usage_of(usage: &Value) -> Usage {
    let count = |values: [&Value; 3]| {
        let told = values.into_iter().find_map(Value::as_f64);
        told.unwrap_or(0.0) as u32
    };
    let none = &Value::Null;
    let cached = [
        &usage["prompt_tokens_details"]["cached_tokens"],
        &usage["prompt_cache_hit_tokens"],
        &usage["cache_read_input_tokens"],
    ];
    Usage {
        prompt_tokens: count([&usage["prompt_tokens"], &usage["input_tokens"], none]),
        cached_tokens: count(cached),
        generated_tokens: count([&usage["completion_tokens"], &usage["output_tokens"], none]),
    }
}

/// The first of the choices of an event. Without any it may be a message of its own, as Ollama
/// has it.
fn first_choice(event: &Value) -> &Value {
    let first = |choice: &&Value| choice["index"].as_u64().unwrap_or(0) == 0;
    match &event["choices"] {
        Value::Array(choices) => choices.iter().find(first).unwrap_or(event),
        one @ Value::Object(_) => one,
        _ => event,
    }
}

/// What the reason for an end means.
enum Ending {
    NotYet,
    Whole,
    /// No room was left.
    Full,
    /// A filter keeps the rest back.
    Withheld,
    Failed,
}

/// What servers mean by `reason`. Some write what is not there as a word.
fn ending(reason: &str) -> Ending {
    match reason.trim().to_ascii_lowercase().as_str() {
        "" | "null" | "none" => Ending::NotYet,
        "length"
        | "max_tokens"
        | "max_output_tokens"
        | "max_length"
        | "model_length"
        | "model_context_window_exceeded" => Ending::Full,
        "safety" | "sensitive" | "recitation" | "blocklist" | "prohibited_content" => {
            Ending::Withheld
        }
        reason if reason.starts_with("content_filter") => Ending::Withheld,
        "error"
        | "network_error"
        | "insufficient_system_resource"
        | "abort"
        | "aborted"
        | "cancelled"
        | "canceled"
        | "timeout" => Ending::Failed,
        _ => Ending::Whole,
    }
}

#[cfg(test)]
mod tests;
