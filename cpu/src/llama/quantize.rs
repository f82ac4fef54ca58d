//! Another layout of the same weights: which one is fast depends on the kernels that
//! llama.cpp has for a processor.

use std::ffi::CString;
use std::path::Path;

use llama_cpp_sys_2 as sys;

use super::Attention;
use super::library::backend;
use crate::CpuError;

/// A layout to convert to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quant {
    /// 4 bits in blocks of 32: small, and repacked for the vector units of most
    /// processors when loaded.
    Q4_0,
    /// 8 bits in blocks of 32: close to the original.
    Q8_0,
    /// 4 to 6 bits in blocks of 256, where rows are as long; else 5 bits in blocks of 32.
    Q4KM,
    /// Half precision.
    F16,
}

/// Writes the model at `from` to `to` in another layout, with all cores; takes some
/// seconds for each gigabyte. Weights that were quantised already lose a little more.
///
/// # Errors
/// [`CpuError::Load`] when the file is no model, or the other cannot be written; what
/// was written of it stays.
pub fn requantize(from: &Path, to: &Path, quant: Quant) -> Result<(), CpuError> {
    let fail = |reason: &str| CpuError::Load {
        path: from.display().to_string(),
        reason: reason.to_owned(),
    };
    backend(Attention::Own).map_err(|reason| fail(&reason))?;
    let path = |path: &Path| {
        CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| fail("NUL in a path"))
    };
    let (source, target) = (path(from)?, path(to)?);
    // SAFETY: the defaults are plain values.
    let mut params = unsafe { sys::llama_model_quantize_default_params() };
    params.ftype = match quant {
        Quant::Q4_0 => sys::LLAMA_FTYPE_MOSTLY_Q4_0,
        Quant::Q8_0 => sys::LLAMA_FTYPE_MOSTLY_Q8_0,
        Quant::Q4KM => sys::LLAMA_FTYPE_MOSTLY_Q4_K_M,
        Quant::F16 => sys::LLAMA_FTYPE_MOSTLY_F16,
    };
    params.allow_requantize = true;
    // SAFETY: both names end in NUL and, like the parameters, outlive the call.
    let code =
        unsafe { sys::llama_model_quantize(source.as_ptr(), target.as_ptr(), &raw const params) };
    match code {
        0 => Ok(()),
        _ => Err(fail(
            "llama.cpp could not convert it: no model, or the disk is full",
        )),
    }
}
