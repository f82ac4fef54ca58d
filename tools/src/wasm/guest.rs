//! The state of one call: a WASI world with what was granted in it, and the limits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{
    FsPerms, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};
use wasmtime_wasi_http::WasiHttpCtxView;

use super::http::WasiHttp;
use super::limits::{Budget, Limits};
use super::outbound::Outbound;
use super::stdio::Tail;
use crate::caps::{Capability, Rights};
use crate::device::{Effect, ErrorKind, ToolError};

/// Bytes of randomness a guest may ask for at once.
const RANDOM_BYTES_MAX: u64 = 1 << 20;
/// Streams, files, pollables and the like that a guest may hold.
const HANDLES_MAX: usize = 1000;

/// Where a guest sees the folder with its weights.
const FIRMWARE: &str = "/firmware";

/// Looks a variable of the environment up.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a call is made with.
pub(super) struct Setup<'a> {
    pub(super) rights: Rights,
    pub(super) effect: Effect,
    pub(super) variables: &'a Variables,
    pub(super) memory_bytes_max: usize,
    pub(super) printed: Tail,
    pub(super) budget: Arc<Budget>,
    pub(super) program: Option<Program>,
    pub(super) firmware: Option<&'a Path>,
}

/// What a program of its own is started with.
#[derive(Clone)]
pub(super) struct Program {
    /// Words of its command line, its own name first.
    pub(super) args: Vec<String>,
    /// Its standard input.
    pub(super) stdin: Vec<u8>,
    /// Its standard output.
    pub(super) stdout: Tail,
}

pub(super) struct Guest {
    wasi: WasiCtx,
    table: ResourceTable,
    pub(super) limits: Limits,
    pub(super) outbound: Option<Outbound>,
    http: WasiHttp,
}

impl Guest {
    /// A world with what `setup` grants. The error names what cannot be given.
    pub(super) fn new(setup: &Setup<'_>) -> Result<Self, ToolError> {
        let mut wasi = WasiCtx::builder();
        wasi.allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(RANDOM_BYTES_MAX)
            .stdout(setup.printed.clone())
            .stderr(setup.printed.clone());
        if !setup.rights.iter().any(|right| *right == Capability::Clock) {
            wasi.wall_clock(StoppedClock).monotonic_clock(StoppedClock);
        }
        if let Some(program) = &setup.program {
            wasi.args(&program.args)
                .stdin(MemoryInputPipe::new(program.stdin.clone()))
                .stdout(program.stdout.clone());
        }
        for right in setup.rights.iter() {
            furnish(&mut wasi, right, setup)?;
        }
        if let Some(folder) = setup.firmware {
            preopen(&mut wasi, folder, FIRMWARE, FsPerms::ReadOnly)?;
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        Ok(Self {
            wasi: wasi.build(),
            table,
            limits: Limits::new(setup.memory_bytes_max, setup.budget.clone()),
            outbound: None,
            http: WasiHttp::default(),
        })
    }

    /// Lets the guest out into the network.
    pub(super) fn let_out(&mut self, outbound: Outbound) {
        self.http.hooks.outbound = Some(outbound.clone());
        self.outbound = Some(outbound);
    }

    pub(super) fn wasi_http(&mut self) -> WasiHttpCtxView<'_> {
        self.http.view(&mut self.table)
    }
}

/// Puts one granted thing into the world.
fn furnish(
    wasi: &mut WasiCtxBuilder,
    right: &Capability,
    setup: &Setup<'_>,
) -> Result<(), ToolError> {
    let (path, perms) = match right {
        Capability::FsRead { path } => (path, FsPerms::ReadOnly),
        // A function that says it only reads is taken at its word.
        Capability::FsWrite { path } if setup.effect == Effect::Read => (path, FsPerms::ReadOnly),
        Capability::FsWrite { path } => (path, FsPerms::ReadWrite),
        Capability::Env { name } => {
            if let Some(value) = (setup.variables)(name) {
                wasi.env(name, value);
            }
            return Ok(());
        }
        _ => return Ok(()),
    };
    // A relative path would depend on where this program happens to run.
    if !path.is_absolute() {
        return Err(unusable(path, "it is not a whole path"));
    }
    let name = path
        .to_str()
        .ok_or_else(|| unusable(path, "it is not UTF-8"))?;
    preopen(wasi, path, name, perms)
}

/// Shows the folder at `path` to the guest as `name`.
fn preopen(
    wasi: &mut WasiCtxBuilder,
    path: &Path,
    name: &str,
    perms: FsPerms,
) -> Result<(), ToolError> {
    let opened = wasi.preopened_dir(path, name, perms);
    opened.map_err(|error| unusable(path, &error.root_cause().to_string()))?;
    Ok(())
}

fn unusable(path: &Path, reason: &str) -> ToolError {
    ToolError::new(
        ErrorKind::Unavailable,
        format!(
            "the granted folder {} cannot be used: {reason}",
            path.display()
        ),
        "grant a folder that exists, by its whole path",
    )
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
