//! Attention: what each token of a batch takes from those it can see.
//!
//! llama.cpp has a fast way for 64 tokens at once, and one that goes token by token;
//! they round differently, and where many tokens see the same cells the second reads
//! and converts them again for each. Here each number comes out of the same operations in the
//! same order, whichever tokens are computed together and wherever in the cache the cells
//! lie that they see, as long as these are in the same order. So an answer does not depend
//! on who shares the machine, and what several tokens see is read once for all of them.
//!
//! A token's scores are computed eight cells at a time and put one behind the other
//! without those it does not see; then come their weights (softmax), then the sum of the
//! values, cell by cell.
//!
//! | file | job |
//! | --- | --- |
//! | `check` | whether that works with this build of llama.cpp |
//! | `operand` | an operation and its operands, checked before they are used |
//! | `work` | the sums |
//!
//! `hook.cpp`, one folder up, puts this in the place of llama.cpp's own.
//! Each context says whether it wants this ([`wanting`]); operations of other contexts, and
//! those that are not as expected, are left to llama.cpp.

pub(super) mod check;
mod operand;
#[cfg(test)]
mod tests;
mod work;

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use llama_cpp_sys_2 as sys;
use wide::f32x8;

use operand::Operation;
use work::{LANES, Scratch, Work, seen};

/// Tokens computed together at most: their scores should stay near.
const ROWS_MAX: usize = 16;
/// Parts for each thread, so that all end at about the same time.
const PARTS_PER_THREAD: usize = 4;

unsafe extern "C" {
    fn quipu_attention_install();
}

/// Whether operations are taken at all: not after a check that failed.
static SOUND: AtomicBool = AtomicBool::new(true);

/// Puts this in the place of llama.cpp's own attention, once in a program, and checks that it
/// works; later calls get the same answer. A program that does not want it at first
/// (`wanted`) never gets it: llama.cpp's list of hooks may change only while no model is
/// loaded and nothing is computed.
///
/// # Errors
/// Why attention stays llama.cpp's own.
pub(super) fn install(wanted: bool) -> Result<(), &'static str> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        if !wanted {
            return Err("ours was switched off before the first model was read".into());
        }
        check::release()?;
        // SAFETY: called once, and whoever loads a model comes through here first.
        unsafe { quipu_attention_install() };
        check::works().inspect_err(|_| SOUND.store(false, Ordering::Relaxed))
    });
    installed.as_ref().copied().map_err(String::as_str)
}

thread_local! {
    /// Whether what this thread has llama.cpp compute is computed here.
    static WANTED: Cell<bool> = const { Cell::new(false) };
    /// Operations that were taken from this thread.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

/// Runs `compute`, which has llama.cpp compute on this thread, with attention from here if it
/// is `wanted`.
pub(super) fn wanting<T>(wanted: bool, compute: impl FnOnce() -> T) -> T {
    let before = WANTED.replace(wanted);
    let result = compute();
    WANTED.set(before);
    result
}

/// Whether the context that this thread computes for wants its attention from here.
#[unsafe(no_mangle)]
extern "C" fn quipu_attention_wanted() -> bool {
    let wanted = WANTED.get();
    TAKEN.set(TAKEN.get() + usize::from(wanted));
    wanted
}

/// Whether an operation is computed here.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_attention_takes(op: *const sys::ggml_tensor) -> bool {
    // SAFETY: llama.cpp passes an operation of the graph that it computes.
    SOUND.load(Ordering::Relaxed) && unsafe { Operation::read(op) }.is_some()
}

/// In how many parts `threads` threads compute it.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_attention_parts(op: *const sys::ggml_tensor, threads: i32) -> i32 {
    // SAFETY: as above.
    let operation = unsafe { Operation::read(op) };
    operation.map_or(0, |operation| operation.split(threads).count() as i32)
}

/// Computes one of these parts.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_attention_compute(op: *const sys::ggml_tensor, threads: i32, part: i32) {
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    // SAFETY: as above.
    let Some(operation) = (unsafe { Operation::read(op) }) else {
        return;
    };
    let part = operation.split(threads).part(part as usize);
    SCRATCH.with_borrow_mut(|scratch| operation.compute(&part, scratch));
}

impl Operation {
    fn split(&self, threads: i32) -> Split {
        let parts = threads as usize * PARTS_PER_THREAD;
        let rows = (self.rows * self.kv_heads)
            .div_ceil(parts)
            .clamp(1, ROWS_MAX);
        let group = self.heads / self.kv_heads;
        let few = self.kv_heads * self.rows.div_ceil(rows) < threads as usize;
        Split {
            rows: self.rows,
            rows_each: rows,
            heads: self.heads,
            heads_each: if few { 1 } else { group },
        }
    }

    fn compute(&self, part: &Part, scratch: &mut Scratch) {
        let kv_head = part.heads.start / (self.heads / self.kv_heads);
        let (heads, rows) = (part.heads.len(), part.rows.len());
        // SAFETY: all indices are below those that the operands have, and no other part
        // has this one's rows and heads.
        unsafe {
            scratch.visible.clear();
            for row in part.rows.clone() {
                let mask = std::slice::from_raw_parts(self.mask.row(row, 0), self.cells);
                scratch.visible.extend(mask.as_chunks().0.iter().map(seen));
            }
            scratch.queries.clear();
            for (row, head) in part.pairs() {
                let query = self.queries.row(row, head);
                let query = std::slice::from_raw_parts(query, self.queries.numbers);
                let query = query.as_chunks().0.iter();
                scratch
                    .queries
                    .extend(query.map(|&lanes| f32x8::new(lanes)));
            }
            let sink = |head| self.sinks.map(|sinks| *sinks.add(part.heads.start + head));
            let work = Work {
                rows,
                heads,
                keys: self.keys.cells(kv_head, self.cells),
                values: self.values.cells(kv_head, self.cells),
                scale: self.scale,
                cap: self.cap,
                sink: &sink,
            };
            work.compute(scratch);
            let results = scratch.out.chunks_exact(self.values.numbers / LANES);
            for ((row, head), result) in part.pairs().zip(results) {
                let out = self.out.row::<f32>(head, row).cast_mut();
                let out = std::slice::from_raw_parts_mut(out, self.values.numbers);
                for (out, result) in out.as_chunks_mut().0.iter_mut().zip(result) {
                    *out = result.to_array();
                }
            }
        }
    }
}

/// How an operation is divided into parts.
struct Split {
    rows: usize,
    rows_each: usize,
    heads: usize,
    heads_each: usize,
}

/// Rows of the batch and heads that see the same head of the cache.
struct Part {
    rows: Range<usize>,
    heads: Range<usize>,
}

impl Part {
    /// Its rows, each with all its heads.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let heads = self.heads.clone();
        let of_row = move |row| heads.clone().map(move |head| (row, head));
        self.rows.clone().flat_map(of_row)
    }
}

impl Split {
    /// Parts there are.
    fn count(&self) -> usize {
        self.rows.div_ceil(self.rows_each) * (self.heads / self.heads_each)
    }

    fn part(&self, i: usize) -> Part {
        let groups = self.heads / self.heads_each;
        let (row, head) = (i / groups * self.rows_each, i % groups * self.heads_each);
        Part {
            rows: row..self.rows.min(row + self.rows_each),
            heads: head..head + self.heads_each,
        }
    }
}
