//! Long parts of prompts, computed in tiles: a second context that nobody shares.
//!
//! The context in which tokens are generated computes each of them alone, so that an
//! answer does not depend on who shares the machine ([`Keys::Bf16`]). That is slow for a
//! long prompt. Here its blocks ([`crate::blocks`]) are computed in the fast way: in
//! a context with one sequence, where the token at a position lies in the cell of that
//! number, what comes out is the same in whatever pieces it is computed (checked with
//! the pinned release: bit for bit, in pieces of 64 to 512 tokens). Each block moves
//! into the cache of all as soon as it is whole, and what lies before a block is taken
//! from there.

use std::ops::Range;

use llama_cpp_2::model::LlamaModel;

use super::context::{Context, Output, Shape};
use super::engine::Engine;
use super::slot::Slot;
use super::state::{Keys, convert};
use crate::blocks::{self, BLOCK_TOKENS, TILE_TOKENS};
use crate::cpu::CpuError;
use crate::prefix::common_prefix;

/// The sequence that prompts are computed in.
const OWN: usize = 0;
/// The sequence used for copies.
const SCRATCH: usize = 1;
/// llama.cpp multiplies with so many rows at once, and what is left over row by row: three
/// more than 508 take as long as 40 do (`forward_mul_mat` of its `repack.cpp`).
const ROWS_STEP: usize = 4;
/// Cells come in so many: llama.cpp rounds up to that.
const CELLS_STEP: usize = 256;

/// The second context, and what is in it.
pub(super) struct Tiler<'m> {
    model: &'m LlamaModel,
    context: Option<Context<'m>>,
    cells: usize,
    /// What it holds, marked.
    tokens: Vec<i32>,
    /// Of these, the first that are as in the cache of all; the others belong to a block
    /// that is not whole yet, or was just moved and is not rounded here.
    settled: usize,
}

impl<'m> Tiler<'m> {
    pub(super) fn new(model: &'m LlamaModel) -> Self {
        Self {
            model,
            context: None,
            cells: 0,
            tokens: Vec::new(),
            settled: 0,
        }
    }

    /// Tokens of `block` that are computed, of a prompt that begins with `tokens`.
    pub(super) fn progress(&self, tokens: &[i32], block: &Range<usize>) -> usize {
        let is_under_way = self.settled == block.start
            && self.tokens.len() < block.end
            && tokens.starts_with(&self.tokens);
        match is_under_way {
            true => self.tokens.len() - block.start,
            false => 0,
        }
    }

    /// Makes sure of a context with `cells` cells.
    fn grow(&mut self, cells: usize, threads: usize) -> Option<()> {
        if self.context.is_none() || self.cells < cells {
            self.tokens.clear();
            self.settled = 0;
            // The old one goes first: there may not be room for both.
            self.context = None;
            self.cells = cells.next_multiple_of(CELLS_STEP);
            let shape = Shape {
                cells: self.cells,
                sequences: 2,
                batch: BLOCK_TOKENS,
                threads,
                keys: Keys::F16,
                output: Output::Logits,
            };
            self.context = Some(Context::new(self.model, shape)?);
        }
        self.context.as_mut()?.set_threads(threads);
        Some(())
    }

    /// Forgets all but the first `len` tokens.
    fn cut(&mut self, len: usize) {
        if let Some(context) = &mut self.context {
            context.remove(OWN, len);
        }
        self.tokens.truncate(len);
        self.settled = self.settled.min(len);
    }

    /// Takes in the state of what follows its tokens, as the cache of all has it.
    fn load(&mut self, tokens: &[i32], mut state: Vec<u8>) -> Option<()> {
        convert(&mut state, Keys::Bf16, Keys::F16)?;
        let context = self.context.as_mut()?;
        let start = self.tokens.len();
        context.restore(SCRATCH, &state).then_some(())?;
        context.share(SCRATCH, OWN, start..start + tokens.len());
        context.remove(SCRATCH, 0);
        self.tokens.extend_from_slice(tokens);
        self.settled = self.tokens.len();
        Some(())
    }

    /// Computes `tokens` behind those it has, with others behind them where they fill no tile
    /// or leave rows over: what comes later changes nothing.
    fn compute(&mut self, tokens: &[i32], stop: &dyn Fn() -> bool) -> Result<(), String> {
        let context = self.context.as_mut().ok_or("there is no context")?;
        context.clear();
        let start = self.tokens.len();
        let last = tokens.last().ok_or("there is no token")?;
        let rows = tokens.len().max(TILE_TOKENS).next_multiple_of(ROWS_STEP);
        let padding = rows - tokens.len();
        let rows = tokens.iter().chain(std::iter::repeat_n(last, padding));
        for (i, &token) in rows.enumerate() {
            context.add(blocks::token(token), start + i, OWN, false)?;
        }
        if let Err(error) = context.decode(stop) {
            context.remove(OWN, start);
            return Err(error);
        }
        self.tokens.extend_from_slice(tokens);
        if padding > 0 {
            context.remove(OWN, self.tokens.len());
        }
        Ok(())
    }

    /// The state of `block`, as the cache of all takes it.
    fn state(&mut self, block: Range<usize>) -> Option<Vec<u8>> {
        let context = self.context.as_mut()?;
        context.share(OWN, SCRATCH, block);
        let state = context.save(SCRATCH);
        context.remove(SCRATCH, 0);
        let mut state = state?;
        convert(&mut state, Keys::F16, Keys::Bf16)?;
        Some(state)
    }
}

/// Why a block was not computed.
pub(super) enum Failure {
    /// It cannot be, with this model or this memory.
    Unfit,
    /// It went wrong.
    Failed(CpuError),
}

impl Engine<'_> {
    /// The block that is to be computed next of a slot's prompt.
    pub(super) fn block(&self, slot: &Slot) -> Option<Range<usize>> {
        self.tiler.as_ref()?;
        blocks::next(&slot.marked, self.frames.len(slot.sequence))
    }

    /// Computes some `most` tokens of a block of the slot `id`. Once it is whole it moves
    /// into the cache.
    pub(super) fn compute_block(
        &mut self,
        id: usize,
        block: Range<usize>,
        most: usize,
    ) -> Result<(), Failure> {
        self.bring_before(id, &block).ok_or(Failure::Unfit)?;
        let Self {
            tiler: Some(tiler),
            running,
            ..
        } = self
        else {
            return Err(Failure::Unfit);
        };
        let slot = &mut running[id];
        slot.waited = 0;
        let at = tiler.tokens.len();
        let end = block.end.min(at + most.max(TILE_TOKENS));
        let sink = slot.sink();
        let tokens = &slot.marked[at..end];
        if let Err(error) = tiler.compute(tokens, &|| sink.is_closed()) {
            tiler.cut(block.start);
            return match sink.is_closed() {
                // It is dropped before the next batch.
                true => Ok(()),
                false => Err(Failure::Failed(CpuError::Decode(error))),
            };
        }
        self.counters.batches += 1;
        self.counters.prefilled += (end - at) as u64;
        match end == block.end {
            true => self.move_block(id, block).ok_or(Failure::Unfit),
            false => Ok(()),
        }
    }

    /// Brings what lies before `block` into the second context.
    fn bring_before(&mut self, id: usize, block: &Range<usize>) -> Option<()> {
        let slot = &self.running[id];
        let sequence = slot.sequence;
        if self.frames.len(sequence) > block.start {
            self.context.remove(sequence, block.start);
            self.frames.truncate(sequence, block.start);
        }
        let tiler = self.tiler.as_mut()?;
        let cells = slot.prompt.max(block.end) + TILE_TOKENS;
        tiler.grow(cells, self.governor.threads())?;
        if tiler.progress(&slot.marked, block) > 0 {
            return Some(());
        }
        let before = &slot.marked[..block.start];
        let same = common_prefix(&tiler.tokens[..tiler.settled], before);
        tiler.cut(same);
        if same < before.len() {
            self.context
                .share(sequence, self.scratch, same..before.len());
            let state = self.context.save(self.scratch);
            self.context.remove(self.scratch, 0);
            tiler.load(&before[same..], state?)?;
        }
        Some(())
    }

    /// Moves a block that is whole into the cache of all.
    fn move_block(&mut self, id: usize, block: Range<usize>) -> Option<()> {
        let slot = &self.running[id];
        let state = self.tiler.as_mut()?.state(block.clone())?;
        self.context.restore(self.scratch, &state).then_some(())?;
        self.context
            .share(self.scratch, slot.sequence, block.clone());
        self.context.remove(self.scratch, 0);
        self.frames.extend(slot.sequence, &slot.marked[block]);
        Some(())
    }
}
