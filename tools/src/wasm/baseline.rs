//! What the engine itself costs: a call without anything of ours, to compare with.

use wasmtime::component::{Component, InstancePre, Linker, Val};
use wasmtime::{Engine, Store};

use super::{LoadError, WasmSettings, config, refused};

/// What a component of Rust asks its host for by itself, for its first hash map.
const SEED: &str = "wasi:random/insecure-seed@";

/// A component that is called as directly as the engine allows: a fresh instance from
/// the pool, no world but a seed, no limit, no check, no JSON.
pub struct Baseline {
    engine: Engine,
    pre: InstancePre<()>,
}

impl Baseline {
    /// Loads the component in `bytes`. What its function asks of WASI, but for the seed of
    /// its hash maps, ends the call: a second WASI would be compiled into every program that
    /// has this crate.
    ///
    /// # Errors
    /// Bytes that are no component.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        let engine = Engine::new(&config(Some(&WasmSettings::default()))).map_err(refused)?;
        let component = Component::from_binary(&engine, bytes).map_err(refused)?;
        let mut linker: Linker<()> = Linker::new(&engine);
        let interface = component.component_type();
        for (name, _) in interface.imports(&engine) {
            if name.starts_with(SEED) {
                let mut seed = linker.instance(name).map_err(refused)?;
                seed.func_wrap("insecure-seed", |_, (): ()| Ok(((0_u64, 0_u64),)))
                    .map_err(refused)?;
            }
        }
        linker
            .define_unknown_imports_as_traps(&component)
            .map_err(refused)?;
        let pre = linker.instantiate_pre(&component).map_err(refused)?;
        Ok(Self { engine, pre })
    }

    /// Calls `function`, which takes one string and has one result, with `argument`.
    ///
    /// # Errors
    /// Where there is no such function, or the call traps.
    pub fn call(&self, function: &str, argument: &str) -> Result<(), LoadError> {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX);
        let instance = self.pre.instantiate(&mut store).map_err(refused)?;
        let function = instance
            .get_func(&mut store, function)
            .ok_or_else(|| LoadError::Refused(format!("there is no function {function}")))?;
        let mut results = [Val::Bool(false)];
        function
            .call(
                &mut store,
                &[Val::String(argument.to_owned())],
                &mut results,
            )
            .map_err(refused)
    }
}
