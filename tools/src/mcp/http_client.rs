//! How messages reach an address. A notification has no answer, so nothing depends on what
//! becomes of it: a server that fails at one may still answer the next request, and if it
//! does not, that request says so.
//!
//! Answers are read as they were meant. The library reads those that come as one body by itself,
//! and strictly: where it cannot read the first, which is asked again without harm, all others
//! of that server are read here.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::header::ACCEPT;
use http::{HeaderName, HeaderValue, StatusCode};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, RequestId, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::Sse;

use super::stdio::{as_meant, reply_in};

type Failure = StreamableHttpError<reqwest::Error>;
type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// What is asked for, as the protocol has it.
const BOTH: &str = "application/json, text/event-stream";
/// The header that names a session.
const SESSION: &str = "mcp-session-id";
/// How the library says that it cannot read a body.
const UNREAD: &str = "could not parse JSON response";

/// A client that takes a notification as delivered whatever the server makes of it.
#[derive(Clone)]
pub(super) struct Post {
    web: reqwest::Client,
    /// Whether the server's answers are not as the protocol has them.
    is_odd: Arc<AtomicBool>,
}

/// What a message is sent with.
struct Letter {
    uri: Arc<str>,
    message: ClientJsonRpcMessage,
    session: Option<Arc<str>>,
    token: Option<String>,
    headers: Headers,
}

impl Post {
    pub(super) fn new(web: reqwest::Client) -> Self {
        Self {
            web,
            is_odd: Arc::default(),
        }
    }

    /// Sends `letter` and reads the answer as it was meant.
    async fn ask(
        &self,
        letter: Letter,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let mut request = self.web.post(&*letter.uri).header(ACCEPT, BOTH);
        for (name, value) in letter.headers {
            request = request.header(name, value);
        }
        if let Some(token) = letter.token {
            request = request.bearer_auth(token);
        }
        let had_session = letter.session.is_some();
        if let Some(session) = letter.session {
            request = request.header(SESSION, &*session);
        }
        let sent = request.json(&letter.message).send().await;
        let response = sent.map_err(StreamableHttpError::Client)?;
        let status = response.status();
        let unexpected = |said: String| StreamableHttpError::UnexpectedServerResponse(said.into());
        if status == StatusCode::NOT_FOUND && had_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        let session = response.headers().get(SESSION);
        let session = session
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let body = body(response, limits.max_json_response_size).await?;
        let text = String::from_utf8_lossy(&body);
        let asked = match &letter.message {
            ClientJsonRpcMessage::Request(request) => Some(&request.id),
            _ => None,
        };
        let read = match reply_in(&text, asked) {
            Some(message) => Ok(message),
            None => serde_json::from_str::<ServerJsonRpcMessage>(&text),
        };
        match read {
            Ok(message) => Ok(StreamableHttpPostResponse::Json(message, session)),
            Err(_) if !status.is_success() => Err(unexpected(format!("HTTP {status}"))),
            Err(error) => Err(unexpected(format!("{UNREAD}: {error}"))),
        }
    }
}

/// All of a body, unless it is longer than `max` bytes.
async fn body(response: reqwest::Response, max: usize) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::new();
    let mut parts = response.bytes_stream();
    while let Some(part) = parts.next().await {
        whole.extend_from_slice(&part.map_err(StreamableHttpError::Client)?);
        if whole.len() > max {
            return Err(StreamableHttpError::ResponseBodyTooLarge { max_size: max });
        }
    }
    Ok(whole)
}

/// Whether asking `message` twice does nothing more than asking it once.
fn is_harmless(message: &ClientJsonRpcMessage) -> bool {
    let ClientJsonRpcMessage::Request(request) = message else {
        return false;
    };
    matches!(
        request.request,
        ClientRequest::InitializeRequest(_)
            | ClientRequest::DiscoverRequest(_)
            | ClientRequest::ListToolsRequest(_)
            | ClientRequest::ListResourcesRequest(_)
            | ClientRequest::ReadResourceRequest(_)
    )
}

impl StreamableHttpClient for Post {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits)
            .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let notifies = matches!(message, ClientJsonRpcMessage::Notification(_));
        let asked = match &message {
            ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let is_odd = self.is_odd.load(Ordering::Relaxed);
        let again = (asked.is_some() && is_odd || is_harmless(&message)).then(|| Letter {
            uri: uri.clone(),
            message: message.clone(),
            session: session.clone(),
            token: token.clone(),
            headers: headers.clone(),
        });
        let letter = match again {
            Some(letter) if is_odd => {
                let answer = self.ask(letter, limits).await?;
                return Ok(addressed(answer, asked));
            }
            again => again,
        };
        let sent = self
            .web
            .post_message_with_response_limits(uri, message, session, token, headers, limits)
            .await;
        let answer = match (sent, letter) {
            (Err(StreamableHttpError::UnexpectedServerResponse(said)), letter)
                if said.starts_with(UNREAD) =>
            {
                self.is_odd.store(true, Ordering::Relaxed);
                match (letter, told_in(&said, asked.as_ref())) {
                    (Some(letter), _) => self.ask(letter, limits).await,
                    // What must not be asked again stands in the words of the library.
                    (None, Some(message)) => Ok(StreamableHttpPostResponse::Json(message, None)),
                    (None, None) => Err(StreamableHttpError::UnexpectedServerResponse(said)),
                }
            }
            // An answer under the number that says that there is none.
            (Ok(StreamableHttpPostResponse::Accepted), Some(letter)) => {
                let answer = self.ask(letter, limits).await;
                if answer.is_ok() {
                    self.is_odd.store(true, Ordering::Relaxed);
                }
                Ok(answer.unwrap_or(StreamableHttpPostResponse::Accepted))
            }
            // JSON under another name, as languages for web pages send it.
            (Err(other @ StreamableHttpError::UnexpectedContentType(_)), Some(letter)) => {
                let answer = self.ask(letter, limits).await.map_err(|_| other)?;
                self.is_odd.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            (sent, _) => delivered(notifies, sent),
        };
        answer.map(|answer| addressed(answer, asked))
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<(), Failure> {
        self.web.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failure> {
        let stream = self
            .web
            .get_stream(uri, session, last_event, token, headers);
        Ok(meant(stream.await?))
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<Events, Failure> {
        let stream = self
            .web
            .get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, max);
        Ok(meant(stream.await?))
    }
}

/// The message in the words with which the library says that it cannot read a body. They end in
/// the body, of which the library may have left out the end.
fn told_in(said: &str, asked: Option<&RequestId>) -> Option<ServerJsonRpcMessage> {
    let body = said.find(['{', '[']).map(|start| &said[start..]);
    reply_in(body?, asked)
}

/// `answer` to the request `asked`. A refusal in it is of that request, whatever id it has: some
/// servers refuse before they have read one.
fn addressed(
    answer: StreamableHttpPostResponse,
    asked: Option<RequestId>,
) -> StreamableHttpPostResponse {
    match answer {
        StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(mut error), session)
            if asked.is_some() =>
        {
            error.id = asked;
            StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(error), session)
        }
        answer => answer,
    }
}

/// What became of a message, where a notification counts as taken.
fn delivered(
    notifies: bool,
    sent: Result<StreamableHttpPostResponse, Failure>,
) -> Result<StreamableHttpPostResponse, Failure> {
    match sent {
        Err(error) if notifies => {
            tracing::debug!(%error, "an MCP server fails at a notification");
            Ok(StreamableHttpPostResponse::Accepted)
        }
        Ok(StreamableHttpPostResponse::Sse(events, session)) => {
            Ok(StreamableHttpPostResponse::Sse(meant(events), session))
        }
        sent => sent,
    }
}

/// Events whose messages have the form that the protocol says: one in each.
fn meant(events: Events) -> Events {
    let each = |event: Result<Sse, SseError>| {
        let events: Vec<Result<Sse, SseError>> = match event {
            Ok(event) => apart(event).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(events)
    };
    events.flat_map(each).boxed()
}

/// An event for each message of `event`. One of another name says that the server lives.
fn apart(mut event: Sse) -> Vec<Sse> {
    let named = event.event.as_deref().unwrap_or_default();
    let is_other = !matches!(named, "" | "message");
    let data = event.data.take();
    let Some(data) = data.filter(|data| !is_other || data.contains("\"jsonrpc\"")) else {
        return vec![event];
    };
    // The library reads no message under another name.
    event.event = None;
    let one = |data: String| Sse {
        data: Some(data),
        ..event.clone()
    };
    as_meant(data).into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_messages_in_one_event_are_several_events() {
        let one = |id: i32| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
        let check = |data: Option<String>, want: &[String]| {
            let event = Sse {
                id: Some("7".to_owned()),
                data,
                ..Sse::default()
            };
            let events = apart(event);
            let said: Vec<String> = events.iter().filter_map(|one| one.data.clone()).collect();
            assert_eq!(said, want);
            assert!(events.iter().all(|one| one.id.as_deref() == Some("7")));
            assert_eq!(events.len(), want.len().max(1));
        };
        check(None, &[]);
        check(Some("ping".to_owned()), &["ping".to_owned()]);
        check(Some(one(1)), &[one(1)]);
        let both = format!("[{},{}]", one(1), one(2));
        check(Some(both), &[one(1), one(2)]);
    }

    #[test]
    fn an_event_of_another_name_is_no_message() {
        let check = |name: &str, data: &str, want: Option<&str>| {
            let event = Sse {
                event: Some(name.to_owned()),
                data: Some(data.to_owned()),
                ..Sse::default()
            };
            let found = apart(event).remove(0);
            assert_eq!(found.data.as_deref(), want, "{name} {data}");
            assert_eq!(found.event.is_none(), want.is_some(), "{name} {data}");
        };
        let message = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        check("message", message, Some(message));
        check("answer", message, Some(message));
        check("ping", "{}", None);
        check("ping", "2025-01-01", None);
    }

    #[test]
    fn a_body_that_the_library_cannot_read_is_read_in_its_words() {
        let check = |body: &str, want: bool| {
            let said = format!("{UNREAD} as ServerJsonRpcMessage: expected value: {body}");
            let found = told_in(&said, Some(&RequestId::Number(1)));
            assert_eq!(found.is_some(), want, "{body}");
        };
        let one = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":NaN}}"#;
        check(one, true);
        check(&format!("[{one}]"), true);
        check(&format!("\u{feff}{one}"), true);
        check(&one[..40], false);
        check("<html>", false);
    }

    #[test]
    fn a_refusal_is_of_the_request_that_it_answers() {
        let check = |message: &str, asked: Option<i64>, want: Option<i64>| {
            let message = serde_json::from_str(message).unwrap();
            let answer = StreamableHttpPostResponse::Json(message, None);
            let StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(error), _) =
                addressed(answer, asked.map(RequestId::Number))
            else {
                panic!("no refusal")
            };
            assert_eq!(error.id, want.map(RequestId::Number));
        };
        let refusal = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#;
        check(refusal, Some(4), Some(4));
        check(&refusal.replace("null", "9"), Some(4), Some(4));
        check(refusal, None, None);
    }
}
