//! What a guest may use, and the clock that stops it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime::{Engine, ResourceLimiter};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(10);
/// Elements of one table.
const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Core instances, memories and tables of one guest.
const PARTS_MAX: usize = 64;

/// Why the sandbox stopped a guest.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error("deadline")]
    Deadline,
    #[error("cancelled")]
    Cancelled,
    #[error("memory limit")]
    Memory,
}

/// The state of one call: a WASI world with nothing in it, and the limits.
pub(super) struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    pub(super) limits: Limits,
}

impl Guest {
    pub(super) fn new(memory_bytes_max: usize) -> Self {
        let wasi = WasiCtx::builder()
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .wall_clock(StoppedClock)
            .monotonic_clock(StoppedClock)
            .build();
        Self {
            wasi,
            table: ResourceTable::new(),
            limits: Limits { memory_bytes_max },
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A clock for guests that were not granted one: it is always the epoch.
struct StoppedClock;

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

pub(super) struct Limits {
    memory_bytes_max: usize,
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // An error traps the guest and names the limit; `false` would leave it to
        // the guest's allocator to say something less clear.
        if desired > self.memory_bytes_max {
            return Err(Stopped::Memory.into());
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX {
            return Err(Stopped::Memory.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        PARTS_MAX
    }

    fn tables(&self) -> usize {
        PARTS_MAX
    }

    fn memories(&self) -> usize {
        PARTS_MAX
    }
}

/// Advances the engine's epoch while guests run, and rests otherwise.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    ended: AtomicBool,
    asleep: Mutex<()>,
    wake: Condvar,
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("quipu-epoch".into())
            .spawn(move || theirs.tick(&engine))
            .ok();
        Self { shared, thread }
    }

    /// Keeps the epoch going until the guard is dropped.
    pub(super) fn run(&self) -> Running<'_> {
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.shared.wake();
        }
        Running(&self.shared)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // It has nothing to report.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn wake(&self) {
        // Taken so that the wake-up cannot fall between the check and the wait.
        let _guard = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_all();
    }

    fn tick(&self, engine: &Engine) {
        while !self.ended.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) > 0 {
                std::thread::sleep(TICK);
                engine.increment_epoch();
                continue;
            }
            let guard = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = |_: &mut ()| {
                self.running.load(Ordering::SeqCst) == 0 && !self.ended.load(Ordering::SeqCst)
            };
            drop(self.wake.wait_while(guard, idle));
        }
    }
}

pub(super) struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
