//! Keywords that draft 3 alone has, as later drafts say the same.

use serde_json::{Map, Value, json};

/// `map` without such keywords, if it has any. It is of a schema that names an old draft.
pub(super) fn rewritten(map: &Map<String, Value>) -> Option<Map<String, Value>> {
    let several = map.get("type").is_some_and(|kind| !plain(kind));
    let words = ["extends", "disallow", "divisibleBy"];
    if !several && !words.iter().any(|word| map.contains_key(*word)) {
        return None;
    }
    let mut out = Map::new();
    let mut all = Vec::new();
    for (key, value) in map {
        match key.as_str() {
            "type" if several => all.push(one_of(value)),
            "disallow" => all.push(json!({ "not": one_of(value) })),
            "divisibleBy" => _ = out.insert("multipleOf".into(), value.clone()),
            "extends" | "allOf" => match value {
                Value::Array(list) => all.extend(list.iter().cloned()),
                one => all.push(one.clone()),
            },
            _ => _ = out.insert(key.clone(), value.clone()),
        }
    }
    if !all.is_empty() {
        out.insert("allOf".into(), all.into());
    }
    Some(out)
}

/// Whether `kind` names types, and nothing else.
fn plain(kind: &Value) -> bool {
    let list = kind.as_array();
    list.is_none_or(|list| list.iter().all(Value::is_string))
}

/// The values of one of the types in `kinds`: a name, or several names and schemas.
fn one_of(kinds: &Value) -> Value {
    let Value::Array(list) = kinds else {
        return json!({ "type": kinds });
    };
    let forms = list.iter().map(|kind| match kind {
        Value::String(_) => json!({ "type": kind }),
        schema => schema.clone(),
    });
    json!({ "anyOf": forms.collect::<Vec<Value>>() })
}
