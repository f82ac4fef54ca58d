//! The sandbox: wasm components as devices.
//!
//! Every call gets a fresh instance from a pool, with no file, no socket, no
//! variable, no argument and no clock; it is stopped at its deadline, at its memory
//! limit, or when it is cancelled. This folder is the only place that names the
//! wasm engine.

mod cache;
mod convert;
mod limits;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Val};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, UpdateDeadline,
};

use crate::device::{CallContext, Device, DeviceSpec, ErrorKind, ToolError};
use crate::schema::{self, SchemaError};
use cache::Cache;
use limits::{Guest, Stopped, Ticker};

/// Wasm stack of a guest, in bytes: deep recursion ends here.
const STACK_BYTES: usize = 1 << 20;
/// Component instances that can live at once.
const INSTANCES_MAX: u32 = 100;

/// Settings of the sandbox.
#[derive(Clone, Debug)]
pub struct WasmSettings {
    /// Where compiled components are kept; nowhere when `None`.
    pub cache_dir: Option<PathBuf>,
    /// Linear memory of one guest, in bytes.
    pub memory_bytes_max: usize,
}

impl Default for WasmSettings {
    fn default() -> Self {
        Self {
            cache_dir: None,
            memory_bytes_max: 64 << 20,
        }
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
    /// The engine refuses it.
    #[error("the wasm engine refuses it: {0}")]
    Refused(String),
    /// It wants something from the host that there is not.
    #[error("it imports what no tool is given: {0}")]
    Imports(String),
}

/// The wasm engine of a machine; cheap to clone.
#[derive(Clone)]
pub struct WasmHost {
    engine: Engine,
    linker: Arc<Linker<Guest>>,
    ticker: Arc<Ticker>,
    cache: Arc<Cache>,
    memory_bytes_max: usize,
}

impl WasmHost {
    /// Starts an engine. Takes a few milliseconds.
    pub fn new(settings: WasmSettings) -> Result<Self, LoadError> {
        let refused = |error: wasmtime::Error| LoadError::Refused(format!("{error:#}"));
        let memory_bytes_max = settings.memory_bytes_max;
        // Where the address space for a pool is not to be had, instances are made
        // on demand: slower, and just as safe.
        let engine = Engine::new(&config(Some(memory_bytes_max)))
            .or_else(|_| Engine::new(&config(None)))
            .map_err(refused)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(refused)?;
        Ok(Self {
            ticker: Arc::new(Ticker::start(engine.clone())),
            linker: Arc::new(linker),
            cache: Arc::new(Cache::new(settings.cache_dir)),
            engine,
            memory_bytes_max,
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

    /// Loads the component in `bytes` as the device `name`.
    pub fn load(&self, name: &str, origin: &str, bytes: &[u8]) -> Result<WasmDevice, LoadError> {
        let described = schema::describe(bytes)?;
        let component = self.compile(bytes)?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| LoadError::Imports(format!("{error:#}")))?;
        let mut exports = Vec::new();
        let mut functions = Vec::new();
        for (interface, function) in described.functions {
            let interface = match &interface {
                None => None,
                Some(name) => component.get_export_index(None, name.as_str()),
            };
            let export = convert::export_names(&function.name)
                .find_map(|name| component.get_export_index(interface.as_ref(), name.as_str()))
                .ok_or_else(|| {
                    LoadError::Refused(format!("the export {} is missing", function.name))
                })?;
            exports.push(export);
            functions.push(function);
        }
        Ok(WasmDevice {
            spec: DeviceSpec {
                name: name.to_owned(),
                description: described.description,
                origin: origin.to_owned(),
                functions,
                requests: Vec::new(),
            },
            host: self.clone(),
            pre,
            exports,
        })
    }

    fn compile(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        if let Some(component) = self.cache.get(&self.engine, bytes) {
            return Ok(component);
        }
        let refused = |error: wasmtime::Error| LoadError::Refused(format!("{error:#}"));
        let component = Component::from_binary(&self.engine, bytes).map_err(refused)?;
        self.cache.put(&self.engine, bytes, &component);
        Ok(component)
    }
}

fn config(pool_memory_bytes: Option<usize>) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES);
    if let Some(bytes) = pool_memory_bytes {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(INSTANCES_MAX)
            .total_core_instances(INSTANCES_MAX * 4)
            .total_memories(INSTANCES_MAX)
            .total_tables(INSTANCES_MAX * 4)
            .max_memory_size(bytes);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// A component on the bus.
pub struct WasmDevice {
    spec: DeviceSpec,
    host: WasmHost,
    pre: InstancePre<Guest>,
    /// Of each function of the specification, in the same order.
    exports: Vec<ComponentExportIndex>,
}

impl Device for WasmDevice {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(
        &self,
        function: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let spec = self.spec.function(function)?;
        spec.check_args(args)?;
        let at = self.spec.functions.iter().position(|f| f.name == function);
        let export = at.and_then(|at| self.exports.get(at)).ok_or_else(|| {
            ToolError::new(
                ErrorKind::UnknownFunction,
                format!("no export for {function}"),
                "",
            )
        })?;
        self.run(export, args, context)
            .map_err(|error| explain(error, context, self.host.memory_bytes_max))?
    }
}

impl WasmDevice {
    /// One call in a fresh instance. The outer error is the sandbox's, the inner
    /// one the tool's own.
    fn run(
        &self,
        export: &ComponentExportIndex,
        args: &Value,
        context: &CallContext,
    ) -> wasmtime::Result<Result<Value, ToolError>> {
        let mut store = Store::new(&self.host.engine, Guest::new(self.host.memory_bytes_max));
        store.limiter(|guest| &mut guest.limits);
        let started = Instant::now();
        let (cancel, deadline) = (context.cancel.clone(), context.deadline);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if cancel.is_cancelled() {
                return Err(Stopped::Cancelled.into());
            }
            if started.elapsed() >= deadline {
                return Err(Stopped::Deadline.into());
            }
            Ok(UpdateDeadline::Continue(1))
        });
        let _ticking = self.host.ticker.run();
        let instance = self.pre.instantiate(&mut store)?;
        let function = instance
            .get_func(&mut store, export)
            .ok_or_else(|| wasmtime::Error::msg("the export is missing"))?;
        let ty = function.ty(&store);
        let params = match convert::params(args, &ty) {
            Ok(params) => params,
            Err(reason) => return Ok(Err(ToolError::new(ErrorKind::InvalidArgs, reason, ""))),
        };
        let mut results = vec![Val::Bool(false); ty.results().len()];
        function.call(&mut store, &params, &mut results)?;
        Ok(convert::outcome(results.pop()).and_then(|value| bounded(value, context)))
    }
}

fn bounded(value: Value, context: &CallContext) -> Result<Value, ToolError> {
    let bytes = value.to_string().len();
    if bytes <= context.output_bytes_max {
        return Ok(value);
    }
    Err(ToolError::new(
        ErrorKind::OutputTooLarge,
        format!(
            "the result has {bytes} bytes; the limit is {}",
            context.output_bytes_max
        ),
        "ask for less at a time",
    ))
}

/// What stopped a guest, in words.
fn explain(error: wasmtime::Error, context: &CallContext, memory_bytes_max: usize) -> ToolError {
    match error.downcast_ref::<Stopped>() {
        Some(Stopped::Cancelled) => {
            ToolError::new(ErrorKind::Cancelled, "the call was cancelled", "")
        }
        Some(Stopped::Deadline) => ToolError::new(
            ErrorKind::Timeout,
            format!(
                "the tool did not finish within {} ms",
                context.deadline.as_millis()
            ),
            "try a smaller or simpler input",
        ),
        Some(Stopped::Memory) => ToolError::new(
            ErrorKind::Memory,
            format!(
                "the tool needs more than its {} MiB of memory",
                memory_bytes_max >> 20
            ),
            "try a smaller input",
        ),
        None => ToolError::new(
            ErrorKind::Trap,
            format!("the tool failed: {}", error.root_cause()),
            "this is a defect of the tool; try another input",
        ),
    }
}
