//! The tools that come with Quipu, as components inside this program. `build.rs` puts them
//! there.

use anyhow::Result;

use crate::terminal::error::UserError;

/// Name and component of each. A small model favours what it reads first, so the tool
/// that is right most often is.
pub const TOOLS: &[(&str, &[u8])] = &[
    (
        "calculator",
        include_bytes!(concat!(env!("OUT_DIR"), "/calculator.wasm")),
    ),
    (
        "python",
        include_bytes!(concat!(env!("OUT_DIR"), "/python.wasm")),
    ),
    (
        "browser",
        include_bytes!(concat!(env!("OUT_DIR"), "/browser.wasm")),
    ),
    (EYES, include_bytes!(concat!(env!("OUT_DIR"), "/eyes.wasm"))),
    (EARS, include_bytes!(concat!(env!("OUT_DIR"), "/ears.wasm"))),
];

/// The tool that reads pictures, and the model of the catalogue that it needs.
pub const EYES: &str = "eyes";

/// The tool that hears recordings, and the model of the catalogue that it needs.
pub const EARS: &str = "ears";

/// The tool that speaks, and the model of the catalogue that it needs. It is no component:
/// it computes natively, and its only input is text.
pub const VOICE: &str = "voice";

/// What reads documents of many formats when they are imported. No process sees it.
pub const DOCUMENTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/documents.wasm"));

/// What reads PDF files when they are imported. No process sees it either.
pub const PDF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pdf.wasm"));

/// Refuses a name that a tool which comes with Quipu has, or the kernel's own calls.
pub fn check_free(name: &str, hint: &str) -> Result<()> {
    match name == "memory" || name == VOICE || TOOLS.iter().any(|(builtin, _)| *builtin == name) {
        true => Err(UserError::usage(format!("{name} comes with quipu"), hint)),
        false => Ok(()),
    }
}
