//! Pictures on their way to the engine: a thread has the projector turn them into rows, so that
//! whoever generates meanwhile does not wait for that, and keeps what comes out.
//!
//! A job with pictures comes here first, and goes on to the engine with their rows. The jobs that
//! wait have their pictures seen in turn, one each: one with many pictures keeps nobody waiting for
//! all of them. Those of a higher priority go first, and whoever waits ages as in the engine's
//! scheduler. A job that nobody waits for any more is dropped between two pictures.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::engine::Request;
use super::projector::Projector;
use super::seen;
use crate::kv::pictures::{self, Span};
use crate::kv::scheduler::urgency;
use crate::{CpuError, Picture, Prompt, Sink};

const THREAD_NAME: &str = "quipu-sight";
/// Bytes of rows kept in memory: those of a few dozen pictures.
const MEMORY_BYTES: usize = 64 << 20;

/// A chunk of a picture as the model takes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Encoded {
    /// The room it takes.
    pub(super) span: Span,
    /// How many columns its rows form, where their places count and not their order.
    pub(super) columns: Option<usize>,
    /// Whether a cell sees only those before it.
    pub(super) causal: bool,
    /// One for each cell, one behind the other.
    pub(super) rows: Vec<f32>,
}

/// The chunks of all pictures of a prompt, in their order.
pub(super) type Shown = Vec<Arc<Encoded>>;

impl Encoded {
    /// Its cells in parts of at most `most`; all in one where they see each other.
    pub(super) fn parts(&self, most: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let cells = self.span.cells;
        let most = if self.causal { most } else { cells };
        (0..cells)
            .step_by(most.max(1))
            .map(move |start| start..cells.min(start + most))
    }

    /// The rows of a part.
    pub(super) fn numbers(&self, part: &Range<usize>) -> &[f32] {
        let width = self.rows.len() / self.span.cells;
        &self.rows[part.start * width..part.end * width]
    }

    /// The positions of a part when the chunk begins at `first`. For a model that tells rows
    /// from columns (`stretched`) there are four numbers a cell, all of one kind together: the
    /// time, the row, the column, and one that is not used (`mtmd_image_tokens_get_decoder_pos`
    /// and `decode_embd_batch` of `mtmd`).
    pub(super) fn positions(&self, part: &Range<usize>, first: usize, stretched: bool) -> Vec<i32> {
        let at = |offset: usize| (first + offset) as i32;
        if !stretched {
            return part.clone().map(at).collect();
        }
        let mut positions = Vec::with_capacity(4 * part.len());
        match self.columns {
            Some(columns) => {
                positions.extend(part.clone().map(|_| at(0)));
                positions.extend(part.clone().map(|i| at(i / columns)));
                positions.extend(part.clone().map(|i| at(i % columns)));
                positions.extend(part.clone().map(|_| 0));
            }
            None => {
                for _ in 0..4 {
                    positions.extend(part.clone().map(at));
                }
            }
        }
        positions
    }
}

/// Whether `shown` is what stands for pictures in `prompt`, and the prompt does not end with
/// one, after which there would be no word to go on from.
pub(super) fn is_whole(prompt: &Prompt, shown: &[Arc<Encoded>]) -> Result<(), CpuError> {
    let heads = prompt
        .tokens
        .iter()
        .filter_map(|&token| pictures::head(token));
    let ends_with_one = prompt.tokens.last().is_some_and(|&token| token < 0);
    match heads.eq(shown.iter().map(|chunk| chunk.span)) && !ends_with_one {
        true => Ok(()),
        false => Err(CpuError::Picture(
            "its place in the prompt is not as its projector made it".into(),
        )),
    }
}

/// Where rows are kept between two runs.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The folder; `None` keeps them in memory only.
    pub(super) folder: Option<PathBuf>,
    /// The secret by which a file is recognised as one of this root.
    pub(super) secret: [u8; 32],
    /// The most bytes there; what was not used for longest goes first.
    pub(super) disk_bytes_max: u64,
}

/// The thread that sees.
pub(super) struct Sight {
    projector: Arc<Projector>,
    /// `None` only while being dropped: its end tells the thread to stop.
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Sight {
    /// A thread that hands jobs on to `engine`.
    pub(super) fn new(
        projector: Projector,
        kept: Kept,
        engine: Sender<Request>,
    ) -> std::io::Result<Self> {
        let projector = Arc::new(projector);
        let (requests, received) = channel();
        let mut worker = Worker {
            projector: projector.clone(),
            kept,
            rows: HashMap::new(),
            clock: 0,
        };
        let thread = std::thread::Builder::new()
            .name(THREAD_NAME.into())
            .spawn(move || worker.run(&received, &engine))?;
        Ok(Self {
            projector,
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// What counts its pictures.
    pub(super) fn projector(&self) -> &Projector {
        &self.projector
    }

    /// Takes a request whose prompt has pictures.
    pub(super) fn send(&self, request: Request) {
        if let Some(requests) = &self.requests {
            // A dead thread drops what is sent, which the waiting side notices.
            let _ = requests.send(request);
        }
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.requests.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's side.
struct Worker {
    projector: Arc<Projector>,
    kept: Kept,
    /// By the digest of the picture, with the time of their last use.
    rows: HashMap<[u8; 32], (u64, Shown)>,
    clock: u64,
}

/// A request with pictures, of which some were seen.
struct Waiting {
    request: Request,
    /// What these became.
    shown: Shown,
    /// How many they are.
    seen: usize,
    /// When it came, or had its last turn.
    turn: u64,
}

impl Waiting {
    /// The prompt of the request, the sink for its result, and its priority; `None` where the
    /// request has no prompt.
    fn of(request: &Request) -> Option<(&Prompt, &Sink, i8)> {
        match request {
            Request::Run(job, _, sink, _) => Some((&job.prompt, sink, job.priority)),
            Request::Weigh(inquiry, sink, _) => Some((&inquiry.prompt, sink, inquiry.priority)),
            Request::Nice(..) | Request::Retire(_) | Request::Stats(_) => None,
        }
    }

    /// The request with what its pictures became.
    fn whole(self) -> Request {
        match self.request {
            Request::Run(job, wishes, sink, _) => Request::Run(job, wishes, sink, self.shown),
            Request::Weigh(inquiry, sink, _) => Request::Weigh(inquiry, sink, self.shown),
            other => other,
        }
    }
}

/// What became of a request at its turn.
enum Turn {
    /// Some of its pictures were not seen yet.
    Waits,
    /// All of them were.
    Whole,
    /// Nobody waits for it any more, or its sink was told why it is not computed.
    Left,
}

/// Whose turn it is at the time `now`, among some with a priority and the time of the last turn.
/// What has no priority, because it has no prompt, goes on at once.
fn next(waiting: impl Iterator<Item = (Option<i8>, u64)>, now: u64) -> Option<usize> {
    let urgent = |priority: Option<i8>, turn: u64| {
        let waited = u32::try_from(now.saturating_sub(turn)).unwrap_or(u32::MAX);
        priority.map_or(i64::MAX, |priority| urgency(priority, waited))
    };
    let first = waiting
        .enumerate()
        .min_by_key(|(_, (priority, turn))| (Reverse(urgent(*priority, *turn)), *turn));
    first.map(|(at, _)| at)
}

impl Worker {
    fn run(&mut self, requests: &Receiver<Request>, engine: &Sender<Request>) {
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            let come = match waiting.is_empty() {
                true => match requests.recv() {
                    Ok(request) => Some(request),
                    Err(_) => return,
                },
                false => requests.try_recv().ok(),
            };
            if let Some(request) = come {
                self.clock += 1;
                waiting.push(Waiting {
                    request,
                    shown: Shown::new(),
                    seen: 0,
                    turn: self.clock,
                });
                continue;
            }
            let priority = |one: &Waiting| Waiting::of(&one.request).map(|(.., priority)| priority);
            let turns = waiting.iter().map(|one| (priority(one), one.turn));
            let Some(at) = next(turns, self.clock) else {
                continue;
            };
            let mut one = waiting.swap_remove(at);
            match self.turn(&mut one) {
                Turn::Waits => {
                    self.clock += 1;
                    one.turn = self.clock;
                    waiting.push(one);
                }
                // The engine may have stopped meanwhile; then the ticket ends.
                Turn::Whole => drop(engine.send(one.whole())),
                Turn::Left => {}
            }
        }
    }

    /// Sees the next picture of a request.
    fn turn(&mut self, one: &mut Waiting) -> Turn {
        let Some((prompt, sink, _)) = Waiting::of(&one.request) else {
            return Turn::Whole;
        };
        if sink.is_closed() {
            return Turn::Left;
        }
        let mut pictures = prompt.pictures().skip(one.seen);
        let Some(picture) = pictures.next() else {
            return Turn::Whole;
        };
        let is_last = pictures.next().is_none();
        match self.rows_of(picture) {
            Ok(chunks) => {
                one.shown.extend(chunks);
                one.seen += 1;
            }
            Err(reason) => {
                let _ = sink.try_send(Err(CpuError::Picture(reason)));
                return Turn::Left;
            }
        }
        match is_last {
            true => Turn::Whole,
            false => Turn::Waits,
        }
    }

    fn rows_of(&mut self, picture: &Picture) -> Result<Shown, String> {
        let digest = self.projector.digest(picture);
        self.clock += 1;
        if let Some((used, shown)) = self.rows.get_mut(&digest) {
            *used = self.clock;
            return Ok(shown.clone());
        }
        let width = self.projector.width();
        let Kept {
            folder,
            secret,
            disk_bytes_max,
        } = self.kept.clone();
        let folder = folder.as_deref();
        let known = folder.and_then(|folder| seen::read(folder, &digest, width, &secret));
        let chunks = match known {
            Some(chunks) => chunks,
            None => {
                let chunks = self.encoded(picture)?;
                if let Some(folder) = folder {
                    seen::write(folder, &digest, &chunks, &secret);
                    seen::shrink(folder, disk_bytes_max);
                }
                chunks
            }
        };
        let shown: Shown = chunks.into_iter().map(Arc::new).collect();
        self.rows.insert(digest, (self.clock, shown.clone()));
        self.shrink();
        Ok(shown)
    }

    /// Has the projector compute, on a thread of its own: a thread that has computed with
    /// several keeps them waiting, which slows the engine's down (`embedder.rs`).
    fn encoded(&self, picture: &Picture) -> Result<Vec<Encoded>, String> {
        std::thread::scope(|scope| {
            let computing = std::thread::Builder::new().name(THREAD_NAME.into());
            let thread = computing.spawn_scoped(scope, || self.projector.encode(picture));
            let failed = |_| Err("its projector failed".to_owned());
            match thread {
                Ok(thread) => thread.join().unwrap_or_else(failed),
                Err(error) => Err(error.to_string()),
            }
        })
    }

    /// Forgets what was not used for longest, until the rest fits. The last one stays.
    fn shrink(&mut self) {
        let bytes = |shown: &Shown| -> usize {
            let chunks = shown.iter().map(|chunk| size_of_val(chunk.rows.as_slice()));
            chunks.sum()
        };
        while self.rows.len() > 1 {
            let all: usize = self.rows.values().map(|(_, shown)| bytes(shown)).sum();
            let oldest = self.rows.iter().min_by_key(|(_, (used, _))| *used);
            match oldest.map(|(digest, _)| *digest) {
                Some(oldest) if all > MEMORY_BYTES => drop(self.rows.remove(&oldest)),
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(causal: bool, columns: Option<usize>) -> Encoded {
        Encoded {
            span: Span::new(6, if columns.is_some() { 3 } else { 6 }).unwrap(),
            columns,
            causal,
            rows: (0..12u8).map(f32::from).collect(),
        }
    }

    #[test]
    fn cells_that_see_each_other_are_computed_together() {
        let parts = |causal| chunk(causal, None).parts(4).collect::<Vec<_>>();
        assert_eq!(parts(true), [0..4, 4..6]);
        assert_eq!(parts(false), std::slice::from_ref(&(0..6)));
        assert_eq!(chunk(true, None).numbers(&(4..6)), [8.0, 9.0, 10.0, 11.0]);
    }

    #[test]
    fn rows_and_columns_have_positions_of_their_own() {
        let check = |columns, stretched, want: &[i32]| {
            let got = chunk(true, columns).positions(&(2..5), 10, stretched);
            assert_eq!(got, want);
        };
        check(None, false, &[12, 13, 14]);
        check(
            None,
            true,
            &[12, 13, 14, 12, 13, 14, 12, 13, 14, 12, 13, 14],
        );
        check(
            Some(3),
            true,
            &[10, 10, 10, 10, 11, 11, 12, 10, 11, 0, 0, 0],
        );
    }

    /// Whose picture is seen when, where each has some at first, and a priority.
    fn order(jobs: &[(i8, usize)]) -> Vec<usize> {
        let mut waiting: Vec<(usize, i8, usize, u64)> = Vec::new();
        for (at, (priority, pictures)) in jobs.iter().enumerate() {
            waiting.push((at, *priority, *pictures, at as u64));
        }
        let (mut clock, mut seen) = (jobs.len() as u64, Vec::new());
        while let Some(at) = next(waiting.iter().map(|one| (Some(one.1), one.3)), clock) {
            let (job, priority, pictures, _) = waiting.swap_remove(at);
            seen.push(job);
            clock += 1;
            if pictures > 1 {
                waiting.push((job, priority, pictures - 1, clock));
            }
        }
        seen
    }

    #[test]
    fn those_who_wait_have_their_pictures_seen_in_turn() {
        let check = |jobs: &[(i8, usize)], want: &[usize]| {
            assert_eq!(order(jobs), want, "{jobs:?}");
        };
        check(&[], &[]);
        check(&[(0, 3), (0, 1), (0, 2)], &[0, 1, 2, 0, 2, 0]);
        check(&[(0, 2), (5, 2), (-5, 1)], &[1, 1, 0, 0, 2]);
    }

    #[test]
    fn whoever_waits_long_has_a_picture_seen_before_what_is_more_urgent() {
        let seen = order(&[(3, 400), (0, 1)]);
        let at = seen.iter().position(|job| *job == 1).expect("it is seen");
        assert!((10..390).contains(&at), "{at}");
        // What has no prompt does not wait for it.
        assert_eq!(
            next([(Some(0), 0), (None, 9_999)].into_iter(), 9_999),
            Some(1)
        );
    }

    #[test]
    fn a_prompt_is_computed_with_the_pictures_it_was_made_of() {
        let prompt = |after: &[i32]| {
            let mut tokens = vec![1];
            pictures::write(Span::new(6, 6).unwrap(), &[1; 32], 0, &mut tokens);
            tokens.extend(after);
            Prompt {
                messages: Vec::new(),
                len: tokens.len(),
                tokens,
                boot: 0,
            }
        };
        let of = |columns| Arc::new(chunk(true, columns));
        let check = |after: &[i32], shown: Shown, want| {
            assert_eq!(is_whole(&prompt(after), &shown).is_ok(), want);
        };
        check(&[2], vec![of(None)], true);
        check(&[2], vec![], false);
        check(&[2], vec![of(Some(2))], false);
        check(&[2], vec![of(None), of(None)], false);
        check(&[], vec![of(None)], false);
    }
}
