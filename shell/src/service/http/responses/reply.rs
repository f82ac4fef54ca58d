//! Responses as they grow, whole or in the events of a stream, in OpenAI's order.

use quipu_kernel::process::Usage;
use serde_json::{Map, Value, json};

use super::super::chat::reply::{Head, odds_of};
use super::super::error::ApiError;
use super::super::guard::Caller;
use super::super::plain::{Finish, Piece};
use super::super::wire::{self, Framed};
use super::items::token;
use super::kept::{Kept, Response};
use super::tools::Forms;
use crate::config::digest::digest;

/// Where a response is kept once it is whole.
pub struct Room {
    /// The responses of the machine.
    pub kept: Kept,
    /// Whom it is kept for.
    pub caller: Caller,
    /// The response that it goes on from.
    pub before: Option<String>,
    /// The items that the client sent.
    pub sent: Vec<Value>,
}

/// A reply as it grows.
pub struct Reply {
    id: String,
    model: String,
    created: u64,
    /// What is repeated of the request.
    asked: Map<String, Value>,
    /// How calls are told.
    forms: Forms,
    /// Where it is kept, if it is.
    room: Option<Room>,
    /// Items that are whole.
    items: Vec<Value>,
    /// The text of the message that is being written.
    text: Option<String>,
    /// Odds of its tokens.
    odds: Vec<Value>,
    /// How many of them were sent.
    odds_sent: usize,
    /// Events so far.
    sequence: u64,
}

impl Reply {
    /// A reply like `head`, which repeats what was `asked`, tells calls in these `forms`, and is
    /// kept where there is `room`.
    pub fn new(head: Head, asked: Map<String, Value>, forms: Forms, room: Option<Room>) -> Self {
        Self {
            id: head.id,
            model: head.model,
            created: head.created,
            asked,
            forms,
            room,
            items: Vec::new(),
            text: None,
            odds: Vec::new(),
            odds_sent: 0,
            sequence: 0,
        }
    }

    /// The reply as it is; `ended` says how, and what it cost.
    pub fn whole(&self, ended: Option<(Finish, Usage)>) -> Value {
        let full = matches!(ended, Some((Finish::Length, _)));
        let status = match (ended.is_some(), full) {
            (false, _) => "in_progress",
            (true, true) => "incomplete",
            (true, false) => "completed",
        };
        let details = full.then(|| json!({"reason": "max_output_tokens"}));
        let mut whole = json!({
            "id": self.id, "object": "response", "created_at": self.created, "status": status,
            "model": self.model, "output": self.items, "error": null,
            "incomplete_details": details, "background": false, "truncation": "disabled",
            "service_tier": "default",
            "usage": ended.map(|(_, usage)| usage_of(usage)),
        });
        for (name, value) in &self.asked {
            whole[name] = value.clone();
        }
        whole
    }

    fn event(&mut self, kind: &str, mut fields: Value) -> String {
        fields["type"] = kind.into();
        fields["sequence_number"] = self.sequence.into();
        self.sequence += 1;
        wire::event(Some(kind), &fields)
    }

    /// The item that is being written, with `content` and its `status`.
    fn message(&self, content: &[Value], status: &str) -> Value {
        json!({"type": "message", "id": format!("msg_{}_{}", token(&self.id), self.items.len()),
               "role": "assistant", "status": status, "content": content})
    }

    fn place(&self) -> Value {
        json!({"item_id": self.message(&[], "")["id"], "output_index": self.items.len(),
               "content_index": 0})
    }

    /// Begins a message, unless one is being written.
    fn open(&mut self) -> String {
        if self.text.is_some() {
            return String::new();
        }
        self.text = Some(String::new());
        let item = self.message(&[], "in_progress");
        let added = json!({"output_index": self.items.len(), "item": item});
        let added = self.event("response.output_item.added", added);
        let mut part = self.place();
        part["part"] = output_text("", &[]);
        added + &self.event("response.content_part.added", part)
    }

    /// Ends the message that is being written, whose `status` is then this.
    fn close(&mut self, status: &str) -> String {
        let Some(text) = self.text.take() else {
            return String::new();
        };
        let odds = std::mem::take(&mut self.odds);
        self.odds_sent = 0;
        let part = output_text(&text, &odds);
        let mut done = self.place();
        done["text"] = text.into();
        done["logprobs"] = odds.into();
        let mut events = self.event("response.output_text.done", done);
        let mut whole = self.place();
        whole["part"] = part.clone();
        events.push_str(&self.event("response.content_part.done", whole));
        let item = self.message(&[part], status);
        let done = json!({"output_index": self.items.len(), "item": item});
        self.items.push(item);
        events + &self.event("response.output_item.done", done)
    }

    fn call(&mut self, name: &str, args: &str) -> String {
        let told = self.forms.told(name, args);
        let index = self.items.len();
        let id = format!("{}_{}_{index}", told.prefix, token(&self.id));
        // Tools see this number: nobody can tell from it by which the item or the response is named.
        let call_id = format!("call_{}_{index}", digest(format!("call {}", self.id), 24));
        let item = |written: &str, status: &str| {
            let mut item = told.item.clone();
            item["id"] = id.as_str().into();
            item["call_id"] = call_id.as_str().into();
            item[told.field] = written.into();
            item["status"] = status.into();
            json!({"output_index": index, "item": item})
        };
        let at = |field: &str| {
            let mut fields = json!({"item_id": id, "output_index": index});
            fields[field] = told.text.as_str().into();
            fields
        };
        let whole = item(&told.text, "completed");
        let events = [
            (
                "response.output_item.added".to_owned(),
                item("", "in_progress"),
            ),
            (format!("{}.delta", told.events), at("delta")),
            (format!("{}.done", told.events), at(told.field)),
            ("response.output_item.done".to_owned(), whole.clone()),
        ];
        let events = events.map(|(kind, fields)| self.event(&kind, fields));
        self.items.push(whole["item"].clone());
        events.concat()
    }

    /// Keeps it, as it is `told` in the end, for the client to come back to.
    fn keep(&mut self, told: &Value) {
        if let Some(room) = self.room.take() {
            let mut told = told.clone();
            if let Some(fields) = told.as_object_mut() {
                fields.remove("output");
            }
            let response = Response {
                id: self.id.clone(),
                before: room.before,
                input: Value::from(room.sent).to_string(),
                output: self.items.clone(),
                told: told.to_string(),
            };
            room.kept.keep(room.caller, response);
        }
    }
}

impl Framed for Reply {
    fn begin(&mut self) -> String {
        let response = self.whole(None);
        let created = self.event("response.created", json!({"response": response}));
        created + &self.event("response.in_progress", json!({"response": response}))
    }

    fn events(&mut self, piece: Piece) -> String {
        match piece {
            Piece::Text(text) => {
                let mut events = self.open();
                let mut fields = self.place();
                fields["delta"] = text.as_str().into();
                fields["logprobs"] = json!(self.odds[self.odds_sent..]);
                self.odds_sent = self.odds.len();
                if let Some(written) = &mut self.text {
                    written.push_str(&text);
                }
                events.push_str(&self.event("response.output_text.delta", fields));
                events
            }
            Piece::Call { name, args } => self.close("completed") + &self.call(&name, &args),
            Piece::Odds(odds) => {
                self.odds.extend(odds.iter().map(odds_of));
                String::new()
            }
            Piece::End(ended, usage) => {
                // A message without a word is one all the same.
                let mut events = match self.items.is_empty() {
                    true => self.open(),
                    false => String::new(),
                };
                let status = match ended {
                    Finish::Length => "incomplete",
                    _ => "completed",
                };
                events.push_str(&self.close(status));
                let response = self.whole(Some((ended, usage)));
                self.keep(&response);
                let kind = match ended {
                    Finish::Length => "response.incomplete",
                    _ => "response.completed",
                };
                events + &self.event(kind, json!({ "response": response }))
            }
        }
    }

    fn failed(&mut self, error: &ApiError) -> String {
        let mut response = self.whole(None);
        response["status"] = "failed".into();
        response["error"] = json!({"code": "server_error", "message": error.message});
        self.event("response.failed", json!({ "response": response }))
    }
}

/// The event of what stopped a stream before its response began.
pub fn failed(error: &ApiError) -> String {
    let event = json!({
        "type": "error", "sequence_number": 0,
        "code": error.code, "message": error.message, "param": error.param,
    });
    wire::event(Some("error"), &event)
}

/// A text as a part of a message, with the odds of its tokens.
fn output_text(text: &str, odds: &[Value]) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": odds})
}

fn usage_of(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.generated_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt_tokens + usage.generated_tokens,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_a_response_is_its_last_event() {
        let head = Head {
            id: "resp_7".into(),
            created: 7,
            model: "m".into(),
        };
        let mut reply = Reply::new(head, Map::new(), Forms::default(), None);
        reply.begin();
        let text = reply.failed(&ApiError::internal("it broke"));
        let data = text.strip_prefix("event: response.failed\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["sequence_number"], 2);
        assert_eq!(data["response"]["id"], "resp_7");
        assert_eq!(data["response"]["status"], "failed");
        assert_eq!(data["response"]["error"]["message"], "it broke");
    }
}
