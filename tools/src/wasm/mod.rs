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
//! | `printed` | what a guest printed before that |
//! | `explain`, `refusal` | what stopped it, or why it cannot be loaded, in words |
//! | `outbound`, `http` | the network interfaces of guests |
//! | `dynamic` | plugins that list their functions when they run |
//! | `convert`, `command` | values from JSON and back; programs of their own |
//! | `known` | what is known of a component before it is compiled |
//! | `code` | its code, from the first call on |
//! | `cache` | compiled components, and what is known of them, on disk |
//! | `baseline` | the same call without any of this, to compare with |

pub mod baseline;
mod cache;
mod code;
mod command;
mod convert;
mod device;
mod dynamic;
mod explain;
mod guest;
mod http;
mod io;
mod known;
mod limits;
mod outbound;
mod printed;
mod refusal;
mod stdio;
mod ticker;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::device::{ArgsCheck, BUILTIN, CallContext};
use crate::grants::component_hash;
use crate::manifest::{self, Manifest, ManifestError};
use crate::net::Net;
use crate::schema::{self, SchemaError};
use cache::Cache;
use code::{Code, Origin, Ready};
pub use device::WasmDevice;
use dynamic::JsonTools;
use guest::Guest;
pub use guest::Variables;
use io::Io;
use known::{Known, Way};
use limits::{Budget, TABLE_ELEMENTS_MAX};
use ticker::Ticker;

/// Wasm stack of a guest, in bytes: deep recursion ends here.
const STACK_BYTES: usize = 1 << 20;
/// The stack that its fiber has: the guest's, and the host's part of a call.
const FIBER_BYTES: usize = 2 * STACK_BYTES;
/// The largest component, in bytes.
const COMPONENT_BYTES_MAX: usize = 256 << 20;
/// Core instances, tables and memories that a call may have on average.
const PARTS_OF_A_CALL: u32 = 16;
/// Bytes that the engine may keep of one instance beside its memory.
const INSTANCE_BYTES_MAX: usize = 8 << 20;
/// The longest that listing the functions of a plugin may take.
const LISTING_MAX: Duration = Duration::from_secs(5);

/// Settings of the sandbox.
#[derive(Clone)]
pub struct WasmSettings {
    /// Where compiled components are kept; nowhere when `None`.
    pub cache_dir: Option<PathBuf>,
    /// The secret by which what was compiled is known again; without one nothing is kept.
    pub cache_key: Option<[u8; 32]>,
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
            cache_key: None,
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
    #[error("{0}")]
    Refused(String),
    /// It imports something that the host does not have.
    #[error("it imports {0}")]
    Imports(String),
    /// Its listing of its functions cannot be used.
    #[error("it does not list its functions properly: {0}")]
    Listing(String),
    /// Its file is another one than when it was looked over.
    #[error("its file has changed since this program started")]
    Changed,
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
    ///
    /// # Errors
    /// [`LoadError::Refused`] where wasmtime does not start on this machine.
    pub fn new(settings: WasmSettings) -> Result<Self, LoadError> {
        // Where the address space for a pool is not to be had, instances are made
        // on demand: slower, and just as safe.
        let engine = Engine::new(&config(Some(&settings)))
            .or_else(|_| Engine::new(&config(None)))
            .map_err(refused)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(refused)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker).map_err(refused)?;
        http::link(&mut linker).map_err(refused)?;
        outbound::link(&mut linker).map_err(refused)?;
        let io = Io::start().map_err(|error| LoadError::Refused(error.to_string()))?;
        Ok(Self {
            ticker: Arc::new(Ticker::start(engine.clone())),
            linker: Arc::new(linker),
            io: Arc::new(io),
            cache: Arc::new(Cache::new(settings.cache_dir, settings.cache_key)),
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

    /// The component at `path` as a device; the file's name is the device's. One that
    /// was loaded before is only read: its code is loaded when it is first called.
    ///
    /// # Errors
    /// A file that cannot be read; otherwise as of [`WasmHost::load`].
    pub fn load_file(&self, path: &Path) -> Result<WasmDevice, LoadError> {
        let bytes = read(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let origin = path.display().to_string();
        let hash = component_hash(&bytes);
        match self.cache.known(&self.engine, &hash) {
            Some(known) => self.later(&name, &origin, hash, known, Origin::File(path.to_owned())),
            None => self.load(&name, &origin, &bytes),
        }
    }

    /// Loads the component in `bytes`, a part of this program, as the device `name`.
    /// Its code is loaded when it is first called, and nothing of it is read before that where it
    /// was loaded once: so `hash`, its [`component_hash`], comes with it.
    ///
    /// # Errors
    /// As of [`WasmHost::load`].
    pub fn load_own(
        &self,
        name: &str,
        bytes: &'static [u8],
        hash: &str,
    ) -> Result<WasmDevice, LoadError> {
        let known = match self.cache.known(&self.engine, hash) {
            Some(known) => known,
            None => {
                debug_assert_eq!(hash, component_hash(bytes), "the hash of {name}");
                let described = schema::describe(bytes)?;
                if described.json_tools.is_some() {
                    return self.load(name, BUILTIN, bytes);
                }
                let manifest = manifest::of_component(bytes)?;
                let known = Known::typed(&described, Some(manifest));
                self.cache.put_known(&self.engine, hash, &known);
                known
            }
        };
        self.later(
            name,
            BUILTIN,
            hash.to_owned(),
            known,
            Origin::Program(bytes),
        )
    }

    /// Loads the component in `bytes` as the device `name`, with nothing granted yet.
    ///
    /// # Errors
    /// Bytes that are no component, are too large, import what no tool is given, or have a
    /// manifest or types that cannot be read.
    pub fn load(&self, name: &str, origin: &str, bytes: &[u8]) -> Result<WasmDevice, LoadError> {
        if bytes.len() > COMPONENT_BYTES_MAX {
            return Err(LoadError::Refused(format!(
                "it has {} bytes; at most {COMPONENT_BYTES_MAX}",
                bytes.len()
            )));
        }
        let described = schema::describe(bytes)?;
        let mut known = Known::typed(&described, manifest::found_in(bytes)?);
        self.check_limits(&known.manifest)?;
        let hash = component_hash(bytes);
        if let Some(unknown) = refusal::unknown_imports(&described.imports) {
            return Err(LoadError::Imports(unknown));
        }
        let (component, pre) = self.linked(&hash, bytes)?;
        if let Some(interface) = &described.json_tools {
            let tools = JsonTools::find(&component, interface)?;
            let context = CallContext {
                deadline: LISTING_MAX,
                ..CallContext::default()
            };
            let listed = WasmDevice::bare(self, &known.manifest)
                .ask(&pre, &tools.list, &context)
                .map_err(|error| LoadError::Listing(error.message))?;
            known.add_listed(interface, dynamic::functions(listed)?);
        }
        let exports = exports(&component, &known.ways())?;
        let code = Code::now(Ready { pre, exports });
        let device = self.device(name, origin, hash.clone(), known.clone(), code)?;
        self.cache.put_known(&self.engine, &hash, &known);
        Ok(device)
    }

    /// A device whose code is loaded when it is first called.
    fn later(
        &self,
        name: &str,
        origin: &str,
        hash: String,
        known: Known,
        from: Origin,
    ) -> Result<WasmDevice, LoadError> {
        self.check_limits(&known.manifest)?;
        let code = Code::later(self, &hash, from, known.ways());
        self.device(name, origin, hash, known, code)
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
        hash: String,
        known: Known,
        code: Code,
    ) -> Result<WasmDevice, LoadError> {
        let mut device = WasmDevice::bare(self, &known.manifest);
        device.spec = known.spec(name, origin)?;
        device.spec.hash = Some(hash);
        device.checks = device.spec.functions.iter().map(ArgsCheck::of).collect();
        device.code = Arc::new(code);
        Ok(device)
    }

    /// The code of the component in `bytes`, with the exports at the end of `ways`.
    fn ready(&self, hash: &str, bytes: &[u8], ways: &[Way]) -> Result<Ready, LoadError> {
        let (component, pre) = self.linked(hash, bytes)?;
        let exports = exports(&component, ways)?;
        Ok(Ready { pre, exports })
    }

    fn linked(
        &self,
        hash: &str,
        bytes: &[u8],
    ) -> Result<(Component, InstancePre<Guest>), LoadError> {
        let component = match self.cache.get(&self.engine, hash) {
            Some(component) => component,
            None => {
                let component = Component::from_binary(&self.engine, bytes).map_err(refused)?;
                self.cache.put(&self.engine, hash, &component);
                component
            }
        };
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Imports(refusal::imports(&error)))?;
        Ok((component, pre))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })
}

fn exports(component: &Component, ways: &[Way]) -> Result<Vec<code::Export>, LoadError> {
    ways.iter().map(|way| way.find(component)).collect()
}

fn refused(error: wasmtime::Error) -> LoadError {
    LoadError::Refused(refusal::words(&error))
}

fn config(pooled: Option<&WasmSettings>) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .wasm_component_model_fixed_length_lists(true)
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
            .total_gc_heaps(calls)
            .max_memory_size(settings.memory_bytes_max)
            .max_memories_per_module(PARTS_OF_A_CALL)
            .max_tables_per_module(PARTS_OF_A_CALL)
            .table_elements(TABLE_ELEMENTS_MAX)
            .max_core_instance_size(INSTANCE_BYTES_MAX)
            .max_component_instance_size(INSTANCE_BYTES_MAX);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}
