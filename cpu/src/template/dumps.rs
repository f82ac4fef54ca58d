//! JSON as chat templates expect it: in the form in which Python writes it.

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, Value};

use super::bounded::{VALUE_BYTES_MAX, within_bytes};
use super::sizes::within;

/// As Python's `json.dumps` writes it: with spaces, and without escapes for HTML.
pub(super) fn tojson(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let broken = |error: serde_json::Error| {
        Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(error)
    };
    let indent: Option<usize> = options.get("indent")?;
    let indent = indent.map(within).transpose()?;
    let sorted: Option<bool> = options.get("sort_keys")?;
    let ascii: Option<bool> = options.get("ensure_ascii")?;
    let separators: Option<Vec<String>> = options.get("separators")?;
    options.assert_all_used()?;
    let value = serde_json::to_value(value).map_err(broken)?;
    let item = if indent.is_some() { "," } else { ", " };
    let (item, key) = match separators.as_deref() {
        Some([item, key]) => (item.as_str(), key.as_str()),
        _ => (item, ": "),
    };
    let dumps = Dumps {
        indent,
        sorted: sorted.unwrap_or(false),
        ascii: ascii.unwrap_or(false),
        item,
        key,
    };
    let mut text = String::new();
    dumps.value(&value, 0, &mut text);
    within_bytes(text.len())?;
    Ok(Value::from_safe_string(text))
}

/// How JSON is written.
struct Dumps<'a> {
    indent: Option<usize>,
    sorted: bool,
    ascii: bool,
    item: &'a str,
    key: &'a str,
}

impl Dumps<'_> {
    fn value(&self, value: &serde_json::Value, depth: usize, into: &mut String) {
        match value {
            serde_json::Value::Array(items) => {
                let write = |item: &serde_json::Value, into: &mut String| {
                    self.value(item, depth + 1, into);
                };
                self.several(items.iter(), ('[', ']'), depth, write, into);
            }
            serde_json::Value::Object(map) => {
                let mut entries: Vec<(&String, &serde_json::Value)> = map.iter().collect();
                if self.sorted {
                    entries.sort_by_key(|(name, _)| *name);
                }
                let write = |(name, value): (&String, &serde_json::Value), into: &mut String| {
                    self.text(name, into);
                    into.push_str(self.key);
                    self.value(value, depth + 1, into);
                };
                self.several(entries.into_iter(), ('{', '}'), depth, write, into);
            }
            serde_json::Value::String(text) => self.text(text, into),
            serde_json::Value::Number(given) => into.push_str(&number(given)),
            other => into.push_str(&other.to_string()),
        }
    }

    fn several<T>(
        &self,
        items: impl ExactSizeIterator<Item = T>,
        (open, close): (char, char),
        depth: usize,
        mut write: impl FnMut(T, &mut String),
        into: &mut String,
    ) {
        let empty = items.len() == 0;
        into.push(open);
        for (i, item) in items.enumerate() {
            // Who asked is told that it is too long.
            if into.len() > VALUE_BYTES_MAX {
                return;
            }
            if i > 0 {
                into.push_str(self.item);
            }
            self.line(depth + 1, into);
            write(item, into);
        }
        if !empty {
            self.line(depth, into);
        }
        into.push(close);
    }

    fn line(&self, depth: usize, into: &mut String) {
        if let Some(indent) = self.indent {
            into.push('\n');
            into.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn text(&self, text: &str, into: &mut String) {
        let quoted = serde_json::Value::from(text).to_string();
        if !self.ascii {
            return into.push_str(&quoted);
        }
        for unit in quoted.encode_utf16() {
            match u8::try_from(unit).ok().filter(u8::is_ascii) {
                Some(letter) => into.push(letter.into()),
                None => into.push_str(&format!("\\u{unit:04x}")),
            }
        }
    }
}

/// A number as Python writes it: one below 1e-4 or from 1e16 on has an exponent, which has a
/// sign and two digits at least.
fn number(given: &serde_json::Number) -> String {
    let Some(float) = given.as_f64().filter(|_| given.is_f64()) else {
        return given.to_string();
    };
    let short = format!("{float:e}");
    let (digits, exponent) = short.split_once('e').unwrap_or((short.as_str(), "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        -4..16 => format!("{float:?}"),
        _ if exponent < 0 => format!("{digits}e-{:02}", -exponent),
        _ => format!("{digits}e+{exponent:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let given = serde_json::from_str::<serde_json::Number>(text);
        let written = given.map(|given| number(&given)).ok();
        assert_eq!(written.as_deref(), Some(want), "{text}");
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        check("7", "7");
        check("-12345678901234567", "-12345678901234567");
        check("1.0", "1.0");
        check("-0.5", "-0.5");
        check("0.0", "0.0");
        check("0.0001", "0.0001");
        check("0.00001", "1e-05");
        check("-2.5e-7", "-2.5e-07");
        check("1e15", "1000000000000000.0");
        check("1e16", "1e+16");
        check("1e100", "1e+100");
    }
}
