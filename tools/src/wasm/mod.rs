//! The sandbox: wasm components as devices.
//!
//! Every call gets a fresh instance from a pool, with no file, no host, no variable
//! and no clock but what was granted; it is stopped at its deadline, at its limits of
//! memory, stack, tables and output, or when it is cancelled. This folder is the only
//! place that names the wasm engine.
//!
//! | file | job |
//! | --- | --- |
//! | `device` | one call, from JSON to JSON |
//! | `guest` | the world a call sees: what was granted |
//! | `limits`, `ticker`, `stdio`, `io` | what stops it |
//! | `explain` | what stopped it, in words |
//! | `outbound` | the network interface of guests |
//! | `dynamic` | plugins that list their functions when they run |
//! | `convert` | values from JSON and back |
//! | `cache` | compiled components on disk |
//! | `floor` | the same call without any of this, to compare with |

mod cache;
mod convert;
mod device;
mod dynamic;
mod explain;
pub mod floor;
mod guest;
mod io;
mod limits;
mod outbound;
mod stdio;
mod ticker;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::device::{ArgsCheck, CallContext, DeviceSpec, Effect, FunctionSpec};
use crate::grants::component_hash;
use crate::manifest::{self, Manifest, ManifestError};
use crate::net::Net;
use crate::schema::{self, Described, SchemaError};
use cache::Cache;
use device::Export;
pub use device::WasmDevice;
use dynamic::JsonTools;
use guest::Guest;
pub use guest::Variables;
use io::Io;
use limits::Budget;
use ticker::Ticker;

/// Wasm stack of a guest, in bytes: deep recursion ends here.
const STACK_BYTES: usize = 1 << 20;
/// The stack that its fiber has: the guest's, and the host's part of a call.
const FIBER_BYTES: usize = 2 * STACK_BYTES;
/// The largest component, in bytes.
const COMPONENT_BYTES_MAX: usize = 256 << 20;
/// Core instances, tables and memories that a call may have on average.
const PARTS_OF_A_CALL: u32 = 16;
/// The longest that listing the functions of a plugin may take.
const LISTING_MAX: Duration = Duration::from_secs(5);

/// Settings of the sandbox.
#[derive(Clone)]
pub struct WasmSettings {
    /// Where compiled components are kept; nowhere when `None`.
    pub cache_dir: Option<PathBuf>,
    /// Linear memory of one guest that asks for no other limit, in bytes.
    pub memory_bytes_default: usize,
    /// The most that a guest can ask for, in bytes.
    pub memory_bytes_max: usize,
    /// Linear memory of all running guests together, in bytes.
    pub memory_bytes_total: usize,
    /// Calls that run at once; more wait until their deadline.
    pub calls_max: u32,
    /// How granted hosts are reached.
    pub net: Net,
    /// Where granted variables of the environment come from.
    pub variables: Variables,
}

impl Default for WasmSettings {
    fn default() -> Self {
        Self {
            cache_dir: None,
            memory_bytes_default: 64 << 20,
            memory_bytes_max: 512 << 20,
            memory_bytes_total: 2 << 30,
            calls_max: 100,
            net: Net::default(),
            variables: Arc::new(|_| None),
        }
    }
}

impl fmt::Debug for WasmSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmSettings")
            .field("cache_dir", &self.cache_dir)
            .field("memory_bytes_default", &self.memory_bytes_default)
            .field("memory_bytes_max", &self.memory_bytes_max)
            .field("memory_bytes_total", &self.memory_bytes_total)
            .field("calls_max", &self.calls_max)
            .finish_non_exhaustive()
    }
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Its interface cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Its manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The engine refuses it.
    #[error("the wasm engine refuses it: {0}")]
    Refused(String),
    /// It wants something from the host that there is not.
    #[error("it imports what no tool is given: {0}")]
    Imports(String),
    /// What it says of its functions cannot be used.
    #[error("it does not list its functions properly: {0}")]
    Listing(String),
}

/// The wasm engine of a machine; cheap to clone.
#[derive(Clone)]
pub struct WasmHost {
    engine: Engine,
    linker: Arc<Linker<Guest>>,
    ticker: Arc<Ticker>,
    io: Arc<Io>,
    cache: Arc<Cache>,
    budget: Arc<Budget>,
    places: Arc<Semaphore>,
    calls_max: usize,
    memory_bytes_default: usize,
    memory_bytes_max: usize,
    net: Net,
    variables: Variables,
}

impl WasmHost {
    /// Starts an engine. Takes a few milliseconds.
    pub fn new(settings: WasmSettings) -> Result<Self, LoadError> {
        // Where the address space for a pool is not to be had, instances are made
        // on demand: slower, and just as safe.
        let engine = Engine::new(&config(Some(&settings)))
            .or_else(|_| Engine::new(&config(None)))
            .map_err(refused)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(refused)?;
        outbound::link(&mut linker).map_err(refused)?;
        let io = Io::start().map_err(|error| LoadError::Refused(error.to_string()))?;
        Ok(Self {
            ticker: Arc::new(Ticker::start(engine.clone())),
            linker: Arc::new(linker),
            io: Arc::new(io),
            cache: Arc::new(Cache::new(settings.cache_dir)),
            budget: Arc::new(Budget::new(settings.memory_bytes_total)),
            places: Arc::new(Semaphore::new(settings.calls_max as usize)),
            calls_max: settings.calls_max as usize,
            memory_bytes_default: settings.memory_bytes_default,
            memory_bytes_max: settings.memory_bytes_max,
            net: settings.net,
            variables: settings.variables,
            engine,
        })
    }

    /// Loads the component at `path`; the file's name is the device's.
    pub fn load_file(&self, path: &Path) -> Result<WasmDevice, LoadError> {
        let bytes = std::fs::read(path).map_err(|source| LoadError::Read {
            path: path.to_owned(),
            source,
        })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        self.load(&name, &path.display().to_string(), &bytes)
    }

    /// Loads the component in `bytes` as the device `name`, with nothing granted yet.
    pub fn load(&self, name: &str, origin: &str, bytes: &[u8]) -> Result<WasmDevice, LoadError> {
        if bytes.len() > COMPONENT_BYTES_MAX {
            return Err(LoadError::Refused(format!(
                "it has {} bytes; at most {COMPONENT_BYTES_MAX}",
                bytes.len()
            )));
        }
        let described = schema::describe(bytes)?;
        let manifest = manifest::of_component(bytes)?;
        self.check_limits(&manifest)?;
        let component = self.compile(bytes)?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Imports(format!("{error:#}")))?;
        let mut device = self.device(name, origin, &described, &manifest, pre)?;
        device.spec.hash = Some(component_hash(bytes));
        for (export, spec) in typed(&component, &described)? {
            device.add(export, spec, &manifest);
        }
        if let Some(interface) = &described.json_tools {
            let tools = JsonTools::find(&component, interface)?;
            let context = CallContext {
                deadline: LISTING_MAX,
                ..CallContext::default()
            };
            let listed = device
                .ask(&tools.list, &context)
                .map_err(|error| LoadError::Listing(error.message))?;
            for (export, spec) in tools.functions(listed)? {
                device.add(export, spec, &manifest);
            }
        }
        let known = |name: &&String| !device.spec.functions.iter().any(|f| f.name == **name);
        if let Some(name) = manifest.functions.keys().find(known) {
            let words = format!("it speaks of a function {name}, and there is none");
            return Err(ManifestError::Wrong(words).into());
        }
        Ok(device)
    }

    fn check_limits(&self, manifest: &Manifest) -> Result<(), ManifestError> {
        let most = self.memory_bytes_max >> 20;
        match manifest.limits.memory_mib {
            Some(mib) if mib > most => Err(ManifestError::Wrong(format!(
                "limits.memory-mib is {mib}; this host gives at most {most}"
            ))),
            _ => Ok(()),
        }
    }

    fn device(
        &self,
        name: &str,
        origin: &str,
        described: &Described,
        manifest: &Manifest,
        pre: InstancePre<Guest>,
    ) -> Result<WasmDevice, LoadError> {
        let description = manifest.description.clone();
        Ok(WasmDevice {
            spec: DeviceSpec {
                name: name.to_owned(),
                description: description.unwrap_or_else(|| described.description.clone()),
                origin: origin.to_owned(),
                requests: manifest.requests().map_err(ManifestError::from)?,
                ..DeviceSpec::default()
            },
            host: self.clone(),
            pre,
            exports: Vec::new(),
            limits: manifest.limits,
            secret_hosts: manifest.secrets.clone(),
            secrets: Arc::default(),
        })
    }

    fn compile(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        if let Some(component) = self.cache.get(&self.engine, bytes) {
            return Ok(component);
        }
        let component = Component::from_binary(&self.engine, bytes).map_err(refused)?;
        self.cache.put(&self.engine, bytes, &component);
        Ok(component)
    }
}

impl WasmDevice {
    /// Adds a function, with what the manifest says of it.
    fn add(&mut self, export: Export, mut spec: FunctionSpec, manifest: &Manifest) {
        spec.needs = manifest.needs_of(&spec.name, &self.spec.requests);
        let said = manifest.effect_of(&spec.name, &spec.needs);
        // A typed function says nothing of its effect; a listed one may, and the
        // more careful word counts.
        spec.effect = match (&export, spec.effect) {
            (Export::Json { .. }, Effect::Write) => Effect::Write,
            _ => said,
        };
        spec.url_argument = manifest
            .functions
            .get(&spec.name)
            .and_then(|f| f.url.clone());
        self.exports.push((export, ArgsCheck::of(&spec)));
        self.spec.functions.push(spec);
    }
}

/// The exports of `component` that `described` speaks of.
fn typed(
    component: &Component,
    described: &Described,
) -> Result<Vec<(Export, FunctionSpec)>, LoadError> {
    let find = |exported: &schema::Exported| {
        let interface = exported
            .interface
            .as_ref()
            .and_then(|name| component.get_export_index(None, name.as_str()));
        let index = component
            .get_export_index(interface.as_ref(), exported.name.as_str())
            .ok_or_else(|| {
                LoadError::Refused(format!("the export {} is missing", exported.name))
            })?;
        Ok((Export::Typed(index), exported.spec.clone()))
    };
    described.functions.iter().map(find).collect()
}

fn refused(error: wasmtime::Error) -> LoadError {
    LoadError::Refused(format!("{error:#}"))
}

fn config(pooled: Option<&WasmSettings>) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(FIBER_BYTES);
    if let Some(settings) = pooled {
        let calls = settings.calls_max;
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(calls)
            .total_stacks(calls)
            .total_core_instances(calls * PARTS_OF_A_CALL)
            .total_memories(calls)
            .total_tables(calls * PARTS_OF_A_CALL)
            .max_memory_size(settings.memory_bytes_max);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}
