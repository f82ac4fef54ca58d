//! Products of few rows of a batch with weights of six bits (`Q6_K`), which are a quarter of a
//! `Q4_K_M` file: its output, and half of its largest matrices.
//!
//! llama.cpp multiplies 16 rows at once with them, and fewer as if they were 16, or one after the
//! other: processes that go on by a token each pay for it. Here weights are unpacked once for up to
//! eight rows. Each number comes of the same operations in the same order as in llama.cpp's
//! product of one row (`ggml_vec_dot_q6_K_q8_K` with AVX2), so that it is the same to the last bit,
//! whoever shares the machine.
//!
//! | file | job |
//! | --- | --- |
//! | `operand` | a product and its factors, checked before they are used |
//! | `six_bits` | the sums, where the processor has AVX-512 with VNNI |
//!
//! `hook.cpp`, one folder up, puts this in the place of llama.cpp's own.

mod operand;
mod six_bits;
#[cfg(test)]
mod tests;

use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use llama_cpp_sys_2 as sys;

use super::attention::check::release;
use operand::Product;

/// Numbers of a result that are computed in one go: few enough that all threads end at about the
/// same time, and their weights stay near.
const PART: usize = 64;

unsafe extern "C" {
    fn quipu_product_install();
}

/// Whether products are taken at all: not before the check, nor after one that failed.
static SOUND: AtomicBool = AtomicBool::new(false);
/// Products that were computed here, by the threads that took part.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Puts this in the place of llama.cpp's own, once in a program, where the processor has what it
/// takes. To be called while no model is loaded. A program that does not want it at first
/// (`wanted`) never gets it.
///
/// # Errors
/// Why these products stay llama.cpp's own.
pub(super) fn install(wanted: bool) -> Result<(), &'static str> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        if !wanted {
            return Err("ours were switched off before the first model was read".into());
        }
        if !six_bits::is_possible() {
            return Err("this processor has no AVX-512 with VNNI".into());
        }
        release()?;
        if !six_bits::is_as_llama_cpp_has_it() {
            return Err("llama.cpp rounds them in another way".into());
        }
        // SAFETY: called once, and whoever loads a model comes through here first.
        unsafe { quipu_product_install() };
        SOUND.store(true, Ordering::Relaxed);
        Ok(())
    });
    installed.as_ref().copied().map_err(String::as_str)
}

/// Whether an operation is computed here.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_product_takes(op: *const sys::ggml_tensor) -> bool {
    // SAFETY: llama.cpp passes an operation of the graph that it computes.
    SOUND.load(Ordering::Relaxed) && unsafe { Product::read(op) }.is_some()
}

/// Bytes of room it takes, or more than there can be for an operation that is not for us.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_product_bytes(op: *const sys::ggml_tensor) -> usize {
    // SAFETY: as above.
    let product = unsafe { Product::read(op) };
    product.map_or(usize::MAX, |product| product.room_bytes())
}

/// Writes the rows of the batch that are `thread`'s into `room`, in whole numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_product_prepare(
    op: *const sys::ggml_tensor,
    room: *mut c_void,
    threads: i32,
    thread: i32,
) {
    TAKEN.fetch_add(1, Ordering::Relaxed);
    // SAFETY: as above; the room is large enough, and each thread has rows of its own.
    unsafe {
        if let Some(product) = Product::read(op) {
            product.prepare(room, threads as usize, thread as usize);
        }
    }
}

/// In how many parts it is computed.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_product_parts(op: *const sys::ggml_tensor) -> i32 {
    // SAFETY: as above.
    let product = unsafe { Product::read(op) };
    product.map_or(0, |product| product.numbers().div_ceil(PART) as i32)
}

/// Computes one of these parts, of what was prepared in `room`.
#[unsafe(no_mangle)]
unsafe extern "C" fn quipu_product_compute(
    op: *const sys::ggml_tensor,
    room: *const c_void,
    part: i32,
) {
    // SAFETY: as above; each part has numbers of its own.
    unsafe {
        let Some(product) = Product::read(op) else {
            return;
        };
        let from = part as usize * PART;
        product.compute(room, from..product.numbers().min(from + PART));
    }
}
