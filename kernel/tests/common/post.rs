//! A device of letters. What it can do and what the letters say is up to each test.

use std::sync::Arc;

use quipu_tools::{CallContext, Capability, Device, DeviceSpec, Effect, FunctionSpec, ToolError};
use serde_json::{Map, Value, json};

use super::function;

/// What a function of this name says to its arguments.
pub type Says = fn(&str, &Value) -> Value;

/// The device `post`.
pub struct Post {
    spec: DeviceSpec,
    says: Says,
}

/// A function by its name, its effect, and the names of the texts that it takes.
pub type Takes<'a> = (&'a str, Effect, &'a [&'a str]);

impl Post {
    /// One with these `functions`, each of which needs `need`.
    pub fn new(functions: &[Takes<'_>], need: &Capability, says: Says) -> Arc<Self> {
        let needs = vec![need.clone()];
        let one = |(name, effect, names): &Takes<'_>| {
            let text = |name: &&str| ((*name).to_owned(), json!({"type": "string"}));
            let properties: Map<String, Value> = names.iter().map(text).collect();
            FunctionSpec {
                parameters: json!({"type": "object", "properties": properties, "required": names,
                    "additionalProperties": false}),
                returns: json!({}),
                ..function(name, *effect, &needs)
            }
        };
        Arc::new(Self {
            spec: DeviceSpec {
                name: "post".into(),
                description: "Letters.".into(),
                origin: "test".into(),
                vouched: true,
                functions: functions.iter().map(one).collect(),
                requests: needs.clone(),
                ..DeviceSpec::default()
            },
            says,
        })
    }
}

impl Device for Post {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, function: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        Ok((self.says)(function, args))
    }
}
