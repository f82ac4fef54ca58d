//! Where a guest's standard output and error go: counted, and all but the end dropped.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncWrite, sink};
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
    bytes_left: usize,
}

impl Tail {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Mutex::new(Written {
            last: Vec::new(),
            bytes_left: bytes_max,
        })))
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
        // Asked for by later versions of WASI only, which no guest is given.
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Tail {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.bytes_left = written
            .bytes_left
            .checked_sub(bytes.len())
            .ok_or_else(|| StreamError::Trap(Stopped::Output.into()))?;
        written.last.extend_from_slice(&bytes);
        let extra = written.last.len().saturating_sub(KEPT_BYTES);
        written.last.drain(..extra);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[async_trait::async_trait]
impl Pollable for Tail {
    async fn ready(&mut self) {}
}
