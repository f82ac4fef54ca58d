//! The reference device: counts words, in a few lines of Rust.

use quipu_tools::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use serde_json::{Value, json};

pub struct Counter {
    spec: DeviceSpec,
}

impl Counter {
    pub fn new() -> Self {
        let count = FunctionSpec::new(
            "count",
            "Count the words of a text.",
            json!({
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
                "additionalProperties": false
            }),
            json!({"type": "integer", "minimum": 0}),
            Effect::Read,
        );
        Self {
            spec: DeviceSpec {
                name: "counter".into(),
                description: "Counts.".into(),
                origin: "test".into(),
                functions: vec![count],
                ..DeviceSpec::default()
            },
        }
    }
}

impl Device for Counter {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(
        &self,
        function: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        self.spec.function(function)?.check_args(args)?;
        if context.cancel.is_cancelled() {
            return Err(ToolError::new(ErrorKind::Cancelled, "cancelled", ""));
        }
        let text = args["text"].as_str().unwrap_or_default();
        let count = json!(text.split_whitespace().count());
        if count.to_string().len() > context.output_bytes_max {
            let limit = context.output_bytes_max;
            let said = format!("the result is longer than {limit} bytes");
            return Err(ToolError::new(
                ErrorKind::OutputTooLarge,
                said,
                "count less",
            ));
        }
        Ok(count)
    }
}
