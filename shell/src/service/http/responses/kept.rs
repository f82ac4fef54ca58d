//! Responses that a client comes back to: by `previous_response_id`, or by the id of an item in
//! the place of that item, as OpenAI's clients and others write a second turn.
//!
//! They are kept in memory, the newest ones, until the machine stops; one that was asked for with
//! `"store": false` is not. An id is drawn at random: whoever was not told one cannot name it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::super::error::ApiError;
use crate::config::private;

/// The most responses that are kept.
const KEPT_MAX: usize = 1024;
/// The most bytes of their items, as JSON; what was written takes several times as many as values.
/// The newest one stays all the same.
const KEPT_BYTES_MAX: usize = 16 << 20;
/// The most bytes of a conversation that is gone on with: as many as a client may send at once.
const CONVERSATION_BYTES_MAX: usize = 8 << 20;
/// The type of an item that names another.
const REFERENCE: &str = "item_reference";

/// The responses of a machine.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Responses>>);

#[derive(Default)]
struct Responses {
    /// The oldest first.
    all: VecDeque<Response>,
    /// Bytes of all their items.
    bytes: usize,
}

/// A response with what was asked.
pub struct Response {
    /// Its number.
    pub id: String,
    /// The response that it went on from.
    pub before: Option<String>,
    /// The list of items that the client sent, as JSON: read, it may take many times the room.
    pub input: String,
    /// Items that the model wrote.
    pub output: Vec<Value>,
}

impl Response {
    fn bytes(&self) -> usize {
        let output = self.output.iter().map(|item| item.to_string().len());
        self.input.len() + output.sum::<usize>()
    }
}

/// The number of a new response.
///
/// # Errors
/// Where the system has no random bytes.
pub fn new_id() -> Result<String, ApiError> {
    let drawn = private::token();
    let drawn = drawn.map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(format!("resp_{drawn}"))
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Responses> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps `response`, in the place of the oldest ones where there are too many.
    pub fn keep(&self, response: Response) {
        let mut kept = self.lock();
        kept.bytes += response.bytes();
        kept.all.push_back(response);
        while kept.all.len() > KEPT_MAX || (kept.all.len() > 1 && kept.bytes > KEPT_BYTES_MAX) {
            let oldest = kept.all.pop_front();
            kept.bytes -= oldest.map_or(0, |oldest| oldest.bytes());
        }
    }

    /// The items of the conversation up to response `id` and with it, the oldest first.
    ///
    /// # Errors
    /// A response that is not kept, or goes on from one that is not; too long a conversation.
    pub fn conversation(&self, id: &str) -> Result<Vec<Value>, ApiError> {
        let kept = self.lock();
        let (mut turns, mut bytes) = (Vec::new(), 0);
        let mut next = Some(id);
        while let Some(id) = next {
            let found = kept.all.iter().find(|response| response.id == id);
            let found = found.ok_or_else(|| {
                let message = format!(
                    "the response {id:?} is not kept: the newest ones are, until the machine \
                     stops, without `store: false`; send the earlier items in `input`"
                );
                ApiError::invalid("previous_response_id", message)
            })?;
            next = found.before.as_deref();
            bytes += found.bytes();
            if bytes > CONVERSATION_BYTES_MAX {
                let message = format!(
                    "the conversation has more than {CONVERSATION_BYTES_MAX} bytes by now; send \
                     what of it still counts in `input`"
                );
                return Err(ApiError::invalid("previous_response_id", message));
            }
            turns.push(found);
        }
        let mut items = Vec::new();
        for turn in turns.iter().rev() {
            let input: Vec<Value> = serde_json::from_str(&turn.input).unwrap_or_default();
            items.extend(input);
            items.extend(turn.output.iter().cloned());
        }
        Ok(items)
    }

    /// The `items` of a client, with those that are kept in the place of their ids.
    ///
    /// # Errors
    /// An item that is not kept, or is named twice.
    pub fn resolved(&self, items: &[Value]) -> Result<Vec<Value>, ApiError> {
        let mut named = HashSet::new();
        let items = items.iter().enumerate().map(|(at, item)| {
            let Some(id) = reference(item) else {
                return Ok(item.clone());
            };
            let place = format!("input[{at}].id");
            if !named.insert(id) {
                let message = format!("the item {id:?} is named twice; send each once");
                return Err(ApiError::invalid(place, message));
            }
            self.item(id).ok_or_else(|| {
                let message = format!(
                    "the item {id:?} is not kept: those of the newest responses are, until the \
                     machine stops; send the item itself (AI SDK: providerOptions openai.store \
                     false)"
                );
                ApiError::invalid(place, message)
            })
        });
        items.collect()
    }

    fn item(&self, id: &str) -> Option<Value> {
        let kept = self.lock();
        let mut written = kept.all.iter().rev().flat_map(|response| &response.output);
        written.find(|item| item["id"] == id).cloned()
    }
}

/// The id in an item that names another: its type may be left out.
fn reference(item: &Value) -> Option<&str> {
    let bare = item.as_object().is_some_and(|fields| {
        fields.contains_key("id") && !fields.contains_key("role") && item["type"].is_null()
    });
    let names = bare || item["type"] == REFERENCE;
    item["id"].as_str().filter(|_| names)
}

/// The text of a client as an item.
pub fn item_of(text: &str) -> Value {
    json!({"type": "message", "role": "user", "content": text})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(id: &str, before: Option<&str>, text: &str) -> Response {
        Response {
            id: id.to_owned(),
            before: before.map(str::to_owned),
            input: json!([item_of(text)]).to_string(),
            output: vec![json!({"type": "message", "id": format!("msg_{id}")})],
        }
    }

    #[test]
    fn a_conversation_is_found_by_its_last_response() {
        let kept = Kept::default();
        kept.keep(response("a", None, "one"));
        kept.keep(response("b", Some("a"), "two"));
        kept.keep(response("c", Some("gone"), "three"));
        let check = |id: &str, want: Option<&[&str]>| {
            let items = kept.conversation(id).ok();
            let said = items.map(|items| {
                let said = items.iter().filter_map(|item| item["content"].as_str());
                said.map(str::to_owned).collect::<Vec<_>>()
            });
            let want = want.map(|texts| texts.iter().map(|text| (*text).to_owned()).collect());
            assert_eq!(said, want, "{id}");
        };
        check("a", Some(&["one"]));
        check("b", Some(&["one", "two"]));
        check("c", None);
        check("d", None);
        assert_eq!(kept.conversation("b").map(|items| items.len()), Ok(4));
    }

    #[test]
    fn an_item_stands_where_its_id_stood() {
        let kept = Kept::default();
        kept.keep(response("a", None, "one"));
        let check = |items: Value, want: Result<&str, &str>| {
            let items = items.as_array().cloned().unwrap_or_default();
            let got = kept.resolved(&items);
            let got = got.map(|got| got[0]["type"].as_str().unwrap_or_default().to_owned());
            let got = got.map_err(|error| error.param.unwrap_or_default());
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(got, want, "{items:?}");
        };
        let named = json!({"type": "item_reference", "id": "msg_a"});
        check(json!([named]), Ok("message"));
        check(json!([{"id": "msg_a"}]), Ok("message"));
        check(json!([{"id": "msg_a", "type": null}]), Ok("message"));
        check(json!([named, named]), Err("input[1].id"));
        check(json!([{"id": "msg_b"}]), Err("input[0].id"));
        // A whole item may have an id of its own.
        check(
            json!([{"id": "msg_b", "role": "user", "content": "x"}]),
            Ok(""),
        );
        check(
            json!([{"id": "rs_1", "type": "reasoning"}]),
            Ok("reasoning"),
        );
        check(json!([{"type": "item_reference"}]), Ok("item_reference"));
    }

    #[test]
    fn the_newest_are_kept() {
        let kept = Kept::default();
        for at in 0..=KEPT_MAX {
            kept.keep(response(&at.to_string(), None, "x"));
        }
        assert!(kept.conversation("0").is_err());
        assert!(kept.conversation("1").is_ok());
        let large = "x".repeat(KEPT_BYTES_MAX);
        kept.keep(response("large", None, &large));
        let refused = kept
            .conversation("large")
            .map_err(|error| error.status.as_u16());
        assert_eq!(refused, Err(400));
        assert_eq!(kept.lock().all.len(), 1);
        kept.keep(response("next", None, "x"));
        assert!(kept.conversation("next").is_ok());
        assert_eq!(kept.lock().all.len(), 1);
        let bytes: usize = kept.lock().all.iter().map(Response::bytes).sum();
        assert_eq!(kept.lock().bytes, bytes);
    }
}
