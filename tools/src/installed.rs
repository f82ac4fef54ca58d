//! A folder of installed components: each `NAME.wasm` is a tool called NAME.

use std::path::{Path, PathBuf};

use crate::wasm::{LoadError, WasmDevice, WasmHost};

/// A component that is there and cannot be used, with the reason.
pub type Broken = (PathBuf, LoadError);

/// Loads every `*.wasm` in `folder`, in the order of their names. One that cannot
/// be used is reported and keeps no other from working; a missing folder is empty.
pub fn load_dir(host: &WasmHost, folder: &Path) -> (Vec<WasmDevice>, Vec<Broken>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect();
    paths.sort();
    let mut devices = Vec::new();
    let mut broken = Vec::new();
    for path in paths {
        match host.load_file(&path) {
            Ok(device) => devices.push(device),
            Err(error) => broken.push((path, error)),
        }
    }
    (devices, broken)
}
