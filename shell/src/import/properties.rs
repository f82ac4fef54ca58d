//! The properties of a note in the words that its user wrote.
//!
//! A tag `no` is a word, and so is a version `1.10`, whatever YAML makes of them: a value that is
//! read as a boolean or a number keeps the letters that stand in the file.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_saphyr::Spanned;
use toml::de::{DeTable, DeValue};

use crate::session::agent::front_matter::{of_yaml, repaired};

/// The properties that `text` says in YAML, or nearly; every value but a list, an object and
/// null is a string.
pub fn yaml(text: &str) -> Option<Value> {
    let read = |yaml: &str| {
        let node = of_yaml::<Node>(yaml).ok()?;
        Some(plain(node, &|_| None, yaml))
    };
    read(text).or_else(|| read(&repaired(text)))
}

/// The properties that `text` says in TOML; every value but a list and an object is a string.
pub fn toml(text: &str) -> Option<Value> {
    let table = DeTable::parse(text).ok()?;
    Some(object(table.get_ref(), text))
}

/// A table that stands in `toml`.
fn object(table: &DeTable<'_>, toml: &str) -> Value {
    let fields = table.iter();
    let fields = fields.map(|(key, value)| (key.get_ref().to_string(), written(value, toml)));
    Value::Object(fields.collect())
}

/// A value in the letters that stand in `toml`, a string as it is read.
fn written(value: &toml::Spanned<DeValue<'_>>, toml: &str) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Array(values) => values.iter().map(|value| written(value, toml)).collect(),
        DeValue::Table(table) => object(table, toml),
        _ => Value::from(toml.get(value.span()).unwrap_or_default().trim()),
    }
}

/// A value of YAML as it is read, and where its parts stand.
#[derive(Debug)]
enum Node {
    Nothing,
    /// What is no string to YAML.
    Typed(Value),
    Text(String),
    List(Vec<Spanned<Node>>),
    Fields(Vec<(String, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Typed(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Typed(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Typed(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Typed(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(Node::Fields(fields))
    }
}

/// A value with its strings as they are read, and whatever else in the letters that `letters`
/// finds for it in `yaml`.
fn plain(node: Node, letters: &dyn Fn(&Value) -> Option<String>, yaml: &str) -> Value {
    let below = |part: Spanned<Node>| {
        let span = part.defined.span();
        let place = span.byte_offset().zip(span.byte_len());
        let letters = |value: &Value| as_typed(yaml, place?, value);
        plain(part.value, &letters, yaml)
    };
    match node {
        Node::Nothing => Value::Null,
        Node::Text(text) => text.into(),
        Node::Typed(value) => {
            let text = letters(&value);
            text.unwrap_or_else(|| value.to_string()).into()
        }
        Node::List(list) => list.into_iter().map(below).collect(),
        Node::Fields(fields) => {
            let fields = fields.into_iter().map(|(key, part)| (key, below(part)));
            Value::Object(fields.collect())
        }
    }
}

/// What stands in `yaml` at this place, counted in bytes, with its length, if that is `value`
/// and nothing beside it.
fn as_typed(yaml: &str, (start, len): (u64, u64), value: &Value) -> Option<String> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    let text = yaml.get(start..end)?.trim();
    let is_bare = !text.contains(char::is_whitespace) && !text.starts_with(['!', '&', '*']);
    let is_it = is_bare && of_yaml::<Value>(text).is_ok_and(|again| again == *value);
    is_it.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_yaml_stay_as_they_are_written() {
        let check = |text: &str, expected: Value| assert_eq!(yaml(text), Some(expected), "{text}");
        check(
            "tags: [y, no, on, Off, 0x1F, 0o17, 012, 1_000, 1e3, 1.10, .5, true, 2024-01-01, 1:30]",
            json!({"tags": [
                "y", "no", "on", "Off", "0x1F", "0o17", "012", "1_000", "1e3", "1.10", ".5", "true",
                "2024-01-01", "1:30",
            ]}),
        );
        check(
            "title: No\nid: 0x1F\nwool: 'no'\nnothing:\nbig: 123456789012345678901\n",
            json!({
                "title": "No", "id": "0x1F", "wool": "no", "nothing": null,
                "big": "123456789012345678901",
            }),
        );
        check(
            "aliases:\n  - yes # he says\n  - &a 1.0\n  - *a\nof: {é: [no], deep: {on: off}}",
            json!({"aliases": ["yes", "1.0", "1.0"], "of": {"é": ["no"], "deep": {"on": "off"}}}),
        );
        // Nearly YAML: the letters are those of the repaired text.
        check(
            "title: Wool: a story\nversion: 1.10",
            json!({"title": "Wool: a story", "version": "1.10"}),
        );
        assert_eq!(yaml(": [broken"), None);
    }

    #[test]
    fn values_of_toml_stay_as_they_are_written() {
        let check = |text: &str, expected: Value| assert_eq!(toml(text), Some(expected), "{text}");
        check(
            "day = 2024-01-01\nat = [07:30:00, 2024-01-01T07:30:00Z]\n[a]\nb = 1.10\nc = 0x1F # x\n",
            json!({
                "day": "2024-01-01",
                "at": ["07:30:00", "2024-01-01T07:30:00Z"],
                "a": {"b": "1.10", "c": "0x1F"},
            }),
        );
        check(
            "title = 'no'\ndraft = true\nof = {a = 1_000}\n[[x]]\ny = \"\"\"é\"\"\"\n",
            json!({"title": "no", "draft": "true", "of": {"a": "1_000"}, "x": [{"y": "é"}]}),
        );
        assert_eq!(toml("a = "), None);
    }
}
