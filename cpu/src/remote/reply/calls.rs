//! Calls of functions that a server read out of what a model wrote, put together from their pieces.
//!
//! A piece belongs to the call whose id it has; without one to that with its number; without both
//! to the last. Servers leave out either, and some give every call the same number.

use serde_json::{Value, json};

/// Calls of one reply: more are a mistake.
const CALLS_MAX: usize = 64;

#[derive(Debug, Default)]
struct Call {
    id: String,
    number: Option<u64>,
    name: String,
    /// JSON, as far as it has come.
    arguments: String,
}

/// The calls of a reply as far as they have come.
#[derive(Debug, Default)]
pub(in crate::remote) struct Calls(Vec<Call>);

impl Calls {
    /// Takes in what a message, or a piece of one, says of calls.
    pub(super) fn take(&mut self, said: &Value) {
        for piece in said["tool_calls"].as_array().into_iter().flatten() {
            self.piece(piece, &piece["function"]);
        }
        if said["function_call"].is_object() {
            self.piece(&Value::Null, &said["function_call"]);
        }
    }

    fn piece(&mut self, piece: &Value, function: &Value) {
        let id = piece["id"].as_str().unwrap_or_default();
        let number = piece["index"].as_u64();
        let name = function["name"].as_str().unwrap_or_default();
        let at = self.place(id, number, name);
        if at == self.0.len() {
            if at == CALLS_MAX {
                return;
            }
            self.0.push(Call {
                id: id.to_owned(),
                number,
                ..Call::default()
            });
        }
        let call = &mut self.0[at];
        // Some say the name again in every piece.
        if call.name.is_empty() {
            name.clone_into(&mut call.name);
        }
        match &function["arguments"] {
            Value::String(text) => call.arguments.push_str(text),
            // Some read the JSON, and hand on what it means.
            whole @ Value::Object(_) => call.arguments = whole.to_string(),
            _ => {}
        }
    }

    /// Which call a piece belongs to; how many there are, where it begins another.
    fn place(&self, id: &str, number: Option<u64>, name: &str) -> usize {
        let new = self.0.len();
        if !id.is_empty() {
            return self.0.iter().position(|call| call.id == id).unwrap_or(new);
        }
        let Some(number) = number else {
            // A name begins a call whose arguments are whole, or that of another function.
            let begins = self.0.last().is_none_or(|last| {
                let is_whole = serde_json::from_str::<Value>(&last.arguments).is_ok();
                !name.is_empty() && (is_whole || last.name != name)
            });
            return if begins { new } else { new - 1 };
        };
        let with_it = self.0.iter().rposition(|call| call.number == Some(number));
        // What has no name goes on with something, whatever its number.
        with_it.unwrap_or(if name.is_empty() && new > 0 {
            new - 1
        } else {
            new
        })
    }

    /// The only call, as most models write one; none where there are several, or it is not whole.
    pub(in crate::remote) fn only(&self) -> Option<String> {
        let [call] = self.0.as_slice() else {
            return None;
        };
        let arguments = match call.arguments.trim() {
            "" => json!({}),
            text => serde_json::from_str(text).ok()?,
        };
        let is_call = !call.name.is_empty() && arguments.is_object();
        is_call.then(|| json!({"name": call.name, "arguments": arguments}).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_put_together_from_its_pieces() {
        let check = |pieces: &[Value], want: Option<&str>| {
            let mut calls = Calls::default();
            for piece in pieces {
                calls.take(piece);
            }
            assert_eq!(calls.only().as_deref(), want, "{pieces:?}");
        };
        let whole = r#"{"name":"add","arguments":{"a":1}}"#;
        let piece = |piece: Value| json!({"tool_calls": [piece]});
        let rest = |text: &str| json!({"arguments": text});
        let first = json!({"name": "add", "arguments": ""});
        check(&[], None);
        check(
            &[
                piece(json!({"index": 0, "id": "c", "function": first})),
                piece(json!({"index": 0, "function": rest("{\"a\":")})),
                piece(json!({"index": 0, "function": rest("1}")})),
            ],
            Some(whole),
        );
        // Without a number, without an id, with the id in every piece and the name again.
        check(
            &[
                piece(json!({"id": "c", "function": first})),
                piece(json!({"function": rest("{\"a\":1}")})),
            ],
            Some(whole),
        );
        check(
            &[
                piece(json!({"id": "c", "function": first})),
                piece(json!({"index": 0, "function": rest("{\"a\":")})),
                piece(json!({"index": 0, "function": rest("1}")})),
            ],
            Some(whole),
        );
        check(
            &[
                piece(json!({"index": 0, "function": first})),
                piece(json!({"index": 0, "id": "", "function": rest("{\"a\":1}")})),
            ],
            Some(whole),
        );
        check(
            &[
                piece(json!({"id": "c", "function": {"name": "add", "arguments": "{\"a\":"}})),
                piece(json!({"id": "c", "function": {"name": "add", "arguments": "1}"}})),
            ],
            Some(whole),
        );
        let object = json!({"name": "add", "arguments": {"a": 1}});
        check(&[piece(json!({"function": object}))], Some(whole));
        check(&[json!({"function_call": object})], Some(whole));
        check(
            &[piece(
                json!({"function": {"name": "now", "arguments": null}}),
            )],
            Some(r#"{"name":"now","arguments":{}}"#),
        );
        // Cut, and several.
        check(
            &[piece(
                json!({"function": {"name": "add", "arguments": "{\"a\":"}}),
            )],
            None,
        );
        for second in [
            json!({"index": 1, "id": "d", "function": object}),
            json!({"index": 0, "id": "d", "function": object}),
            json!({"function": object}),
        ] {
            check(
                &[
                    piece(json!({"index": 0, "id": "c", "function": object})),
                    piece(second),
                ],
                None,
            );
        }
        check(&[json!({"tool_calls": null, "function_call": null})], None);
    }
}
