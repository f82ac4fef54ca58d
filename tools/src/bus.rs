//! The bus: from the name a caller writes to a device and one of its functions.

use std::sync::Arc;

use serde_json::Value;

use crate::caps::Capability;
use crate::device::{CallContext, Device, ErrorKind, ToolError};

/// The devices of one machine, in the order they were added.
#[derive(Default)]
pub struct Bus {
    devices: Vec<Arc<dyn Device>>,
}

/// A second device of the same name.
#[derive(Debug, thiserror::Error)]
#[error("there is already a tool called {0}")]
pub struct NameTaken(pub String);

impl Bus {
    /// Puts a device on the bus. A name can be taken once.
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
    /// The error says what there is.
    pub fn resolve(&self, name: &str) -> Result<(Arc<dyn Device>, String), ToolError> {
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
            return Err(ToolError::new(
                ErrorKind::Denied,
                format!("{device} was not granted {need}, and says nothing of itself before"),
                format!("quipu tool grant {device} {need}"),
            ));
        }
        let function = match (function, spec.functions.as_slice()) {
            (Some(function), _) => spec.function(function)?.name.clone(),
            (None, [only]) => only.name.clone(),
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
        Ok((found.clone(), function))
    }

    /// Calls `name`, as [`Bus::resolve`] finds it.
    pub fn call(
        &self,
        name: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let (device, function) = self.resolve(name)?;
        device.call(&function, args, context)
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
