//! Bodies: JSON that comes in, JSON and streams of events that go out.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiError;
use super::plain::{Piece, Turn};
use super::state::Service;

/// The largest body that is read: more text than any window holds.
const BODY_BYTES_MAX: usize = 8 << 20;
/// How long a client may take to send it.
const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// How long a client may pause in a body that is too large: one that waits sees the reply.
const DROPPED_SILENCE: Duration = Duration::from_secs(1);
/// How much of a body that is too large is read all the same.
const DROPPED_BYTES_MAX: usize = 64 << 20;

/// The JSON of a request.
///
/// It is refused as another type of content: a page of another origin can send those without
/// being asked first.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        check_kind(&request, "application/json")?;
        let bytes = read(request, BODY_BYTES_MAX).await?;
        let read = serde_json::from_slice(&bytes);
        read.map(Input)
            .map_err(|error| ApiError::malformed(format!("the body cannot be read: {error}")))
    }
}

/// Refuses a body that is sent as another type of content than `wanted`.
///
/// # Errors
/// The status 415, with the header that is wanted.
pub fn check_kind(request: &Request, wanted: &str) -> Result<(), ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let is_wanted = kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case(wanted)
    });
    match is_wanted {
        true => Ok(()),
        false => Err(ApiError {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..ApiError::malformed(format!("send the body as `Content-Type: {wanted}`"))
        }),
    }
}

/// `request`, unless its body says that it has more than `bytes_max`. A client that asked before
/// it sends is told at once; what others send is read and dropped, up to a bound: whoever is
/// still sending when the connection is closed does not see the reply.
///
/// # Errors
/// The status 413.
pub async fn within(request: Request, bytes_max: usize) -> Result<Request, ApiError> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length <= bytes_max) {
        return Ok(request);
    }
    if !request.headers().contains_key(header::EXPECT) {
        let _ = tokio::time::timeout(BODY_PATIENCE, drop_all(request.into_body())).await;
    }
    Err(ApiError::too_large(bytes_max))
}

/// Reads `body` up to [`DROPPED_BYTES_MAX`], or until nothing comes, and keeps nothing.
async fn drop_all(body: Body) {
    let mut pieces = body.into_data_stream();
    let mut bytes = 0;
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(DROPPED_SILENCE, pieces.next()).await {
        bytes += piece.len();
        if bytes > DROPPED_BYTES_MAX {
            break;
        }
    }
}

/// The body of a request, of at most `bytes_max`.
///
/// # Errors
/// Where it is larger, or does not come in time.
pub async fn read(request: Request, bytes_max: usize) -> Result<Bytes, ApiError> {
    let request = within(request, bytes_max).await?;
    let bytes = to_bytes(request.into_body(), bytes_max);
    let bytes = tokio::time::timeout(BODY_PATIENCE, bytes).await;
    bytes
        .map_err(|_| ApiError::too_slow())?
        .map_err(|_| ApiError::too_large(bytes_max))
}

/// The parameters after the `?` of an address.
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The first one called `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let url = reqwest::Url::parse(&format!("http://localhost/?{query}"));
        let pairs = url.map(|url| url.query_pairs().into_owned().collect());
        Ok(Self(pairs.unwrap_or_default()))
    }
}

/// A reply of JSON.
pub fn json(value: &Value) -> Response {
    with_type("application/json", value.to_string())
}

/// A reply of `text` as the content type `kind`.
pub fn with_type(kind: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// One event of a stream: a `name` where the protocol has names, and its data.
pub fn event(name: Option<&str>, data: &Value) -> String {
    // Compact JSON has no line ends.
    match name {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    }
}

/// The last event of OpenAI's streams.
pub const DONE: &str = "data: [DONE]\n\n";

/// A reply of server-sent events, as `events` brings them. When the client leaves, the
/// stream is dropped with everything it holds.
pub fn events(events: impl Stream<Item = String> + Send + 'static) -> Response {
    let events = events.filter(|text| std::future::ready(!text.is_empty()));
    let bytes = events.map(|text| Ok::<_, Infallible>(Bytes::from(text)));
    let mut response = with_type("text/event-stream", Body::from_stream(bytes));
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("no-cache, no-transform");
    headers.insert(header::CACHE_CONTROL, no_store);
    // Some proxies hold a stream back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// A reply that is sent as it grows, in the events of its API.
pub trait Framed: Send + 'static {
    /// The events before the first piece.
    fn begin(&mut self) -> String;

    /// The events of a piece.
    fn events(&mut self, piece: Piece) -> String;

    /// The events of what stopped it; nothing comes after them.
    fn failed(&mut self, error: &ApiError) -> String;
}

/// The pieces of `turn` as a stream of events. The first is waited for: what fails before it
/// has a status of its own.
///
/// # Errors
/// What stopped the answer before its first piece.
pub async fn framed(
    service: &Service,
    mut turn: Turn,
    mut reply: impl Framed,
) -> Result<Response, ApiError> {
    let first = turn.next().await?;
    let begin = reply.begin();
    let first = first.map_or_else(String::new, |piece| reply.events(piece));
    let rest = stream::unfold(Some((turn, reply)), |state| async move {
        let (mut turn, mut reply) = state?;
        match turn.next().await {
            Ok(Some(piece)) => Some((reply.events(piece), Some((turn, reply)))),
            Ok(None) => None,
            Err(error) => Some((reply.failed(&error), None)),
        }
    });
    let all = stream::iter([begin, first]).chain(rest);
    Ok(events(super::until_stopped(service, all)))
}
