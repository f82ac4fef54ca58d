//! Schemas as a grammar can follow them.
//!
//! Servers write any JSON Schema there is. What constrains a model knows a part of it,
//! and refuses a schema with the rest; so references are filled in and what cannot be
//! followed is left out. The result admits all that the original does: the server
//! itself checks what it is sent.

use serde_json::{Map, Value, json};

/// How deep a schema is followed; below that, anything goes.
const DEPTH_MAX: usize = 8;

/// Keywords taken as they are.
const KEPT: &[&str] = &[
    "type",
    "enum",
    "const",
    "required",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "description",
];

/// `schema` without what a grammar cannot follow.
pub(super) fn plain(schema: &Value) -> Value {
    Plain { root: schema }.schema(schema, 0)
}

struct Plain<'a> {
    root: &'a Value,
}

impl Plain<'_> {
    fn schema(&self, schema: &Value, depth: usize) -> Value {
        let Some(map) = schema.as_object() else {
            return json!({});
        };
        if depth > DEPTH_MAX {
            return json!({});
        }
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            let found = reference
                .strip_prefix('#')
                .and_then(|at| self.root.pointer(at));
            return found.map_or_else(|| json!({}), |found| self.schema(found, depth + 1));
        }
        for several in ["anyOf", "oneOf"] {
            if let Some(forms) = map.get(several).and_then(Value::as_array) {
                let forms: Vec<Value> = forms
                    .iter()
                    .map(|form| self.schema(form, depth + 1))
                    .collect();
                return json!({ "anyOf": forms });
            }
        }
        let mut kept = Map::new();
        for (key, value) in map {
            match key.as_str() {
                "properties" => {
                    let fields = value.as_object().into_iter().flatten();
                    let fields: Map<String, Value> = fields
                        .map(|(name, field)| (name.clone(), self.schema(field, depth + 1)))
                        .collect();
                    kept.insert(key.clone(), fields.into());
                }
                "items" => {
                    kept.insert(key.clone(), self.schema(value, depth + 1));
                }
                "additionalProperties" => {
                    let value = match value {
                        Value::Bool(value) => json!(value),
                        other => self.schema(other, depth + 1),
                    };
                    kept.insert(key.clone(), value);
                }
                key if KEPT.contains(&key) => {
                    kept.insert(key.to_owned(), value.clone());
                }
                _ => {}
            }
        }
        Value::Object(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_grammar_cannot_follow_is_left_out() {
        let check = |schema: Value, want: Value| assert_eq!(plain(&schema), want, "{schema}");
        check(
            json!({"$schema": "x", "type": "string", "format": "uri", "pattern": "^a", "default": 1}),
            json!({"type": "string"}),
        );
        check(
            json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "integer"}}}),
            json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
        );
        check(
            json!({"oneOf": [{"type": "null"}, {"type": "array", "items": {"format": "x"}}]}),
            json!({"anyOf": [{"type": "null"}, {"type": "array", "items": {}}]}),
        );
        check(json!({"allOf": [{"type": "string"}]}), json!({}));
        check(json!(true), json!({}));
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let tree = json!({"type": "object", "properties": {"child": {"$ref": "#"}}});
        assert!(plain(&tree).to_string().len() < 1000);
    }
}
