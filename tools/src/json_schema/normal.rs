//! From any draft to the normal form.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::cycles::endless;
use super::draft3;
use super::merge::{is_remark, merged, only_remarks};
use super::nonstandard;
use super::pattern::{self, of_any_script};
use super::references::{Draft, References, escaped};
use super::{DEFINITION, validator};

/// How deep a schema may be nested.
const DEPTH_MAX: usize = 200;
/// Schemas within a schema, those referred to counted once.
const PARTS_MAX: usize = 50_000;

/// Keywords whose value is a schema.
const SCHEMAS: &[&str] = &[
    "additionalProperties",
    "contains",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value has a schema for each of several names.
const NAMED: &[&str] = &["properties", "dependentSchemas"];
/// Keywords that a schema which stands for itself no longer needs.
const GONE: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$id",
    "$recursiveAnchor",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "definitions",
    "nullable",
];
/// Keywords whose value counts something: `3.0` is 3.
const COUNTS: &[&str] = &[
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
];

/// `schema`, by the draft that it names, in the normal form of [`crate::json_schema`].
///
/// Forms of older drafts count in all, as most writers name none.
///
/// # Errors
/// What is wrong with the schema, or which reference leads nowhere.
pub fn normal(schema: &Value) -> Result<Value, String> {
    normalized(schema, false)
}

/// The same for what a server takes, which has the last word on it: patterns are read as widely as
/// it may read them, and words that cannot be read as it may have meant them.
///
/// # Errors
/// As [`normal`].
pub(crate) fn normal_of_server(schema: &Value) -> Result<Value, String> {
    normalized(schema, true)
}

fn normalized(schema: &Value, of_server: bool) -> Result<Value, String> {
    let mut normalizer = Normalizer {
        references: References::of(schema),
        names: HashMap::new(),
        definitions: Map::new(),
        parts: 0,
        of_server,
    };
    let mut whole = normalizer.schema(schema, "", 0)?;
    let definitions = normalizer.definitions;
    if let Some(name) = endless(&definitions) {
        return Err(format!(
            "the definition {name} refers to itself without an end"
        ));
    }
    if !definitions.is_empty() {
        if let Some(reference) = whole.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix(DEFINITION).unwrap_or_default();
            whole = spelled_out(&whole, definitions.get(name));
        }
        if let Some(map) = whole.as_object_mut() {
            map.insert("$defs".into(), definitions.into());
        }
    }
    if let Some(map) = whole.as_object_mut().filter(|_| of_server) {
        describe_required(map);
    }
    validator(&whole)?;
    Ok(whole)
}

/// Lists what is required of an object and described nowhere among its properties: whoever is
/// shown them has to know of it.
fn describe_required(map: &mut Map<String, Value>) {
    let elsewhere = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties"];
    if elsewhere.iter().any(|key| map.contains_key(*key)) {
        return;
    }
    let others = match map.get("additionalProperties") {
        Some(others @ Value::Object(_)) => others.clone(),
        _ => json!({}),
    };
    let required = map.get("required").and_then(Value::as_array).cloned();
    let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for name in required.iter().flatten().filter_map(Value::as_str) {
        properties.entry(name).or_insert_with(|| others.clone());
    }
}

/// `referring` with what it refers to in its place, its own remarks kept.
fn spelled_out(referring: &Value, definition: Option<&Value>) -> Value {
    let mut own = referring.as_object().cloned().unwrap_or_default();
    own.shift_remove("$ref");
    let one = definition.and_then(|definition| merged(&own, definition));
    one.map_or_else(|| referring.clone(), Value::Object)
}

struct Normalizer<'a> {
    references: References<'a>,
    /// The names of definitions, by the pointer to them.
    names: HashMap<String, String>,
    /// The finished definitions. One under way is null.
    definitions: Map<String, Value>,
    parts: usize,
    /// Whether a server wrote the schema. A server checks its arguments itself.
    of_server: bool,
}

impl Normalizer<'_> {
    fn schema(&mut self, schema: &Value, at: &str, depth: usize) -> Result<Value, String> {
        self.parts += 1;
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return Err(format!(
                "it is too large: at most {PARTS_MAX} parts, {DEPTH_MAX} deep"
            ));
        }
        let map = match schema {
            Value::Bool(_) => return Ok(schema.clone()),
            Value::Object(map) => map,
            other if self.of_server => return Ok(nonstandard::schema(other).unwrap_or(json!(true))),
            other => return Err(format!("{}: {other} is not a schema", place(at))),
        };
        let draft = self.references.draft(at);
        let older = (draft == Draft::Four).then(|| draft3::rewritten(map));
        let older = older.flatten();
        let map = older.as_ref().unwrap_or(map);
        let mut out = Map::new();
        let mut reference = None;
        for (key, value) in map {
            let meant = match self.of_server {
                true => nonstandard::meant(key, value),
                false => Some(nonstandard::spelled(key, value)),
            };
            let Some(value) = meant.as_deref() else {
                continue;
            };
            match key.as_str() {
                "$ref" | "$dynamicRef" | "$recursiveRef" if value.is_string() => {
                    if self.leads(value, at) {
                        reference = Some(self.reference(value, at, depth)?);
                    }
                }
                "id" if draft == Draft::Four && value.is_string() => {}
                key if GONE.contains(&key) || says_nothing(key, value) => {}
                // Many write one where a list is meant.
                "examples" if !value.is_array() => {
                    out.insert("examples".into(), json!([value]));
                }
                key => self.word(&mut out, key, value, (map, at, depth))?,
            }
        }
        if let Some(reference) = reference {
            if draft < Draft::Later {
                out.retain(|key, _| is_remark(key));
            }
            self.refer(&mut out, reference);
        }
        self.join(&mut out);
        if map.get("nullable") == Some(&json!(true)) {
            out = or_null(out);
        }
        Ok(Value::Object(out))
    }

    /// Rewrites one keyword of a schema.
    fn word(
        &mut self,
        out: &mut Map<String, Value>,
        key: &str,
        value: &Value,
        (map, at, depth): (&Map<String, Value>, &str, usize),
    ) -> Result<(), String> {
        let inside = format!("{at}/{}", escaped(key));
        let value = match (key, value) {
            // A list of schemas was what `prefixItems` is now.
            ("items", Value::Array(_)) => {
                let first = self.list(value, &inside, depth)?;
                out.insert("prefixItems".into(), first);
                let Some(rest) = map.get("additionalItems") else {
                    return Ok(());
                };
                self.schema(rest, &format!("{at}/additionalItems"), depth + 1)?
            }
            ("items", _) => self.schema(value, &inside, depth + 1)?,
            ("dependencies", Value::Object(all)) => {
                return self.dependencies(out, all, &inside, depth);
            }
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(exclusive)) => {
                let bound = match key {
                    "exclusiveMinimum" => "minimum",
                    _ => "maximum",
                };
                if let Some(value) = map.get(bound).filter(|_| *exclusive) {
                    out.insert(key.into(), value.clone());
                }
                return Ok(());
            }
            // Draft 3, and a mistake since: its parent's list has it.
            ("required", Value::Bool(_)) => return Ok(()),
            ("type", Value::String(name)) if name == "any" => return Ok(()),
            ("pattern", Value::String(pattern)) => match self.pattern(pattern) {
                Some(pattern) => pattern.into(),
                None => return Ok(()),
            },
            ("patternProperties", Value::Object(all)) => {
                let mut named = Map::new();
                for (pattern, schema) in all {
                    let at = format!("{inside}/{}", escaped(pattern));
                    let schema = self.schema(schema, &at, depth + 1)?;
                    if let Some(pattern) = self.pattern(pattern) {
                        named.insert(pattern, schema);
                    }
                }
                named.into()
            }
            (key, _) if SCHEMAS.contains(&key) => self.schema(value, &inside, depth + 1)?,
            (key, Value::Array(_)) if LISTS.contains(&key) => self.list(value, &inside, depth)?,
            (key, Value::Object(all)) if NAMED.contains(&key) => {
                if key == "properties" {
                    needed(out, all, map);
                }
                self.named(all, &inside, depth)?
            }
            (key, Value::Number(number)) if COUNTS.contains(&key) => {
                let whole = number.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0);
                whole.map_or_else(|| value.clone(), |n| json!(n as u64))
            }
            _ => value.clone(),
        };
        // A value that was merged into it earlier stays.
        if key != "required" || !out.contains_key(key) {
            out.insert(key.to_owned(), value);
        }
        Ok(())
    }

    /// `pattern` as it can be checked. One of a server that cannot be is none.
    fn pattern(&self, pattern: &str) -> Option<String> {
        if !self.of_server {
            return Some(pattern::read(pattern).into_owned());
        }
        let pattern = of_any_script(&pattern::read(pattern));
        pattern::is_known(&pattern).then_some(pattern)
    }

    fn list(&mut self, value: &Value, at: &str, depth: usize) -> Result<Value, String> {
        let items = value.as_array().into_iter().flatten().enumerate();
        items
            .map(|(i, item)| self.schema(item, &format!("{at}/{i}"), depth + 1))
            .collect()
    }

    fn named(&mut self, all: &Map<String, Value>, at: &str, depth: usize) -> Result<Value, String> {
        let mut named = Map::new();
        for (name, schema) in all {
            let at = format!("{at}/{}", escaped(name));
            named.insert(name.clone(), self.schema(schema, &at, depth + 1)?);
        }
        Ok(named.into())
    }

    /// Rewrites `dependencies`, which two keywords have replaced.
    fn dependencies(
        &mut self,
        out: &mut Map<String, Value>,
        all: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<(), String> {
        for (name, needs) in all {
            let (word, value) = match needs {
                Value::Array(_) => ("dependentRequired", needs.clone()),
                Value::String(one) => ("dependentRequired", json!([one])),
                schema => {
                    let at = format!("{at}/{}", escaped(name));
                    ("dependentSchemas", self.schema(schema, &at, depth + 1)?)
                }
            };
            let entry = out.entry(word).or_insert_with(|| json!({}));
            if let Some(entry) = entry.as_object_mut() {
                entry.insert(name.clone(), value);
            }
        }
        Ok(())
    }

    /// Whether the reference `value` is followed: one of a server that leads nowhere, as a part
    /// of a larger document does, admits anything.
    fn leads(&self, value: &Value, at: &str) -> bool {
        let written = value.as_str().unwrap_or_default();
        !self.of_server || self.references.resolve(written, at).is_some()
    }

    /// The reference to the definition that `value` at `at` means, which is made if it is not
    /// there yet.
    fn reference(&mut self, value: &Value, at: &str, depth: usize) -> Result<String, String> {
        let written = value.as_str().unwrap_or_default();
        let (pointer, found) = self
            .references
            .resolve(written, at)
            .ok_or_else(|| format!("{}: {written:?} leads to nothing in this schema", place(at)))?;
        if let Some(name) = self.names.get(&pointer) {
            return Ok(format!("{DEFINITION}{name}"));
        }
        let name = self.free_name(&pointer);
        self.names.insert(pointer.clone(), name.clone());
        self.definitions.insert(name.clone(), Value::Null);
        let schema = self.schema(found, &pointer, depth + 1)?;
        self.definitions.insert(name.clone(), schema);
        Ok(format!("{DEFINITION}{name}"))
    }

    /// A name for what is at `pointer`, in plain letters and not taken.
    fn free_name(&self, pointer: &str) -> String {
        let last = pointer.rsplit('/').next().unwrap_or_default();
        let plain: String = last
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .take(40)
            .collect();
        let plain = match plain.is_empty() {
            true if pointer.is_empty() => "root".to_owned(),
            true => "it".to_owned(),
            false => plain,
        };
        let names = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}{n}")));
        let mut free = names.filter(|name| !self.definitions.contains_key(name));
        free.next().unwrap_or(plain)
    }

    /// Lets `out` refer to a definition, beside whatever it says itself.
    fn refer(&self, out: &mut Map<String, Value>, reference: String) {
        let referring = json!({ "$ref": reference });
        match (only_remarks(out), out.get_mut("allOf")) {
            (true, _) => {
                out.insert("$ref".into(), reference.into());
            }
            (_, Some(Value::Array(parts))) => parts.insert(0, referring),
            _ => {
                out.insert("allOf".into(), json!([referring]));
            }
        }
    }

    /// Joins the parts of an `allOf` with what stands beside it, as far as that can be.
    fn join(&self, out: &mut Map<String, Value>) {
        let Some(Value::Array(parts)) = out.shift_remove("allOf") else {
            return;
        };
        let mut apart = Vec::new();
        for part in parts {
            let definition = part["$ref"]
                .as_str()
                .and_then(|r| r.strip_prefix(DEFINITION));
            let known = definition.and_then(|name| self.definitions.get(name));
            let whole = match known {
                Some(Value::Null) | None => part.clone(),
                Some(schema) => spelled_out(&part, Some(schema)),
            };
            match merged(out, &whole) {
                Some(one) => *out = one,
                None => apart.push(part),
            }
        }
        // A schema that refers to another and says more becomes two.
        let more = |key: &String| key != "$ref" && !is_remark(key);
        if (!apart.is_empty() || out.keys().any(more))
            && let Some(reference) = out.shift_remove("$ref")
        {
            apart.insert(0, json!({ "$ref": reference }));
        }
        if !apart.is_empty() {
            out.insert("allOf".into(), apart.into());
            return;
        }
        let evaluated = ["$ref", "anyOf", "oneOf", "if", "dependentSchemas"];
        if !out.contains_key("additionalProperties")
            && !evaluated.iter().any(|key| out.contains_key(*key))
            && let Some(others) = out.shift_remove("unevaluatedProperties")
        {
            out.insert("additionalProperties".into(), others);
        }
    }
}

/// Whether `value` is null where `key` has none, as programs write what is not there; or is no
/// value for a remark, which changes nothing and is no reason to refuse a schema.
fn says_nothing(key: &str, value: &Value) -> bool {
    match key {
        "const" | "default" => false,
        "title" | "description" => !value.is_string(),
        "deprecated" | "readOnly" | "writeOnly" => !value.is_boolean(),
        // Languages without objects write an empty one as a list.
        "properties"
        | "patternProperties"
        | "dependentSchemas"
        | "items"
        | "prefixItems"
        | "additionalProperties" => value.is_null() || *value == json!([]),
        _ => value.is_null(),
    }
}

/// Lists those of `properties` that say of themselves that they are required.
fn needed(out: &mut Map<String, Value>, properties: &Map<String, Value>, map: &Map<String, Value>) {
    let says = |schema: &Value| schema.get("required") == Some(&json!(true));
    let own = properties.iter().filter(|(_, schema)| says(schema));
    let own: Vec<Value> = own.map(|(name, _)| json!(name)).collect();
    if !own.is_empty() {
        let mut all = map.get("required").and_then(Value::as_array).cloned();
        let all = all.get_or_insert_default();
        all.extend(own);
        out.insert("required".into(), all.clone().into());
    }
}

/// What OpenAPI calls nullable.
fn or_null(mut out: Map<String, Value>) -> Map<String, Value> {
    if let Some(values) = out.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    let forms = ["$ref", "allOf", "anyOf", "oneOf", "const"];
    let forms = forms.iter().any(|key| out.contains_key(*key));
    match out.get_mut("type") {
        Some(Value::String(name)) => {
            let both = json!([name, "null"]);
            out.insert("type".into(), both);
        }
        Some(Value::Array(names)) if !names.contains(&json!("null")) => names.push(json!("null")),
        Some(_) => {}
        None if forms => {
            let (remarks, rest): (Map<_, _>, Map<_, _>) =
                out.into_iter().partition(|(key, _)| is_remark(key));
            out = remarks;
            out.insert("anyOf".into(), json!([rest, {"type": "null"}]));
        }
        None => {}
    }
    out
}

fn place(at: &str) -> String {
    match at.is_empty() {
        true => "the schema".to_owned(),
        false => at.to_owned(),
    }
}

#[cfg(test)]
mod tests;
