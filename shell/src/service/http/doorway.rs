//! The connections of the server: how many there are at a time, and how long one may say nothing.
//!
//! ```text
//!                                   ┌───────── the next request ──────────┐
//!                                   v                                     │
//! accepted ─ the head of a ───> has asked ─ something is written ───> is answered
//!     │        request              │                                     │
//!     │ HEAD_PATIENCE               │ nothing for as long as an answer    │ BETWEEN
//!     v                             v may take, or no answer by twice     v
//!   closed                        closed                                closed
//! ```
//!
//! Anybody on this machine can connect. Each connection is an open file of this program, and
//! where there are too many, neither its journal nor its tools can be opened. Some places are kept
//! for whoever asks at once and leaves: others may hold all the rest and say nothing.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// Connections at a time; more wait in the queue of the system. Many systems give a program
/// 1,024 open files.
const CONNECTIONS_MAX: usize = 512;
/// Of these, how many are kept for whoever does not stay.
const KEPT: usize = 64;
/// How long the head of the first request may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection on which something was answered may be silent. An answer that goes on
/// says so more often.
const BETWEEN: Duration = Duration::from_secs(120);
/// The two for a connection in a place that is kept.
const KEPT_PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));
/// How much longer than an answer may take a connection is kept on which nothing moves.
const MORE_PATIENCE: Duration = Duration::from_secs(60);
/// The longest that one is kept so, however long an answer may take: a day.
const PATIENCE_MAX: Duration = Duration::from_secs(86_400);

/// Where connections come in.
pub struct Doorway {
    listener: TcpListener,
    places: Arc<Semaphore>,
    kept: Arc<Semaphore>,
    patience: Patience,
}

/// How long a connection is kept.
#[derive(Clone, Copy)]
struct Patience {
    /// Without the head of a request.
    head: Duration,
    /// Without a byte in either direction after that, as long as there is no answer.
    idle: Duration,
    /// The same after something was answered.
    between: Duration,
}

impl Patience {
    /// That with a connection in a place that is kept.
    fn hurried(self) -> Self {
        let (head, between) = KEPT_PATIENCE;
        Self {
            head,
            between,
            ..self
        }
    }
}

impl Doorway {
    /// Takes in who connects to `listener`; an answer may take as long as `answer`.
    pub fn new(listener: TcpListener, answer: Duration) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX - KEPT)),
            kept: Arc::new(Semaphore::new(KEPT)),
            patience: Patience {
                head: HEAD_PATIENCE,
                idle: answer.saturating_add(MORE_PATIENCE).min(PATIENCE_MAX),
                between: BETWEEN,
            },
        }
    }

    /// The next place that is free, and how long a connection in it is kept.
    async fn place(&self) -> (Option<OwnedSemaphorePermit>, Patience) {
        // They are never closed, so there is one at last.
        tokio::select! {
            biased;
            place = self.places.clone().acquire_owned() => (place.ok(), self.patience),
            place = self.kept.clone().acquire_owned() => (place.ok(), self.patience.hurried()),
        }
    }
}

impl Listener for Doorway {
    type Io = Visitor<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (place, patience) = self.place().await;
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Visitor::new(stream, patience, place), address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection.
pub struct Visitor<S> {
    stream: S,
    patience: Patience,
    /// What of the head of the first request was read; `None` once that is whole.
    head: Option<Head>,
    /// When the first byte of what is not answered yet was read; `None` once something was
    /// answered.
    asked: Option<Instant>,
    /// When something moved last.
    moved: Instant,
    /// When it is looked at whether that is too long ago.
    look: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<S> Visitor<S> {
    fn new(stream: S, patience: Patience, place: Option<OwnedSemaphorePermit>) -> Self {
        let now = Instant::now();
        Self {
            stream,
            patience,
            head: Some(Head::default()),
            asked: None,
            moved: now,
            look: Box::pin(sleep_until(now + patience.head)),
            _place: place,
        }
    }

    /// Until when it is kept if nothing moves any more. A head that comes byte by byte moves
    /// nothing.
    fn kept_until(&self) -> Instant {
        let Patience {
            head,
            idle,
            between,
        } = self.patience;
        match (&self.head, self.asked) {
            (Some(_), _) => self.moved + head,
            // Nor does a later request, for ever.
            (None, Some(asked)) => (self.moved + idle).min(asked + 2 * idle),
            (None, None) => self.moved + between,
        }
    }

    /// Notes that something was read, which ends no head.
    fn has_read(&mut self) {
        let now = Instant::now();
        self.moved = now;
        self.asked.get_or_insert(now);
    }

    /// Notes that something was answered.
    fn has_answered(&mut self) {
        self.moved = Instant::now();
        self.asked = None;
        let until = self.kept_until();
        // It may have been kept for longer before.
        if until < self.look.deadline() {
            self.look.as_mut().reset(until);
        }
    }

    /// Resolves when it was silent for too long.
    fn poll_silent(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.look.as_mut().poll(cx));
            let until = self.kept_until();
            if Instant::now() >= until {
                return Poll::Ready(ErrorKind::TimedOut.into());
            }
            self.look.as_mut().reset(until);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Visitor<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Pending => this.poll_silent(cx).map(Err),
            Poll::Ready(read) => {
                let bytes = &buf.filled()[before..];
                let is_whole = match &mut this.head {
                    Some(head) => head.ends_in(bytes),
                    None => !bytes.is_empty(),
                };
                if is_whole {
                    this.head = None;
                    this.has_read();
                }
                Poll::Ready(read)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Visitor<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes));
        this.has_answered();
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, slices));
        this.has_answered();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The head of a request as it is read: it ends with a blank line.
#[derive(Default)]
struct Head {
    /// Whether there is a line that is not blank. Those before it say nothing.
    has_begun: bool,
    /// Whether the last line has ended, and nothing of another one was read.
    at_line: bool,
}

impl Head {
    /// Whether it ends in `bytes`, which come next.
    fn ends_in(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            match byte {
                b'\r' => {}
                b'\n' if self.at_line && self.has_begun => return true,
                b'\n' => self.at_line = true,
                _ => (self.has_begun, self.at_line) = (true, false),
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LONG: Duration = Duration::from_secs(600);
    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn a_head_ends_with_a_blank_line() {
        let check = |parts: &[&str], want: bool| {
            let mut head = Head::default();
            let ended = parts.iter().any(|part| head.ends_in(part.as_bytes()));
            assert_eq!(ended, want, "{parts:?}");
        };
        check(&["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], true);
        check(&["GET / HTTP/1.1\n\n"], true);
        check(&["GET / HTTP/1.1\r\n", "Host: a\r", "\n\r", "\n{}"], true);
        check(&["GET / HTTP/1.1\r\nHost: a\r\n"], false);
        check(&["\r\n\r\n\r\n"], false);
        check(&["\n\nGET / HTTP/1.1\n"], false);
        check(&[], false);
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_kept() {
        const ASKS: &str = "GET / HTTP/1.1\r\n\r\n";
        // What is said, whether it is answered, what is said then, and the patience.
        let rows = [
            ("", false, "", [SHORT, LONG, LONG]),
            ("\r\n\r\n", false, "", [SHORT, LONG, LONG]),
            ("GET / HTTP/1.1\r\n", false, "", [SHORT, LONG, LONG]),
            (ASKS, false, "", [SHORT, SHORT, LONG]),
            (ASKS, true, "", [SHORT, LONG, SHORT]),
            (ASKS, true, ASKS, [SHORT, SHORT, LONG]),
        ];
        for (first, is_answered, then, [head, idle, between]) in rows {
            let (mut client, server) = duplex(1 << 10);
            let patience = Patience {
                head,
                idle,
                between,
            };
            client.write_all(first.as_bytes()).await.unwrap();
            let mut visitor = Visitor::new(server, patience, None);
            let mut read = vec![0; first.len()];
            visitor.read_exact(&mut read).await.unwrap();
            if is_answered {
                visitor.write_all(b"HTTP/1.1 204\r\n\r\n").await.unwrap();
            }
            client.write_all(then.as_bytes()).await.unwrap();
            let error = visitor.read_to_end(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{first:?} {then:?}");
            assert_eq!(read, [first, then].concat().as_bytes());
        }
    }

    #[tokio::test]
    async fn a_request_that_never_ends_is_not_kept() {
        let patience = Patience {
            head: LONG,
            idle: LONG,
            between: LONG,
        };
        let mut visitor = Visitor::new(duplex(1).1, patience, None);
        visitor.head = None;
        visitor.has_read();
        let asked = visitor.asked.unwrap();
        // A byte now and then.
        visitor.moved = asked + 2 * LONG;
        assert_eq!(visitor.kept_until(), asked + 2 * LONG);
        visitor.has_answered();
        assert_eq!(visitor.asked, None);
        assert_eq!(visitor.kept_until(), visitor.moved + LONG);
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_its_connection_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut doorway = Doorway::new(listener, LONG);
        let address = doorway.local_addr().unwrap();
        // One of each kind.
        doorway.places = Arc::new(Semaphore::new(1));
        doorway.kept = Arc::new(Semaphore::new(1));
        let mut visitors = Vec::new();
        for (places, kept, head) in [(0, 1, HEAD_PATIENCE), (0, 0, KEPT_PATIENCE.0)] {
            let _client = TcpStream::connect(address).await.unwrap();
            let (visitor, _) = doorway.accept().await;
            assert_eq!(visitor.patience.head, head);
            visitors.push(visitor);
            let free = [&doorway.places, &doorway.kept].map(|free| free.available_permits());
            assert_eq!(free, [places, kept]);
        }
        drop(visitors);
        let free = [&doorway.places, &doorway.kept].map(|free| free.available_permits());
        assert_eq!(free, [1, 1]);
    }
}
