//! Puts the built-in guests where `src/session/builtin.rs` includes them from, and compiles what
//! looks at the processor before anything else runs.

use std::io;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

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
    guests();
    processor();
}

fn guests() {
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    // From the package's folder, where cargo runs this: a target folder that several
    // checkouts share then takes the guests of the one that is built.
    let guests = Path::new("../target/guests");
    for guest in GUESTS {
        let from = guests.join(guest);
        println!("cargo::rerun-if-changed={}", from.display());
        if let Err(error) = put(&from, &Path::new(&out).join(guest)) {
            println!(
                "cargo::error={}: {error}: run `make guests` first",
                from.display()
            );
        }
    }
}

/// Copies a component, and puts its hash beside it.
fn put(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = std::fs::read(from)?;
    std::fs::write(to, &bytes)?;
    let hash = HEXLOWER.encode(&Sha256::digest(&bytes));
    std::fs::write(to.with_extension("wasm.sha256"), hash)
}

/// Compiles `src/processor.c` for the first processors of the kind, whatever the rest is compiled
/// for: it says that the rest cannot run.
fn processor() {
    let source = "src/processor.c";
    println!("cargo::rerun-if-changed={source}");
    let about = |name: &str| std::env::var(name).unwrap_or_default();
    let is_unix = std::env::var_os("CARGO_CFG_UNIX").is_some();
    if about("CARGO_CFG_TARGET_ARCH") != "x86_64" || !is_unix {
        return;
    }
    let features = format!("\",{},\"", about("CARGO_CFG_TARGET_FEATURE"));
    cc::Build::new()
        .file(source)
        .define("FEATURES", features.as_str())
        .flag("-march=x86-64")
        // Nothing calls it: it runs by itself.
        .link_lib_modifier("+whole-archive")
        .compile("quipu_processor");
}
