//! The APIs over HTTP: OpenAI's forms, the machine's own, and the page.
//!
//! | file | job |
//! | --- | --- |
//! | `state` | what all requests share |
//! | `routes` | what each route needs |
//! | `doorway` | how many connections there are, and how long one may be silent |
//! | `guard` | who may ask |
//! | `absent` | what other servers have and this one has not |
//! | `wire`, `packing`, `form`, `error` | bodies, forms with a file, streams of events, errors |
//! | `unread` | which field of a body cannot be read, and why |
//! | `known/` | what becomes of each field of a body |
//! | `late` | whole replies that are long in coming |
//! | `headers` | what a reply has beside its body: a number, an error in the form of its API |
//! | `apart` | work that takes too long for the threads that answer |
//! | `ending` | what becomes of requests when the machine stops |
//! | `plain/` | the plain model, whichever API it is asked by |
//! | `chat/` | `/v1/chat/completions` |
//! | `responses/`, `messages/` | `/v1/responses`, `/v1/messages` |
//! | `completions`, `completion` | a text that goes on, as OpenAI and as llama.cpp's server ask |
//! | `tokens` | `/tokenize`, `/detokenize` |
//! | `agent` | a whole agent as a model |
//! | `decisions`, `systemone`, `embeddings` | what a model tells without writing |
//! | `models` | `/v1/models` |
//! | `beside`, `model_verbs` | the models beside the machine's own; load, unload, pull |
//! | `props` | `/props`, `/slots`, `/apply-template` |
//! | `speech`, `transcription/` | `/v1/audio`: what is written is spoken, what is said is written |
//! | `pictures` | what a request shows: to a model that sees, or to the eyes |
//! | `sense` | the voice and the ears, for those two |
//! | `native`, `memory` | `/api/v1`: processes, tools; pages |
//! | `conversations` | those of the journal, and tasks that come after one |
//! | `hooks` | `/api/v1/hooks`: other programs start scheduled agents |
//! | `openapi` | what there is, for programs |
//! | `page` | the page at `/` |
//! | `metrics` | `/metrics` |
//!
//! Nothing here decides what a process may do: that is the kernel's gate. A request can only
//! ask for less than the machine permits.

mod absent;
mod agent;
mod apart;
mod beside;
mod chat;
mod completion;
mod completions;
mod conversations;
mod decisions;
mod doorway;
mod embeddings;
mod ending;
mod error;
mod form;
pub mod guard;
mod headers;
mod hooks;
mod known;
mod late;
mod memory;
mod messages;
mod metrics;
mod model_verbs;
mod models;
mod native;
mod openapi;
mod packing;
mod page;
mod pictures;
mod plain;
mod props;
mod responses;
mod routes;
mod sense;
mod speech;
pub mod state;
mod systemone;
mod tokens;
#[cfg(test)]
mod torture;
mod transcription;
mod unread;
mod wire;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use tokio::net::TcpListener;

use doorway::Doorway;
use error::ApiError;
use responses::stored;
use state::Service;

fn router(service: &Arc<Service>) -> Router {
    let guard = axum::middleware::from_fn_with_state(service.clone(), guard::watch);
    Router::new()
        .route("/", get(page::index))
        .route("/app.js", get(page::script))
        .route("/views.js", get(page::views))
        .route("/style.css", get(page::style))
        .route("/favicon.ico", get(page::icon))
        .route("/health", get(health))
        .route("/metrics", get(metrics::get))
        .route("/v1/models", get(models::get))
        .route("/v1/models/{*id}", get(models::one))
        .route("/v1/chat/completions", post(chat::post))
        .route("/v1/completions", post(completions::post))
        .route("/v1/responses", post(responses::post))
        .route("/v1/responses/input_tokens", post(responses::count))
        .route(
            "/v1/responses/{id}",
            get(stored::get).delete(stored::delete),
        )
        .route("/v1/responses/{id}/input_items", get(stored::items))
        .route("/v1/responses/{id}/cancel", post(stored::cancel))
        .route("/v1/messages", post(messages::post))
        .route("/v1/messages/count_tokens", post(messages::count))
        .route("/v1/embeddings", post(embeddings::post))
        .route("/v1/audio/speech", post(speech::post))
        .route("/v1/audio/transcriptions", post(transcription::post))
        .route("/v1/audio/translations", post(transcription::translate))
        .route("/v1/decisions", post(decisions::post))
        .route("/v1/systemone", post(systemone::post))
        .route("/completion", post(completion::post))
        .route("/infill", post(completion::infill))
        .route("/tokenize", post(tokens::tokenize))
        .route("/detokenize", post(tokens::detokenize))
        .route("/models/load", post(model_verbs::load))
        .route("/models/unload", post(model_verbs::unload))
        .route("/models/pull", post(model_verbs::pull))
        .route("/props", get(props::get))
        .route("/slots", get(props::slots))
        .route("/apply-template", post(props::apply))
        .merge(native())
        .fallback(nowhere)
        .method_not_allowed_fallback(async || ApiError::method())
        .layer(guard)
        .with_state(service.clone())
}

/// The routes of the machine's own API.
fn native() -> Router<Arc<Service>> {
    let process = |rest: &str| format!("/api/v1/processes/{{pid}}{rest}");
    Router::new()
        .route("/api/v1/processes", get(native::list).post(native::spawn))
        .route(&process(""), get(native::one))
        .route(&process("/events"), get(native::events))
        .route(&process("/log"), get(native::log))
        .route(&process("/window"), get(native::window))
        .route(&process("/conversation"), get(conversations::one))
        .route(&process("/reply"), post(native::reply))
        .route(&process("/signal"), post(native::signal))
        .route(&process("/nice"), post(native::nice))
        .route(&process("/fork"), post(native::fork))
        .route(&process("/resume"), post(native::resume))
        .route("/api/v1/openapi.json", get(openapi::get))
        .route("/api/v1/events", get(native::all_events))
        .route("/api/v1/machine", get(native::machine))
        .route("/api/v1/conversations", get(conversations::list))
        .route("/api/v1/memory/search", get(memory::search))
        .route("/api/v1/memory/page", get(memory::page))
        .route("/api/v1/hooks/{name}", post(hooks::post))
        .route("/api/v1/tools", get(native::tools))
}

/// Serves on `listener` until `stop` resolves, then ends what streams and waits for the
/// other replies.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    service: &Arc<Service>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Around the router, which looks at the path first.
    let named = axum::middleware::map_request(canonical);
    let app = Router::new().fallback_service(router(service)).layer(named);
    let app = axum::serve(Doorway::new(listener, service.patience()), app);
    app.with_graceful_shutdown(stop).await
}

/// Answers `GET /health`.
async fn health(State(service): State<Arc<Service>>) -> Response {
    wire::json(&json!({
        "status": "ok", "model": service.model, "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn nowhere(uri: Uri) -> ApiError {
    ApiError::nowhere(uri.path())
}

/// The request, for the name that the table of routes has for its path.
async fn canonical(mut request: Request) -> Request {
    let Some(mut path) = routes::canonical(request.uri().path()) else {
        return request;
    };
    if let Some(query) = request.uri().query() {
        path = format!("{path}?{query}");
    }
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}
