//! The tools that come with Quipu, inside this program.

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
];

/// What reads PDF files when they are imported. No process sees it.
pub const PDF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pdf.wasm"));

/// Whether a tool that comes with Quipu has this name, or the kernel's own calls.
pub fn is_taken(name: &str) -> bool {
    name == "memory" || TOOLS.iter().any(|(builtin, _)| *builtin == name)
}
