//! A component on the bus: one fresh instance for each call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use wasmtime::component::{ComponentExportIndex, InstancePre, Val};
use wasmtime::{Store, UpdateDeadline};

use super::code::{Code, Export, Ready};
use super::explain::{CallLimits, explain, unready};
use super::guest::{Guest, Program, Setup};
use super::io::{over, until};
use super::limits::Stopped;
use super::outbound::Outbound;
use super::stdio::Tail;
use super::{WasmHost, command, convert};
use crate::caps::{Capability, Rights};
use crate::device::{
    ArgsCheck, CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, Missing, ToolError,
};
use crate::grants::Held;
use crate::manifest::{GuestLimits, Manifest};
use crate::net::secrets::Secrets;
use crate::secrets::Secret;
use crate::topics::Topics;

/// The longest a call may take when nobody says.
const DEADLINE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest that compiling a tool is waited for. CPython takes 13 s of two cores.
const READY_MAX: Duration = Duration::from_secs(300);
/// Bytes that may be copied out of a guest at once, for each byte of JSON that a result may have:
/// values are larger in the host than in JSON.
const COPY_FACTOR: usize = 16;

/// Bytes that may be copied in any case, such as arguments of the host's own functions.
const COPIED_BYTES_MIN: usize = 64 << 10;

/// A component on the bus.
pub struct WasmDevice {
    pub(super) spec: DeviceSpec,
    pub(super) host: WasmHost,
    pub(super) code: Arc<Code>,
    /// The checks of the functions of the specification, in the same order.
    pub(super) checks: Vec<ArgsCheck>,
    pub(super) limits: GuestLimits,
    pub(super) secret_hosts: std::collections::BTreeMap<String, String>,
    pub(super) secrets: Arc<Secrets>,
    /// The folder with its weights, which it may always read.
    pub(super) firmware: Option<PathBuf>,
}

/// One call, ready to be made.
struct Call<'a> {
    pre: &'a InstancePre<Guest>,
    export: &'a ComponentExportIndex,
    args: Args<'a>,
    rights: Rights,
    effect: Effect,
    context: &'a CallContext,
    limits: CallLimits,
    started: Instant,
    /// The output of the guest, which outlives it: the output is told when the guest is stopped.
    printed: Tail,
}

/// Where the arguments of a call come from.
enum Args<'a> {
    /// A JSON object, by the types of the function.
    Object(&'a Value),
    /// The values themselves.
    Values(Vec<Val>),
    /// Those of a program of its own.
    Program(Program),
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
        let missing = || {
            let message = format!("no export for {function}");
            ToolError::new(ErrorKind::UnknownFunction, message, "")
        };
        let at = self.spec.functions.iter().position(|f| f.name == function);
        let at = at.ok_or_else(missing)?;
        self.checks.get(at).ok_or_else(missing)?.check(args)?;
        let rights = Rights::new(&spec.needs, &self.spec.granted, &context.grants);
        let Ready { pre, exports } = self.ready(context)?;
        match exports.get(at).ok_or_else(missing)? {
            Export::Typed(export) => {
                let args = Args::Object(args);
                self.run(pre, export, args, rights, spec.effect, context)
            }
            Export::Program(export) => {
                let stdout = Tail::whole(self.output_bytes_max(context));
                let args = Args::Program(command::program(&self.spec.name, args, stdout));
                self.run(pre, export, args, rights, spec.effect, context)
            }
            Export::Json { call, name } => {
                let words = [name.clone(), args.to_string()];
                let args = Args::Values(words.map(Val::String).into());
                let text = self.run(pre, call, args, rights, spec.effect, context)?;
                parsed(&text, spec)
            }
        }
    }
}

/// The JSON in the text that a plugin's `call` gave.
fn parsed(text: &Value, spec: &FunctionSpec) -> Result<Value, ToolError> {
    let text = text.as_str().unwrap_or_default();
    serde_json::from_str(text).map_err(|error| {
        ToolError::new(
            ErrorKind::Trap,
            format!("{} gave a result that is not JSON: {error}", spec.name),
            "this is a defect of the tool",
        )
    })
}

impl WasmDevice {
    /// A device without functions on `host`.
    pub(super) fn bare(host: &WasmHost, manifest: &Manifest) -> Self {
        Self {
            spec: DeviceSpec::default(),
            host: host.clone(),
            code: Arc::default(),
            checks: Vec::new(),
            limits: manifest.limits,
            secret_hosts: manifest.secrets.clone(),
            secrets: Arc::default(),
            firmware: None,
        }
    }

    /// Shows the device the folder with its weights, as `/firmware` and read-only. It needs
    /// no grant: the folder is a part of the tool.
    pub fn mount_firmware(&mut self, folder: PathBuf) {
        self.firmware = Some(folder);
    }

    /// Offers none of its functions to a model; programs can call them.
    pub fn withdraw(&mut self) {
        for function in &mut self.spec.functions {
            function.offered = false;
        }
    }

    /// Shows it to a model only where a task speaks of `topics`.
    pub fn show_for(&mut self, topics: Topics) {
        self.spec.topics = topics;
    }

    /// Gives the device what the user has granted to it, and its secrets.
    ///
    /// A function of a component that says nothing of its needs has what was granted to it, and
    /// no more: a grant to all tools is none to this one.
    pub fn grant(&mut self, held: Held, secrets: std::collections::BTreeMap<String, Secret>) {
        if self.spec.optional {
            let could = &self.spec.requests;
            let granted = held.grants.iter();
            let needs: Vec<Capability> = granted
                .filter(|held| could.iter().any(|could| could.covers(held)))
                .cloned()
                .collect();
            let manifest = Manifest::default();
            for function in &mut self.spec.functions {
                function.effect = manifest.effect_of(&function.name, &needs);
                function.needs.clone_from(&needs);
            }
        }
        self.spec.granted = held.grants;
        self.spec.lapsed = held.lapsed;
        self.secrets = Arc::new(Secrets::new(&self.secret_hosts, secrets));
    }

    /// The code. Where it has to be compiled first, that is done once, whatever time the
    /// call has: cut off by a deadline it would never get done on a slow machine. The
    /// wait can be cancelled; the work goes on for the next call.
    fn ready(&self, context: &CallContext) -> Result<&Ready, ToolError> {
        if !self.code.is_there() {
            let code = self.code.clone();
            let work = self.host.io.aside(move || _ = code.get());
            let waited = until(work, Instant::now() + READY_MAX, &context.cancel);
            if let Err(error) = self.host.io.block_on(waited) {
                return Err(unready(&error, &self.spec.name));
            }
        }
        self.code.get().map_err(|error| {
            ToolError::new(
                ErrorKind::Unavailable,
                format!("{} cannot be used: {error}", self.spec.name),
                "use another tool; installing it again may help",
            )
        })
    }

    /// Calls `export` without any right, as when the device is loaded.
    pub(super) fn ask(
        &self,
        pre: &InstancePre<Guest>,
        export: &ComponentExportIndex,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let args = Args::Values(Vec::new());
        let rights = Rights::default();
        self.run(pre, export, args, rights, Effect::Read, context)
    }

    fn run(
        &self,
        pre: &InstancePre<Guest>,
        export: &ComponentExportIndex,
        args: Args<'_>,
        rights: Rights,
        effect: Effect,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let asked = self.limits.time().unwrap_or(DEADLINE_MAX);
        let output_bytes = self.output_bytes_max(context);
        let call = Call {
            pre,
            export,
            args,
            rights,
            effect,
            context,
            printed: Tail::new(output_bytes),
            limits: CallLimits {
                deadline: context.deadline.min(asked).min(DEADLINE_MAX),
                memory_bytes: self.memory_bytes_max(),
                all_memory_bytes: self.host.budget.bytes_max(),
                output_bytes,
                calls: self.host.calls_max,
            },
            started: Instant::now(),
        };
        let deadline = call.started + call.limits.deadline;
        let work = until(self.attempt(&call, deadline), deadline, &context.cancel);
        match self.host.io.block_on(work) {
            Ok(result) => result,
            Err(error) => Err(explain(&error, &call.limits, &call.printed.text())),
        }
    }

    fn memory_bytes_max(&self) -> usize {
        let asked = self
            .limits
            .memory_mib
            .map(|mib| mib.saturating_mul(1 << 20));
        asked.unwrap_or(self.host.memory_bytes_default)
    }

    fn output_bytes_max(&self, context: &CallContext) -> usize {
        let asked = self
            .limits
            .output_kib
            .map(|kib| kib.saturating_mul(1 << 10));
        asked.map_or(context.output_bytes_max, |bytes| {
            bytes.min(context.output_bytes_max)
        })
    }

    /// One call in a fresh instance, when there is room for it. The outer error is one of
    /// waiting, the inner one is the call's.
    async fn attempt(
        &self,
        call: &Call<'_>,
        deadline: Instant,
    ) -> wasmtime::Result<Result<Value, ToolError>> {
        let place = tokio::time::timeout_at(deadline.into(), self.host.places.acquire());
        let Ok(Ok(_place)) = place.await else {
            return Err(Stopped::Busy.into());
        };
        let setup = Setup {
            rights: call.rights.clone(),
            effect: call.effect,
            variables: &self.host.variables,
            memory_bytes_max: call.limits.memory_bytes,
            printed: call.printed.clone(),
            budget: self.host.budget.clone(),
            firmware: self.firmware.as_deref(),
            program: match &call.args {
                Args::Program(program) => Some(program.clone()),
                _ => None,
            },
        };
        let mut guest = match Guest::new(&setup) {
            Ok(guest) => guest,
            Err(error) => return Ok(Err(error)),
        };
        let is_net = |need: &Capability| matches!(need, Capability::Net { .. });
        if self.spec.requests.iter().any(is_net) {
            guest.let_out(Outbound::new(
                self.host.net.clone(),
                call.rights.clone(),
                self.secrets.clone(),
                call.effect == Effect::Read,
            ));
        }
        let mut store = Store::new(&self.host.engine, guest);
        store.limiter(|guest| &mut guest.limits);
        let copied = call.limits.output_bytes.saturating_mul(COPY_FACTOR);
        store.set_hostcall_fuel(copied.max(COPIED_BYTES_MIN));
        let cancel = call.context.cancel.clone();
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| match over(deadline, &cancel) {
            Some(stopped) => Err(stopped.into()),
            None => Ok(UpdateDeadline::Continue(1)),
        });
        let _ticking = self.host.ticker.run();
        let result = self.enter(&mut store, call).await;
        let guest = store.data();
        Ok(match result {
            Ok(result) => result.map_err(|error| self.with_reason(error, guest)),
            Err(error) => {
                let error = explain(&error, &call.limits, &call.printed.text());
                Err(self.with_reason(error, guest))
            }
        })
    }

    async fn enter(
        &self,
        store: &mut Store<Guest>,
        call: &Call<'_>,
    ) -> wasmtime::Result<Result<Value, ToolError>> {
        let instance = call.pre.instantiate_async(&mut *store).await?;
        let function = instance
            .get_func(&mut *store, call.export)
            .ok_or_else(|| wasmtime::Error::msg("the export is missing"))?;
        let ty = function.ty(&*store);
        let params = match &call.args {
            Args::Values(values) => values.clone(),
            Args::Program(program) => {
                let ended = command::run(&mut *store, &function, program, &call.printed).await?;
                return Ok(ended.and_then(|value| bounded(value, call.limits.output_bytes)));
            }
            Args::Object(args) => match convert::params(args, &ty) {
                Ok(params) => params,
                Err(reason) => {
                    return Ok(Err(ToolError::new(ErrorKind::InvalidArgs, reason, "")));
                }
            },
        };
        let mut results = vec![Val::Bool(false); ty.results().len()];
        function
            .call_async(&mut *store, &params, &mut results)
            .await?;
        Ok(convert::outcome(results.pop())
            .and_then(|value| bounded(value, call.limits.output_bytes)))
    }

    /// A failure that came from a missing grant says so, whatever the guest made of it.
    fn with_reason(&self, mut error: ToolError, guest: &Guest) -> ToolError {
        let missing = guest.outbound.as_ref().and_then(Outbound::missing);
        if let (ErrorKind::Failed | ErrorKind::Trap, Some(missing)) = (error.kind, missing) {
            error.kind = ErrorKind::Denied;
            let denied = format!("{missing} was not granted");
            if !error.message.contains(&denied) {
                error.message = format!("{denied}; {}", error.message);
            }
            let asked = self.spec.requests.iter().any(|need| need.covers(&missing));
            match asked {
                true => {
                    error.hint.clear();
                    error.missing = Some(Missing {
                        device: self.spec.name.clone(),
                        need: missing,
                    });
                }
                false => error.hint = format!("{} never asked for {missing}", self.spec.name),
            }
        }
        error
    }
}

fn bounded(value: Value, bytes_max: usize) -> Result<Value, ToolError> {
    let bytes = value.to_string().len();
    if bytes <= bytes_max {
        return Ok(value);
    }
    Err(ToolError::new(
        ErrorKind::OutputTooLarge,
        format!("the result has {bytes} bytes; the limit is {bytes_max}"),
        "ask for less at a time",
    ))
}
