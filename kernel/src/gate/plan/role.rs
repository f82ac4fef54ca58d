//! What an argument of a function that changes something is for.
//!
//! Told by its name and its schema, on the safe side: what is not known is a destination. The
//! roles that `plugin.toml` or the user's policy declare are what rules go by; a plan does not
//! read them.

use quipu_tools::Role;
use quipu_tools::json_schema::definition;
use serde_json::Value;

/// Last words of the names of content.
const CONTENT: &[&str] = &[
    "body",
    "text",
    "content",
    "contents",
    "message",
    "description",
    "summary",
    "note",
    "notes",
    "comment",
    "caption",
    "remark",
];
/// Last words of names that are content where something is made, and else say which thing is
/// meant.
const HEADING: &[&str] = &["title", "subject", "heading", "headline"];
/// First words of functions that make something.
const MAKES: &[&str] = &[
    "add", "append", "comment", "create", "draft", "insert", "make", "new", "post", "publish",
    "put", "reply", "save", "schedule", "send", "write",
];
const TIME: &[&str] = &[
    "date", "time", "datetime", "day", "start", "end", "when", "due", "deadline", "until",
];
const CREDENTIAL: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "key",
    "pin",
    "credential",
    "otp",
    "code",
];
const SELECTOR: &[&str] = &["id", "ids", "uuid", "number", "index"];

/// The role of the argument `name` of `function`, whose JSON Schema is `schema`.
pub fn role_of(function: &str, name: &str, schema: &Value) -> Role {
    let types = types(schema);
    let is = |kind: &str| types.iter().any(|t| t == kind);
    let last = words(name).pop().unwrap_or_default();
    let among = |list: &[&str]| list.contains(&last.as_str());
    if choices(schema).is_some() || is("boolean") {
        return Role::Selector;
    }
    if among(CREDENTIAL) {
        return Role::Credential;
    }
    if is("number") || is("integer") {
        return match among(SELECTOR) {
            true => Role::Selector,
            false => Role::Amount,
        };
    }
    let format = schema["format"].as_str().unwrap_or_default();
    if among(TIME) || matches!(format, "date" | "date-time" | "time") {
        return Role::Time;
    }
    if among(SELECTOR) {
        return Role::Selector;
    }
    if !is("string") || !is_only_text(schema) || has_format(schema) {
        return Role::Destination;
    }
    match (among(CONTENT), among(HEADING)) {
        (true, _) => Role::Content,
        (_, true) if makes_something(function) => Role::Content,
        (_, true) => Role::Selector,
        _ => Role::Destination,
    }
}

/// References that are followed from an argument.
const REFERENCES_MAX: usize = 8;

/// The schema of the argument `name` in the schema `parameters` of a function, or what it
/// refers to there.
pub(crate) fn argument<'a>(parameters: &'a Value, name: &str) -> Option<&'a Value> {
    let mut schema = parameters["properties"].get(name)?;
    for _ in 0..REFERENCES_MAX {
        match schema["$ref"].as_str() {
            Some(reference) => schema = definition(parameters, reference)?,
            None => return Some(schema),
        }
    }
    None
}

/// Whether `function`, `device.function` or its last part, makes something new.
pub(super) fn makes_something(function: &str) -> bool {
    let bare = function.rsplit('.').next().unwrap_or_default();
    let first = words(bare).into_iter().next().unwrap_or_default();
    MAKES.contains(&first.as_str())
}

/// Whether the field at `path`, names with dots between them, says by its name which thing is
/// meant.
pub(super) fn names_a_thing(path: &str) -> bool {
    let last = words(path).pop().unwrap_or_default();
    SELECTOR.contains(&last.as_str())
}

/// The words of a name in snake, kebab or camel case, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && !before.is_uppercase();
        if !c.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The values that a schema lists, where it lists them.
pub(super) fn choices(schema: &Value) -> Option<Vec<Value>> {
    if let Some(only) = schema.get("const") {
        return Some(vec![only.clone()]);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.clone());
    }
    let forms = forms(schema)?;
    let listed: Option<Vec<Vec<Value>>> = forms
        .iter()
        .filter(|form| form["type"] != "null")
        .map(choices)
        .collect();
    listed.map(|all| all.concat()).filter(|all| !all.is_empty())
}

/// The types that a value may have, those of several forms together.
pub(crate) fn types(schema: &Value) -> Vec<String> {
    match &schema["type"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several
            .iter()
            .filter_map(|t| t.as_str().map(str::to_owned))
            .collect(),
        _ => forms(schema)
            .into_iter()
            .flatten()
            .flat_map(types)
            .collect(),
    }
}

/// Whether a value of the form `schema` is a text or nothing. A form that does not say its type, such
/// as one that refers to another, may be an object, with a destination in it.
fn is_only_text(schema: &Value) -> bool {
    let is_text = |kind: &Value| kind == "string" || kind == "null";
    match &schema["type"] {
        Value::Null => forms(schema).is_some_and(|forms| forms.iter().all(is_only_text)),
        Value::Array(several) => several.iter().all(is_text),
        one => is_text(one),
    }
}

/// Whether a text of the form `schema` is an address or the like, by one of its forms at least.
fn has_format(schema: &Value) -> bool {
    let mut forms = forms(schema).into_iter().flatten();
    schema["format"]
        .as_str()
        .is_some_and(|format| !format.is_empty())
        || forms.any(has_format)
}

fn forms(schema: &Value) -> Option<&Vec<Value>> {
    let any = schema.get("anyOf").or_else(|| schema.get("oneOf"));
    any.and_then(Value::as_array)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_told_by_names_on_the_safe_side() {
        let text = json!({"type": "string"});
        let number = json!({"type": ["number", "null"]});
        let check = |function: &str, name: &str, schema: &Value, want: Role| {
            assert_eq!(role_of(function, name, schema), want, "{function} {name}");
        };
        check("mail.send", "body", &text, Role::Content);
        check("mail.send", "subject", &text, Role::Content);
        check("mail.delete", "subject", &text, Role::Selector);
        check(
            "mail.send",
            "body",
            &json!({"type": "string", "format": "uri"}),
            Role::Destination,
        );
        check(
            "mail.send",
            "body",
            &json!({"type": "array"}),
            Role::Destination,
        );
        check("mail.send", "message_id", &text, Role::Selector);
        check("mail.send", "replyTo", &text, Role::Destination);
        check("mail.send", "whatever", &text, Role::Destination);
        check("pay", "amount", &number, Role::Amount);
        check("pay", "accountId", &number, Role::Selector);
        check("cal.create_event", "start_time", &text, Role::Time);
        check("bank.set", "newPassword", &text, Role::Credential);
        check(
            "files.share",
            "content",
            &json!({"enum": ["a"]}),
            Role::Selector,
        );
        let optional = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
        check("cal.create_event", "description", &optional, Role::Content);
        // One of the forms is no text, or is an address.
        for other in [
            json!({"$ref": "#/$defs/Letter"}),
            json!({"properties": {"to": {"type": "string"}}}),
            json!({"type": "array"}),
            json!({"type": "string", "format": "uri"}),
            json!({"anyOf": [{"type": "string", "format": "email"}]}),
        ] {
            let mixed = json!({"anyOf": [{"type": "string"}, other]});
            check("mail.send", "body", &mixed, Role::Destination);
            let mixed = json!({"oneOf": [{"type": "string"}, {"type": "null"}, other]});
            check("mail.send", "message", &mixed, Role::Destination);
        }
    }
}
