//! Responses that a client comes back to: by `previous_response_id`, by the id of an item in the
//! place of that item, or to read or delete them, as OpenAI's clients and others do.
//!
//! They are kept in memory: the newest ones, for [`KEPT_FOR`] at most, and until the machine stops.
//! One that was asked for with `"store": false` is not. Those of the machine's user and those of
//! strangers are kept apart: strangers neither see the user's nor take their places. Among
//! strangers an id is what lets in: it is drawn at random, so whoever was not told one cannot name
//! it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::guard::Caller;
use super::items;
use crate::config::private;

/// The most responses of the user that are kept, and of strangers.
const KEPT_MAX: usize = 1024;
/// The most bytes of either, as JSON; what was written takes several times as many as values.
/// The newest one stays all the same.
const KEPT_BYTES_MAX: usize = 16 << 20;
/// How long one is kept: thirty days, as OpenAI documents it.
const KEPT_FOR: Duration = Duration::from_secs(30 * 86_400);
/// The most bytes of a conversation that is gone on with: as many as a client may send at once.
const CONVERSATION_BYTES_MAX: usize = 8 << 20;
/// The type of an item that names another.
const REFERENCE: &str = "item_reference";
/// Which responses there are to come back to, for those who ask for another.
const WHICH: &str = "the newest ones are, for thirty days at most and until the machine stops, \
                     without `store: false`, and for whoever asked for them";

/// The responses of a machine.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Rooms>>);

#[derive(Default)]
struct Rooms {
    user: Responses,
    strangers: Responses,
}

impl Rooms {
    /// Where what `caller` asked for is kept.
    fn of(&mut self, caller: Caller) -> &mut Responses {
        match caller {
            Caller::User => &mut self.user,
            Caller::Stranger => &mut self.strangers,
        }
    }

    /// Those that `caller` may come back to, the newest first; the user's before others.
    fn seen_by(&self, caller: Caller) -> impl Iterator<Item = &Response> {
        let own = match caller {
            Caller::User => Some(&self.user),
            Caller::Stranger => None,
        };
        let rooms = own.into_iter().chain([&self.strangers]);
        rooms.flat_map(|room| room.all.iter().rev().map(|held| &held.response))
    }
}

#[derive(Default)]
struct Responses {
    /// The oldest first.
    all: VecDeque<Held>,
    /// Bytes of all of them.
    bytes: usize,
}

struct Held {
    response: Response,
    bytes: usize,
    since: Instant,
}

impl Responses {
    fn add(&mut self, response: Response, now: Instant) {
        let bytes = response.bytes();
        self.bytes += bytes;
        self.all.push_back(Held {
            response,
            bytes,
            since: now,
        });
        while self.all.len() > KEPT_MAX || (self.all.len() > 1 && self.bytes > KEPT_BYTES_MAX) {
            self.drop_at(0);
        }
    }

    fn drop_at(&mut self, at: usize) {
        let dropped = self.all.remove(at);
        self.bytes -= dropped.map_or(0, |dropped| dropped.bytes);
    }

    /// Drops those whose time is over.
    fn age(&mut self, now: Instant) {
        let is_over = |held: &Held| now.saturating_duration_since(held.since) >= KEPT_FOR;
        while self.all.front().is_some_and(is_over) {
            self.drop_at(0);
        }
    }

    /// Drops response `id`, if it is one of these.
    fn forget(&mut self, id: &str) -> bool {
        let found = self.all.iter().position(|held| held.response.id == id);
        if let Some(at) = found {
            self.drop_at(at);
        }
        found.is_some()
    }
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
    /// What else a client is told of it, as JSON.
    pub told: String,
}

impl Response {
    /// Bytes of what was said.
    fn said_bytes(&self) -> usize {
        let output = self.output.iter().map(|item| item.to_string().len());
        self.input.len() + output.sum::<usize>()
    }

    fn bytes(&self) -> usize {
        self.said_bytes() + self.told.len()
    }

    /// The items that the client sent.
    fn sent(&self) -> Vec<Value> {
        serde_json::from_str(&self.input).unwrap_or_default()
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
    /// What is kept now.
    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.lock_at(Instant::now())
    }

    fn lock_at(&self, now: Instant) -> MutexGuard<'_, Rooms> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.user.age(now);
        rooms.strangers.age(now);
        rooms
    }

    /// Keeps a `response` to `caller`, in the place of the oldest ones where there are too many.
    pub fn keep(&self, caller: Caller, response: Response) {
        let now = Instant::now();
        self.lock_at(now).of(caller).add(response, now);
    }

    /// The items of the conversation up to response `id` and with it, the oldest first.
    ///
    /// # Errors
    /// A response that is not kept for `caller`, or goes on from one that is not; too long a
    /// conversation.
    pub fn conversation(&self, caller: Caller, id: &str) -> Result<Vec<Value>, ApiError> {
        let rooms = self.lock();
        let (mut turns, mut bytes) = (Vec::new(), 0);
        let mut next = Some(id);
        while let Some(id) = next {
            let found = rooms.seen_by(caller).find(|response| response.id == id);
            let found = found.ok_or_else(|| {
                let message = format!(
                    "the response {id:?} is not kept: {WHICH}; send the earlier items in `input`"
                );
                ApiError {
                    code: Some("previous_response_not_found"),
                    ..ApiError::invalid("previous_response_id", message)
                }
            })?;
            next = found.before.as_deref();
            bytes += found.said_bytes();
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
            items.extend(turn.sent());
            items.extend(turn.output.iter().cloned());
        }
        Ok(items)
    }

    /// The `items` of `caller`, with those that are kept in the place of their ids.
    ///
    /// # Errors
    /// An item that is not kept, or is named twice.
    pub fn resolved(&self, caller: Caller, items: &[Value]) -> Result<Vec<Value>, ApiError> {
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
            self.item(caller, id).ok_or_else(|| {
                let message = format!(
                    "the item {id:?} is not kept: of the responses {WHICH}; send the item itself \
                     (AI SDK: providerOptions openai.store false)"
                );
                ApiError::invalid(place, message)
            })
        });
        items.collect()
    }

    fn item(&self, caller: Caller, id: &str) -> Option<Value> {
        let rooms = self.lock();
        let mut written = rooms.seen_by(caller).flat_map(|response| &response.output);
        if let Some(found) = written.find(|item| item["id"] == id) {
            return Some(found.clone());
        }
        let mut responses = rooms.seen_by(caller);
        let asked = responses.find(|response| items::is_of(id, &response.id))?;
        let mut sent = items::listed(&asked.id, asked.sent()).into_iter();
        sent.find(|item| item["id"] == id)
    }

    /// What a client is told of response `id`.
    ///
    /// # Errors
    /// One that is not kept for `caller`.
    pub fn told(&self, caller: Caller, id: &str) -> Result<Value, ApiError> {
        let rooms = self.lock();
        let mut responses = rooms.seen_by(caller);
        let found = responses.find(|response| response.id == id);
        let found = found.ok_or_else(|| unknown(id))?;
        let told: Result<Value, _> = serde_json::from_str(&found.told);
        let mut told = told.map_err(|error| ApiError::internal(error.to_string()))?;
        told["output"] = found.output.clone().into();
        Ok(told)
    }

    /// The items that response `id` was asked for with, each with an id.
    ///
    /// # Errors
    /// One that is not kept for `caller`.
    pub fn asked(&self, caller: Caller, id: &str) -> Result<Vec<Value>, ApiError> {
        let rooms = self.lock();
        let mut responses = rooms.seen_by(caller);
        let found = responses.find(|response| response.id == id);
        let found = found.ok_or_else(|| unknown(id))?;
        Ok(items::listed(&found.id, found.sent()))
    }

    /// Keeps response `id` no longer.
    ///
    /// # Errors
    /// One that is not kept for `caller`.
    pub fn forget(&self, caller: Caller, id: &str) -> Result<(), ApiError> {
        let mut rooms = self.lock();
        let own = caller == Caller::User && rooms.user.forget(id);
        match own || rooms.strangers.forget(id) {
            true => Ok(()),
            false => Err(unknown(id)),
        }
    }
}

/// There is no response `id` for whoever asks.
fn unknown(id: &str) -> ApiError {
    let message = format!("the response {id:?} is not kept: {WHICH}");
    ApiError::not_found(None, "response_not_found", message)
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

    const STRANGER: Caller = Caller::Stranger;
    const USER: Caller = Caller::User;

    fn response(id: &str, before: Option<&str>, text: &str) -> Response {
        Response {
            id: id.to_owned(),
            before: before.map(str::to_owned),
            input: json!([item_of(text)]).to_string(),
            output: vec![json!({"type": "message", "id": format!("msg_{id}")})],
            told: json!({"id": id, "object": "response"}).to_string(),
        }
    }

    #[test]
    fn a_conversation_is_found_by_its_last_response() {
        let kept = Kept::default();
        kept.keep(STRANGER, response("a", None, "one"));
        kept.keep(STRANGER, response("b", Some("a"), "two"));
        kept.keep(STRANGER, response("c", Some("gone"), "three"));
        let check = |id: &str, want: Option<&[&str]>| {
            let items = kept.conversation(STRANGER, id).ok();
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
        assert_eq!(
            kept.conversation(STRANGER, "b").map(|items| items.len()),
            Ok(4)
        );
    }

    #[test]
    fn an_item_stands_where_its_id_stood() {
        let kept = Kept::default();
        kept.keep(STRANGER, response("a", None, "one"));
        let check = |items: Value, want: Result<&str, &str>| {
            let items = items.as_array().cloned().unwrap_or_default();
            let got = kept.resolved(STRANGER, &items);
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
            kept.keep(STRANGER, response(&at.to_string(), None, "x"));
        }
        assert!(kept.conversation(STRANGER, "0").is_err());
        assert!(kept.conversation(STRANGER, "1").is_ok());
        let large = "x".repeat(KEPT_BYTES_MAX);
        kept.keep(STRANGER, response("large", None, &large));
        let refused = kept.conversation(STRANGER, "large");
        let refused = refused.map_err(|error| error.status.as_u16());
        assert_eq!(refused, Err(400));
        assert_eq!(kept.lock().strangers.all.len(), 1);
        kept.keep(STRANGER, response("next", None, "x"));
        assert!(kept.conversation(STRANGER, "next").is_ok());
        let rooms = kept.lock();
        assert_eq!(rooms.strangers.all.len(), 1);
        let bytes = rooms.strangers.all.iter().map(|held| held.response.bytes());
        assert_eq!(rooms.strangers.bytes, bytes.sum::<usize>());
    }

    #[test]
    fn one_is_kept_for_whoever_asked_for_it() {
        let kept = Kept::default();
        kept.keep(USER, response("own", None, "one"));
        kept.keep(STRANGER, response("theirs", None, "two"));
        kept.keep(USER, response("both", Some("theirs"), "three"));
        let check = |caller: Caller, id: &str, want: bool| {
            let item = [json!({"id": format!("msg_{id}")})];
            let got = [
                kept.conversation(caller, id).is_ok(),
                kept.resolved(caller, &item).is_ok(),
                kept.told(caller, id).is_ok(),
                kept.asked(caller, id).is_ok(),
            ];
            assert_eq!(got, [want; 4], "{caller:?} {id}");
        };
        check(USER, "own", true);
        check(USER, "theirs", true);
        check(USER, "both", true);
        check(STRANGER, "own", false);
        check(STRANGER, "theirs", true);
        check(STRANGER, "both", false);
        // However many strangers ask, the user's stay.
        for at in 0..KEPT_MAX {
            kept.keep(STRANGER, response(&at.to_string(), None, "x"));
        }
        check(USER, "own", true);
        check(STRANGER, "theirs", false);
        let status = |caller: Caller, id: &str| {
            let done = kept.forget(caller, id);
            done.map_err(|error| error.status.as_u16())
        };
        assert_eq!(status(STRANGER, "own"), Err(404));
        assert_eq!(status(USER, "own"), Ok(()));
        assert_eq!(status(USER, "own"), Err(404));
        assert_eq!(status(USER, "7"), Ok(()));
    }

    #[test]
    fn none_is_kept_for_ever() {
        let kept = Kept::default();
        kept.keep(USER, response("a", None, "one"));
        let begun = Instant::now();
        let left = |after: Duration| kept.lock_at(begun + after).user.all.len();
        assert_eq!(left(KEPT_FOR / 2), 1);
        assert_eq!(left(KEPT_FOR), 0);
        assert_eq!(kept.lock().user.bytes, 0);
    }
}
