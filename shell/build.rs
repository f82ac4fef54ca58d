//! Puts the built-in guests where `src/session/builtin.rs` includes them from.

use std::path::Path;

/// The components that become part of the program.
const GUESTS: &[&str] = &[
    "browser.wasm",
    "calculator.wasm",
    "documents.wasm",
    "ears.wasm",
    "eyes.wasm",
    "pdf.wasm",
    "python.wasm",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    // From the package's folder, where cargo runs this: a target folder that several
    // checkouts share then takes the guests of the one that is built.
    let guests = Path::new("../target/guests");
    for guest in GUESTS {
        let from = guests.join(guest);
        println!("cargo::rerun-if-changed={}", from.display());
        if let Err(error) = std::fs::copy(&from, Path::new(&out).join(guest)) {
            println!(
                "cargo::error={}: {error}: run `make guests` first",
                from.display()
            );
        }
    }
}
