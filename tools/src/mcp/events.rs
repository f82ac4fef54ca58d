//! The transport of the first revision of the protocol (2024-11-05) over HTTP: what a server
//! says comes in one stream of events, whose first event says where messages to it go.
//!
//! Both sides are handed on as the streams of a program: a message a line.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{BoxStream, FuturesUnordered};
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use sse_stream::{Sse, SseStream};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::net::Target;

type Events = BoxStream<'static, Result<Sse, sse_stream::Error>>;

/// What is asked for.
const EVENTS: &str = "text/event-stream";
/// The longest event, in bytes: as long as a message of a program may be.
const EVENT_BYTES_MAX: usize = 16 << 20;
/// Bytes that may wait to be read on either side.
const WAITING_BYTES: usize = 64 << 10;
/// How long a message has to arrive before the next one is sent: what belongs together arrives
/// in order. A server that takes longer answers in the same connection.
const HEAD_START: Duration = Duration::from_millis(50);
/// The most messages that a server keeps open; more wait.
const OPEN_MAX: usize = 64;

/// The two sides of a server.
pub(super) struct Streams {
    /// What it says.
    pub(super) output: DuplexStream,
    /// What it is told.
    pub(super) input: DuplexStream,
}

/// Where messages are sent, and by whom.
struct Letters {
    web: reqwest::Client,
    headers: HeaderMap,
    to: Url,
}

/// Opens the stream of events at `target`, until `over` is cancelled.
///
/// # Errors
/// In words, where there is no such stream, or it leads messages to another host.
pub(super) async fn open(
    web: reqwest::Client,
    headers: HeaderMap,
    target: &Target,
    over: &CancellationToken,
) -> Result<Streams, String> {
    let asked = web.get(target.url.clone()).headers(headers.clone());
    let response = asked.header(ACCEPT, EVENTS).send().await;
    // Its address may hold a key.
    let response = response.map_err(|error| error.without_url().to_string())?;
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !response.status().is_success() || !kind.starts_with(EVENTS) {
        return Err(format!("HTTP {}", response.status()));
    }
    let bytes = bounded(response.bytes_stream());
    let mut events: Events = SseStream::from_bytes_stream(bytes).boxed();
    let to = endpoint(&mut events, target).await?;
    let (output, said) = tokio::io::duplex(WAITING_BYTES);
    let (input, told) = tokio::io::duplex(WAITING_BYTES);
    // Where one side ends, the other does.
    let over = over.child_token();
    tokio::spawn(hear(events, said, over.clone()));
    tokio::spawn(tell(Letters { web, headers, to }, told, over));
    Ok(Streams { output, input })
}

/// A stream that ends where one event has more bytes than it may.
fn bounded<S>(bytes: S) -> impl Stream<Item = reqwest::Result<Bytes>>
where
    S: Stream<Item = reqwest::Result<Bytes>>,
{
    let (mut open, mut is_start) = (0_usize, true);
    bytes.take_while(move |part| {
        for byte in part.iter().flatten() {
            match byte {
                b'\r' => {}
                // A blank line ends an event.
                b'\n' => {
                    open = if is_start { 0 } else { open };
                    is_start = true;
                }
                _ => (open, is_start) = (open + 1, false),
            }
        }
        ready(open <= EVENT_BYTES_MAX)
    })
}

/// Where messages go, as the stream says: on the host that was granted.
async fn endpoint(events: &mut Events, target: &Target) -> Result<Url, String> {
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| format!("its stream of events is broken: {error}"))?;
        if event.event.as_deref() == Some("endpoint") {
            let to = event.data.unwrap_or_default();
            let to = target
                .url
                .join(to.trim())
                .map_err(|error| error.to_string())?;
            let to = Target::parse(to.as_str()).map_err(|error| error.to_string())?;
            return match to.same_origin(target) {
                true => Ok(to.url),
                false => Err(format!(
                    "it leads messages to another host, {}",
                    to.origin()
                )),
            };
        }
    }
    Err("its stream of events ended before it said where messages go".into())
}

/// Hands on what a server says.
async fn hear(mut events: Events, mut said: DuplexStream, over: CancellationToken) {
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = over.cancelled() => break,
        };
        let Some(Ok(event)) = event else { break };
        let is_message = event.event.is_none_or(|kind| kind == "message");
        let Some(data) = event.data.filter(|_| is_message) else {
            continue;
        };
        // JSON has ends of lines between its parts only.
        let line = data.replace(['\r', '\n'], " ") + "\n";
        if said.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    over.cancel();
}

impl Letters {
    /// Sends `line`; false where the server does not take what is waited for.
    fn sent(&self, line: String) -> BoxFuture<'static, bool> {
        // A notification has no answer, so nothing depends on what becomes of it.
        let is_waited_for = line.contains("\"id\"");
        let request = self.web.post(self.to.clone());
        let request = request.headers(self.headers.clone());
        let request = request.header(CONTENT_TYPE, "application/json").body(line);
        Box::pin(async move {
            let is_taken = match request.send().await {
                Ok(response) => response.status().is_success(),
                Err(error) => {
                    let error = error.without_url();
                    tracing::debug!(%error, "an MCP server cannot be told something");
                    false
                }
            };
            is_taken || !is_waited_for
        })
    }
}

/// Sends what a server is told, in order. Its answers come in the stream of events: one that it
/// keeps a request open for holds nothing back, least of all the cancellation of that request.
async fn tell(letters: Letters, told: DuplexStream, over: CancellationToken) {
    let mut lines = BufReader::new(told).lines();
    let mut open: FuturesUnordered<BoxFuture<'static, bool>> = FuturesUnordered::new();
    loop {
        let line = tokio::select! {
            line = lines.next_line(), if open.len() < OPEN_MAX => line,
            Some(is_taken) = open.next() => match is_taken {
                true => continue,
                false => break,
            },
            () = over.cancelled() => break,
        };
        let Ok(Some(line)) = line else { break };
        if line.trim().is_empty() {
            continue;
        }
        let mut letter = letters.sent(line);
        match tokio::time::timeout(HEAD_START, &mut letter).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => open.push(letter),
        }
    }
    over.cancel();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::net::TcpListener;
    use tokio::sync::{Notify, mpsc};

    use super::*;

    #[tokio::test]
    async fn a_request_that_stays_open_holds_nothing_back() {
        let (sender, mut seen) = mpsc::unbounded_channel::<String>();
        let cancelled = Arc::new(Notify::new());
        let take = move |body: String| {
            let (cancelled, sender) = (cancelled.clone(), sender.clone());
            async move {
                // Each request is answered in its own connection, once it is cancelled.
                match body.contains("\"id\"") {
                    true => cancelled.notified().await,
                    false => cancelled.notify_one(),
                }
                let _ = sender.send(body);
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(take);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let letters = Letters {
            web: quipu_tls::client().no_proxy().build().unwrap(),
            headers: HeaderMap::new(),
            to: Url::parse(&format!("http://{address}/")).unwrap(),
        };
        let (mut input, told) = tokio::io::duplex(WAITING_BYTES);
        let over = CancellationToken::new();
        tokio::spawn(tell(letters, told, over.clone()));
        let (request, cancel) = ("{\"id\":1}", "{\"method\":\"notifications/cancelled\"}");
        let lines = format!("{request}\n\n{cancel}\n");
        input.write_all(lines.as_bytes()).await.unwrap();
        let mut both = [seen.recv().await.unwrap(), seen.recv().await.unwrap()];
        both.sort_unstable();
        assert_eq!(both, [request, cancel]);
        // Where one side ends, the other does.
        drop(input);
        over.cancelled().await;
    }
}
