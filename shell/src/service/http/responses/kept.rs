//! Responses that a client comes back to: by `previous_response_id`, by the id of an item in the
//! place of that item, or to read or delete them, as OpenAI's clients and others do.
//!
//! They are kept in memory: the newest ones, for [`KEPT_FOR`] at most, and until the machine stops.
//! One that was asked for with `"store": false` is not. Those of the machine's user and those of
//! strangers are kept apart: strangers neither see the user's nor take their places. Among
//! strangers an id is what lets in: it is drawn at random, so whoever was not told one cannot name
//! it.
//!
//! What is kept is looked up under a lock, and read as JSON after that: it may be long, and whoever
//! answers another client does not wait for it.

use std::collections::{HashMap, HashSet, VecDeque};
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
    fn seen_by(&self, caller: Caller) -> impl Iterator<Item = &Arc<Held>> {
        let own = match caller {
            Caller::User => Some(&self.user),
            Caller::Stranger => None,
        };
        let rooms = own.into_iter().chain([&self.strangers]);
        rooms.flat_map(|room| room.all.iter().rev())
    }

    /// Response `id`, where `caller` may come back to it.
    fn find(&self, caller: Caller, id: &str) -> Option<&Arc<Held>> {
        self.seen_by(caller).find(|held| held.response.id == id)
    }
}

#[derive(Default)]
struct Responses {
    /// The oldest first.
    all: VecDeque<Arc<Held>>,
    /// Bytes of all of them.
    bytes: usize,
}

struct Held {
    response: Response,
    /// What its items are called after.
    token: String,
    /// Bytes of what was said.
    said_bytes: usize,
    bytes: usize,
    since: Instant,
}

impl Held {
    fn new(response: Response, since: Instant) -> Self {
        let said_bytes = response.said_bytes();
        Self {
            token: items::token(&response.id),
            said_bytes,
            bytes: said_bytes + response.told.len(),
            response,
            since,
        }
    }
}

impl Responses {
    fn add(&mut self, held: Held) {
        self.bytes += held.bytes;
        self.all.push_back(Arc::new(held));
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
        let is_over = |held: &Arc<Held>| now.saturating_duration_since(held.since) >= KEPT_FOR;
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
        let held = Held::new(response, now);
        self.lock_at(now).of(caller).add(held);
    }

    /// The items of the conversation up to response `id` and with it, the oldest first.
    ///
    /// # Errors
    /// A response that is not kept for `caller`, or goes on from one that is not; too long a
    /// conversation.
    pub fn conversation(&self, caller: Caller, id: &str) -> Result<Vec<Value>, ApiError> {
        let turns = self.turns(caller, id)?;
        let mut items = Vec::new();
        for turn in turns.iter().rev() {
            items.extend(turn.response.sent());
            items.extend(turn.response.output.iter().cloned());
        }
        Ok(items)
    }

    /// Response `id` and those that it goes on from, the newest first.
    fn turns(&self, caller: Caller, id: &str) -> Result<Vec<Arc<Held>>, ApiError> {
        let rooms = self.lock();
        let (mut turns, mut bytes) = (Vec::new(), 0);
        let mut next = Some(id);
        while let Some(id) = next {
            let found = rooms.find(caller, id).ok_or_else(|| {
                let message = format!(
                    "the response {id:?} is not kept: {WHICH}; send the earlier items in `input`"
                );
                ApiError {
                    code: Some("previous_response_not_found"),
                    ..ApiError::invalid("previous_response_id", message)
                }
            })?;
            next = found.response.before.as_deref();
            bytes += found.said_bytes;
            if bytes > CONVERSATION_BYTES_MAX {
                let message = format!(
                    "the conversation has more than {CONVERSATION_BYTES_MAX} bytes by now; send \
                     what of it still counts in `input`"
                );
                return Err(ApiError::invalid("previous_response_id", message));
            }
            turns.push(found.clone());
        }
        Ok(turns)
    }

    /// The `items` of `caller`, with those that are kept in the place of their ids.
    ///
    /// # Errors
    /// An item that is not kept, or is named twice.
    pub fn resolved(&self, caller: Caller, items: &[Value]) -> Result<Vec<Value>, ApiError> {
        let wrong = |at: usize, message: String| {
            let param = format!("input[{at}].id");
            ApiError::invalid(param, message)
        };
        let mut named = HashSet::new();
        for (at, item) in items.iter().enumerate() {
            if let Some(id) = reference(item).filter(|id| !named.insert(*id)) {
                let message = format!("the item {id:?} is named twice; send each once");
                return Err(wrong(at, message));
            }
        }
        let mut found = self.found(caller, &named);
        let items = items.iter().enumerate().map(|(at, item)| {
            let Some(id) = reference(item) else {
                return Ok(item.clone());
            };
            found.remove(id).ok_or_else(|| {
                let message = format!(
                    "the item {id:?} is not kept: of the responses {WHICH}; send the item itself \
                     (AI SDK: providerOptions openai.store false)"
                );
                wrong(at, message)
            })
        });
        items.collect()
    }

    /// The items with these `ids`, as far as they are kept for `caller`. What was sent for a
    /// response is read once, however many of its items are named.
    fn found<'a>(&self, caller: Caller, ids: &HashSet<&'a str>) -> HashMap<&'a str, Value> {
        let mut found = HashMap::new();
        if ids.is_empty() {
            return found;
        }
        let seen: Vec<Arc<Held>> = self.lock().seen_by(caller).cloned().collect();
        for item in seen.iter().flat_map(|held| &held.response.output) {
            if let Some(id) = item["id"].as_str().and_then(|id| ids.get(id)) {
                found.entry(*id).or_insert_with(|| item.clone());
            }
        }
        let mut sent: HashMap<&str, Vec<(&'a str, usize)>> = HashMap::new();
        for &id in ids {
            if let Some((token, at)) = items::place(id).filter(|_| !found.contains_key(id)) {
                sent.entry(token).or_default().push((id, at));
            }
        }
        for held in &seen {
            let Some(named) = sent.remove(held.token.as_str()) else {
                continue;
            };
            let listed = items::listed(&held.response.id, held.response.sent());
            for (id, at) in named {
                if let Some(item) = listed.get(at).filter(|item| item["id"] == id) {
                    found.insert(id, item.clone());
                }
            }
        }
        found
    }

    fn held(&self, caller: Caller, id: &str) -> Result<Arc<Held>, ApiError> {
        let found = self.lock().find(caller, id).cloned();
        found.ok_or_else(|| unknown(id))
    }

    /// What a client is told of response `id`.
    ///
    /// # Errors
    /// One that is not kept for `caller`.
    pub fn told(&self, caller: Caller, id: &str) -> Result<Value, ApiError> {
        let found = self.held(caller, id)?;
        let told: Result<Value, _> = serde_json::from_str(&found.response.told);
        let mut told = told.map_err(|error| ApiError::internal(error.to_string()))?;
        told["output"] = found.response.output.clone().into();
        Ok(told)
    }

    /// The items that response `id` was asked for with, each with an id.
    ///
    /// # Errors
    /// One that is not kept for `caller`.
    pub fn asked(&self, caller: Caller, id: &str) -> Result<Vec<Value>, ApiError> {
        let found = self.held(caller, id)?;
        Ok(items::listed(&found.response.id, found.response.sent()))
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
mod tests;
