//! `/v1/responses/{id}`: a response that is kept is read again, with what it was asked for, or
//! deleted.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::apart::aside;
use super::super::error::ApiError;
use super::super::guard::Caller;
use super::super::state::Service;
use super::super::wire::{self, Params};

/// The most items of a page, as with OpenAI.
const PAGE_MAX: usize = 100;
/// The items of a page for which no number is asked.
const PAGE_USUAL: usize = 20;

/// Answers `GET /v1/responses/{id}`.
pub async fn get(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    if params.get("stream") == Some("true") {
        let message = "a response streams while it is written, and not again; leave it out";
        return Err(ApiError::unsupported("stream", message));
    }
    let kept = service.responses.clone();
    let told = aside(move || kept.told(caller, &id)).await?;
    Ok(wire::json(&told))
}

/// Answers `DELETE /v1/responses/{id}`.
pub async fn delete(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    service.responses.forget(caller, &id)?;
    Ok(wire::json(
        &json!({"id": id, "object": "response", "deleted": true}),
    ))
}

/// Answers `GET /v1/responses/{id}/input_items`.
pub async fn items(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let kept = service.responses.clone();
    let items = aside(move || kept.asked(caller, &id)).await?;
    Ok(wire::json(&page(items, |name| params.get(name))?))
}

/// Answers `POST /v1/responses/{id}/cancel`.
pub async fn cancel(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let kept = service.responses.clone();
    aside(move || kept.told(caller, &id)).await?;
    let message = "only a response in the background is cancelled by its id, and there are none: \
                   this one is whole. One that is being written ends when its client leaves";
    Err(ApiError::malformed(message))
}

/// The page of `items` that the parameters which `given` tells ask for: the newest first, unless
/// `order` says otherwise.
///
/// # Errors
/// A parameter that cannot be used.
fn page<'a>(
    mut items: Vec<Value>,
    given: impl Fn(&str) -> Option<&'a str>,
) -> Result<Value, ApiError> {
    let limit = match given("limit").map(str::parse::<usize>) {
        None => PAGE_USUAL,
        Some(Ok(limit @ 1..=PAGE_MAX)) => limit,
        Some(_) => {
            let message = format!("a page has 1 to {PAGE_MAX} items");
            return Err(ApiError::invalid("limit", message));
        }
    };
    match given("order") {
        Some("asc") => {}
        None | Some("desc") => items.reverse(),
        Some(_) => return Err(ApiError::invalid("order", "an order is `asc` or `desc`")),
    }
    if let Some(after) = given("after") {
        let at = items.iter().position(|item| item["id"] == after);
        let at = at.ok_or_else(|| ApiError::invalid("after", "no item has this id"))?;
        items.drain(..=at);
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let id = |item: Option<&Value>| item.map(|item| item["id"].clone());
    Ok(json!({
        "object": "list", "first_id": id(items.first()), "last_id": id(items.last()),
        "has_more": has_more, "data": items,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_page_by_page() {
        let check = |given: &[(&str, &str)], want: Result<&[&str], &str>, has_more: bool| {
            let items = ["a", "b", "c"].map(|id| json!({ "id": id }));
            let find = |name: &str| {
                let found = given.iter().find(|pair| pair.0 == name);
                found.map(|pair| pair.1)
            };
            let got = page(items.to_vec(), find);
            let got = got.map_err(|error| error.param.unwrap_or_default());
            let want = want.map_err(str::to_owned).map(|ids| {
                let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
                json!({"object": "list", "data": data, "first_id": ids.first(),
                       "last_id": ids.last(), "has_more": has_more})
            });
            assert_eq!(got, want, "{given:?}");
        };
        check(&[], Ok(&["c", "b", "a"]), false);
        check(&[("order", "asc")], Ok(&["a", "b", "c"]), false);
        check(&[("order", "asc"), ("limit", "2")], Ok(&["a", "b"]), true);
        check(&[("after", "b")], Ok(&["a"]), false);
        check(&[("after", "a")], Ok(&[]), false);
        check(&[("after", "x")], Err("after"), false);
        check(&[("limit", "0")], Err("limit"), false);
        check(&[("limit", "many")], Err("limit"), false);
        check(&[("order", "up")], Err("order"), false);
    }
}
