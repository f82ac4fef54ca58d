//! How messages reach an address. A notification has no answer, so nothing depends on what
//! becomes of it: a server that fails at one may still answer the next request, and if it
//! does not, that request says so. What comes as a stream of events is read as it was meant.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderName, HeaderValue};
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::Sse;

use super::lines::as_meant;

type Failure = StreamableHttpError<reqwest::Error>;
type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// A client that takes a notification as delivered whatever the server makes of it.
#[derive(Clone)]
pub(super) struct Post(pub(super) reqwest::Client);

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
        let notifies = matches!(message, ClientJsonRpcMessage::Notification(_));
        let sent = self.0.post_message(uri, message, session, token, headers);
        delivered(notifies, sent.await)
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
        let sent = self
            .0
            .post_message_with_response_limits(uri, message, session, token, headers, limits);
        delivered(notifies, sent.await)
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<(), Failure> {
        self.0.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failure> {
        let stream = self.0.get_stream(uri, session, last_event, token, headers);
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
            .0
            .get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, max);
        Ok(meant(stream.await?))
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

/// Events whose messages have the form that the protocol says.
fn meant(events: Events) -> Events {
    let event = |event: Sse| Sse {
        data: event.data.map(as_meant),
        ..event
    };
    events.map_ok(event).boxed()
}
