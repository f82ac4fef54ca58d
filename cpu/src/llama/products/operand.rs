//! A product and its factors, as llama.cpp lays them out, checked before they are used. What is not
//! as expected is nothing to fail for: llama.cpp computes it by its own ways.

use std::ffi::c_void;
use std::ops::Range;

use llama_cpp_sys_2 as sys;

use super::six_bits::{self, BLOCK, Numbers, ROWS_AT_ONCE, Weights};

/// Rows of a batch from which on llama.cpp is as fast.
const ROWS_MAX: usize = 15;

/// `GGML_OP_MUL_MAT` of weights in six bits with a few rows in single precision
/// (`ggml_mul_mat` of ggml.c).
pub(super) struct Product {
    weights: *const u8,
    /// Bytes from the weights of one number of the result to those of the next.
    weights_stride: usize,
    rows: *const u8,
    rows_stride: usize,
    out: *mut u8,
    out_stride: usize,
    /// Blocks of numbers in a row of the batch.
    blocks: usize,
    /// Rows of the batch.
    count: usize,
    /// Numbers in a row of the result.
    numbers: usize,
}

impl Product {
    /// `None` for another operation, or one with factors that are not for us.
    pub(super) unsafe fn read(op: *const sys::ggml_tensor) -> Option<Self> {
        // SAFETY: the caller passes an operation; its factors stay until it is computed.
        unsafe {
            let op = op.as_ref()?;
            if op.op != sys::GGML_OP_MUL_MAT {
                return None;
            }
            let (weights, rows) = (op.src[0].as_ref()?, op.src[1].as_ref()?);
            let count = usize::try_from(rows.ne[1]).ok()?;
            let fits = (2..=ROWS_MAX).contains(&count)
                && weights.type_ == sys::GGML_TYPE_Q6_K
                // Not in a layout that llama.cpp gave them for products of its own.
                && weights.extra.is_null()
                && rows.type_ == sys::GGML_TYPE_F32
                && op.type_ == sys::GGML_TYPE_F32
                && [weights, rows, op].iter().all(|tensor| is_flat(tensor))
                && weights.nb[0] == size_of::<Weights>()
                && rows.nb[0] == size_of::<f32>()
                && op.nb[0] == size_of::<f32>()
                && weights.ne[0] > 0
                && weights.ne[0] % BLOCK as i64 == 0
                && weights.ne[0] == rows.ne[0]
                && op.ne[0] == weights.ne[1]
                && op.ne[1] == rows.ne[1];
            fits.then(|| Self {
                weights: weights.data.cast_const().cast(),
                weights_stride: weights.nb[1],
                rows: rows.data.cast_const().cast(),
                rows_stride: rows.nb[1],
                out: op.data.cast(),
                out_stride: op.nb[1],
                blocks: weights.ne[0] as usize / BLOCK,
                count,
                numbers: op.ne[0] as usize,
            })
        }
    }

    /// Numbers in a row of the result.
    pub(super) fn numbers(&self) -> usize {
        self.numbers
    }

    /// Bytes that all rows of the batch take in whole numbers.
    pub(super) fn room_bytes(&self) -> usize {
        self.count * self.blocks * size_of::<Numbers>()
    }

    /// Writes the rows that are `thread`'s of all `threads` into `room`.
    ///
    /// # Safety
    /// There are [`Product::room_bytes`] bytes of room, and no other thread has the same number.
    pub(super) unsafe fn prepare(&self, room: *mut c_void, threads: usize, thread: usize) {
        for row in (thread..self.count).step_by(threads.max(1)) {
            // SAFETY: the row is one of the batch, and its place within the room.
            unsafe {
                let from = self.rows.add(row * self.rows_stride).cast();
                let to = room.cast::<Numbers>().add(row * self.blocks);
                six_bits::in_whole_numbers(from, to, self.blocks);
            }
        }
    }

    /// Computes these numbers of each row of the result.
    ///
    /// # Safety
    /// All rows were prepared in `room`; the numbers are below [`Product::numbers`], and no other
    /// thread computes them.
    pub(super) unsafe fn compute(&self, room: *const c_void, numbers: Range<usize>) {
        let tiles = self.count.div_ceil(ROWS_AT_ONCE);
        for tile in 0..tiles {
            let rows = tile * self.count / tiles..(tile + 1) * self.count / tiles;
            for number in numbers.clone() {
                // SAFETY: factors and result have that many rows and numbers.
                unsafe {
                    let weights = self.weights.add(number * self.weights_stride).cast();
                    let weights = std::slice::from_raw_parts(weights, self.blocks);
                    let first = room.cast::<Numbers>().add(rows.start * self.blocks);
                    let all = std::slice::from_raw_parts(first, rows.len() * self.blocks);
                    let mut sums = [0.0; ROWS_AT_ONCE];
                    six_bits::dots(weights, all, &mut sums[..rows.len()]);
                    for (row, sum) in rows.clone().zip(sums) {
                        let out: *mut f32 = self.out.add(row * self.out_stride).cast();
                        out.add(number).write(sum);
                    }
                }
            }
        }
    }
}

/// Whether a tensor has two dimensions, something in each, and rows that do not overlap, at addresses
/// where such numbers may lie.
fn is_flat(tensor: &sys::ggml_tensor) -> bool {
    // A row of weights is so many blocks, of which the largest part has two bytes.
    let (in_block, bytes) = match tensor.type_ {
        sys::GGML_TYPE_F32 => (1, size_of::<f32>()),
        _ => (BLOCK, size_of::<u16>()),
    };
    let row = usize::try_from(tensor.ne[0]).unwrap_or(0) / in_block * tensor.nb[0];
    !tensor.data.is_null()
        && tensor.data.addr().is_multiple_of(bytes)
        && tensor.ne.iter().all(|&count| count > 0)
        && tensor.ne[2..] == [1, 1]
        && tensor.nb[1].is_multiple_of(bytes)
        && (tensor.ne[1] == 1 || tensor.nb[1] >= row)
}
