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

#[cfg(test)]
mod tests;
mod work;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Once;

use llama_cpp_sys_2 as sys;
use wide::f32x8;

use work::{Cells, LANES, Scratch, Work, seen};

/// Tokens computed together at most: their scores should stay near.
const ROWS_MAX: usize = 16;
/// Parts for each thread, so that all end at about the same time.
const PARTS_PER_THREAD: usize = 4;

unsafe extern "C" {
    fn quipu_attention_install();
}

/// Lets llama.cpp compute attention here from now on. Only while it computes nothing.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    // SAFETY: called once; the caller sees to the rest.
    INSTALLED.call_once(|| unsafe { quipu_attention_install() });
}

/// Whether an operation is computed here.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_attention_takes(op: *const sys::ggml_tensor) -> bool {
    // SAFETY: llama.cpp passes an operation of the graph that it computes.
    unsafe { Operation::read(op) }.is_some()
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

/// An operand: where its rows lie.
#[derive(Clone, Copy)]
struct Operand {
    data: *const u8,
    /// Numbers in a row.
    numbers: usize,
    /// Bytes from a row to the next, in each of the other two dimensions.
    strides: [usize; 2],
}

impl Operand {
    unsafe fn read(tensor: *const sys::ggml_tensor) -> Self {
        // SAFETY: the caller passes a tensor.
        let tensor = unsafe { &*tensor };
        Self {
            data: tensor.data.cast(),
            numbers: tensor.ne[0] as usize,
            strides: [tensor.nb[1], tensor.nb[2]],
        }
    }

    /// The cells of one head of the cache.
    unsafe fn cells(&self, head: usize, cells: usize) -> Cells<'_> {
        let stride = self.strides[0] / 2;
        let count = (cells - 1) * stride + self.numbers;
        Cells {
            // SAFETY: that is how the operand lies in memory.
            numbers: unsafe { std::slice::from_raw_parts(self.row(0, head), count) },
            row: self.numbers,
            stride,
        }
    }

    /// The row at these two indices.
    unsafe fn row<T>(&self, i: usize, j: usize) -> *const T {
        // SAFETY: the caller stays within the tensor.
        unsafe { self.data.add(i * self.strides[0] + j * self.strides[1]) }.cast()
    }
}

/// `GGML_OP_FLASH_ATTN_EXT` with its operands (`ggml_flash_attn_ext` of ggml.c).
struct Operation {
    /// By row of the batch and head; single precision.
    queries: Operand,
    /// By cell and head of the cache; half precision.
    keys: Operand,
    /// As the keys.
    values: Operand,
    /// By row of the batch, a number for each cell; half precision.
    mask: Operand,
    /// A score for each head that no cell has.
    sinks: Option<*const f32>,
    /// By head and row of the batch.
    out: Operand,
    rows: usize,
    heads: usize,
    kv_heads: usize,
    cells: usize,
    scale: f32,
    /// Scores are kept below this, unless it is 0.
    cap: f32,
}

impl Operation {
    /// `None` for another operation, or one with operands that are not for us.
    unsafe fn read(op: *const sys::ggml_tensor) -> Option<Self> {
        // SAFETY: the caller passes an operation; its operands stay until it is computed.
        unsafe {
            let op = &*op;
            if op.op != sys::GGML_OP_FLASH_ATTN_EXT {
                return None;
            }
            let [q, k, v, mask, sinks] = [0, 1, 2, 3, 4].map(|i: usize| op.src[i]);
            let (q, k, v, mask) = (q.as_ref()?, k.as_ref()?, v.as_ref()?, mask.as_ref()?);
            let of_type = |tensor: &sys::ggml_tensor, of| tensor.type_ == of;
            let [scale, bias, cap] =
                [0, 1, 2].map(|i: usize| f32::from_bits(op.op_params[i] as u32));
            let fits = of_type(q, sys::GGML_TYPE_F32)
                && [k, v, mask].iter().all(|half| of_type(half, sys::GGML_TYPE_F16))
                && q.nb[0] == 4
                && [k, v].iter().all(|half| half.nb[0] == 2 && half.ne[0] % LANES as i64 == 0)
                && [q, k, v, mask].iter().all(|operand| operand.ne[3] == 1)
                && mask.ne[2] == 1
                && k.ne[1] % LANES as i64 == 0
                && k.ne[2] == v.ne[2]
                && q.ne[2] % k.ne[2] == 0
                // A bias by distance, which no cell that is seen has zero of.
                && bias == 0.0;
            fits.then(|| Self {
                queries: Operand::read(q),
                keys: Operand::read(k),
                values: Operand::read(v),
                mask: Operand::read(mask),
                sinks: sinks.as_ref().map(|sinks| sinks.data.cast_const().cast()),
                out: Operand::read(op),
                rows: q.ne[1] as usize,
                heads: q.ne[2] as usize,
                kv_heads: k.ne[2] as usize,
                cells: k.ne[1] as usize,
                scale,
                cap,
            })
        }
    }

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
