//! Whether an answer is the same whoever shares the machine, as far as it follows from what a
//! model is: with weights of some kinds, and in some networks, llama.cpp computes a row of a
//! batch otherwise than a row alone.

use llama_cpp_sys_2 as sys;

/// Kinds of weights whose products llama.cpp computes the same for one row and for many:
/// those that `alike.rs` compares bit by bit.
const VERIFIED: &[&str] = &["Q4_0", "Q8_0"];
/// Networks that tell distances by a bias on the scores, which is not for our attention.
const BIASED: &[&str] = &["bloom", "mpt", "jais", "baichuan", "refact", "jina-bert-v2"];
/// Networks with a state that has no positions.
const RECURRENT: &[&str] = &[
    "mamba", "rwkv", "arwkv", "jamba", "lfm2", "nemotron", "plamo2",
];

/// Whether an answer of such a model is the same, bit for bit, alone and among others. By its
/// `architecture` and its `quantisation`, as the file states them.
///
/// # Errors
/// Why it may differ in the last bits.
pub fn alike(architecture: &str, quantisation: &str) -> Result<(), String> {
    if let Some(device) = other_device() {
        return Err(format!("{device} computes some of it, by its own ways"));
    }
    let begins = |names: &[&str]| names.iter().any(|name| architecture.starts_with(name));
    if begins(BIASED) {
        return Err(format!(
            "attention of {architecture} models has a bias by distance, and is llama.cpp's own"
        ));
    }
    if begins(RECURRENT) {
        return Err(format!(
            "{architecture} models have a state without positions"
        ));
    }
    match quantisation {
        known if VERIFIED.contains(&known) => Ok(()),
        // Q4_K_M and F16 were seen to differ; the others take the same kernels as F16.
        "F16" | "F32" | "BF16" | "Q4_K_M" => Err(format!(
            "llama.cpp multiplies {quantisation} weights with one row otherwise than with many"
        )),
        other => Err(format!("that was never verified for {other} weights")),
    }
}

/// A device beside the processor that llama.cpp may compute on.
fn other_device() -> Option<String> {
    // SAFETY: indices below the count are those of devices, which stay; names are texts.
    unsafe {
        (0..sys::ggml_backend_dev_count()).find_map(|i| {
            let device = sys::ggml_backend_dev_get(i);
            let kind = sys::ggml_backend_dev_type(device);
            let name = std::ffi::CStr::from_ptr(sys::ggml_backend_dev_name(device));
            (kind != sys::GGML_BACKEND_DEVICE_TYPE_CPU).then(|| name.to_string_lossy().into_owned())
        })
    }
}
