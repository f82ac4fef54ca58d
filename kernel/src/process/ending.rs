//! Why the loop of a process stops, and its answer as text.

use serde_json::Value;

use super::Failure;
use super::limits::Limit;
use super::signal::Signal;

/// A value such as an answer as text: a text as it is, anything else as JSON.
///
/// ```
/// use quipu_kernel::process::text_of;
/// use serde_json::json;
///
/// assert_eq!(text_of(&json!("seven knots")), "seven knots");
/// assert_eq!(text_of(&json!({"knots": 7})), r#"{"knots":7}"#);
/// ```
pub fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Why a process stops. Travels as an error through the loop, so that every way
/// out ends in the same place.
#[derive(Debug)]
pub(crate) enum Ending {
    Answer(Value),
    Limit(Limit),
    Denied(String),
    Signal(Signal),
    Failed(Failure),
}
