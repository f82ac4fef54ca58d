//! A folder of installed components: each `NAME.wasm` is a tool called NAME.

use std::path::{Path, PathBuf};

use crate::device::Device;
use crate::grants::GrantBook;
use crate::secrets::SecretStore;
use crate::wasm::{LoadError, WasmDevice, WasmHost};

/// A component that is there and cannot be used, with the reason.
pub type Broken = (PathBuf, LoadError);

/// What the user has given to single devices: grants, and names of secrets.
pub struct Given {
    /// The grants.
    pub grants: GrantBook,
    /// The secrets that go with grants.
    pub secrets: SecretStore,
}

impl Given {
    /// Gives `device` what is there for it.
    pub fn to(&self, device: &mut WasmDevice) {
        let spec = device.spec();
        let held = self
            .grants
            .held(&spec.name, spec.hash.as_deref().unwrap_or_default());
        let secrets = self.secrets.of(&spec.name);
        device.grant(held, secrets);
    }
}

/// Loads every `*.wasm` in `folder`, in the order of their names, with what was
/// `given` to each. One that cannot be used is reported and keeps no other from
/// working; a missing folder is empty.
pub fn load_dir(host: &WasmHost, folder: &Path, given: &Given) -> (Vec<WasmDevice>, Vec<Broken>) {
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
            Ok(mut device) => {
                given.to(&mut device);
                devices.push(device);
            }
            Err(error) => broken.push((path, error)),
        }
    }
    (devices, broken)
}
