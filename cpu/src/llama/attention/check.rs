//! Whether our attention works with the llama.cpp that this program was built with.
//!
//! The hook rests on classes of llama.cpp that are not part of its interface. After an upgrade it
//! may not be called any more, or be called with operands that it does not know. So it is
//! installed only for the release that it was written for, and then tried on a small operation
//! that is also computed by definition, and by llama.cpp itself.

use std::ffi::CStr;
use std::ptr::NonNull;

use llama_cpp_sys_2 as sys;

use super::operand::Operation;
use super::work::HIDDEN;
use super::{TAKEN, wanting};

/// The release of ggml that `hook.cpp` was written for.
const RELEASE: &str = "0.26.0";
/// Bytes for the operation, its graph and what llama.cpp needs beside them.
const MEMORY_BYTES: usize = 16 << 20;
/// Threads it is computed with.
const THREADS: i32 = 2;
/// What a number may be off: keys and values are in half precision.
const OFF_MAX: f32 = 1e-2;

const ROWS: usize = 3;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const CELLS: usize = 16;
const KEY: usize = 16;
const VALUE: usize = 8;
const SCALE: f32 = 0.25;

/// Whether this is the release that the hook was written for.
///
/// # Errors
/// The release that it is.
pub(in crate::llama) fn release() -> Result<(), String> {
    // SAFETY: a text that is part of the library.
    let release = unsafe { CStr::from_ptr(sys::ggml_version()) };
    match release.to_string_lossy() {
        release if release == RELEASE => Ok(()),
        release => Err(format!(
            "ours was written for ggml {RELEASE}, and this is {release}"
        )),
    }
}

/// Has llama.cpp compute a small operation, with the hook and without it.
///
/// # Errors
/// What is not as it should be.
pub(super) fn works() -> Result<(), String> {
    let trial = Trial::new().ok_or("there is no memory to try it")?;
    trial.is_read_as_it_is()?;
    let book = by_the_book();
    for wanted in [true, false] {
        let taken = TAKEN.get();
        let results = wanting(wanted, || trial.compute())?;
        let taken = TAKEN.get() - taken;
        if taken != usize::from(wanted) {
            return Err(format!("it was called {taken} times for one operation"));
        }
        let mut off = results
            .iter()
            .zip(&book)
            .map(|(got, want)| (got - want).abs());
        // Not a number is off as well.
        if !off.all(|off| off < OFF_MAX) {
            return Err("a small operation came out wrong".into());
        }
    }
    Ok(())
}

/// An operation in memory of llama.cpp's own.
struct Trial {
    context: NonNull<sys::ggml_context>,
    /// Queries, keys, values and mask.
    operands: [NonNull<sys::ggml_tensor>; 4],
    op: NonNull<sys::ggml_tensor>,
}

impl Trial {
    fn new() -> Option<Self> {
        let params = sys::ggml_init_params {
            mem_size: MEMORY_BYTES,
            mem_buffer: std::ptr::null_mut(),
            no_alloc: false,
        };
        // SAFETY: there is memory for all that is made, as it is a thousandth of what is
        // asked for; the tensors stay until the context is freed.
        unsafe {
            let context = NonNull::new(sys::ggml_init(params))?;
            let raw = context.as_ptr();
            let make = |kind, [a, b, c]: [usize; 3]| {
                NonNull::new(sys::ggml_new_tensor_3d(
                    raw, kind, a as i64, b as i64, c as i64,
                ))
            };
            let half = sys::GGML_TYPE_F16;
            let operands = [
                make(sys::GGML_TYPE_F32, [KEY, ROWS, HEADS])?,
                make(half, [KEY, CELLS, KV_HEADS])?,
                make(half, [VALUE, CELLS, KV_HEADS])?,
                make(half, [CELLS, ROWS, 1])?,
            ];
            let [q, k, v, mask] = operands.map(NonNull::as_ptr);
            write(q, (0..KEY * ROWS * HEADS).map(query));
            write(k, (0..KEY * CELLS * KV_HEADS).map(|i| half_of(key(i))));
            write(v, (0..VALUE * CELLS * KV_HEADS).map(|i| half_of(value(i))));
            write(
                mask,
                (0..CELLS * ROWS).map(|i| {
                    if sees(i / CELLS, i % CELLS) {
                        0
                    } else {
                        HIDDEN
                    }
                }),
            );
            let op = NonNull::new(sys::ggml_flash_attn_ext(
                raw, q, k, v, mask, SCALE, 0.0, 0.0,
            ))?;
            Some(Self {
                context,
                operands,
                op,
            })
        }
    }

    /// Whether the operation is read as it was made: the layout of tensors is as the bindings
    /// say, and parameters and operands are in the order that is expected.
    fn is_read_as_it_is(&self) -> Result<(), String> {
        // SAFETY: the operation and its operands live as long as the context.
        let (read, data) = unsafe {
            let data = |tensor: NonNull<_>| sys::ggml_get_data(tensor.as_ptr()).cast_const();
            (
                Operation::read(self.op.as_ptr()),
                [self.operands.map(data).to_vec(), vec![data(self.op)]].concat(),
            )
        };
        let read = read.ok_or("llama.cpp lays an operation out in another way")?;
        let operands = [read.queries, read.keys, read.values, read.mask, read.out];
        // SAFETY: each has a first row.
        let begin = operands.map(|operand| unsafe { operand.row::<std::ffi::c_void>(0, 0) });
        let counts = [read.rows, read.heads, read.kv_heads, read.cells];
        let same = begin.as_slice() == data.as_slice()
            && counts == [ROWS, HEADS, KV_HEADS, CELLS]
            && (read.queries.numbers, read.values.numbers) == (KEY, VALUE)
            && (read.scale, read.cap) == (SCALE, 0.0);
        match same {
            true => Ok(()),
            false => Err("llama.cpp passes an operation in another way".into()),
        }
    }

    /// Has llama.cpp compute it.
    fn compute(&self) -> Result<Vec<f32>, String> {
        let numbers = VALUE * HEADS * ROWS;
        // SAFETY: as in `new`; the result has that many numbers.
        unsafe {
            let (raw, op) = (self.context.as_ptr(), self.op.as_ptr());
            let results: *mut f32 = sys::ggml_get_data(op).cast();
            std::slice::from_raw_parts_mut(results, numbers).fill(f32::NAN);
            let graph = sys::ggml_new_graph(raw);
            sys::ggml_build_forward_expand(graph, op);
            match sys::ggml_graph_compute_with_ctx(raw, graph, THREADS) {
                sys::GGML_STATUS_SUCCESS => {
                    Ok(std::slice::from_raw_parts(results, numbers).to_vec())
                }
                status => Err(format!("llama.cpp ended with status {status}")),
            }
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        // SAFETY: made by `ggml_init`, freed once.
        unsafe { sys::ggml_free(self.context.as_ptr()) };
    }
}

/// Fills a tensor that has as many numbers of this type.
unsafe fn write<T>(tensor: *mut sys::ggml_tensor, numbers: impl Iterator<Item = T>) {
    // SAFETY: the caller's numbers fit.
    let data: *mut T = unsafe { sys::ggml_get_data(tensor) }.cast();
    for (i, number) in numbers.enumerate() {
        // SAFETY: as above.
        unsafe { data.add(i).write(number) };
    }
}

fn half_of(number: f32) -> u16 {
    half::f16::from_f32(number).to_bits()
}

fn query(i: usize) -> f32 {
    (i * 37 % 19) as f32 / 9.0 - 1.0
}

fn key(i: usize) -> f32 {
    (i * 29 % 17) as f32 / 8.0 - 1.0
}

fn value(i: usize) -> f32 {
    (i * 23 % 13) as f32 / 6.0 - 1.0
}

/// Each row sees some cells more than the one before.
fn sees(row: usize, cell: usize) -> bool {
    cell <= 5 * (row + 1)
}

/// The right result, computed by definition: by row, head and number of a value.
fn by_the_book() -> Vec<f32> {
    let mut out = Vec::new();
    for (row, head) in (0..ROWS).flat_map(|row| (0..HEADS).map(move |head| (row, head))) {
        let kv_head = head / (HEADS / KV_HEADS);
        let weight = |cell: usize| {
            let pairs = (0..KEY).map(|i| {
                query((head * ROWS + row) * KEY + i) * key((kv_head * CELLS + cell) * KEY + i)
            });
            (SCALE * pairs.sum::<f32>()).exp()
        };
        let cells: Vec<usize> = (0..CELLS).filter(|&cell| sees(row, cell)).collect();
        let sum: f32 = cells.iter().map(|&cell| weight(cell)).sum();
        out.extend((0..VALUE).map(|i| {
            let values = cells.iter();
            let values =
                values.map(|&cell| weight(cell) * value((kv_head * CELLS + cell) * VALUE + i));
            values.sum::<f32>() / sum
        }));
    }
    out
}
