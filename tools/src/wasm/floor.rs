//! The engine's own floor: a call without anything of ours, to compare with.

use wasmtime::component::{Component, InstancePre, Linker, ResourceTable, Val};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::{LoadError, WasmSettings, config, refused};

/// A component that is called as directly as the engine allows: a fresh instance from
/// the pool, an empty WASI world, no limit, no check, no JSON.
pub struct Floor {
    engine: Engine,
    pre: InstancePre<Empty>,
}

struct Empty {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Empty {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Floor {
    /// Loads the component in `bytes`, whose imports are WASI's alone.
    pub fn load(bytes: &[u8]) -> Result<Self, LoadError> {
        let engine = Engine::new(&config(Some(&WasmSettings::default()))).map_err(refused)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(refused)?;
        let component = Component::from_binary(&engine, bytes).map_err(refused)?;
        let pre = linker.instantiate_pre(&component).map_err(refused)?;
        Ok(Self { engine, pre })
    }

    /// Calls `function`, which takes one string and has one result, with `argument`.
    pub fn call(&self, function: &str, argument: &str) -> Result<(), LoadError> {
        let empty = Empty {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&self.engine, empty);
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
