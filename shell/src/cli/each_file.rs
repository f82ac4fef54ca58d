//! Common to commands about several files: a file that fails does not stop the others.

use anyhow::Result;
use serde_json::{Value, json};

use crate::terminal::{error, output};

/// Says that the file `name` comes next, the one after `before` of `count`; nothing where it is
/// the only one.
pub fn begin(name: &str, before: usize, count: usize) {
    if count > 1 {
        say!("{} ({} of {count})", output::visible(name), before + 1);
    }
}

/// Says why the file `name` failed, and gives the same as JSON.
pub fn failed(name: &str, error: &anyhow::Error) -> Value {
    let (message, hint) = (format!("{error:#}"), error::hint(error));
    let shown = (output::visible(name), output::visible(&message));
    say!("error: {}: {}", shown.0, shown.1);
    if !hint.is_empty() {
        say!("hint: {}", output::visible(&hint));
    }
    json!({"file": name, "error": {"message": message, "hint": hint}})
}

/// Prints the `values` of all files as JSON; of one file its own, of several a list.
pub fn print(values: &[Value]) -> Result<()> {
    match values {
        [one] => output::json(one),
        all => output::json(&all),
    }
}
