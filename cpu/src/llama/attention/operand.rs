//! An operation and its operands, as llama.cpp lays them out, checked before they are used.
//!
//! What is not as expected is nothing to fail for: llama.cpp computes it by its own ways.
//! The one thing that is taken on trust are the numbers of the mask: zero for a cell that is
//! seen, minus infinity for another, as llama.cpp makes it where there is no bias.

use llama_cpp_sys_2 as sys;

use super::work::{Cells, LANES};

/// An operand: where its rows lie.
#[derive(Clone, Copy)]
pub(super) struct Operand {
    data: *const u8,
    /// Numbers in a row.
    pub(super) numbers: usize,
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
    pub(super) unsafe fn cells(&self, head: usize, cells: usize) -> Cells<'_> {
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
    pub(super) unsafe fn row<T>(&self, i: usize, j: usize) -> *const T {
        // SAFETY: the caller stays within the tensor.
        unsafe { self.data.add(i * self.strides[0] + j * self.strides[1]) }.cast()
    }
}

/// `GGML_OP_FLASH_ATTN_EXT` with its operands (`ggml_flash_attn_ext` of ggml.c).
pub(super) struct Operation {
    /// By row of the batch and head; single precision.
    pub(super) queries: Operand,
    /// By cell and head of the cache; half precision.
    pub(super) keys: Operand,
    /// As the keys.
    pub(super) values: Operand,
    /// By row of the batch, a number for each cell; half precision.
    pub(super) mask: Operand,
    /// A score for each head that no cell has.
    pub(super) sinks: Option<*const f32>,
    /// By head and row of the batch.
    pub(super) out: Operand,
    pub(super) rows: usize,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) cells: usize,
    pub(super) scale: f32,
    /// Scores are kept below this, unless it is 0.
    pub(super) cap: f32,
}

impl Operation {
    /// `None` for another operation, or one with operands that are not for us.
    pub(super) unsafe fn read(op: *const sys::ggml_tensor) -> Option<Self> {
        // SAFETY: the caller passes an operation; its operands stay until it is computed.
        unsafe {
            let op = op.as_ref()?;
            if op.op != sys::GGML_OP_FLASH_ATTN_EXT {
                return None;
            }
            let [q, k, v, mask] = [0, 1, 2, 3].map(|i: usize| op.src[i].as_ref());
            let (q, k, v, mask) = (q?, k?, v?, mask?);
            let sinks = op.src[4].as_ref();
            let [scale, bias, cap] =
                [0, 1, 2].map(|i: usize| f32::from_bits(op.op_params[i] as u32));
            let fits = [q, op].iter().all(|single| is_laid_out(single, SINGLE))
                && [k, v, mask].iter().all(|half| is_laid_out(half, HALF))
                && sinks.is_none_or(|sinks| is_laid_out(sinks, SINGLE) && sinks.ne[0] == q.ne[2])
                && fit_together(q, k, v, mask, op)
                // A bias by distance, which no cell that is seen has zero of.
                && bias == 0.0
                // Only some of the cells, as the mask names them.
                && op.op_params[SPARSE] == 0
                && scale.is_finite()
                && cap.is_finite();
            fits.then(|| Self {
                queries: Operand::read(q),
                keys: Operand::read(k),
                values: Operand::read(v),
                mask: Operand::read(mask),
                sinks: sinks.map(|sinks| sinks.data.cast_const().cast()),
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
}

/// A type of numbers, and the bytes that one has.
type Kind = (sys::ggml_type, usize);
const SINGLE: Kind = (sys::GGML_TYPE_F32, 4);
const HALF: Kind = (sys::GGML_TYPE_F16, 2);
/// Which parameter of the operation says how many cells count at most; 0 is all of them.
const SPARSE: usize = 4;

/// Whether an operand has numbers of this kind, in rows one behind the other that do not
/// overlap, at addresses where such numbers may lie; and something in each dimension.
fn is_laid_out(tensor: &sys::ggml_tensor, (kind, bytes): Kind) -> bool {
    let row = usize::try_from(tensor.ne[0]).unwrap_or(0) * bytes;
    tensor.type_ == kind
        && !tensor.data.is_null()
        && tensor.data.addr().is_multiple_of(bytes)
        && tensor.ne.iter().all(|&count| count > 0)
        && tensor.nb[0] == bytes
        && [(tensor.ne[1], tensor.nb[1]), (tensor.ne[2], tensor.nb[2])]
            .iter()
            .all(|&(count, stride)| stride.is_multiple_of(bytes) && (count == 1 || stride >= row))
}

/// Whether the operands belong to one operation: see `ggml_flash_attn_ext` of ggml.c.
fn fit_together(
    q: &sys::ggml_tensor,
    k: &sys::ggml_tensor,
    v: &sys::ggml_tensor,
    mask: &sys::ggml_tensor,
    out: &sys::ggml_tensor,
) -> bool {
    let lanes = LANES as i64;
    [q, k, v, mask, out]
        .iter()
        .all(|operand| operand.ne[3] == 1)
        && [k.ne[0], v.ne[0], k.ne[1]]
            .iter()
            .all(|count| count % lanes == 0)
        && q.ne[0] == k.ne[0]
        && k.ne[1] == v.ne[1]
        && k.ne[2] == v.ne[2]
        && q.ne[2] % k.ne[2] == 0
        && mask.ne[0] >= k.ne[1]
        && mask.ne[1] >= q.ne[1]
        && mask.ne[2] == 1
        && out.ne == [v.ne[0], q.ne[2], q.ne[1], 1]
}
