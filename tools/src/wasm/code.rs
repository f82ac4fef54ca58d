//! The code of a device: compiled, or read from the cache, when it is first called.
//!
//! A start of the shell puts every tool on the bus and calls few of them, and code can
//! be large: CPython's takes seconds to compile and most of a second to read.

use std::path::PathBuf;
use std::sync::OnceLock;

use wasmtime::component::{ComponentExportIndex, InstancePre};

use super::guest::Guest;
use super::known::Way;
use super::{LoadError, WasmHost};
use crate::grants::component_hash;

/// Code that can be called.
pub(super) struct Ready {
    pub(super) pre: InstancePre<Guest>,
    /// The exports of the device's functions, in order.
    pub(super) exports: Vec<Export>,
}

/// How a function is reached.
#[derive(Clone, Debug)]
pub(super) enum Export {
    /// An export of its own types.
    Typed(ComponentExportIndex),
    /// A program of its own.
    Program(ComponentExportIndex),
    /// By name, through the JSON interface.
    Json {
        /// The export `call`.
        call: ComponentExportIndex,
        /// The name to call.
        name: String,
    },
}

/// Where a component is read from when its code is needed.
pub(super) enum Origin {
    /// A part of this program.
    Program(&'static [u8]),
    /// A file, which must still have the same hash.
    File(PathBuf),
}

/// Code that is there, or will be.
#[derive(Default)]
pub(super) struct Code {
    ready: OnceLock<Result<Ready, LoadError>>,
    later: Option<Later>,
}

struct Later {
    host: WasmHost,
    hash: String,
    origin: Origin,
    ways: Vec<Way>,
}

impl Code {
    /// Code that is there.
    pub(super) fn now(ready: Ready) -> Self {
        Self {
            ready: OnceLock::from(Ok(ready)),
            later: None,
        }
    }

    /// The code of the component with `hash`, whose functions are reached by `ways`.
    pub(super) fn later(host: &WasmHost, hash: &str, origin: Origin, ways: Vec<Way>) -> Self {
        Self {
            ready: OnceLock::new(),
            later: Some(Later {
                host: host.clone(),
                hash: hash.to_owned(),
                origin,
                ways,
            }),
        }
    }

    /// Whether [`Code::get`] gives an answer at once.
    pub(super) fn is_there(&self) -> bool {
        self.ready.get().is_some()
    }

    /// The code; where it is not there yet, this takes as long as compiling it.
    pub(super) fn get(&self) -> Result<&Ready, &LoadError> {
        let ready = self.ready.get_or_init(|| match &self.later {
            Some(later) => later.get(),
            None => Err(LoadError::Refused("it has no code".into())),
        });
        ready.as_ref()
    }
}

impl Later {
    fn get(&self) -> Result<Ready, LoadError> {
        match &self.origin {
            Origin::Program(bytes) => self.host.ready(&self.hash, bytes, &self.ways),
            Origin::File(path) => {
                let bytes = super::read(path)?;
                if component_hash(&bytes) != self.hash {
                    return Err(LoadError::Changed);
                }
                self.host.ready(&self.hash, &bytes, &self.ways)
            }
        }
    }
}
