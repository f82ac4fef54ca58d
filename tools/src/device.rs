//! The contract of a device.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::caps::Capability;

/// A tool: functions with JSON arguments and results.
pub trait Device: Send + Sync {
    /// What the device is and can do. Never changes while it is on a bus.
    fn spec(&self) -> &DeviceSpec;

    /// Calls `function` with `args`, a JSON object.
    ///
    /// Blocks until there is a result, at most until the context's deadline; a
    /// cancelled call ends within a few hundredths of a second. Arguments that do
    /// not satisfy the function's schema never reach the device's code. May be
    /// called from many threads at once; no call sees another's state.
    fn call(&self, function: &str, args: &Value, context: &CallContext)
    -> Result<Value, ToolError>;
}

/// What a device is and can do.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceSpec {
    /// Its name: what comes before the dot in `calculator.calculate`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it comes from: `builtin`, a path, a server.
    pub origin: String,
    /// Its functions.
    pub functions: Vec<FunctionSpec>,
    /// What it needs to be granted.
    pub requests: Vec<Capability>,
}

/// One function of a device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FunctionSpec {
    /// Its name: what comes after the dot.
    pub name: String,
    /// What it does, from the component's own documentation.
    pub description: String,
    /// JSON Schema of its arguments: an object without further properties.
    pub parameters: Value,
    /// JSON Schema of its result.
    pub returns: Value,
    /// Whether it changes the world.
    pub effect: Effect,
}

/// Whether a call changes the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It only looks or computes: doing it twice is like doing it once.
    Read,
    /// It changes something.
    Write,
}

/// The limits of one call.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The longest it may take.
    pub deadline: Duration,
    /// The longest result, in bytes of JSON.
    pub output_bytes_max: usize,
    /// Stops it early.
    pub cancel: CancelToken,
}

impl Default for CallContext {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            output_bytes_max: 1 << 20,
            cancel: CancelToken::default(),
        }
    }
}

/// A flag that stops a call; clones share it.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks the call to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the call was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// No device of that name.
    UnknownTool,
    /// The device has no such function.
    UnknownFunction,
    /// The arguments do not satisfy the schema.
    InvalidArgs,
    /// The tool itself said no.
    Failed,
    /// The deadline passed.
    Timeout,
    /// The memory limit was reached.
    Memory,
    /// The result was too long.
    OutputTooLarge,
    /// The caller stopped it.
    Cancelled,
    /// A capability is missing.
    Denied,
    /// The device cannot be reached.
    Unavailable,
    /// The guest's code failed: a defect of the tool.
    Trap,
}

/// A failed call: what went wrong, and what to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolError {
    /// Which kind of failure.
    pub kind: ErrorKind,
    /// What went wrong.
    pub message: String,
    /// What to try; may be empty.
    pub hint: String,
}

impl ToolError {
    /// An error of `kind`.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ToolError {}

impl DeviceSpec {
    /// The function called `name`, or an error that lists what there is.
    pub fn function(&self, name: &str) -> Result<&FunctionSpec, ToolError> {
        self.functions
            .iter()
            .find(|function| function.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = self.functions.iter().map(|f| f.name.as_str()).collect();
                ToolError::new(
                    ErrorKind::UnknownFunction,
                    format!("{} has no function {name}", self.name),
                    format!("it has {}", names.join(", ")),
                )
            })
    }
}

impl FunctionSpec {
    /// Checks `args` against the schema; the error names the field and shows the
    /// expected form.
    pub fn check_args(&self, args: &Value) -> Result<(), ToolError> {
        let invalid = |message: String| {
            let expected = self.parameters["properties"].as_object();
            let fields: Vec<String> = expected
                .into_iter()
                .flatten()
                .map(|(name, schema)| format!("\"{name}\": {}", type_word(schema)))
                .collect();
            let hint = format!("expected {{{}}}", fields.join(", "));
            ToolError::new(ErrorKind::InvalidArgs, message, hint)
        };
        let validator = jsonschema::validator_for(&self.parameters)
            .map_err(|error| invalid(format!("the schema of {} is broken: {error}", self.name)))?;
        validator.validate(args).map_err(|error| {
            let path = error.instance_path().to_string();
            match path.is_empty() {
                true => invalid(error.to_string()),
                false => invalid(format!("{path}: {error}")),
            }
        })
    }
}

fn type_word(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("value")
}
