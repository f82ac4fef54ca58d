//! A schema as the engine can hold a model to it.
//!
//! The engine knows a part of JSON Schema. What it does not know is left out here and named;
//! an action is checked by the whole schema afterwards, and one that does not satisfy it is
//! written again. What comes out admits each value that a model should write, and as few
//! others as can be.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::values::{any_of, texts};
use quipu_cpu::grammar as engine;

/// Formats that the engine knows.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "time",
    "uri",
    "uuid",
];
/// Formats that only the check after the writing knows.
const FORMATS_CHECKED: &[&str] = &[
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "uri-reference",
    "uri-template",
];
/// Schema keywords that only the check after the writing knows.
const CHECKED: &[&str] = &[
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "if",
    "not",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Schema keywords that are passed on as they are.
const KEPT: &[&str] = &[
    "$ref",
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "multipleOf",
    "required",
    "type",
];
/// Schema keywords that bound a number.
const BOUNDS: &[&str] = &["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"];
/// Integers above this have no bounds in the engine.
const BOUND_MAX: f64 = 1e17;
/// The most items that the engine counts.
const ITEMS_MAX: u64 = 1000;
/// The most values of an enumeration that are spelled out one by one. A longer one becomes a
/// pattern, in which shared beginnings stand once.
const VALUES_MAX: usize = 64;

/// The only keywords of a form that stands for one value.
const DESCRIBES: &[&str] = &[
    "const",
    "default",
    "deprecated",
    "description",
    "enum",
    "examples",
    "title",
    "type",
];

/// A schema in the keywords of the engine, and what it leaves unchecked.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The schema, in words that the engine knows.
    pub schema: Value,
    /// Keywords of the original that only the check after the writing knows.
    pub checked: BTreeSet<String>,
    /// Whether it has forms of which exactly one may be satisfied.
    forms: bool,
}

/// The normal form `schema`, in the keywords of the engine.
pub fn held(schema: &Value) -> Held {
    let mut spelling = Spelling::default();
    let schema = spelling.schema(schema);
    Held {
        schema,
        checked: spelling.checked,
        forms: spelling.forms,
    }
}

/// `schema` in a form that the engine certainly compiles. Keywords that the engine refuses are
/// left out, the least important first.
///
/// # Errors
/// The engine's message if it refuses even the bare types: then no value satisfies the schema.
pub fn certainly_held(schema: &Value) -> Result<Held, String> {
    let mut held = held(schema);
    let Err(first) = engine::compiles(&held.schema) else {
        if held.forms && !engine::tells_apart(&held.schema) {
            held.checked.insert("oneOf".to_owned());
        }
        return Ok(held);
    };
    if first.contains("nsatisfiable") {
        return Err(first);
    }
    for words in LOOSENED {
        held.schema = without(&held.schema, words, &mut held.checked);
        if engine::compiles(&held.schema).is_ok() {
            return Ok(held);
        }
    }
    Err(first)
}

/// Groups of keywords to leave out of a schema that the engine refuses, in this order.
const LOOSENED: &[&[&str]] = &[
    &["pattern", "multipleOf"],
    &["minProperties", "maxProperties", "patternProperties"],
    &["format", "minItems", "maxItems", "minLength", "maxLength"],
    &[
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maximum",
        "minimum",
        "allOf",
        "oneOf",
    ],
];

fn without(schema: &Value, words: &[&str], left: &mut BTreeSet<String>) -> Value {
    let Value::Object(map) = schema else {
        return schema.clone();
    };
    let patterns = words.contains(&"patternProperties") && map.contains_key("patternProperties");
    let mut out = Map::new();
    for (key, value) in map {
        match (key.as_str(), value) {
            (key, _) if words.contains(&key) => _ = left.insert(key.to_owned()),
            ("additionalProperties", _) if patterns => {}
            ("properties" | "$defs" | "patternProperties", Value::Object(named)) => {
                let mut all = Map::new();
                for (name, schema) in named {
                    all.insert(name.clone(), without(schema, words, left));
                }
                out.insert(key.clone(), all.into());
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                let list = list.iter().map(|schema| without(schema, words, left));
                out.insert(key.clone(), list.collect());
            }
            ("items" | "additionalProperties", schema) => {
                out.insert(key.clone(), without(schema, words, left));
            }
            _ => _ = out.insert(key.clone(), value.clone()),
        }
    }
    out.into()
}

#[derive(Default)]
struct Spelling {
    checked: BTreeSet<String>,
    forms: bool,
}

impl Spelling {
    fn schema(&mut self, schema: &Value) -> Value {
        let Value::Object(map) = schema else {
            return schema.clone();
        };
        let listed = listed(map);
        let map = listed.as_ref().unwrap_or(map);
        let mut out = Map::new();
        for (key, value) in map {
            if let Some(value) = self.word(key, value, map) {
                out.insert(key.clone(), value);
            }
        }
        named_alone(&mut out, map);
        if let Some((texts, others)) = many(map) {
            let all: Vec<&str> = texts.into_iter().collect();
            let pattern = format!("^(?:{})$", any_of(&all));
            if others.is_empty() {
                out.insert("type".into(), json!("string"));
                out.insert("pattern".into(), pattern.into());
            } else {
                out.shift_remove("type");
                let text = json!({"type": "string", "pattern": pattern});
                out.insert("anyOf".into(), json!([text, {"enum": others}]));
            }
        }
        typed(&mut out);
        out.into()
    }

    /// The keyword `key` for the engine; `None` where it is left out.
    fn word(&mut self, key: &str, value: &Value, map: &Map<String, Value>) -> Option<Value> {
        self.forms |= key == "oneOf";
        let checked = |this: &mut Self| {
            this.checked.insert(key.to_owned());
            None
        };
        match (key, value) {
            ("properties" | "$defs", Value::Object(named)) => Some(self.named(named)),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                Some(list.iter().map(|schema| self.schema(schema)).collect())
            }
            ("items", schema) => Some(self.schema(schema)),
            ("additionalProperties", schema) => Some(self.schema(schema)),
            ("patternProperties", Value::Object(named)) => Some(self.named(named)),
            ("pattern", Value::String(pattern)) => match understood(pattern) {
                true => Some(value.clone()),
                false => checked(self),
            },
            ("format", Value::String(format)) => {
                let stands = |list: &[&str]| list.contains(&format.as_str());
                if stands(FORMATS_CHECKED) {
                    self.checked.insert(format!("format {format:?}"));
                }
                stands(FORMATS).then(|| value.clone())
            }
            ("enum", _) if many(map).is_some() => None,
            ("minItems" | "maxItems" | "minProperties" | "maxProperties", _) => {
                match value.as_u64().is_some_and(|n| n <= ITEMS_MAX) {
                    true => Some(value.clone()),
                    false => checked(self),
                }
            }
            ("uniqueItems", Value::Bool(true)) => checked(self),
            // Written with the other properties.
            ("propertyNames", names) if names_alone(names, map) => None,
            (key, _) if BOUNDS.contains(&key) => {
                let small = value.as_f64().is_some_and(|bound| bound.abs() <= BOUND_MAX);
                small.then(|| value.clone())
            }
            (key, _) if CHECKED.contains(&key) => checked(self),
            (key, _) if KEPT.contains(&key) => Some(value.clone()),
            _ => None,
        }
    }

    fn named(&mut self, named: &Map<String, Value>) -> Value {
        let named = named.iter();
        let named: Map<String, Value> = named
            .map(|(name, schema)| (name.clone(), self.schema(schema)))
            .collect();
        named.into()
    }
}

/// The texts of a long enumeration, sorted, and its other values.
fn many(map: &Map<String, Value>) -> Option<(BTreeSet<&str>, Vec<&Value>)> {
    let (texts, others): (Vec<&Value>, Vec<&Value>) = map
        .get("enum")?
        .as_array()?
        .iter()
        .partition(|value| value.is_string());
    let texts: BTreeSet<&str> = texts.into_iter().filter_map(Value::as_str).collect();
    let apart = others.is_empty() || !map.contains_key("anyOf");
    (texts.len() > VALUES_MAX && apart).then_some((texts, others))
}

/// `map` with an enumeration in place of forms that stand for one value each. A long enumeration
/// is written so where each value has a description.
fn listed(map: &Map<String, Value>) -> Option<Map<String, Value>> {
    if map.contains_key("enum") || map.contains_key("const") {
        return None;
    }
    let key = ["anyOf", "oneOf"]
        .into_iter()
        .find(|key| map.contains_key(*key))?;
    let mut values = Vec::new();
    for form in map[key].as_array()? {
        let form = form.as_object()?;
        let described = form.keys().all(|key| DESCRIBES.contains(&key.as_str()));
        match (form.get("const"), form.get("enum")) {
            _ if !described => return None,
            (Some(value), None) => values.push(value.clone()),
            (None, Some(several)) => values.extend(several.as_array()?.iter().cloned()),
            (None, None) if form.get("type") == Some(&json!("null")) => values.push(Value::Null),
            _ => return None,
        }
    }
    if values.len() <= VALUES_MAX {
        return None;
    }
    let mut map = map.clone();
    map.shift_remove(key);
    map.insert("enum".into(), values.into());
    Some(map)
}

/// Names of properties that have to match a pattern or a list, in the keywords of the engine.
fn named_alone(out: &mut Map<String, Value>, map: &Map<String, Value>) {
    let Some(names) = map
        .get("propertyNames")
        .filter(|names| names_alone(names, map))
    else {
        return;
    };
    let value = out.shift_remove("additionalProperties");
    let value = value.unwrap_or_else(|| json!(true));
    out.insert("additionalProperties".into(), json!(false));
    if let Some(pattern) = names.get("pattern") {
        out.insert("patternProperties".into(), json!({ text(pattern): value }));
    } else {
        let names = texts(&names["enum"]).unwrap_or_default().into_iter();
        let named: Map<String, Value> = names.map(|name| (name.into(), value.clone())).collect();
        out.insert("properties".into(), named.into());
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whether `propertyNames` is a pattern or a list, and nothing else names properties.
fn names_alone(names: &Value, map: &Map<String, Value>) -> bool {
    let Some(names) = names.as_object() else {
        return false;
    };
    let only = |key: &str| names.keys().all(|name| name == key || name == "type");
    let pattern = names.get("pattern").and_then(Value::as_str);
    let listed = names.get("enum").and_then(texts);
    let plain =
        pattern.is_some_and(understood) && only("pattern") || listed.is_some() && only("enum");
    plain && !map.contains_key("properties") && !map.contains_key("patternProperties")
}

/// Adds the type that is meant where a keyword of only one type stands: otherwise the engine
/// would spell out all other types too.
fn typed(out: &mut Map<String, Value>) {
    let has = |keys: &[&str]| keys.iter().any(|key| out.contains_key(*key));
    let forms = has(&["anyOf", "oneOf", "allOf"]) && !has(&["properties"]);
    if forms || has(&["type", "enum", "const", "$ref"]) {
        return;
    }
    let name = match () {
        () if has(&[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
        ]) =>
        {
            "object"
        }
        () if has(&["items", "prefixItems", "minItems", "maxItems"]) => "array",
        () if has(&["pattern", "format", "minLength", "maxLength"]) => "string",
        () if has(BOUNDS) || has(&["multipleOf"]) => "number",
        () => return,
    };
    out.insert("type".into(), json!(name));
}

/// Whether the engine knows every part of `pattern`; for example, it cannot look ahead.
fn understood(pattern: &str) -> bool {
    engine::compiles(&json!({"type": "string", "pattern": pattern})).is_ok()
}

#[cfg(test)]
mod tests;
