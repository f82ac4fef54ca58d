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
