//! The functions of a case, as a device: described, and not there.

use quipu_tools::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use serde_json::{Value, json};

use super::cases::Function;

/// The functions of one case.
pub struct Functions {
    spec: DeviceSpec,
    results: Vec<Value>,
}

impl Functions {
    /// A device called `name` with `functions`.
    pub fn new(name: &str, functions: &[Function]) -> Self {
        let spec = DeviceSpec {
            name: name.to_owned(),
            description: String::new(),
            origin: "case".into(),
            functions: functions.iter().map(spec).collect(),
            ..DeviceSpec::default()
        };
        let result = |function: &Function| function.result.clone().unwrap_or(json!("done"));
        Self {
            spec,
            results: functions.iter().map(result).collect(),
        }
    }
}

fn spec(function: &Function) -> FunctionSpec {
    FunctionSpec {
        name: function.name.clone(),
        description: function.description.clone(),
        parameters: function.parameters.clone(),
        returns: json!({}),
        effect: Effect::Read,
        needs: Vec::new(),
        url_argument: None,
        offered: true,
    }
}

impl Device for Functions {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, function: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let at = self.spec.functions.iter().position(|f| f.name == function);
        let at = at.ok_or_else(|| {
            let problem = format!("there is no function {function}");
            ToolError::new(ErrorKind::UnknownFunction, problem, "")
        })?;
        let parameters = &self.spec.functions[at].parameters;
        match jsonschema::validate(parameters, args) {
            Ok(()) => Ok(self.results[at].clone()),
            Err(error) => Err(ToolError::new(
                ErrorKind::InvalidArgs,
                error.to_string(),
                "",
            )),
        }
    }
}
