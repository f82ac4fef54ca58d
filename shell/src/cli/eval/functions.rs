//! The functions of a case, as a device: described, and not there.

use quipu_tools::device::ArgsCheck;
use quipu_tools::{CallContext, Device, DeviceSpec, Effect, FunctionSpec, ToolError};
use serde_json::{Value, json};

use super::cases::Function;

/// What a call returns unless the case says otherwise.
const DONE: &str = "done";

/// The functions of one case.
pub struct Functions {
    spec: DeviceSpec,
    /// For each function, by its place: the check of its arguments and its result.
    bodies: Vec<(ArgsCheck, Value)>,
}

impl Functions {
    /// A device called `name` with `functions`.
    pub fn new(name: &str, functions: &[Function]) -> Self {
        let specs: Vec<FunctionSpec> = functions.iter().map(spec).collect();
        let result = |function: &Function| function.result.clone().unwrap_or(json!(DONE));
        let bodies = specs.iter().zip(functions);
        Self {
            bodies: bodies
                .map(|(spec, function)| (ArgsCheck::of(spec), result(function)))
                .collect(),
            spec: DeviceSpec {
                name: name.to_owned(),
                origin: "case".into(),
                functions: specs,
                // The cases are the user's own.
                vouched: true,
                ..DeviceSpec::default()
            },
        }
    }
}

fn spec(function: &Function) -> FunctionSpec {
    let mut parameters = function.parameters.clone();
    // How some write that there are no arguments.
    if parameters == json!({}) || parameters == json!({"type": "object"}) {
        parameters = json!({"type": "object", "properties": {}});
    }
    let (name, description) = (&function.name, &function.description);
    FunctionSpec::new(name, description, parameters, json!({}), Effect::Read)
}

impl Device for Functions {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, function: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let name = &self.spec.function(function)?.name;
        let places = self.spec.functions.iter().zip(&self.bodies);
        let mut found = places.filter(|(spec, _)| spec.name == *name);
        // The name was found among the same functions.
        let Some((_, (check, result))) = found.next() else {
            return Ok(Value::Null);
        };
        check.check(args)?;
        Ok(result.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_checked_and_the_result_is_the_cases_own() {
        let functions: Vec<Function> = serde_json::from_value(json!([
            {"name": "shop.price", "result": {"price": 3}, "parameters": {"type": "object",
                "properties": {"item": {"type": "string"}}, "required": ["item"]}},
            {"name": "ping", "parameters": {}},
        ]))
        .unwrap();
        let device = Functions::new("t1", &functions);
        let check = |function: &str, args: Value, want: Result<Value, &str>| {
            let got = device.call(function, &args, &CallContext::default());
            let got = got.map_err(|error| error.message);
            match (got, want) {
                (Err(got), Err(want)) => assert!(got.contains(want), "{got}"),
                (got, want) => assert_eq!(got, want.map_err(str::to_owned)),
            }
        };
        check(
            "shop.price",
            json!({"item": "tea"}),
            Ok(json!({"price": 3})),
        );
        check("shop.price", json!({"item": 3}), Err("/item"));
        check("shop.price", json!({}), Err("item"));
        check("ping", json!({}), Ok(json!("done")));
        check("pong", json!({}), Err("no function pong"));
    }
}
