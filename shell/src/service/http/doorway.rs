//! The connections of the server: how many there are at a time, and how long one may say nothing.
//!
//! ```text
//! accepted ─ the head of a request ─> has asked ─ something is read or written ─> (again)
//!     │ HEAD_PATIENCE                     │ nothing for as long as an answer may take
//!     v                                   v
//!   closed                              closed
//! ```
//!
//! Anybody on this machine can connect. Each connection is an open file of this program, and
//! where there are too many, neither its journal nor its tools can be opened.

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
/// How long the head of the first request may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How much longer than an answer may take a connection is kept on which nothing moves.
const MORE_PATIENCE: Duration = Duration::from_secs(60);
/// The longest that one is kept so, however long an answer may take: a day.
const PATIENCE_MAX: Duration = Duration::from_secs(86_400);

/// Where connections come in.
pub struct Doorway {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Patience,
}

/// How long a connection is kept.
#[derive(Clone, Copy)]
struct Patience {
    /// Without the head of a request.
    head: Duration,
    /// Without a byte in either direction after that.
    idle: Duration,
}

impl Doorway {
    /// Takes in who connects to `listener`; an answer may take as long as `answer`.
    pub fn new(listener: TcpListener, answer: Duration) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            patience: Patience {
                head: HEAD_PATIENCE,
                idle: answer.saturating_add(MORE_PATIENCE).min(PATIENCE_MAX),
            },
        }
    }
}

impl Listener for Doorway {
    type Io = Visitor<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // It is never closed, so there is one at last.
        let place = self.places.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Visitor::new(stream, self.patience, place), address)
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
            moved: now,
            look: Box::pin(sleep_until(now + patience.head)),
            _place: place,
        }
    }

    /// Until when it is kept if nothing moves any more. A head that comes byte by byte moves
    /// nothing.
    fn kept_until(&self) -> Instant {
        self.moved
            + match self.head {
                Some(_) => self.patience.head,
                None => self.patience.idle,
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
                let is_whole = match &mut this.head {
                    Some(head) => head.ends_in(&buf.filled()[before..]),
                    None => true,
                };
                if is_whole {
                    this.head = None;
                    this.moved = Instant::now();
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
        this.moved = Instant::now();
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(cx, slices));
        this.moved = Instant::now();
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
        let rows = [
            ("", SHORT, LONG),
            ("\r\n\r\n", SHORT, LONG),
            ("GET / HTTP/1.1\r\n", SHORT, LONG),
            ("GET / HTTP/1.1\r\n\r\n", SHORT, SHORT),
        ];
        for (said, head, idle) in rows {
            let (mut client, server) = duplex(1 << 10);
            client.write_all(said.as_bytes()).await.unwrap();
            let mut visitor = Visitor::new(server, Patience { head, idle }, None);
            let mut read = Vec::new();
            let error = visitor.read_to_end(&mut read).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{said:?}");
            assert_eq!(read, said.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_its_connection_is_gone() {
        let places = Arc::new(Semaphore::new(1));
        let place = places.clone().try_acquire_owned().ok();
        let patience = Patience {
            head: LONG,
            idle: LONG,
        };
        let visitor = Visitor::new(duplex(1).1, patience, place);
        assert_eq!(places.available_permits(), 0);
        drop(visitor);
        assert_eq!(places.available_permits(), 1);
    }
}
