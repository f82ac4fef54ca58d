//! Programs in a fence, and calls, found among the words of a text.

use serde::de::IgnoredAny;
use serde_json::Value;

/// The beginning of a Python call that prints a result.
const PRINTS: &str = "print(";

/// Whether a program prints something.
pub(super) fn prints(code: &str) -> bool {
    code.contains(PRINTS)
}

/// Whether a program tells a result: it prints, or it ends in an expression or an assignment,
/// whose value is told.
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

/// The calls of the last action in `answer`, in a fence or not, as text and as a list.
pub(super) fn written_calls(answer: &str) -> Option<(&str, Value)> {
    let begins = |rest: &str| rest[1..].trim_start().starts_with("\"calls\"");
    let objects = answer.rmatch_indices('{').map(|(at, _)| &answer[at..]);
    objects.filter(|rest| begins(rest)).find_map(|rest| {
        let mut whole = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        whole.next()?.ok()?;
        let action = &rest[..whole.byte_offset()];
        Some((action, calls_of(action)?))
    })
}

/// The calls of the action `text`, if it is one. Other JSON may have a list of calls too, with a
/// meaning of its own.
pub(super) fn calls_of(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let calls = value
        .as_object()
        .filter(|map| map.len() == 1)?
        .get("calls")?;
    let is_call = |call: &Value| call.get("tool").is_some_and(Value::is_string);
    let calls = calls.as_array().filter(|calls| !calls.is_empty())?;
    calls.iter().all(is_call).then(|| calls.clone().into())
}
