//! Where a guest's standard output and error go: counted, and all but the end dropped,
//! unless it is a program whose output is its result.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::limits::Stopped;

/// The end of what was written that is kept, in bytes: enough for a traceback, and to
/// see how far a guest came.
const KEPT_BYTES: usize = 8000;
/// Bytes a guest may write at once.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// A stream that takes up to a number of bytes, keeps the last few and drops the
/// rest. Clones are the same stream.
#[derive(Clone)]
pub(super) struct Tail(Arc<Mutex<Written>>);

struct Written {
    last: Vec<u8>,
    kept_bytes: usize,
    bytes_left: usize,
}

impl Written {
    /// Takes `bytes`; `false` where that is more than may be written.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let Some(left) = self.bytes_left.checked_sub(bytes.len()) else {
            return false;
        };
        self.bytes_left = left;
        self.last.extend_from_slice(bytes);
        let extra = self.last.len().saturating_sub(self.kept_bytes);
        self.last.drain(..extra);
        true
    }
}

impl Tail {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self::keeping(KEPT_BYTES, bytes_max)
    }

    /// A stream that keeps all that it takes.
    pub(super) fn whole(bytes_max: usize) -> Self {
        Self::keeping(bytes_max, bytes_max)
    }

    fn keeping(kept_bytes: usize, bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Written {
            last: Vec::new(),
            kept_bytes,
            bytes_left: bytes_max,
        })))
    }

    fn take(&self, bytes: &[u8]) -> bool {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.take(bytes)
    }

    /// The last of what was written.
    pub(super) fn text(&self) -> String {
        let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&written.last).into_owned()
    }
}

impl IsTerminal for Tail {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Tail {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Tail {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        match self.take(&bytes) {
            true => Ok(()),
            false => Err(StreamError::Trap(Stopped::Output.into())),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

/// For WASI 0.3, where a guest that writes too much is told that it cannot write.
impl AsyncWrite for Tail {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(match self.take(bytes) {
            true => Ok(bytes.len()),
            false => Err(io::Error::other(Stopped::Output)),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[async_trait::async_trait]
impl Pollable for Tail {
    async fn ready(&mut self) {}
}
