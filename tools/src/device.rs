//! The contract of a device.

use std::fmt;
use std::path::{Component, Path};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::caps::{Capability, Grants};
use crate::json_schema;
use crate::net::capability_of;
use crate::role::Roles;
use crate::topics::Topics;

/// A tool: functions with JSON arguments and results.
pub trait Device: Send + Sync {
    /// What the device is and can do. Never changes while it is on a bus.
    fn spec(&self) -> &DeviceSpec;

    /// Calls `function` with `args`, a JSON object.
    ///
    /// Blocks until there is a result, at most until the context's deadline; a
    /// cancelled call ends within a few hundredths of a second. Only what is done once,
    /// such as compiling a tool when it is first called, is not counted. Arguments that do
    /// not satisfy the function's schema never reach the device's code. May be
    /// called from many threads at once; no call sees another's state.
    fn call(&self, function: &str, args: &Value, context: &CallContext)
    -> Result<Value, ToolError>;
}

/// What a device is and can do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceSpec {
    /// Its name: what comes before the dot in `calculator.calculate`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where it comes from: `builtin`, a path, a server.
    pub origin: String,
    /// Its functions.
    pub functions: Vec<FunctionSpec>,
    /// The topics that a task has to speak of before a model is shown the device.
    #[serde(skip_serializing_if = "Topics::is_empty")]
    pub topics: Topics,
    /// The capabilities that it asks for.
    pub requests: Vec<Capability>,
    /// Whether it works without any of it: it was not made for this program, and this is what
    /// it could use.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Those of them that were granted to this device in particular.
    pub granted: Grants,
    /// Those that were granted to an earlier version of the device, and no longer count.
    #[serde(skip_serializing_if = "Grants::is_empty")]
    pub lapsed: Grants,
    /// Whether its user vouches for what it returns. The tools of this program are vouched
    /// for without it.
    #[serde(skip)]
    pub vouched: bool,
    /// The hash of its component, to which grants are bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
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
    /// The requests of the device that this function needs.
    pub needs: Vec<Capability>,
    /// The argument whose URL says which host it will ask, or whose path which file it
    /// will read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_argument: Option<String>,
    /// Whether a model is offered it. One that is not is there for programs.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub offered: bool,
    /// The language of its argument `code`, where it runs a program: a model then writes the
    /// program as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The roles of its arguments, as far as it gives them.
    #[serde(default, skip_serializing_if = "Roles::is_empty")]
    pub roles: Roles,
}

fn yes() -> bool {
    true
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_yes(offered: &bool) -> bool {
    *offered
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
    /// Grants to every device in this call, as far as a device asks for them.
    pub grants: Grants,
}

impl Default for CallContext {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            output_bytes_max: 1 << 20,
            cancel: CancelToken::default(),
            grants: Grants::default(),
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
    /// The limit of memory, of the stack or of tables was reached.
    Memory,
    /// The result, or what it printed, was too long.
    OutputTooLarge,
    /// Too much is running at once: later it may work.
    Busy,
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
    /// The capability that its user would have to grant, and to which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// A capability that a device was not granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The device.
    pub device: String,
    /// What it needs.
    pub need: Capability,
}

impl ToolError {
    /// An error of `kind`.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: hint.into(),
            missing: None,
        }
    }

    /// The error of a call that `device` cannot make because it was not granted `need`.
    pub fn denied(message: impl Into<String>, device: &str, need: &Capability) -> Self {
        Self {
            missing: Some(Missing {
                device: device.to_owned(),
                need: need.clone(),
            }),
            ..Self::new(ErrorKind::Denied, message, "")
        }
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ToolError {}

/// The argument of a function that changes something which takes an idempotency key, by its
/// usual name: calls with the same key have one effect.
pub const KEY_ARGUMENT: &str = "idempotency_key";

/// The origin of tools that are a part of this program.
pub const BUILTIN: &str = "builtin";

impl DeviceSpec {
    /// Whether its results are trusted as far as its arguments: the device is a part of this
    /// program, or its user vouches for it. What it may do says nothing about who wrote it.
    pub fn is_vouched_for(&self) -> bool {
        self.vouched || self.origin == BUILTIN
    }

    /// The function called `name`.
    ///
    /// # Errors
    /// Where there is none; the hint lists the functions.
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
    /// A function that needs nothing, is offered to models, runs no program, and says nothing
    /// of what its arguments are for.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
        returns: Value,
        effect: Effect,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            parameters,
            returns,
            effect,
            needs: Vec::new(),
            url_argument: None,
            offered: true,
            program: None,
            roles: Roles::default(),
        }
    }

    /// What a call with `args` needs to be granted: where an argument says which host it
    /// will ask, or which file it will read, that host or the file's folder and no other.
    pub fn needs_for(&self, args: &Value) -> Vec<Capability> {
        let named = self
            .url_argument
            .as_ref()
            .and_then(|name| args[name].as_str());
        let place = named.and_then(|text| capability_of(text).or_else(|| folder_of(text)));
        // A place it never asked for is the request's to refuse, and stays unnamed. The function
        // can still tell what it is asked to those that it does reach.
        let covered = |place: &Capability| self.needs.iter().any(|need| need.covers(place));
        let Some(place) = place.filter(covered) else {
            return self.needs.clone();
        };
        let kind = std::mem::discriminant(&place);
        let others = self.needs.iter();
        let others = others.filter(|need| std::mem::discriminant(*need) != kind);
        others.cloned().chain([place]).collect()
    }

    /// Whether it takes an idempotency key. Its caller makes one; no model is told of it.
    ///
    /// ```
    /// # use quipu_tools::{Effect, FunctionSpec};
    /// # use serde_json::json;
    /// let text = json!({"type": "string"});
    /// let pay: FunctionSpec = serde_json::from_value(json!({
    ///     "name": "pay", "description": "Pays.", "returns": {}, "effect": "write", "needs": [],
    ///     "parameters": {"type": "object", "required": ["to", "idempotency_key"],
    ///         "properties": {"to": text, "idempotency_key": text}},
    /// }))?;
    /// assert!(pay.takes_a_key());
    /// let told = pay.told_parameters();
    /// assert_eq!(told["properties"], json!({"to": text}));
    /// assert_eq!(told["required"], json!(["to"]));
    /// # Ok::<_, serde_json::Error>(())
    /// ```
    pub fn takes_a_key(&self) -> bool {
        let key = &self.parameters["properties"][KEY_ARGUMENT];
        self.effect == Effect::Write && key["type"] == "string"
    }

    /// The schema of the arguments that a model gives: all but an idempotency key.
    pub fn told_parameters(&self) -> Value {
        let mut told = self.parameters.clone();
        if self.takes_a_key() {
            if let Some(properties) = told["properties"].as_object_mut() {
                properties.shift_remove(KEY_ARGUMENT);
            }
            if let Some(required) = told["required"].as_array_mut() {
                required.retain(|name| name != KEY_ARGUMENT);
            }
        }
        told
    }

    /// Checks `args` against the schema.
    ///
    /// # Errors
    /// Names the field, and shows the expected form.
    pub fn check_args(&self, args: &Value) -> Result<(), ToolError> {
        ArgsCheck::of(self).check(args)
    }
}

/// The right to read the folder of the file at `path`, if that is a whole path.
fn folder_of(path: &str) -> Option<Capability> {
    let path = Path::new(path);
    let is_plain = |part: Component<'_>| part != Component::ParentDir;
    let folder = path.parent()?;
    (path.is_absolute() && path.components().all(is_plain)).then(|| Capability::FsRead {
        path: folder.to_owned(),
    })
}

/// A schema made ready to check many arguments with.
pub struct ArgsCheck {
    validator: Result<jsonschema::Validator, String>,
    /// What is expected, for messages.
    hint: String,
}

impl ArgsCheck {
    /// Makes the schema of `function` ready.
    pub fn of(function: &FunctionSpec) -> Self {
        Self {
            validator: json_schema::validator(&function.parameters)
                .map_err(|error| format!("the schema of {} is broken: {error}", function.name)),
            hint: format!("expected {}", json_schema::expected(&function.parameters)),
        }
    }

    /// As [`FunctionSpec::check_args`].
    ///
    /// # Errors
    /// As of [`FunctionSpec::check_args`].
    pub fn check(&self, args: &Value) -> Result<(), ToolError> {
        let invalid =
            |message: String| ToolError::new(ErrorKind::InvalidArgs, message, self.hint.as_str());
        let validator = self
            .validator
            .as_ref()
            .map_err(|error| invalid(error.clone()))?;
        match json_schema::problem(validator, args) {
            None => Ok(()),
            Some((place, said)) if place.is_empty() => Err(invalid(said)),
            Some((place, said)) => Err(invalid(format!("{place}: {said}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_argument_says_which_host_or_folder_is_needed() {
        let check = |needs: &[&str], named: &str, expected: &[&str]| {
            let function: FunctionSpec = serde_json::from_value(json!({
                "name": "f", "description": "", "parameters": {}, "returns": {},
                "effect": "read", "needs": needs, "url_argument": "what",
            }))
            .unwrap();
            let found = function.needs_for(&json!({"what": named}));
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{needs:?} {named}");
        };
        check(&["net:*"], "https://a.org/x", &["net:a.org:443"]);
        check(&["fs:read:*"], "/data/a.png", &["fs:read:/data"]);
        check(&["fs:read:*"], "a.png", &["fs:read:*"]);
        check(&["fs:read:*"], "/data/../a.png", &["fs:read:*"]);
        check(
            &["fs:read:*", "clock"],
            "/data/sub/a.png",
            &["clock", "fs:read:/data/sub"],
        );
        // Somewhere else.
        check(
            &["fs:read:/home", "clock"],
            "/data/a.png",
            &["fs:read:/home", "clock"],
        );
        check(&["net:a.org"], "https://b.org/?q=x", &["net:a.org"]);
        check(&["net:a.org"], "/data/a.png", &["net:a.org"]);
    }
}
