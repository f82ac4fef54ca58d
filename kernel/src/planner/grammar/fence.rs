//! What stands in the fences of a text: a program, or calls.

use serde_json::{Value, json};

/// What a program has that tells its result.
const PRINTS: &str = "print(";

/// Whether a program prints something.
pub(super) fn prints(code: &str) -> bool {
    code.contains(PRINTS)
}

/// Whether something comes out of a program: it prints, or it ends in an expression or an
/// assignment, whose value is told.
pub(super) fn tells_a_result(code: &str) -> bool {
    const STATEMENTS: [&str; 12] = [
        "def", "class", "import", "from", "if", "else:", "for", "while", "with", "try:", "return",
        "pass",
    ];
    let last = code.lines().rfind(|line| !line.trim().is_empty());
    let ends = last.is_some_and(|line| {
        let first = line.split_whitespace().next().unwrap_or_default();
        let bare = !line.starts_with([' ', '\t', '#', '@', ')', ']', '}']);
        bare && !STATEMENTS.contains(&first)
    });
    ends || prints(code)
}

/// The program in a fence; the fence may not have been closed.
pub(super) fn without_fence(text: &str) -> &str {
    let text = text.strip_prefix("```").unwrap_or(text);
    let program = text.split_once('\n').map_or("", |(_, program)| program);
    let program = program.trim_end_matches('\n');
    program.strip_suffix("\n```").unwrap_or(program)
}

/// The calls of an action in the last fence of `answer` that has any, as text and as a list.
pub(super) fn fenced_calls(answer: &str) -> Option<(&str, Value)> {
    let fences = answer.split("```").skip(1).step_by(2);
    // Behind the name of the language, if there is one.
    let actions = fences.map(|fenced| fenced.trim_start_matches(char::is_alphanumeric).trim());
    actions
        .filter_map(|action| Some((action, calls_of(action)?)))
        .last()
}

/// The calls of the action `text`, if it is one. Other JSON that has a list of calls is
/// somebody's own.
pub(super) fn calls_of(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let calls = value
        .as_object()
        .filter(|map| map.len() == 1)?
        .get("calls")?;
    let is_call = |call: &Value| call.get("tool").is_some_and(Value::is_string);
    let calls = calls.as_array().filter(|calls| !calls.is_empty())?;
    calls.iter().all(is_call).then(|| json!(calls))
}
