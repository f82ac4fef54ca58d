//! The pieces of what a CPU computes, as they come.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::{Chunk, CpuError};

/// A job under way. Dropping it cancels the job within one small batch.
///
/// It has room for a piece of text for each token that the job may have, and for the last
/// chunk: a CPU that sends no more than that never waits for a process that does not read.
pub struct Ticket {
    chunks: mpsc::Receiver<Result<Chunk, CpuError>>,
    filter: Option<Filter>,
    /// What the filter made of the last piece and nobody has read.
    made: VecDeque<Result<Chunk, CpuError>>,
    listener: Option<Listener>,
}

/// What each piece of a ticket becomes before it is read.
type Filter = Box<dyn FnMut(Result<Chunk, CpuError>) -> Vec<Result<Chunk, CpuError>> + Send>;

/// Who is shown each piece of a ticket as it is read.
type Listener = Box<dyn FnMut(&Result<Chunk, CpuError>) + Send>;

/// Pieces that a ticket has room for, however many tokens its job may have.
const PIECES_MAX: usize = 1 << 20;

/// The CPU's end of a [`Ticket`].
pub type Sink = mpsc::Sender<Result<Chunk, CpuError>>;

impl Ticket {
    /// A ticket with room for `pieces_max` pieces of text, at least one, and the last chunk;
    /// and the sink that feeds it.
    pub fn new(pieces_max: u32) -> (Sink, Self) {
        let room = (pieces_max as usize).clamp(1, PIECES_MAX) + 1;
        let (sink, chunks) = mpsc::channel(room);
        let ticket = Self {
            chunks,
            filter: None,
            made: VecDeque::new(),
            listener: None,
        };
        (sink, ticket)
    }

    /// Replaces each piece by what `filter` makes of it: nothing, or several pieces. The last of
    /// these is then the last piece.
    #[must_use]
    pub fn through(
        mut self,
        filter: impl FnMut(Result<Chunk, CpuError>) -> Vec<Result<Chunk, CpuError>> + Send + 'static,
    ) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Shows each piece to `listener` when it is read, and to nobody what is never read.
    pub fn heard_by(
        mut self,
        listener: impl FnMut(&Result<Chunk, CpuError>) + Send + 'static,
    ) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// A ticket that ends at once.
    pub(crate) fn failed(error: CpuError) -> Self {
        let (sink, ticket) = Self::new(0);
        // Nobody has dropped the ticket yet.
        let _ = sink.try_send(Err(error));
        ticket
    }

    /// The next piece.
    ///
    /// # Errors
    /// What the CPU failed with; [`CpuError::Gone`] where it went away without a word.
    pub async fn next(&mut self) -> Result<Chunk, CpuError> {
        let chunk = self.piece().await;
        if let Some(listener) = &mut self.listener {
            listener(&chunk);
        }
        chunk
    }

    /// The next piece that the filter lets through.
    async fn piece(&mut self) -> Result<Chunk, CpuError> {
        loop {
            if let Some(made) = self.made.pop_front() {
                return made;
            }
            let chunk = self.chunks.recv().await.unwrap_or(Err(CpuError::Gone));
            match &mut self.filter {
                Some(filter) => self.made.extend(filter(chunk)),
                None => return chunk,
            }
        }
    }
}
