//! The engine: one thread that owns the llama context and computes for everybody.
//!
//! Each turn of the loop is one batch: the tokens of every process that generates,
//! and chunks of prefill ([`crate::kv::scheduler`]). Where a prompt is resident is the
//! business of [`crate::kv::frames`], what left the cache that of [`crate::kv::swap`]; the
//! moves between them are in [`super::paging`].

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use llama_cpp_2::model::LlamaModel;

use super::context::{Context, Rows, Shape};
use super::paging::Crowded;
use super::sight::{Shown, is_whole};
use super::slot::Slot;
use super::threads::Governor;
use super::vocab::Vocab;
use super::weighed::Weighed;
use super::{BATCH_TOKENS, Listener};
use crate::Pid;
use crate::kv::frames::Frames;
use crate::kv::pictures;
use crate::kv::prefix::common_prefix;
use crate::kv::scheduler::{self, Load, Share};
use crate::kv::swap::Swap;
use crate::{Counters, CpuError, CpuProcess, CpuStats, Inquiry, Job, Sink, Wishes};

/// Tokens of a prompt that another process is just computing for which it pays to
/// wait rather than compute them twice.
const FOLLOW_TOKENS_MIN: usize = 8;
/// Processes running beside which drafts are made: with more, the batch is better
/// used for them.
const DRAFTING_MAX: usize = 2;

/// What reaches the engine.
pub(super) enum Request {
    /// Decide an action, with what is asked for beside it and what its pictures became.
    Run(Job, Wishes, Sink, Shown),
    /// Answer a question with probabilities.
    Weigh(Inquiry, Sink, Shown),
    /// Change the priority of a process.
    Nice(Pid, i8),
    /// A process has exited.
    Retire(Pid),
    /// Tell how things are.
    Stats(Sender<CpuStats>),
}

pub(super) struct Engine<'m> {
    pub(super) context: Context<'m>,
    pub(super) frames: Frames,
    pub(super) swap: Swap,
    pub(super) running: Vec<Slot>,
    pub(super) waiting: Vec<Slot>,
    pub(super) counters: Counters,
    pub(super) listener: Listener,
    /// Whether a prefix can be kept when the rest is removed: not for recurrent
    /// models, whose state has no positions.
    pub(super) sharing: bool,
    /// The sequence used for copies; the frame table does not know it, nor the last one
    /// ([`Shape::grave`]).
    pub(super) scratch: usize,
    pub(super) governor: Governor,
    /// Whether a job waits for what is buried.
    pub(super) crowded: Crowded,
    /// Cells that were buried again when everybody had moved.
    pub(super) buried_least: usize,
    weighed: Weighed,
    vocab: Arc<Vocab>,
    drafts: bool,
    /// Tokens of prefill in a batch at most.
    chunk_max: usize,
}

impl<'m> Engine<'m> {
    pub(super) fn new(
        model: &'m LlamaModel,
        vocab: Arc<Vocab>,
        shape: Shape,
        governor: Governor,
        swap: Swap,
        listener: Listener,
        drafts: bool,
    ) -> Result<Self, String> {
        let context = Context::new(model, shape).ok_or(
            "no context could be made: not enough memory for a window of this size?".to_owned(),
        )?;
        Ok(Self {
            context,
            weighed: Weighed::new(),
            vocab,
            frames: Frames::new(shape.sequences - 2, shape.cells),
            swap,
            running: Vec::new(),
            waiting: Vec::new(),
            counters: Counters::default(),
            listener,
            sharing: !model.is_recurrent() && !model.is_hybrid(),
            scratch: shape.sequences - 2,
            governor,
            crowded: Crowded::No,
            buried_least: 0,
            drafts,
            chunk_max: chunk_max(model.n_params()),
        })
    }

    /// Computes until the other end of `requests` is gone.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        loop {
            if self.running.is_empty() && self.waiting.is_empty() {
                match requests.recv() {
                    Ok(request) => self.take(request),
                    Err(_) => break,
                }
            }
            match requests.try_recv() {
                Ok(request) => {
                    self.take(request);
                    continue;
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break,
            }
            self.drop_cancelled();
            self.admit();
            self.collect();
            self.tick();
        }
        self.suspend();
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Run(job, wishes, sink, shown) => match is_whole(&job.prompt, &shown) {
                Ok(()) => self.run_job(job, wishes, sink, shown),
                Err(error) => drop(sink.try_send(Err(error))),
            },
            Request::Weigh(inquiry, sink, shown) => match is_whole(&inquiry.prompt, &shown) {
                Ok(()) => self.run_inquiry(inquiry, sink, shown),
                Err(error) => drop(sink.try_send(Err(error))),
            },
            Request::Nice(pid, priority) => {
                let slots = self.running.iter_mut().chain(&mut self.waiting);
                for slot in slots.filter(|slot| slot.pid == pid) {
                    slot.priority = priority;
                }
            }
            Request::Retire(pid) => self.retire(pid),
            // Who asked may have gone meanwhile.
            Request::Stats(asked) => drop(asked.send(self.stats())),
        }
    }

    fn run_job(&mut self, job: Job, wishes: Wishes, sink: Sink, shown: Shown) {
        match Slot::new(job, wishes, sink, shown, &self.vocab) {
            Ok(slot) => self.waiting.push(slot),
            Err((sink, error)) => drop(sink.try_send(Err(error))),
        }
    }

    fn run_inquiry(&mut self, inquiry: Inquiry, sink: Sink, shown: Shown) {
        let mut slot = Slot::weighing(inquiry, sink, shown, &self.vocab);
        match self.weighed.answer(&mut slot) {
            true => slot.finish(),
            false => self.waiting.push(slot),
        }
    }

    fn drop_cancelled(&mut self) {
        self.waiting.retain(|slot| !slot.is_cancelled());
        let frames = &mut self.frames;
        self.running.retain(|slot| {
            let cancelled = slot.is_cancelled();
            if cancelled {
                frames.release(slot.sequence);
            }
            !cancelled
        });
    }

    /// Moves waiting jobs into the cache, the most urgent first, as long as there is
    /// room for prompt and answer. None overtakes one that is more urgent and too
    /// large for the moment, or large ones would wait for ever.
    fn admit(&mut self) {
        self.waiting
            .sort_by_key(|slot| std::cmp::Reverse((slot.urgency(), slot.waited)));
        let mut i = 0;
        while i < self.waiting.len() {
            if self.follows(i) {
                i += 1;
                continue;
            }
            let mut slot = self.waiting.remove(i);
            match self.place(&mut slot) {
                Ok(true) => self.running.push(slot),
                Ok(false) => {
                    self.waiting.insert(i, slot);
                    break;
                }
                Err(error) => slot.fail(error),
            }
        }
        for slot in &mut self.waiting {
            slot.waited += 1;
        }
    }

    /// Whether the prompt of a waiting job begins like one that is being computed just
    /// now: then it waits, and takes that over. The other is hurried along meanwhile.
    fn follows(&mut self, i: usize) -> bool {
        let follower = &self.waiting[i];
        let resident = self.frames.resident(&follower.tokens);
        let leader = self.running.iter_mut().find(|leader| {
            let same = common_prefix(&leader.tokens[..leader.prompt], &follower.tokens);
            let computed = self.frames.len(leader.sequence);
            same >= resident + FOLLOW_TOKENS_MIN && computed < same
        });
        let Some(leader) = leader.filter(|_| self.sharing) else {
            return false;
        };
        leader.priority = leader.priority.max(follower.priority);
        true
    }

    /// One batch.
    fn tick(&mut self) {
        if let Some(threads) = self.governor.advise() {
            tracing::debug!(threads, "the number of threads changes");
            self.context.set_threads(threads);
        }
        let _turn = self.governor.turn();
        self.show_picture();
        let loads = self.loads();
        let chunk = scheduler::chunk(&loads, self.chunk_max);
        let shares = scheduler::plan(&loads, BATCH_TOKENS, chunk);
        for slot in &mut self.running {
            slot.waited += 1;
        }
        if shares.is_empty() {
            return;
        }
        let rows = match self.fill(&shares) {
            Ok(rows) => rows,
            Err(error) => return self.fail_all(&error),
        };
        if let Err(error) = self.compute() {
            return self.fail_all(&error);
        }
        self.counters.batches += 1;
        self.frames.tick();
        self.compact();
        let drafting = self.drafts && self.sharing && self.running.len() <= DRAFTING_MAX;
        let mut over = Vec::new();
        for (share, rows) in shares.iter().zip(rows) {
            match self.settle(share, &rows, drafting) {
                Ok(false) => {}
                Ok(true) => over.push((share.id, None)),
                Err(error) => over.push((share.id, Some(error))),
            }
        }
        self.end_jobs(over);
    }

    /// The work of each running job that the next batch can take up. A job at a picture has none.
    fn loads(&self) -> Vec<Load> {
        let load = |(id, slot): (usize, &Slot)| Load {
            id,
            priority: slot.priority,
            pending: slot.pending(self.frames.len(slot.sequence)),
            generating: slot.generates(),
            waited: slot.waited,
        };
        let loads = self.running.iter().enumerate().map(load);
        loads.filter(|load| load.pending > 0).collect()
    }

    /// Takes the jobs in these places out of the running ones, each with the error that ended
    /// the job, if one did.
    fn end_jobs(&mut self, mut over: Vec<(usize, Option<CpuError>)>) {
        // From the back, so that the others keep their places.
        over.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        for (id, error) in over {
            let slot = self.running.swap_remove(id);
            self.keep_boot(&slot);
            self.weighed.keep(&slot);
            self.frames.release(slot.sequence);
            self.counters.forced += slot.counts.forced;
            self.counters.drafted += slot.counts.drafted;
            self.counters.accepted += slot.counts.accepted;
            match error {
                None => slot.finish(),
                Some(error) => slot.fail(error),
            }
        }
    }

    /// Computes the picture that the most urgent process is at, if one is at any: as a whole, so
    /// that it is either resident or not, and in batches of its own, so that what is computed
    /// for the others does not depend on it.
    fn show_picture(&mut self) {
        let is_at = |slot: &Slot| slot.picture_at(self.frames.len(slot.sequence)).is_some();
        let next = (0..self.running.len())
            .filter(|&i| is_at(&self.running[i]))
            .max_by_key(|&i| self.running[i].urgency());
        let Some(next) = next else { return };
        if let Err(reason) = self.show(next) {
            let slot = self.running.swap_remove(next);
            self.give_up(slot, CpuError::Decode(reason));
        }
    }

    fn show(&mut self, running: usize) -> Result<(), String> {
        let slot = &self.running[running];
        let start = self.frames.len(slot.sequence);
        let first = self.position(&slot.tokens, start);
        let picture = slot.picture_at(start).ok_or("there is no picture")?;
        let (sequence, sink) = (slot.sequence, slot.sink());
        for part in picture.parts(BATCH_TOKENS) {
            let rows = Rows {
                numbers: picture.numbers(&part),
                positions: &picture.positions(&part, first, self.context.stretches()),
                causal: picture.causal,
            };
            self.context.show(rows, sequence, &|| sink.is_closed())?;
            self.counters.batches += 1;
        }
        let end = start + picture.span.cells;
        self.frames.extend(sequence, &slot.tokens[start..end]);
        self.counters.prefilled += picture.span.cells as u64;
        self.frames.tick();
        self.tell_read(running);
        Ok(())
    }

    /// Tells how far the prompt of a running job is read, while it is.
    fn tell_read(&self, running: usize) {
        let slot = &self.running[running];
        if let Some(read) = slot.read(self.frames.len(slot.sequence)) {
            (self.listener)(read);
        }
    }

    /// Writes the batch. For each share the rows of its logits: after its last token
    /// and each of the draft, when all its tokens are in.
    fn fill(&mut self, shares: &[Share]) -> Result<Vec<Vec<usize>>, String> {
        self.context.clear();
        let mut rows = Vec::with_capacity(shares.len());
        for share in shares {
            let slot = &mut self.running[share.id];
            let start = self.frames.len(slot.sequence);
            let end = start + share.tokens;
            // There is no picture from here to the end.
            let first = match self.context.stretches() {
                true => pictures::position(&slot.tokens, start),
                false => start,
            };
            slot.draft.truncate(end.saturating_sub(slot.tokens.len()));
            let mut own = Vec::new();
            let tokens = slot.tokens.iter().chain(&slot.draft);
            for (i, &token) in tokens.enumerate().take(end).skip(start) {
                let logits = i + 1 >= slot.tokens.len();
                let position = first + i - start;
                let row = self.context.add(token, position, slot.sequence, logits)?;
                if logits {
                    own.push(row);
                }
            }
            rows.push(own);
        }
        Ok(rows)
    }

    /// Computes the batch. A process that is alone can be stopped within it.
    fn compute(&mut self) -> Result<(), String> {
        match self.running.as_slice() {
            [alone] => {
                let sink = alone.sink();
                self.context.decode(&|| sink.is_closed())
            }
            _ => self.context.decode(&|| false),
        }
    }

    /// Takes the results of a batch in for one slot. True when its action is complete.
    fn settle(&mut self, share: &Share, rows: &[usize], drafting: bool) -> Result<bool, CpuError> {
        let slot = &mut self.running[share.id];
        slot.waited = 0;
        let start = self.frames.len(slot.sequence);
        let computed = slot.tokens.iter().chain(&slot.draft);
        let fed: Vec<i32> = computed.skip(start).take(share.tokens).copied().collect();
        self.frames.extend(slot.sequence, &fed);
        match slot.generates() {
            true => self.counters.decoded += fed.len() as u64,
            false => self.counters.prefilled += fed.len() as u64,
        }
        if rows.is_empty() {
            self.tell_read(share.id);
            return Ok(false);
        }
        let certain = slot.tokens.len();
        let drafted = slot.draft.len();
        let logits: Result<Vec<&[f32]>, String> =
            rows.iter().map(|&row| self.context.logits(row)).collect();
        let advance = slot.advance(&logits.map_err(CpuError::Decode)?, &self.vocab)?;
        if advance.accepted < drafted {
            let right = certain + advance.accepted;
            let end = match self.context.stretches() {
                true => pictures::position(&slot.tokens, right),
                false => right,
            };
            self.context.remove(slot.sequence, end);
            self.frames.truncate(slot.sequence, right);
        }
        if drafting && !advance.done {
            slot.guess();
        }
        Ok(advance.done)
    }

    fn fail_all(&mut self, reason: &str) {
        let cancelled = matches!(self.running.as_slice(), [alone] if alone.is_cancelled());
        if !cancelled {
            tracing::error!("a batch failed: {reason}");
        }
        for slot in std::mem::take(&mut self.running) {
            self.give_up(slot, CpuError::Decode(reason.to_owned()));
        }
    }

    /// Ends a job that failed: what its batch left behind its known end is removed.
    fn give_up(&mut self, slot: Slot, error: CpuError) {
        let known = self.frames.len(slot.sequence);
        let end = self.position(&slot.tokens, known);
        if !self.context.remove(slot.sequence, end) {
            self.context.remove(slot.sequence, 0);
            self.frames.truncate(slot.sequence, 0);
        }
        self.frames.release(slot.sequence);
        slot.fail(error);
    }

    fn stats(&self) -> CpuStats {
        let mut processes: Vec<CpuProcess> = Vec::new();
        for (pid, held) in self.frames.residents() {
            processes.push(CpuProcess {
                pid,
                resident: held.resident,
                shared: held.shared,
                swapped: self.swap.tokens_of(pid),
            });
        }
        for pid in self.swap.processes() {
            if processes.iter().all(|process| process.pid != pid) {
                processes.push(CpuProcess {
                    pid,
                    resident: 0,
                    shared: 0,
                    swapped: self.swap.tokens_of(pid),
                });
            }
        }
        processes.sort_by_key(|process| process.pid);
        CpuStats {
            cells: self.frames.cells(),
            cells_used: self.frames.used(),
            swap_bytes: self.swap.memory_bytes(),
            threads: self.governor.threads(),
            running: self.running.len(),
            waiting: self.waiting.len(),
            counters: self.counters,
            processes,
        }
    }
}

/// Tokens of prefill in one batch at most: larger batches are faster, and make those wait
/// who may come meanwhile. About a second's work on two cores.
fn chunk_max(parameters: u64) -> usize {
    match parameters {
        0..500_000_000 => 512,
        500_000_000..3_000_000_000 => 128,
        _ => scheduler::CHUNK_TOKENS,
    }
}
