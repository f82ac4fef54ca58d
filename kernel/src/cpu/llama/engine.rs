//! The engine: one thread that owns the llama context and computes for everybody.
//!
//! Each turn of the loop is one batch: the tokens of every process that generates,
//! and a chunk of prefill for one that starts ([`crate::scheduler`]). Where a
//! prompt is resident is the business of [`crate::frames`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::BATCH_TOKENS;
use super::slot::Slot;
use super::vocab::Vocab;
use crate::cpu::{CpuError, Job, Sink};
use crate::frames::Frames;
use crate::scheduler::{self, Load, Share};

pub(super) struct Engine<'m> {
    context: LlamaContext<'m>,
    batch: LlamaBatch<'m>,
    vocab: Arc<Vocab>,
    frames: Frames,
    /// Whether a prefix can be kept when the rest is removed: not for recurrent
    /// models, whose state has no positions.
    sharing: bool,
    running: Vec<Slot>,
    waiting: VecDeque<(Job, Sink)>,
}

impl<'m> Engine<'m> {
    pub(super) fn new(
        backend: &LlamaBackend,
        model: &'m LlamaModel,
        params: LlamaContextParams,
        vocab: Arc<Vocab>,
        sequences: usize,
        cells: usize,
    ) -> Result<Self, String> {
        let context = model.new_context(backend, params).map_err(|_| {
            "no context could be made: not enough memory? (try a smaller --window)".to_owned()
        })?;
        Ok(Self {
            context,
            batch: LlamaBatch::new(BATCH_TOKENS, 1),
            vocab,
            frames: Frames::new(sequences, cells),
            sharing: !model.is_recurrent() && !model.is_hybrid(),
            running: Vec::new(),
            waiting: VecDeque::new(),
        })
    }

    /// Computes until the other end of `jobs` is gone.
    pub(super) fn run(mut self, jobs: &Receiver<(Job, Sink)>) {
        loop {
            if self.running.is_empty() && self.waiting.is_empty() {
                match jobs.recv() {
                    Ok(job) => self.waiting.push_back(job),
                    Err(_) => return,
                }
            }
            loop {
                match jobs.try_recv() {
                    Ok(job) => self.waiting.push_back(job),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.drop_cancelled();
            self.admit();
            self.tick();
        }
    }

    fn drop_cancelled(&mut self) {
        self.waiting.retain(|(_, sink)| !sink.is_closed());
        let frames = &mut self.frames;
        self.running.retain(|slot| {
            let cancelled = slot.is_cancelled();
            if cancelled {
                frames.release(slot.sequence);
            }
            !cancelled
        });
    }

    /// Moves waiting jobs into the cache, the most urgent first, as long as there
    /// is room for prompt and answer.
    fn admit(&mut self) {
        self.waiting
            .make_contiguous()
            .sort_by_key(|(job, _)| std::cmp::Reverse(job.priority));
        while let Some((job, sink)) = self.waiting.pop_front() {
            let placed = self
                .frames
                .place(job.pid, &job.prompt.tokens, job.tokens_max as usize);
            let Some(placement) = placed else {
                if self.running.is_empty() {
                    let need = job.prompt.tokens.len() + job.tokens_max as usize;
                    let reason = format!("{need} tokens do not fit the KV cache");
                    let _ = sink.send(Err(CpuError::Decode(reason)));
                    continue;
                }
                self.waiting.push_front((job, sink));
                return;
            };
            let keep = self.arrange(&placement);
            match Slot::new(&job, sink, placement.sequence, keep, &self.vocab) {
                Ok(slot) => self.running.push(slot),
                Err((sink, error)) => {
                    self.frames.release(placement.sequence);
                    let _ = sink.send(Err(error));
                }
            }
        }
    }

    /// Does to the cache what the frame table decided. Returns how many tokens are
    /// really kept.
    fn arrange(&mut self, placement: &crate::frames::Placement) -> usize {
        let target = placement.sequence;
        for &sequence in &placement.evict {
            self.remove(sequence, 0);
        }
        if !self.sharing {
            self.remove(target, 0);
            self.frames.clear(target);
            return 0;
        }
        if let Some(from) = placement.copy_from {
            self.remove(target, 0);
            let end = Some(placement.keep as u32);
            // Within a unified cache this only adds an owner to the cells.
            if self
                .context
                .kv_cache_seq_cp(from as i32, target as i32, Some(0), end)
                .is_ok()
            {
                return placement.keep;
            }
        } else if self.remove(target, placement.keep) {
            return placement.keep;
        }
        self.remove(target, 0);
        self.frames.clear(target);
        0
    }

    fn remove(&mut self, sequence: usize, from: usize) -> bool {
        let removed =
            self.context
                .clear_kv_cache_seq(Some(sequence as u32), Some(from as u32), None);
        removed.unwrap_or(false)
    }

    /// One batch.
    fn tick(&mut self) {
        let loads: Vec<Load> = self
            .running
            .iter()
            .enumerate()
            .map(|(id, slot)| Load {
                id,
                priority: slot.priority,
                pending: slot.feed.len(),
                waited: slot.waited,
            })
            .collect();
        let shares = scheduler::plan(&loads, BATCH_TOKENS);
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
        if let Err(error) = self.context.decode(&mut self.batch) {
            return self.fail_all(&error.to_string());
        }
        let mut done = Vec::new();
        for (share, row) in shares.iter().zip(rows) {
            let slot = &mut self.running[share.id];
            slot.waited = 0;
            let fed: Vec<i32> = slot.feed.drain(..share.tokens).collect();
            self.frames.extend(slot.sequence, &fed);
            let Some(row) = row else { continue };
            match slot.advance(self.context.get_logits_ith(row), &self.vocab) {
                Ok(false) => {}
                Ok(true) => done.push((share.id, None)),
                Err(error) => done.push((share.id, Some(error))),
            }
        }
        done.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        for (id, error) in done {
            let slot = self.running.swap_remove(id);
            self.frames.release(slot.sequence);
            match error {
                None => slot.finish(),
                Some(error) => slot.fail(error),
            }
        }
    }

    /// Writes the batch. For each share the row of its logits, where it feeds all
    /// that it has.
    fn fill(&mut self, shares: &[Share]) -> Result<Vec<Option<i32>>, String> {
        self.batch.clear();
        let mut rows = Vec::with_capacity(shares.len());
        for share in shares {
            let slot = &self.running[share.id];
            let position = self.frames.len(slot.sequence);
            let whole = share.tokens == slot.feed.len();
            for (i, &token) in slot.feed[..share.tokens].iter().enumerate() {
                let logits = whole && i + 1 == share.tokens;
                self.batch
                    .add(
                        LlamaToken(token),
                        (position + i) as i32,
                        &[slot.sequence as i32],
                        logits,
                    )
                    .map_err(|error| error.to_string())?;
            }
            rows.push(whole.then(|| self.batch.n_tokens() - 1));
        }
        Ok(rows)
    }

    fn fail_all(&mut self, reason: &str) {
        tracing::error!(reason, "a batch failed");
        for slot in self.running.drain(..) {
            // What the cache holds of these sequences is not known any more.
            let _ = self
                .context
                .clear_kv_cache_seq(Some(slot.sequence as u32), None, None);
            self.frames.clear(slot.sequence);
            self.frames.release(slot.sequence);
            slot.fail(CpuError::Decode(reason.to_owned()));
        }
    }
}
