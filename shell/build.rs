//! Puts the built-in guests where `src/builtin.rs` includes them from.

use std::path::Path;

/// The components that become part of the program.
const GUESTS: &[&str] = &["browser.wasm", "calculator.wasm", "pdf.wasm", "python.wasm"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests");
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
