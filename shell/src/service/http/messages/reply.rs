//! Messages as they grow, whole or in the events of a stream, in Anthropic's order.

use quipu_kernel::process::Usage;
use serde_json::{Value, json};

use super::super::chat::unique;
use super::super::error::ApiError;
use super::super::plain::{Finish, Piece};
use super::super::wire::{self, Framed};

/// A reply as it grows.
pub struct Reply {
    id: String,
    model: String,
    /// Of the whole prompt, which a stream tells before it is computed.
    prompt_tokens: u32,
    /// Texts that end the answer.
    stops: Vec<String>,
    blocks: Vec<Value>,
    /// Whether the last block is a text that may go on.
    open: bool,
}

impl Reply {
    /// A reply of `model` to a prompt of so many tokens, which texts in `stops` may end.
    pub fn new(model: String, prompt_tokens: usize, stops: Vec<String>) -> Self {
        Self {
            id: format!("msg_{:016x}", unique()),
            model,
            prompt_tokens: u32::try_from(prompt_tokens).unwrap_or(u32::MAX),
            stops,
            blocks: Vec::new(),
            open: false,
        }
    }

    fn message(&self, content: &[Value], ended: Option<Finish>, usage: Usage) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": content, "stop_reason": ended.map(reason),
            "stop_sequence": self.word(ended),
            "usage": usage_of(usage),
        })
    }

    /// The text that ended the answer, if one did.
    fn word(&self, ended: Option<Finish>) -> Option<&String> {
        match ended {
            Some(Finish::Word(at)) => self.stops.get(at),
            _ => None,
        }
    }

    fn call(&self, name: &str) -> Value {
        let id = self.id.trim_start_matches("msg_");
        let id = format!("toolu_{id}_{}", self.blocks.len());
        json!({"type": "tool_use", "id": id, "name": name, "input": {}})
    }

    /// Takes a piece in; the whole reply with the last.
    pub fn whole(&mut self, piece: Piece) -> Option<Value> {
        match piece {
            Piece::Text(text) if self.open => {
                if let Some(last) = self.blocks.last_mut() {
                    let before = last["text"].as_str().unwrap_or_default();
                    last["text"] = format!("{before}{text}").into();
                }
            }
            Piece::Text(text) => {
                self.open = true;
                self.blocks.push(json!({"type": "text", "text": text}));
            }
            Piece::Call { name, args } => {
                let mut call = self.call(&name);
                call["input"] = serde_json::from_str(&args).unwrap_or_default();
                self.open = false;
                self.blocks.push(call);
            }
            Piece::Odds(_) => {}
            Piece::End(ended, usage) => {
                return Some(self.message(&self.blocks, Some(ended), usage));
            }
        }
        None
    }

    fn start(&mut self, block: Value) -> String {
        self.blocks.push(block.clone());
        let index = self.blocks.len() - 1;
        named(&json!({"type": "content_block_start", "index": index, "content_block": block}))
    }

    fn delta(&self, delta: &Value) -> String {
        let index = self.blocks.len().saturating_sub(1);
        named(&json!({"type": "content_block_delta", "index": index, "delta": delta}))
    }

    fn close(&mut self) -> String {
        if !std::mem::take(&mut self.open) {
            return String::new();
        }
        let index = self.blocks.len().saturating_sub(1);
        named(&json!({"type": "content_block_stop", "index": index}))
    }
}

impl Framed for Reply {
    fn begin(&mut self) -> String {
        let usage = Usage {
            prompt_tokens: self.prompt_tokens,
            ..Usage::default()
        };
        let message = self.message(&[], None, usage);
        named(&json!({"type": "message_start", "message": message}))
    }

    fn events(&mut self, piece: Piece) -> String {
        match piece {
            Piece::Text(text) => {
                let mut events = String::new();
                if !self.open {
                    events.push_str(&self.start(json!({"type": "text", "text": ""})));
                    self.open = true;
                }
                events + &self.delta(&json!({"type": "text_delta", "text": text}))
            }
            Piece::Call { name, args } => {
                let mut events = self.close();
                let call = self.call(&name);
                events.push_str(&self.start(call));
                let delta = json!({"type": "input_json_delta", "partial_json": args});
                events.push_str(&self.delta(&delta));
                self.open = true;
                events + &self.close()
            }
            Piece::Odds(_) => String::new(),
            Piece::End(ended, usage) => {
                let word = self.word(Some(ended));
                let delta = json!({"stop_reason": reason(ended), "stop_sequence": word});
                let usage = usage_of(usage);
                self.close()
                    + &named(&json!({"type": "message_delta", "delta": delta, "usage": usage}))
                    + &named(&json!({"type": "message_stop"}))
            }
        }
    }

    fn failed(&mut self, error: &ApiError) -> String {
        failed(error)
    }

    fn alive(&self) -> String {
        named(&json!({"type": "ping"}))
    }
}

/// The event of what stopped a stream.
pub fn failed(error: &ApiError) -> String {
    wire::event(Some("error"), &error.body_for_anthropic())
}

/// An event that is called as its type says.
fn named(event: &Value) -> String {
    wire::event(event["type"].as_str(), event)
}

fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Word(_) => "stop_sequence",
        Finish::Length => "max_tokens",
        Finish::Calls => "tool_use",
    }
}

/// A usage as Anthropic counts it: what was resident stands apart.
fn usage_of(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt_tokens.saturating_sub(usage.cached_tokens),
        "cache_read_input_tokens": usage.cached_tokens, "cache_creation_input_tokens": 0,
        "output_tokens": usage.generated_tokens,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_a_message_is_its_last_event() {
        let mut reply = Reply::new("m".into(), 7, Vec::new());
        let text = reply.failed(&ApiError::too_many(3));
        let data = text.strip_prefix("event: error\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], "error");
        assert_eq!(data["error"]["type"], "rate_limit_error");
        assert_eq!(reply.alive(), "event: ping\ndata: {\"type\":\"ping\"}\n\n");
    }
}
