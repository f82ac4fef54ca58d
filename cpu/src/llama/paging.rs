//! Moves between the KV cache and the swap: making room, bringing back, suspending.

use std::ops::Range;
use std::time::Instant;

use super::engine::Engine;
use super::slot::Slot;
use crate::Pid;
use crate::kv::frames::{Eviction, Placement, Promise};
use crate::kv::pictures;
use crate::kv::swap::For;
use crate::{CpuError, Movement};

/// Tokens of a swapped state that are worth bringing back rather than computing.
const RESTORE_TOKENS_MIN: usize = 16;
/// Batches a process may be idle while others compute. Moving 2,000 tokens out and in
/// takes as long as their share of attention in some 50 batches (measured on a model
/// of 135 million parameters).
const IDLE_BATCHES_MAX: u64 = 64;
/// Tokens of an idle process that are worth moving.
const IDLE_TOKENS_MIN: usize = 256;
/// The share of the cache that may be buried while nobody waits for it, as a divisor.
const BURIED_SHARE: usize = 4;
/// The share that is worth moving everybody when it becomes free, as a divisor: that takes
/// as long as computing a twentieth.
const CROWDED_SHARE: usize = 8;
/// Tokens of a boot page worth an image on disk.
const BOOT_TOKENS_MIN: usize = 64;

/// Whether a job does not fit because of what is buried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Crowded {
    #[default]
    No,
    /// And may wait for some others to end.
    Somewhat,
    /// And nothing runs that would not have to wait for it.
    Urgently,
}

impl Engine<'_> {
    /// The position in the cache of the token at `index` of `tokens`.
    pub(super) fn position(&self, tokens: &[i32], index: usize) -> usize {
        match self.context.stretches() {
            true => pictures::position(tokens, index),
            false => index,
        }
    }

    fn positions(&self, tokens: &[i32], range: Range<usize>) -> Range<usize> {
        self.position(tokens, range.start)..self.position(tokens, range.end)
    }

    /// Gives a job its place in the cache, with as much of its prompt as is resident
    /// or swapped out. False when there is no room now.
    pub(super) fn place(&mut self, slot: &mut Slot) -> Result<bool, CpuError> {
        let total = slot.total();
        if total > self.frames.cells() {
            let reason = format!("{total} tokens do not fit the KV cache");
            return Err(CpuError::Decode(reason));
        }
        let placement = loop {
            let (pid, priority, boot) = (slot.pid, slot.priority, slot.boot);
            if let Some(placement) = self.frames.begin(pid, priority, &slot.tokens, boot) {
                break placement;
            }
            let spared = self.frames.source(&slot.tokens);
            if !self.make_room(slot, spared) {
                return Ok(false);
            }
        };
        self.arrange(&slot.tokens, placement);
        let sequence = placement.sequence;
        self.restore(slot, sequence, total);
        if !self.reserve(slot, sequence, total) {
            self.frames.release(sequence);
            return Ok(false);
        }
        slot.placed(sequence, self.frames.len(sequence));
        Ok(true)
    }

    /// Does to the cache what the frame table decided on a prompt of these `tokens`.
    fn arrange(&mut self, tokens: &[i32], placement: Placement) {
        let Placement {
            sequence,
            keep,
            copy_from,
        } = placement;
        if !self.sharing {
            self.context.remove(sequence, 0);
            self.frames.truncate(sequence, 0);
            return;
        }
        let end = self.position(tokens, keep);
        if let Some(from) = copy_from {
            self.context.remove(sequence, 0);
            self.context.share(from, sequence, 0..end);
            self.counters.shared += keep as u64;
        } else if !self.context.remove(sequence, end) {
            self.context.remove(sequence, 0);
            self.frames.truncate(sequence, 0);
        }
    }

    /// Brings back what is swapped out of the prompt, as far as it goes and `total` tokens
    /// still find room.
    fn restore(&mut self, slot: &Slot, sequence: usize, total: usize) {
        let prompt = &slot.tokens[..slot.tokens.len() - 1];
        while self.sharing {
            let resident = self.frames.len(sequence);
            if self.swap.reach(prompt, resident) < resident + RESTORE_TOKENS_MIN {
                return;
            }
            let Some(found) = self.swap.find(prompt, resident) else {
                return;
            };
            // What it covers of the resident tokens will be buried.
            let room = total + resident - found.from;
            if !self.reserve(slot, sequence, room.max(resident + found.cells)) {
                return;
            }
            let begun = Instant::now();
            let places = self.swap.places(found);
            let Some(state) = self.swap.load(found) else {
                continue;
            };
            if !self.context.restore(self.scratch, &state, &places) {
                self.swap.reject(found);
                continue;
            }
            let gained = self.positions(prompt, resident..found.upto);
            self.context.share(self.scratch, sequence, gained);
            self.context.remove(self.scratch, 0);
            self.frames
                .extend(sequence, &slot.tokens[resident..found.upto]);
            self.swap.spend(found);
            let tokens = found.upto - resident;
            self.counters.swapped_in += tokens as u64;
            self.counters.swapped_in_us += begun.elapsed().as_micros() as u64;
            (self.listener)(Movement::SwappedIn {
                pid: slot.pid,
                tokens,
            });
        }
    }

    /// Promises `sequence` room for `total` tokens, making room as needed.
    fn reserve(&mut self, slot: &Slot, sequence: usize, total: usize) -> bool {
        loop {
            let buried = self.context.buried();
            match self.frames.promise(sequence, total, buried) {
                Promise::Made => return true,
                Promise::Full if self.make_room(slot, None) => {}
                Promise::Full => return false,
                Promise::Buried(short) if self.collectable() < short => {
                    if !self.make_room(slot, None) {
                        return false;
                    }
                }
                Promise::Buried(_) => {
                    let last = self.running.iter().map(|slot| slot.priority).min();
                    let crowded = match last.is_some_and(|last| last >= slot.priority) {
                        true => Crowded::Somewhat,
                        false => Crowded::Urgently,
                    };
                    self.crowded = self.crowded.max(crowded);
                    return false;
                }
            }
        }
    }

    /// Cells that become free when everybody is taken out and only those that run come back.
    fn collectable(&self) -> usize {
        let buried = self.context.buried().saturating_sub(self.buried_least);
        buried + self.frames.idle_cells()
    }

    /// Swaps out the process that will run last: an idle one, else a running one that
    /// is less urgent than `slot`. False when there is none.
    fn make_room(&mut self, slot: &Slot, spared: Option<usize>) -> bool {
        if let Some(eviction) = self.frames.evict(spared) {
            self.swap_out(eviction);
            return true;
        }
        let last = (0..self.running.len()).min_by_key(|&i| self.running[i].urgency());
        match last {
            Some(last) if self.running[last].urgency() < slot.urgency() => {
                let mut preempted = self.running.swap_remove(last);
                preempted.draft.clear();
                let eviction = self.frames.take_out(preempted.sequence);
                self.swap_out(eviction);
                self.counters.preempted += 1;
                self.waiting.push(preempted);
                true
            }
            _ => false,
        }
    }

    /// If what is buried is in the way, takes everybody out of the cache, so that it is free
    /// again. Those that run come back at once, one behind the other, the others when
    /// they need to.
    pub(super) fn collect(&mut self) {
        let (cells, buried) = (self.frames.cells(), self.context.buried());
        self.buried_least = self.buried_least.min(buried);
        let is_stuck = self.running.is_empty() && !self.waiting.is_empty();
        let pays = match std::mem::take(&mut self.crowded) {
            _ if is_stuck => buried > 0,
            Crowded::No => buried - self.buried_least > cells / BURIED_SHARE,
            Crowded::Somewhat => self.collectable() > cells / CROWDED_SHARE,
            Crowded::Urgently => true,
        };
        if !pays {
            return;
        }
        let running = std::mem::take(&mut self.running);
        for slot in &running {
            self.frames.release(slot.sequence);
        }
        while let Some(eviction) = self.frames.evict(None) {
            self.swap_out(eviction);
        }
        self.counters.collected += 1;
        for mut slot in running {
            slot.draft.clear();
            match self.place(&mut slot) {
                Ok(true) => self.running.push(slot),
                Ok(false) => self.waiting.push(slot),
                Err(error) => slot.fail(error),
            }
        }
        // A state of which only the end is wanted buries its beginning.
        self.buried_least = self.context.buried();
    }

    /// Saves what only this sequence held, and frees its cells.
    fn swap_out(&mut self, eviction: Eviction) {
        let Eviction {
            sequence,
            pid,
            tokens,
            private_from,
            wanted,
        } = eviction;
        let private = private_from..tokens.len();
        if let (Some(pid), true) = (pid, wanted && self.sharing && !private.is_empty()) {
            let positions = self.positions(&tokens, private.clone());
            self.context.share(sequence, self.scratch, positions);
            let state = self.context.save(self.scratch);
            self.context.remove(self.scratch, 0);
            if let Some(state) = state {
                let count = private.len();
                self.swap
                    .put(For::Process(pid), tokens, private_from, state);
                self.counters.swapped_out += count as u64;
                (self.listener)(Movement::SwappedOut { pid, tokens: count });
            }
        }
        self.context.remove(sequence, 0);
    }

    /// Notes that a process has exited, and lets go of what only the one before it held; its boot
    /// page stays, for the next of its kind.
    pub(super) fn retire(&mut self, pid: Pid) {
        self.swap.forget(pid);
        if let Some(sequence) = self.frames.retire(pid) {
            let boot = self.frames.boot(sequence);
            let end = self.position(&self.frames.tokens(sequence), boot);
            if self.sharing && self.context.remove(sequence, end) {
                self.frames.truncate(sequence, boot);
            }
        }
    }

    /// Swaps out one process that has been idle for long: attention reads every cell up
    /// to the last one in use, so idle ones cost all others.
    pub(super) fn compact(&mut self) {
        if let Some(idle) = self.frames.stale(IDLE_BATCHES_MAX, IDLE_TOKENS_MIN) {
            let eviction = self.frames.take_out(idle);
            self.swap_out(eviction);
        }
    }

    /// Keeps the state of the boot page for the next machine.
    pub(super) fn keep_boot(&mut self, slot: &Slot) {
        let boot = slot.boot;
        if !self.sharing
            || boot < BOOT_TOKENS_MIN
            || self.frames.len(slot.sequence) < boot
            || self.swap.has_boot(&slot.tokens[..boot])
        {
            return;
        }
        let positions = self.positions(&slot.tokens, 0..boot);
        self.context.share(slot.sequence, self.scratch, positions);
        let state = self.context.save(self.scratch);
        self.context.remove(self.scratch, 0);
        if let Some(state) = state {
            let tokens = slot.tokens[..boot].to_vec();
            self.swap.put(For::Everyone, tokens, 0, state);
            self.counters.boots_saved += 1;
        }
    }

    /// Takes everybody who may go on to disk: the machine is about to stop.
    pub(super) fn suspend(&mut self) {
        for slot in std::mem::take(&mut self.running) {
            self.frames.release(slot.sequence);
        }
        if !self.swap.outlives() {
            return;
        }
        for sequence in self.frames.idle() {
            let eviction = self.frames.take_out(sequence);
            self.swap_out(eviction);
        }
        self.swap.flush();
    }
}
