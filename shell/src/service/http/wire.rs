//! Bodies: JSON that comes in, JSON and streams of events that go out.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiError;
use super::headers::Unknown;
use super::known;
use super::packing::Packing;
use super::plain::{Piece, Turn};
use super::unread;

/// The largest body that is read: more text than any window holds.
const BODY_BYTES_MAX: usize = 8 << 20;
/// How long a client may take to send it.
const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// How long a client may pause in a body that is too large: one that waits sees the reply.
const DROPPED_SILENCE: Duration = Duration::from_secs(1);
/// How much of a body that is too large is read all the same.
const DROPPED_BYTES_MAX: usize = 64 << 20;

/// What programs send JSON as that say nothing of its type, or do not know it: `curl -d` among
/// them.
const UNNAMED: [&str; 2] = ["application/x-www-form-urlencoded", "text/plain"];

/// The JSON of a request.
///
/// From a browser it is refused as another type of content: a page of another origin can send
/// those without being asked first. Other programs may call it what they like.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let packing = packing(&request);
        let packing = match packing {
            Ok(packing) => packing,
            Err(error) => {
                drop_body(request).await;
                return Err(error);
            }
        };
        let path = request.uri().path().to_owned();
        let unknown = request.extensions().get::<Unknown>().cloned();
        let bytes = read(request, BODY_BYTES_MAX).await?;
        let bytes = packing.unpack(bytes, BODY_BYTES_MAX)?;
        let read = serde_json::from_slice(&bytes);
        let read = read.map_err(|error| unread::why(&bytes, &error))?;
        let names = known::unknown(&path, &bytes)?;
        if let Some(unknown) = unknown {
            unknown.note(names);
        }
        Ok(Input(read))
    }
}

/// How the JSON of `request` is packed.
///
/// # Errors
/// The status 415, where it is something else, or written in another way.
fn packing(request: &Request) -> Result<Packing, ApiError> {
    if !is_unnamed(request.headers()) {
        check_kind(request, "application/json")?;
    }
    check_charset(request.headers())?;
    Packing::of(request.headers())
}

/// Refuses a body that says that it is not written in UTF-8, as all JSON is.
///
/// # Errors
/// The status 415.
fn check_charset(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let named = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"'))
    });
    let legal = ["utf-8", "utf8", "us-ascii"];
    match named.is_none_or(|named| legal.iter().any(|name| name.eq_ignore_ascii_case(named))) {
        true => Ok(()),
        false => Err(ApiError {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..ApiError::malformed("send the body in UTF-8")
        }),
    }
}

/// Whether a program that is no browser sent a body whose type says nothing. Browsers tell
/// where a request comes from.
fn is_unnamed(headers: &HeaderMap) -> bool {
    let browser = ["origin", "sec-fetch-site", "sec-fetch-mode"];
    if browser.iter().any(|name| headers.contains_key(*name)) {
        return false;
    }
    kind_of(headers).is_none_or(|kind| UNNAMED.iter().any(|name| kind.eq_ignore_ascii_case(name)))
}

/// The type of content that `headers` name, without its parameters.
fn kind_of(headers: &HeaderMap) -> Option<&str> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    kind.split(';').next().map(str::trim)
}

/// Refuses a body that is sent as another type of content than `wanted`.
///
/// # Errors
/// The status 415, with the header that is wanted.
pub fn check_kind(request: &Request, wanted: &str) -> Result<(), ApiError> {
    let kind = kind_of(request.headers());
    match kind.is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)) {
        true => Ok(()),
        false => Err(ApiError {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ..ApiError::malformed(format!("send the body as `Content-Type: {wanted}`"))
        }),
    }
}

/// `request`, unless its body says that it has more than `bytes_max`.
///
/// # Errors
/// The status 413.
pub async fn within(request: Request, bytes_max: usize) -> Result<Request, ApiError> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|length| length <= bytes_max) {
        return Ok(request);
    }
    drop_body(request).await;
    Err(ApiError::too_large(bytes_max))
}

/// Reads what a client sends with a `request` that is refused without it, up to a bound: one that
/// is still sending when the connection is closed does not see the reply. A client that asked
/// before it sends is told at once.
pub async fn drop_body(request: Request) {
    if !request.headers().contains_key(header::EXPECT) {
        let _ = tokio::time::timeout(BODY_PATIENCE, drop_all(request.into_body())).await;
    }
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
/// Where it is larger, breaks off, or does not come in time.
pub async fn read(request: Request, bytes_max: usize) -> Result<Bytes, ApiError> {
    let request = within(request, bytes_max).await?;
    let bytes = gathered(request.into_body(), bytes_max);
    let bytes = tokio::time::timeout(BODY_PATIENCE, bytes).await;
    bytes.map_err(|_| ApiError::too_slow())?
}

/// The bytes of `body`, of at most `bytes_max`.
async fn gathered(body: Body, bytes_max: usize) -> Result<Bytes, ApiError> {
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| ApiError::cut_short(&error.to_string()))?;
        if bytes.len() + piece.len() > bytes_max {
            return Err(ApiError::too_large(bytes_max));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

/// The parameters after the `?` of an address.
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The names of all.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

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

/// The event of what stopped a stream, as OpenAI's clients read it.
pub fn failed(error: &ApiError) -> String {
    event(None, &error.body())
}

/// The last event of OpenAI's streams.
pub const DONE: &str = "data: [DONE]\n\n";

/// How long a stream may be silent before it says that it goes on, and how long the status of a
/// reply waits for the first piece. Proxies give up on what is silent for a minute, some sooner,
/// and a slow machine takes longer over a long prompt.
pub const SILENCE_MAX: Duration = Duration::from_secs(10);
/// A comment, which clients pass over.
pub const ALIVE: &str = ": it goes on\n\n";

/// A reply of server-sent events, as `events` brings them, and comments where they are long in
/// coming. When the client leaves, the stream is dropped with everything it holds.
pub fn events(events: impl Stream<Item = String> + Send + 'static) -> Response {
    kept_alive(events, ALIVE.to_owned(), SILENCE_MAX)
}

/// [`events`] with `alive` after each `silence`.
fn kept_alive(
    events: impl Stream<Item = String> + Send + 'static,
    alive: String,
    silence: Duration,
) -> Response {
    let events = events.filter(|text| std::future::ready(!text.is_empty()));
    let events = stream::unfold(Box::pin(events), move |mut events| {
        let alive = alive.clone();
        async move {
            let next = tokio::time::timeout(silence, events.next()).await;
            let text = next.unwrap_or(Some(alive))?;
            Some((text, events))
        }
    });
    let bytes = events.map(|text| Ok::<_, Infallible>(Bytes::from(text)));
    stream_of(Body::from_stream(bytes))
}

/// A reply of the server-sent events in `body`.
pub fn stream_of(body: Body) -> Response {
    let mut response = with_type("text/event-stream", body);
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("no-cache, no-transform");
    headers.insert(header::CACHE_CONTROL, no_store);
    // Some proxies hold a stream back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The first of `pieces`, which a reply waits for so that what fails before it has a status of
/// its own. `None` where it is long in coming: the stream begins without it.
pub async fn first<S: Stream + Unpin>(pieces: &mut S) -> Option<S::Item> {
    let first = tokio::time::timeout(SILENCE_MAX, pieces.next()).await;
    first.ok().flatten()
}

/// A reply that is sent as it grows, in the events of its API.
pub trait Framed: Send + 'static {
    /// The events before the first piece.
    fn begin(&mut self) -> String;

    /// The events of a piece.
    fn events(&mut self, piece: Piece) -> String;

    /// The events of what stopped it; nothing comes after them.
    fn failed(&mut self, error: &ApiError) -> String;

    /// What says that it goes on, where nothing comes for a while.
    fn alive(&self) -> String {
        ALIVE.to_owned()
    }
}

/// The pieces of `turn` as a stream of events.
///
/// # Errors
/// What stopped the answer soon, and before its first piece.
pub async fn framed(turn: Turn, mut reply: impl Framed) -> Result<Response, ApiError> {
    let mut pieces = turn.pieces();
    let first = first(&mut pieces).await.transpose()?;
    let mut begin = reply.begin();
    if let Some(piece) = first {
        begin.push_str(&reply.events(piece));
    }
    let alive = reply.alive();
    let rest = stream::unfold(Some((pieces, reply)), |state| async move {
        let (mut pieces, mut reply) = state?;
        match pieces.next().await? {
            Ok(piece) => Some((reply.events(piece), Some((pieces, reply)))),
            Err(error) => Some((reply.failed(&error), None)),
        }
    });
    let all = stream::iter([begin]).chain(rest);
    Ok(kept_alive(all, alive, SILENCE_MAX))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let given = given.iter().map(|&(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        given.collect()
    }

    #[test]
    fn programs_may_leave_the_type_out_and_browsers_may_not() {
        let check = |given: &[(&'static str, &'static str)], want: bool| {
            assert_eq!(is_unnamed(&headers(given)), want, "{given:?}");
        };
        let form = ("content-type", "application/x-www-form-urlencoded");
        check(&[], true);
        check(&[form], true);
        check(&[("content-type", "Text/Plain; charset=utf-8")], true);
        check(&[("content-type", "application/json")], false);
        check(
            &[("content-type", "multipart/form-data; boundary=x")],
            false,
        );
        check(&[form, ("origin", "http://localhost:8080")], false);
        check(&[("sec-fetch-site", "same-origin")], false);
        check(&[form, ("sec-fetch-mode", "no-cors")], false);
    }

    #[test]
    fn json_is_written_in_utf_8() {
        let check = |kind: &'static str, want: bool| {
            let got = check_charset(&headers(&[("content-type", kind)]));
            assert_eq!(got.is_ok(), want, "{kind}");
        };
        check("application/json", true);
        check("application/json; charset=utf-8", true);
        check("application/json; Charset=\"UTF-8\"", true);
        check("text/plain; charset=us-ascii; format=flowed", true);
        check("application/json; charset=iso-8859-1", false);
        check("application/json;charset=utf-16", false);
        assert_eq!(check_charset(&HeaderMap::new()), Ok(()));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_one_that_is_too_large() {
        type Pieces = Vec<Result<&'static str, &'static str>>;
        let check = async |pieces: Pieces, want: Result<&'static str, u16>| {
            let shown = format!("{pieces:?}");
            let pieces = pieces.into_iter();
            let pieces = pieces.map(|piece| piece.map_err(std::io::Error::other));
            let body = Body::from_stream(stream::iter(pieces));
            let got = gathered(body, 4)
                .await
                .map_err(|error| error.status.as_u16());
            let want = want.map(|text| Bytes::copy_from_slice(text.as_bytes()));
            assert_eq!(got, want, "{shown}");
        };
        check(vec![Ok("ab"), Ok("cd")], Ok("abcd")).await;
        check(vec![], Ok("")).await;
        check(vec![Ok("ab"), Ok("cde")], Err(413)).await;
        check(vec![Ok("ab"), Err("broken")], Err(400)).await;
    }

    #[tokio::test]
    async fn a_silent_stream_says_that_it_goes_on() {
        // The second event comes when the client has read that it is waited for.
        let (tell, told) = tokio::sync::oneshot::channel::<()>();
        let second = stream::once(async move {
            told.await.unwrap_or_default();
            "data: 2\n\n".to_owned()
        });
        let all = stream::iter(["data: 1\n\n".to_owned(), String::new()]).chain(second);
        let reply = kept_alive(all, ALIVE.to_owned(), Duration::from_millis(1));
        let mut body = reply.into_body().into_data_stream();
        let mut next = async || {
            let bytes = body.next().await.and_then(Result::ok);
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        assert_eq!(next().await.as_deref(), Some("data: 1\n\n"));
        assert_eq!(next().await.as_deref(), Some(ALIVE));
        tell.send(()).expect("it is waited for");
        let mut after = next().await;
        while after.as_deref() == Some(ALIVE) {
            after = next().await;
        }
        assert_eq!(after.as_deref(), Some("data: 2\n\n"));
        assert_eq!(next().await, None);
    }

    #[tokio::test]
    async fn a_piece_that_is_there_is_the_first() {
        assert_eq!(first(&mut stream::iter([1, 2])).await, Some(1));
        assert_eq!(first(&mut stream::iter([0; 0])).await, None);
    }
}
