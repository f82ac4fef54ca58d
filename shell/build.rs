//! Puts the built-in guests, with the documentation of their interfaces, where
//! `src/builtin.rs` includes them from.

use std::path::Path;

#[path = "src/plugin/docs.rs"]
mod docs;

/// The components that become part of the program, by the names of their folders.
const GUESTS: &[&str] = &["calculator", "python"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/plugin/docs.rs");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for guest in GUESTS {
        let file = format!("{guest}.wasm");
        let from = root.join("target/guests").join(&file);
        let wit = root.join("plugins").join(guest).join("wit");
        println!("cargo::rerun-if-changed={}", from.display());
        println!("cargo::rerun-if-changed={}", wit.display());
        let Ok(component) = std::fs::read(&from) else {
            println!("cargo::error={}: run `make guests` first", from.display());
            continue;
        };
        let written = docs::embed(&component, &wit)
            .and_then(|component| Ok(std::fs::write(Path::new(&out).join(&file), component)?));
        if let Err(error) = written {
            println!("cargo::error={}: {error:#}", wit.display());
        }
    }
}
