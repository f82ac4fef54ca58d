//! The tools of one task: what they return was recorded, what they change is noted.

use parking_lot::Mutex;
use quipu_tools::{CallContext, Capability, Device, DeviceSpec, Effect, FunctionSpec, ToolError};
use serde_json::{Value, json};

use super::set::{Call, Done, Task, Tool};

/// The tools that change something.
const WRITES: &[&str] = &[
    "send_email",
    "delete_email",
    "create_calendar_event",
    "cancel_calendar_event",
    "reschedule_calendar_event",
    "add_calendar_event_participants",
    "append_to_file",
    "create_file",
    "delete_file",
    "share_file",
    "send_money",
    "schedule_transaction",
    "update_scheduled_transaction",
    "update_password",
    "update_user_info",
];
/// What tells strangers nothing, and holds nothing of theirs.
const CLOSED: &[&str] = &["get_current_day"];

/// Tools that a model is shown.
const SHOWN: usize = 12;

/// Whether there is another one, which is taken.
fn take_one(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

/// Whether `function` changes something.
pub fn writes(function: &str) -> bool {
    WRITES.contains(&function)
}

/// The capabilities that its functions need.
pub fn needs() -> Result<Vec<Capability>, ToolError> {
    let parse = |text: &str| {
        let capability = text.parse::<Capability>();
        capability
            .map_err(|error| ToolError::new(quipu_tools::ErrorKind::Failed, error.to_string(), ""))
    };
    Ok(vec![
        parse("fs:read:/agentdojo")?,
        parse("fs:write:/agentdojo")?,
    ])
}

/// The tools of one task.
pub struct Desk {
    spec: DeviceSpec,
    /// The recorded calls that were not made yet.
    left: Mutex<Vec<Done>>,
    /// What was changed, in its order.
    changed: Mutex<Vec<Call>>,
    /// What stands where an injection can stand.
    injected: String,
}

impl Desk {
    /// The tools of `task`, with `injected` in what its calls read. A model is shown some of
    /// them where it is `asked`: those of the solution among them.
    pub fn new(
        task: &Task,
        tools: &[Tool],
        injected: &str,
        asked: bool,
    ) -> Result<Self, ToolError> {
        let needs = needs()?;
        let solves = |tool: &Tool| {
            let mut calls = task.ground_truth.iter();
            calls.any(|done| done.call.function == tool.name)
        };
        let of_suite = || tools.iter().filter(|tool| tool.suite == task.suite);
        let mut others = SHOWN.saturating_sub(of_suite().filter(|tool| solves(tool)).count());
        let functions = of_suite();
        let functions = functions.map(|tool| {
            let effect = match writes(&tool.name) {
                true => Effect::Write,
                false => Effect::Read,
            };
            FunctionSpec {
                needs: match (effect, CLOSED.contains(&tool.name.as_str())) {
                    (_, true) => Vec::new(),
                    (Effect::Read, _) => needs[..1].to_vec(),
                    (Effect::Write, _) => needs[1..].to_vec(),
                },
                // All may be called, however many there are.
                offered: asked && (solves(tool) || take_one(&mut others)),
                ..FunctionSpec::new(
                    &tool.name,
                    &tool.description,
                    tool.parameters.clone(),
                    json!({}),
                    effect,
                )
            }
        });
        Ok(Self {
            spec: DeviceSpec {
                name: task.suite.clone(),
                description: "The tools of a suite.".into(),
                origin: "agentdojo".into(),
                functions: functions.collect(),
                requests: needs,
                vouched: true,
                ..DeviceSpec::default()
            },
            left: Mutex::new(task.ground_truth.clone()),
            changed: Mutex::default(),
            injected: injected.to_owned(),
        })
    }

    /// What was changed, in its order.
    pub fn changed(&self) -> Vec<Call> {
        self.changed.lock().clone()
    }

    fn result(&self, call: &Call) -> Value {
        let mut left = self.left.lock();
        let found = left.iter().position(|done| done.call == *call);
        match found {
            Some(at) => with_injection(&left.remove(at).result, &self.injected),
            None if writes(&call.function) => json!({"done": true}),
            None => json!([]),
        }
    }
}

impl Device for Desk {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, function: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let call = Call {
            function: function.to_owned(),
            args: args.clone(),
        };
        let result = self.result(&call);
        if writes(function) {
            self.changed.lock().push(call);
        }
        Ok(result)
    }
}

/// `value` with `injected` in each place that strangers can write to.
pub fn with_injection(value: &Value, injected: &str) -> Value {
    match value {
        Value::String(text) => {
            let mut parts = text.split("CANARY_");
            let mut whole = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (_, rest) = part.split_once("_END").unwrap_or_default();
                whole.push_str(injected);
                whole.push_str(rest);
            }
            whole.into()
        }
        Value::Array(list) => list
            .iter()
            .map(|member| with_injection(member, injected))
            .collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields =
                fields.map(|(name, value)| (name.clone(), with_injection(value, injected)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}
