//! Calls as models were trained to write them: where nothing holds a model to the form of here it
//! falls back on that, and some servers read calls out of what it writes.

use serde_json::{Value, json};

/// What the name of the function stands under.
const NAMES: [&str; 2] = ["name", "tool"];
/// What its arguments stand under.
const ARGUMENTS: [&str; 4] = ["arguments", "parameters", "args", "input"];
/// What stands beside them and says nothing.
const BESIDE: [&str; 2] = ["id", "type"];

/// `action` in the form of here where it is a call of a function that `is_known`; as it is where it
/// is something else.
pub(super) fn as_meant(action: Value, is_known: impl Fn(&str) -> bool) -> Value {
    call(&action, is_known).unwrap_or(action)
}

fn call(action: &Value, is_known: impl Fn(&str) -> bool) -> Option<Value> {
    let fields = action.as_object()?;
    let inner = fields.get("function").and_then(Value::as_object);
    let fields = inner.unwrap_or(fields);
    let name = NAMES.iter().find_map(|key| fields.get(*key)?.as_str())?;
    if !is_known(name) {
        return None;
    }
    let args = ARGUMENTS.iter().find_map(|key| fields.get(*key))?;
    let args = match args {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let says_more = fields.keys().any(|key| {
        let known = [&NAMES[..], &ARGUMENTS[..], &BESIDE[..]].concat();
        !known.contains(&key.as_str())
    });
    let is_call = args.is_object() && !says_more;
    is_call.then(|| json!({"tool": name, "args": args}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_one_however_a_model_writes_it() {
        let check = |action: Value, changes: bool| {
            let want = match changes {
                true => json!({"tool": "add", "args": {"a": 1}}),
                false => action.clone(),
            };
            assert_eq!(as_meant(action, |name| name == "add"), want);
        };
        let args = json!({"a": 1});
        for call in [
            json!({"name": "add", "arguments": args}),
            json!({"name": "add", "arguments": args.to_string()}),
            json!({"name": "add", "parameters": args}),
            json!({"type": "tool_use", "id": "c", "name": "add", "input": args}),
            json!({"type": "function", "function": {"name": "add", "arguments": args}}),
            json!({"tool": "add", "args": args.to_string()}),
            json!({"tool": "add", "args": args}),
        ] {
            check(call, true);
        }
        for other in [
            json!({"name": "sub", "arguments": args}),
            json!({"name": "add", "arguments": "a = 1"}),
            json!({"name": "add", "arguments": [1]}),
            json!({"name": "add"}),
            json!({"name": "add", "arguments": args, "answer": "3"}),
            json!({"answer": "3"}),
            json!("add"),
        ] {
            check(other, false);
        }
    }
}
