//! The documentation of an interface, put into its component: compilers drop it, and a
//! model chooses tools by it. The build script does the same for the tools that come
//! with Quipu.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wit_bindgen_core::wit_parser::{PackageMetadata, Resolve};

/// What the world of a component is called when it is read again.
const WORLD: &str = "root";

/// `component` with the documentation of the package in the folder `wit`.
pub fn embed(component: &[u8], wit: &Path) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], None)?;
    let name = resolve.worlds[world].name.clone();
    // A byte for the version, then JSON.
    let encoded = PackageMetadata::extract(&resolve, package).encode()?;
    let (version, text) = encoded.split_first().context("no documentation")?;
    let mut docs: Value = serde_json::from_slice(text)?;
    let of_world = docs["worlds"][&name].take();
    // The package of a component has this one world, and nothing else of the source.
    let docs = match of_world {
        Value::Null => json!({}),
        of_world => json!({"worlds": {WORLD: of_world}}),
    };
    let mut data = vec![*version];
    data.extend(docs.to_string().into_bytes());
    Ok(with_section(
        component,
        PackageMetadata::SECTION_NAME,
        &data,
    ))
}

/// `component` with one more custom section at its end.
fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut section = length(name.len());
    section.extend(name.as_bytes());
    section.extend(data);
    let mut whole = component.to_vec();
    whole.push(0); // a custom section
    whole.extend(length(section.len()));
    whole.extend(section);
    whole
}

/// LEB128, as the binary format writes lengths.
fn length(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
