//! What a CPU tells of itself.

use serde::{Deserialize, Serialize};

use crate::Pid;

/// A CPU in one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CpuStats {
    /// Cells of the KV cache.
    pub cells: usize,
    /// Of these, in use; a shared one counts once.
    pub cells_used: usize,
    /// Bytes of swapped states in host memory.
    pub swap_bytes: usize,
    /// Threads it computes with now.
    pub threads: usize,
    /// Jobs in the batch.
    pub running: usize,
    /// Jobs that wait for room, or for a prefix that another computes.
    pub waiting: usize,
    /// What it has done since it started.
    pub counters: Counters,
    /// What each process holds.
    pub processes: Vec<CpuProcess>,
}

/// What a CPU has done since it started; tokens unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Batches computed.
    pub batches: u64,
    /// Computed of prompts.
    pub prefilled: u64,
    /// Computed while generating.
    pub decoded: u64,
    /// Of prompts, shared with another process instead of computed.
    pub shared: u64,
    /// Moved from the cache to the swap.
    pub swapped_out: u64,
    /// Moved back.
    pub swapped_in: u64,
    /// Microseconds that moving them back took.
    pub swapped_in_us: u64,
    /// Jobs that gave up their place to a more urgent one.
    pub preempted: u64,
    /// Times that everybody was moved to the beginning of the cache.
    pub collected: u64,
    /// Boot pages saved to disk.
    pub boots_saved: u64,
    /// Generated without a choice, by the grammar.
    pub forced: u64,
    /// Guessed from the context.
    pub drafted: u64,
    /// Of these, right.
    pub accepted: u64,
}

/// What one process holds of a CPU, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CpuProcess {
    /// The process.
    pub pid: Pid,
    /// In the cache.
    pub resident: usize,
    /// Of these, held by other processes too.
    pub shared: usize,
    /// In the swap.
    pub swapped: usize,
}
