//! Common to commands about several files: a file that fails does not stop the others.

use std::path::{Path, PathBuf};

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

/// The error of the first of `files` that is not there or is of another kind, by `check`; else
/// that something is `missing` on this machine. Whoever fetched that first would be no further.
pub fn wrong(
    files: &[PathBuf],
    check: impl Fn(&Path) -> Result<()>,
    missing: anyhow::Error,
) -> anyhow::Error {
    let mut named = files.iter().filter(|path| path.as_os_str() != "-");
    named.find_map(|path| check(path).err()).unwrap_or(missing)
}

/// Says why the file `name` failed, and gives the same as JSON.
pub fn failed(name: &str, error: &anyhow::Error) -> Value {
    let (message, hint) = (error::told(error), error::hint(error));
    match message.contains(name) {
        true => say!("error: {message}"),
        false => say!("error: {name}: {message}"),
    }
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
