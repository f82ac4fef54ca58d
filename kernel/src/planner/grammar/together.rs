//! Several schemas in one, with all definitions at its root.

use quipu_tools::json_schema::DEFINITION;
use serde_json::{Map, Value, json};

/// The definitions taken so far.
#[derive(Default)]
pub(super) struct Together {
    definitions: Map<String, Value>,
    taken: usize,
}

impl Together {
    /// `schema` without its definitions, which are kept for [`Together::under`].
    pub(super) fn take(&mut self, schema: &Value) -> Value {
        self.taken += 1;
        let Some(definitions) = schema.get("$defs").and_then(Value::as_object) else {
            return schema.clone();
        };
        let prefix = format!("{DEFINITION}{}_", self.taken);
        for (name, definition) in definitions {
            let name = format!("{}_{name}", self.taken);
            self.definitions.insert(name, renamed(definition, &prefix));
        }
        let mut whole = schema.as_object().cloned().unwrap_or_default();
        whole.shift_remove("$defs");
        renamed(&whole.into(), &prefix)
    }

    /// `whole` with the definitions of all that was taken.
    pub(super) fn under(self, mut whole: Value) -> Value {
        if let Some(map) = whole
            .as_object_mut()
            .filter(|_| !self.definitions.is_empty())
        {
            map.insert("$defs".into(), self.definitions.into());
        }
        whole
    }
}

/// `schema` with each reference to a definition renamed.
fn renamed(schema: &Value, prefix: &str) -> Value {
    match schema {
        Value::Object(map) => {
            let words = map.iter().map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("$ref", Value::String(text)) => {
                        let name = text.strip_prefix(DEFINITION).unwrap_or(text);
                        json!(format!("{prefix}{name}"))
                    }
                    ("properties" | "patternProperties", Value::Object(named)) => {
                        let all = named.iter();
                        Value::Object(all.map(|(n, s)| (n.clone(), renamed(s, prefix))).collect())
                    }
                    ("const" | "enum", value) => value.clone(),
                    (_, value) => renamed(value, prefix),
                };
                (key.clone(), value)
            });
            Value::Object(words.collect())
        }
        Value::Array(list) => list.iter().map(|value| renamed(value, prefix)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_of_several_stand_side_by_side() {
        let one = json!({"items": {"$ref": "#/$defs/N"}, "$defs": {"N": {"type": "integer"}}});
        let two = json!({"properties": {"const": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"type": "string"}}});
        let mut together = Together::default();
        let both = json!({"anyOf": [together.take(&one), together.take(&two)]});
        let want = json!({"anyOf": [{"items": {"$ref": "#/$defs/1_N"}},
            {"properties": {"const": {"$ref": "#/$defs/2_N"}}}],
            "$defs": {"1_N": {"type": "integer"}, "2_N": {"type": "string"}}});
        assert_eq!(together.under(both), want);
    }
}
