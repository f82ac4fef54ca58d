//! The bus: from the name a caller writes to a device and one of its functions.

use std::sync::Arc;

use serde_json::Value;

use crate::caps::Capability;
use crate::device::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use crate::role::{self, Roles};

/// The devices of one machine, in the order they were added.
///
/// ```
/// use std::sync::Arc;
///
/// use quipu_tools::{
///     Bus, CallContext, Device, DeviceSpec, Effect, FunctionSpec, ToolError,
/// };
/// use serde_json::{Value, json};
///
/// /// A device with one function, which counts the words of a text.
/// struct Words(DeviceSpec);
///
/// impl Device for Words {
///     fn spec(&self) -> &DeviceSpec {
///         &self.0
///     }
///
///     fn call(&self, _: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
///         let text = args["text"].as_str().unwrap_or_default();
///         Ok(json!(text.split_whitespace().count()))
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let parameters = json!({"type": "object", "properties": {"text": {"type": "string"}}});
/// let number = json!({"type": "integer"});
/// let words = "Counts the words of a text.";
/// let count = FunctionSpec::new("count", words, parameters, number, Effect::Read);
/// let spec = DeviceSpec { name: "words".into(), functions: vec![count], ..DeviceSpec::default() };
///
/// let mut bus = Bus::default();
/// bus.add(Arc::new(Words(spec)))?;
///
/// let function = bus.resolve("words.count")?;
/// assert_eq!(function.effect(), Effect::Read);
/// let args = json!({"text": "seven knots in a cord"});
/// assert_eq!(function.call(&args, &CallContext::default())?, json!(5));
///
/// // Who asks for what is not there is told what is.
/// let error = bus.resolve("letters.count").err().expect("there is none");
/// assert_eq!(error.hint, "there are words");
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Bus {
    devices: Vec<Arc<dyn Device>>,
}

/// A function of a device, found by its name. A name is looked up once for a call: whatever
/// is asked about the call afterwards is asked of this.
#[derive(Clone)]
pub struct Resolved {
    device: Arc<dyn Device>,
    function: FunctionSpec,
}

impl Resolved {
    /// `function` of `device`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownFunction`] with the functions that `device` has.
    pub fn of(device: &Arc<dyn Device>, function: &str) -> Result<Self, ToolError> {
        Ok(Self {
            function: device.spec().function(function)?.clone(),
            device: device.clone(),
        })
    }

    /// What the device is.
    pub fn device(&self) -> &DeviceSpec {
        self.device.spec()
    }

    /// The function.
    pub fn function(&self) -> &FunctionSpec {
        &self.function
    }

    /// `device.function`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.device().name, self.function.name)
    }

    /// Whether a call changes the world. What somebody else's device says of itself counts
    /// only where it can reach nothing.
    pub fn effect(&self) -> Effect {
        match self.device().is_vouched_for() || self.function.needs.is_empty() {
            true => self.function.effect,
            false => Effect::Write,
        }
    }

    /// What a call with `args` needs to be granted.
    pub fn needs(&self, args: &Value) -> Vec<Capability> {
        self.function.needs_for(args)
    }

    /// What its arguments are for, as far as that can be relied on.
    pub fn roles(&self) -> Roles {
        let vouched = self.device().is_vouched_for();
        role::known(&self.function.roles, vouched, &self.function.parameters)
    }

    /// Calls the function, under the contract of [`Device::call`].
    ///
    /// # Errors
    /// Those of [`Device::call`].
    pub fn call(&self, args: &Value, context: &CallContext) -> Result<Value, ToolError> {
        self.device.call(&self.function.name, args, context)
    }
}

/// A second device of the same name.
#[derive(Debug, thiserror::Error)]
#[error("there is already a tool called {0}")]
pub struct NameTaken(pub String);

impl Bus {
    /// Puts a device on the bus. A name can be taken once.
    ///
    /// # Errors
    /// [`NameTaken`] where another device has the name.
    pub fn add(&mut self, device: Arc<dyn Device>) -> Result<(), NameTaken> {
        let name = &device.spec().name;
        if self.get(name).is_some() {
            return Err(NameTaken(name.clone()));
        }
        self.devices.push(device);
        Ok(())
    }

    /// All devices, in the order they were added.
    pub fn list(&self) -> Vec<Arc<dyn Device>> {
        self.devices.clone()
    }

    /// The device called `name`, if there is one.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Device>> {
        self.devices
            .iter()
            .find(|device| device.spec().name == name)
    }

    /// Finds `device.function`, or `device` alone where it has just one function.
    ///
    /// # Errors
    /// Where there is no such device or function; the hint says what there is.
    pub fn resolve(&self, name: &str) -> Result<Resolved, ToolError> {
        let (device, function) = match name.split_once('.') {
            Some((device, function)) => (device, Some(function)),
            None => (name, None),
        };
        let found = self.get(device).ok_or_else(|| self.unknown(device))?;
        let spec = found.spec();
        let missing = |need: &&Capability| !spec.granted.allows(need);
        if let ([], Some(need)) = (
            spec.functions.as_slice(),
            spec.requests.iter().find(missing),
        ) {
            let reason =
                format!("{device} was not granted {need}, and says nothing of itself before");
            return Err(ToolError::denied(reason, device, need));
        }
        let function = match (function, spec.functions.as_slice()) {
            (Some(function), _) => function,
            (None, [only]) => only.name.as_str(),
            (None, functions) if only_offered(functions).is_some() => {
                only_offered(functions).unwrap_or_default()
            }
            (None, functions) => {
                let names: Vec<String> = functions
                    .iter()
                    .map(|f| format!("{device}.{}", f.name))
                    .collect();
                return Err(ToolError::new(
                    ErrorKind::UnknownFunction,
                    format!("{device} has several functions"),
                    format!("name one: {}", names.join(", ")),
                ));
            }
        };
        Resolved::of(found, function)
    }

    fn unknown(&self, name: &str) -> ToolError {
        let names: Vec<&str> = self
            .devices
            .iter()
            .map(|d| d.spec().name.as_str())
            .collect();
        let hint = match names.is_empty() {
            true => "no tools are installed".to_owned(),
            false => format!("there are {}", names.join(", ")),
        };
        ToolError::new(
            ErrorKind::UnknownTool,
            format!("there is no tool {name}"),
            hint,
        )
    }
}
/// The name of the function that models are told of, where that is one of several.
fn only_offered(functions: &[FunctionSpec]) -> Option<&str> {
    let mut offered = functions.iter().filter(|function| function.offered);
    let only = offered.next()?;
    offered.next().is_none().then_some(only.name.as_str())
}
