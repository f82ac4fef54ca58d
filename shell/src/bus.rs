//! The tools of this machine: those that come with Quipu, then the installed ones.

use std::sync::Arc;

use anyhow::Result;
use quipu_tools::{Bus, Device, Given, GrantBook, SecretStore, WasmHost, WasmSettings, load_dir};
use serde::Serialize;

use crate::init::Session;
use crate::{builtin, env_vars};

/// A tool that is there and cannot be used.
#[derive(Debug, Serialize)]
pub struct Unusable {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub origin: String,
    /// Why it cannot be used, and what to do.
    pub error: String,
}

impl Session {
    /// The engine that wasm tools run on.
    pub fn wasm_host(&self) -> Result<WasmHost> {
        Ok(WasmHost::new(WasmSettings {
            cache_dir: Some(self.paths.cache.join("wasm")),
            variables: Arc::new(env_vars::get),
            ..WasmSettings::default()
        })?)
    }

    /// What the user has given to single tools.
    pub fn given(&self) -> Result<Given> {
        Ok(Given {
            grants: GrantBook::open(&self.paths.grants())?,
            secrets: SecretStore::open(&self.paths.secrets())?,
        })
    }

    /// The tools, and those that cannot be used.
    pub fn bus(&self) -> Result<(Bus, Vec<Unusable>)> {
        let host = self.wasm_host()?;
        let given = self.given()?;
        let mut bus = Bus::default();
        for (name, component) in builtin::TOOLS {
            let mut device = host.load_own(name, component)?;
            given.to(&mut device);
            bus.add(Arc::new(device))?;
        }
        let (devices, broken) = load_dir(&host, &self.paths.tools, &given);
        let mut unusable: Vec<Unusable> = broken
            .into_iter()
            .map(|(path, error)| Unusable {
                name: path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                origin: path.display().to_string(),
                error: error.to_string(),
            })
            .collect();
        for device in devices {
            unusable.extend(add(&mut bus, Arc::new(device)));
        }
        Ok((bus, unusable))
    }
}

/// Puts a device on the bus, or says why it cannot be there.
fn add(bus: &mut Bus, device: Arc<dyn Device>) -> Option<Unusable> {
    let error = bus.add(device.clone()).err()?;
    Some(Unusable {
        name: device.spec().name.clone(),
        origin: device.spec().origin.clone(),
        error: error.to_string(),
    })
}
