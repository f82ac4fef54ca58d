//! What an endpoint sends, read by what it means: servers that speak "the OpenAI protocol"
//! differ in nearly everything around the text. Read are streams of events with or without
//! a last line, a whole JSON body, and lines of JSON; text as a string or in parts; errors
//! wherever and in whatever form they come.

use serde_json::Value;

use crate::Usage;
use crate::{ClosedEarly, Completion};

/// A body that is no stream is kept up to here, in bytes.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Characters of an error that are passed on.
const ERROR_CHARS_MAX: usize = 600;
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
            } else if matches!(byte, b'\n' | b'\r') {
                self.line(&mut text)?;
            } else {
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
            return match std::mem::take(&mut self.event) {
                event if event.is_empty() => Ok(()),
                event => Err(format!(
                    "an event of its stream is not JSON: {}",
                    shortened(&event)
                )),
            };
        }
        let data = match line.strip_prefix("data:") {
            Some(data) => data.trim(),
            // Some servers fall out of the stream to say that they failed.
            None if line.starts_with('{') => line,
            None => return Ok(()),
        };
        if data == "[DONE]" {
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
        if data.is_empty() {
            return Ok(());
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

    /// Takes one event in; gives the text it brings.
    fn event(&mut self, event: &Value) -> Result<String, String> {
        if let Value::Array(events) = event {
            let texts = events.iter().map(|event| self.event(event));
            return texts.collect();
        }
        if let Some(words) = failure(event) {
            return Err(words);
        }
        self.count(event);
        let choices = event["choices"].as_array();
        let first = |choice: &&Value| choice["index"].as_u64().unwrap_or(0) == 0;
        let choice = choices.and_then(|choices| choices.iter().find(first));
        // Without choices there may be a message of its own, as Ollama has it.
        let choice = choice.unwrap_or(event);
        let said = [&choice["delta"], &choice["message"]];
        let said = said.into_iter().find(|said| said.is_object());
        let said = said.unwrap_or(choice);
        self.completion.thought |= THOUGHTS.iter().any(|key| match &said[*key] {
            Value::String(text) => !text.is_empty(),
            Value::Array(parts) => !parts.is_empty(),
            Value::Object(parts) => !parts.is_empty(),
            _ => false,
        });
        let calls = said["tool_calls"].as_array();
        self.called |= calls.is_some_and(|calls| !calls.is_empty());
        self.called |= said["function_call"].is_object();
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
        match reason.unwrap_or_default().to_ascii_lowercase().as_str() {
            "" => {}
            "length" | "max_tokens" | "max_output_tokens" => {
                self.ended = true;
                self.completion.closed_early = Some(ClosedEarly::Full);
            }
            "content_filter" | "safety" if self.completion.text.is_empty() => {
                return Err("it withheld its answer: a filter of content".into());
            }
            "error" if self.completion.text.is_empty() => {
                return Err("it ended with an error and said no more of it".into());
            }
            _ => self.ended = true,
        }
        if let Some(refusal) = said["refusal"].as_str().filter(|text| !text.is_empty())
            && self.completion.text.is_empty()
        {
            return Err(format!("it refused to answer: {}", shortened(refusal)));
        }
        Ok(text)
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
    let count = |value: &Value| value.as_f64().unwrap_or(0.0) as u32;
    Usage {
        prompt_tokens: count(&usage["prompt_tokens"]),
        cached_tokens: count(&usage["prompt_tokens_details"]["cached_tokens"]),
        generated_tokens: count(&usage["completion_tokens"]),
    }
}

/// What an event or a body says of a failure, if it tells of one.
pub(super) fn failure(event: &Value) -> Option<String> {
    let is_reply = event.get("choices").is_some_and(Value::is_array);
    let is_error = event["object"] == "error" || event["type"] == "error";
    let words = match &event["error"] {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Object(fields) if fields.is_empty() => None,
        error => Some(words(error)),
    };
    let words = words.or_else(|| match (is_error, is_reply) {
        (true, _) => Some(words_or_all(event)),
        // As FastAPI has it, and others that name no kind.
        (false, false) if event.get("detail").is_some_and(|detail| !detail.is_null()) => {
            Some(words_or_all(&event["detail"]))
        }
        (false, false) if event["message"].is_string() && event.get("content").is_none() => {
            Some(words_or_all(event))
        }
        _ => None,
    })?;
    Some(shortened(&words))
}

/// The words of an error in whatever form it is.
fn words(error: &Value) -> String {
    let said = words_or_all(error);
    // What a router was told by the one behind it.
    match error["metadata"]["raw"].as_str() {
        Some(raw) if !said.contains(raw) => format!("{said}: {raw}"),
        _ => said,
    }
}

fn words_or_all(error: &Value) -> String {
    match error {
        Value::String(text) => text.clone(),
        Value::Array(several) => {
            let all: Vec<String> = several.iter().map(words_or_all).collect();
            all.join("; ")
        }
        Value::Object(fields) => {
            let named = ["message", "msg", "detail", "error", "reason", "description"];
            let said = named.iter().filter_map(|name| fields.get(*name));
            let said = said.map(words_or_all).find(|said| !said.is_empty());
            said.unwrap_or_else(|| error.to_string())
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(ERROR_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
