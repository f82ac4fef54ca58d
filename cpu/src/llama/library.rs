//! llama.cpp as a library of this program: what is set up once for all models, and how a file
//! is read by it.

use std::path::Path;
use std::sync::OnceLock;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use super::{Attention, attention, products};

/// From so many bytes on a piece of memory goes back to the system as soon as it is free.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: i32 = 1 << 20;

/// llama.cpp's global state; it can be set up once in a program. Whoever reads a model comes
/// through here first, as our attention can be put in only before that.
pub(super) fn backend(attention: Attention) -> Result<&'static LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().map_err(|error| error.to_string())
    });
    let backend = backend.as_ref().map_err(Clone::clone)?;
    // What came of it is asked for where a context is made.
    let _ = attention::install(attention == Attention::Own);
    // These give what llama.cpp's own give, only sooner.
    let _ = products::install(attention == Attention::Own);
    Ok(backend)
}

/// Leaves attention to llama.cpp for as long as this program runs, whatever is asked for
/// later. Without effect once a model was read.
pub fn leave_attention() {
    let _ = attention::install(false);
    let _ = products::install(false);
}

/// Whether attention of this crate works with the llama.cpp in this program, found out on a
/// small operation before the first model is loaded.
///
/// # Errors
/// Why attention stays llama.cpp's own.
pub fn check_attention() -> Result<(), String> {
    backend(Attention::Own)?;
    attention::install(true).map_err(str::to_owned)
}

/// The model in the file `path`; `loaded` is told how much of it is, from 0 to 1.
///
/// # Errors
/// What is wrong with the file, in words.
pub(super) fn load(
    path: &Path,
    attention: Attention,
    loaded: Option<fn(f32)>,
) -> Result<LlamaModel, String> {
    if !path.is_file() {
        return Err("there is no such file".into());
    }
    let params = match loaded {
        None => LlamaModelParams::default(),
        Some(tell) => LlamaModelParams::default().with_progress_callback(move |share| {
            tell(share);
            true
        }),
    };
    LlamaModel::load_from_file(backend(attention)?, path, &params)
        .map_err(|_| "llama.cpp cannot read it: damaged, or of an unknown kind".into())
}

/// Keeps glibc from raising its threshold with each large piece that is freed: of swapped
/// states, some megabytes each, it would keep what the most of them ever took.
pub(super) fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets a number that the allocator looks at; see mallopt(3).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
    }
}
