//! The last thing before anything is printed or logged: no secret of this root is in it.

use std::borrow::Cow;
use std::sync::OnceLock;

use quipu_tools::LeakScan;
use serde_json::Value;

static KEPT_OUT: OnceLock<LeakScan> = OnceLock::new();

/// Keeps the secrets that `leaks` looks for out of everything from now on. The first counts: a
/// program has one root.
pub fn keep_out(leaks: &LeakScan) {
    let _ = KEPT_OUT.set(leaks.clone());
}

/// `text` without secrets.
pub fn text(text: &str) -> Cow<'_, str> {
    match KEPT_OUT.get() {
        Some(leaks) => leaks.redacted(text),
        None => Cow::Borrowed(text),
    }
}

/// `value` without secrets.
pub fn value(value: Value) -> Value {
    let clean = KEPT_OUT
        .get()
        .and_then(|leaks| leaks.redacted_value(&value));
    clean.unwrap_or(value)
}

/// Whether anything is kept out.
pub fn are_known() -> bool {
    KEPT_OUT.get().is_some_and(|leaks| !leaks.is_empty())
}
