//! `/api/v1/memory`: pages are searched and shown.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use quipu_memory::{Mode, PageId, Query, Space};
use serde_json::json;

use super::apart::aside;
use super::error::ApiError;
use super::guard::Caller;
use super::state::Service;
use super::wire::{self, Params};

/// Pages a search brings when the client does not say, and the most it brings.
const HITS: usize = 10;
const HITS_MAX: usize = 50;

/// Answers `GET /api/v1/memory/search?q=…&k=…&mode=…`.
pub async fn search(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, ApiError> {
    let text = params.get("q").filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| ApiError::invalid("q", "say what to look for: ?q=WORDS"))?;
    let k = match params.get("k").map(str::parse) {
        None => HITS,
        Some(Ok(k @ 1..=HITS_MAX)) => k,
        Some(_) => {
            return Err(ApiError::invalid(
                "k",
                format!("a number from 1 to {HITS_MAX}"),
            ));
        }
    };
    let mode = match params.get("mode") {
        None | Some("best") => Mode::Best,
        Some("lexical") => Mode::Lexical,
        Some("semantic") => Mode::Semantic,
        Some("hybrid") => Mode::Hybrid,
        Some(_) => {
            let message = "a mode is best, lexical, semantic or hybrid";
            return Err(ApiError::invalid("mode", message));
        }
    };
    let query = Query {
        mode,
        // What an agent keeps for itself is not other programs' to find.
        spaces: Some(vec![Space::SHARED]),
        ..Query::new(text, k)
    };
    let store = service.kernel.store().clone();
    let mut hits = aside(move || Ok(store.search(&query)?)).await?;
    let clearance = service.clearance(caller);
    hits.retain(|hit| clearance.is_none_or(|most| hit.secrecy <= most));
    Ok(wire::json(&json!({ "hits": hits })))
}

/// Answers `GET /api/v1/memory/page?id=…`: a page as it is stored.
pub async fn page(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Response, ApiError> {
    let id = params.get("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| ApiError::invalid("id", "say which page: ?id=ID"))?;
    let (store, wanted) = (service.kernel.store().clone(), PageId::from(id));
    let page = aside(move || Ok(store.get(&wanted)?)).await?;
    let clearance = service.clearance(caller);
    let seen = page.filter(|page| clearance.is_none_or(|most| page.secrecy <= most));
    let page = seen.ok_or_else(|| {
        ApiError::not_found(Some("id"), "no_such_page", format!("there is no page {id}"))
    })?;
    Ok(wire::json(&json!({
        "id": page.id, "title": page.title, "text": page.text, "source": page.source,
        "trust": page.trust, "secrecy": page.secrecy, "created_ms": page.created_ms,
    })))
}
