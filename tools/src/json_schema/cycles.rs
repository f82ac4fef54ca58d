//! Definitions that mean themselves: a check of such a schema would have no end.

use serde_json::{Map, Value};

use super::DEFINITION;

/// Keywords whose schemas hold for the same value as the schema around them.
const IN_PLACE: &[&str] = &["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];

/// The name of a definition that comes back to itself before any part of a value was looked
/// at.
pub(super) fn endless(definitions: &Map<String, Value>) -> Option<&String> {
    definitions
        .keys()
        .find(|name| comes_back(name, definitions))
}

fn comes_back(name: &str, definitions: &Map<String, Value>) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut next: Vec<&str> = Vec::new();
    next.extend(definitions.get(name).map(refers).unwrap_or_default());
    while let Some(at) = next.pop() {
        if at == name {
            return true;
        }
        if !seen.contains(&at) {
            seen.push(at);
            next.extend(definitions.get(at).map(refers).unwrap_or_default());
        }
    }
    false
}

/// The definitions that hold for the same value as `schema`.
fn refers(schema: &Value) -> Vec<&str> {
    let mut names = Vec::new();
    let mut look = vec![schema];
    while let Some(schema) = look.pop() {
        let name = schema["$ref"].as_str();
        names.extend(name.and_then(|name| name.strip_prefix(DEFINITION)));
        for word in IN_PLACE {
            match &schema[*word] {
                Value::Array(list) => look.extend(list),
                Value::Null => {}
                inner => look.push(inner),
            }
        }
        let dependent = schema["dependentSchemas"].as_object();
        look.extend(dependent.into_iter().flat_map(Map::values));
    }
    names
}
