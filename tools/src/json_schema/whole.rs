//! Whole numbers written with a fraction: `3.0`, where an integer is meant.

use serde_json::{Value, json};

use super::definition;

/// How deep a value is looked into.
const DEPTH_MAX: usize = 64;
/// Parts of a schema that are looked at for one value.
const PARTS_MAX: usize = 100_000;
/// Above this not every whole number has a float of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Keywords whose schemas hold for the same value as the schema around them.
const IN_PLACE: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// `value`, with `3.0` as 3 wherever the normal form `schema` asks for an integer. In JSON Schema
/// they are the same; to a program that reads integers they are not.
pub(crate) fn whole(schema: &Value, value: &Value) -> Value {
    let mut value = value.clone();
    let mut walk = Walk {
        root: schema,
        left: PARTS_MAX,
    };
    walk.within(schema, &mut value, 0);
    value
}

struct Walk<'s> {
    root: &'s Value,
    /// Parts of the schema that may still be looked at.
    left: usize,
}

impl Walk<'_> {
    fn within(&mut self, schema: &Value, value: &mut Value, depth: usize) {
        if depth > DEPTH_MAX || self.left == 0 || !schema.is_object() {
            return;
        }
        self.left -= 1;
        let (root, reference) = (self.root, schema["$ref"].as_str());
        if let Some(named) = reference.and_then(|name| definition(root, name)) {
            self.within(named, value, depth + 1);
        }
        let forms = IN_PLACE.iter().filter_map(|key| schema[*key].as_array());
        for form in forms.flatten() {
            self.within(form, value, depth + 1);
        }
        match value {
            Value::Number(number) if number.is_f64() && asks_for_integer(&schema["type"]) => {
                let float = number.as_f64().unwrap_or(f64::NAN);
                if float.fract() == 0.0 && float.abs() <= WHOLE_MAX {
                    *value = json!(float as i64);
                }
            }
            Value::Array(items) => {
                for (n, item) in items.iter_mut().enumerate() {
                    let first = schema["prefixItems"].get(n);
                    self.within(first.unwrap_or(&schema["items"]), item, depth + 1);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let named = schema["properties"].get(name);
                    let named = named.unwrap_or(&schema["additionalProperties"]);
                    self.within(named, field, depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn asks_for_integer(kind: &Value) -> bool {
    let names = kind.as_array().into_iter().flatten();
    names.chain([kind]).any(|name| name == "integer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_written_as_one() {
        let integer = || json!({"type": "integer"});
        let check = |schema: Value, value: Value, want: &str| {
            assert_eq!(whole(&schema, &value).to_string(), want, "{schema}");
        };
        check(integer(), json!(3.0), "3");
        check(integer(), json!(-1e3), "-1000");
        check(integer(), json!(3), "3");
        check(json!({"type": ["null", "integer"]}), json!(3.0), "3");
        check(
            json!({"anyOf": [integer(), {"type": "null"}]}),
            json!(3.0),
            "3",
        );
        check(
            json!({"properties": {"a": {"items": {"$ref": "#/$defs/N"}}}, "$defs": {"N": integer()}}),
            json!({"a": [1.0, 2]}),
            r#"{"a":[1,2]}"#,
        );
        check(
            json!({"prefixItems": [{}], "items": {"additionalProperties": integer()}}),
            json!([1.0, {"b": 2.0}]),
            r#"[1.0,{"b":2}]"#,
        );
        // Which mean something else.
        check(json!({"type": "number"}), json!(3.0), "3.0");
        check(integer(), json!(3.5), "3.5");
        check(integer(), json!(1e300), "1e+300");
        check(
            json!({"$ref": "#/$defs/N", "$defs": {"N": {"$ref": "#/$defs/N"}}}),
            json!(1),
            "1",
        );
    }
}
