//! The tools that come with Quipu, inside this program.

/// Name and component of each.
pub const TOOLS: &[(&str, &[u8])] = &[
    (
        "browser",
        include_bytes!(concat!(env!("OUT_DIR"), "/browser.wasm")),
    ),
    (
        "calculator",
        include_bytes!(concat!(env!("OUT_DIR"), "/calculator.wasm")),
    ),
    (
        "python",
        include_bytes!(concat!(env!("OUT_DIR"), "/python.wasm")),
    ),
];
