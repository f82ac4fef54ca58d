//! A tool's card: how a function is shown to a model, in as many words as there is
//! room for.

use serde_json::Value;

use super::plain;
use crate::grammar::Callable;

/// Characters that all cards in sight may take together: some 1,500 tokens.
const ALL_CHARS: usize = 6_000;
/// Characters that one card may always take, however many there are.
const CARD_CHARS_MIN: usize = 280;
/// Characters of a card that a search for tools brings.
pub const FOUND_CHARS: usize = 4_000;
/// Characters that no card goes beyond, whatever its schema has.
const CARD_CHARS_MAX: usize = 8_000;
/// Values of an enumeration that a card names; the others are counted.
const VALUES_SHOWN: usize = 16;

/// How much of a function a card says, from the fullest to the shortest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Detail {
    /// Characters of the function's description; a cut ends at a sentence where one does.
    description: usize,
    /// Characters of what is said of each parameter.
    parameter: usize,
}

const DETAILS: [Detail; 4] = [
    Detail {
        description: 1_500,
        parameter: 400,
    },
    Detail {
        description: 400,
        parameter: 120,
    },
    Detail {
        description: 240,
        parameter: 50,
    },
    Detail {
        description: 160,
        parameter: 0,
    },
];

/// The cards of `calls`, one after another: each as full as its share of the room admits.
pub fn cards<'a>(calls: impl Iterator<Item = &'a Callable> + Clone) -> String {
    let share = (ALL_CHARS / calls.clone().count().max(1)).max(CARD_CHARS_MIN);
    calls.map(|call| card(call, share)).collect()
}

/// The card of one function in at most about `chars` characters; its name, and the names
/// and types of its parameters, are always there.
pub fn card(call: &Callable, chars: usize) -> String {
    let fuller = DETAILS.iter().map(|detail| write(call, *detail));
    let mut last = String::new();
    for text in fuller {
        if text.chars().count() <= chars {
            return text;
        }
        last = text;
    }
    match last.chars().count() > CARD_CHARS_MAX {
        true => plain::cut(last.trim_end(), CARD_CHARS_MAX) + "\n",
        false => last,
    }
}

fn write(call: &Callable, detail: Detail) -> String {
    let described = shortened(&call.description, detail.description);
    let fields = fields(&call.parameters);
    if detail.parameter == 0 {
        let signature = signature(&call.parameters);
        return format!("- {} {signature}: {described}\n", call.name);
    }
    let mut text = format!("- {}: {described}\n", call.name);
    for field in fields {
        let mark = if field.required { "" } else { "?" };
        let note = note(field.schema, detail.parameter);
        text.push_str(&format!(
            "    {}{mark}: {}{note}\n",
            plain::name(field.name),
            kind(field.schema)
        ));
    }
    text
}

struct Field<'a> {
    name: &'a str,
    schema: &'a Value,
    required: bool,
}

fn fields(schema: &Value) -> Vec<Field<'_>> {
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|n| n == name))
    };
    let all = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<Field<'_>> = all
        .map(|(name, schema)| Field {
            name,
            schema,
            required: required(name),
        })
        .collect();
    // A model writes what is needed first.
    fields.sort_by_key(|field| !field.required);
    fields
}

/// What is said of a parameter beside its type: its description, default and range.
fn note(schema: &Value, chars: usize) -> String {
    let mut parts = Vec::new();
    if let Some(text) = schema["description"].as_str() {
        let text = shortened(text, chars);
        if !text.is_empty() {
            parts.push(text);
        }
    }
    let said = |word: &str| {
        let text = schema["description"].as_str().unwrap_or_default();
        text.to_lowercase().contains(word)
    };
    match &schema["default"] {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        value if !said("default") => parts.push(format!("Default {}.", plain::value(value))),
        _ => {}
    }
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, Value::Null) => {}
        (least, Value::Null) => parts.push(format!("At least {}.", plain::value(least))),
        (Value::Null, most) => parts.push(format!("At most {}.", plain::value(most))),
        (least, most) => {
            let (least, most) = (plain::value(least), plain::value(most));
            parts.push(format!("{least} to {most}."));
        }
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(". {}", parts.join(" ")),
    }
}

/// The parameters of a function, as short as a model can still follow:
/// `{"expression": string, "digits"?: integer}`.
pub fn signature(schema: &Value) -> String {
    let fields: Vec<String> = fields(schema)
        .iter()
        .map(|field| {
            let mark = if field.required { "" } else { "?" };
            let name = plain::quoted(field.name);
            format!("{name}{mark}: {}", kind(field.schema))
        })
        .collect();
    format!("{{{}}}", fields.join(", "))
}

fn kind(schema: &Value) -> String {
    if let Some(value) = schema.get("const") {
        return plain::value(value);
    }
    if let Some(values) = schema["enum"].as_array() {
        let shown: Vec<String> = values.iter().take(VALUES_SHOWN).map(plain::value).collect();
        let more = values.len().saturating_sub(VALUES_SHOWN);
        let rest = match more {
            0 => String::new(),
            more => format!("|… ({more} more)"),
        };
        return shown.join("|") + &rest;
    }
    if let Some(forms) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let mut kinds: Vec<String> = forms.iter().map(kind).collect();
        kinds.retain(|kind| kind != "null");
        kinds.dedup();
        return kinds.join(" or ");
    }
    match &schema["type"] {
        Value::String(name) => kind_named(name, schema),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            let kinds: Vec<String> = names
                .filter(|name| *name != "null")
                .map(|name| kind_named(name, schema))
                .collect();
            kinds.join(" or ")
        }
        _ if schema["properties"].is_object() => signature(schema),
        _ => "any".to_owned(),
    }
}

fn kind_named(name: &str, schema: &Value) -> String {
    match name {
        "array" => format!("[{}]", kind(&schema["items"])),
        "object" if schema["properties"].is_object() => signature(schema),
        "string" => match schema["format"].as_str() {
            Some(format) => format!("string ({})", plain::name(format)),
            None => name.to_owned(),
        },
        _ => plain::name(name),
    }
}

/// `text` on one line, cut to `chars` characters: after a sentence if one ends there,
/// else with `…`.
fn shortened(text: &str, chars: usize) -> String {
    let text = plain::line(text);
    let Some((end, _)) = text.char_indices().nth(chars) else {
        return text;
    };
    let cut = &text[..end];
    match cut.rfind(". ").filter(|at| *at > 0) {
        Some(at) => cut[..=at].to_owned(),
        None => match chars {
            0 => String::new(),
            _ => format!("{}…", cut.trim_end()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(description: &str, parameters: Value, chars: usize, want: &str) {
        let call = Callable {
            name: "d.f".into(),
            description: description.into(),
            parameters,
            offered: true,
            program: None,
        };
        assert_eq!(card(&call, chars), want);
    }

    #[test]
    fn a_card_says_what_there_is_room_for() {
        let parameters = json!({
            "properties": {
                "unit": {"enum": ["km", "mi"], "default": "km", "description": "Unit of length."},
                "days": {"type": "array", "items": {"type": "integer", "minimum": 1}, "description": "Which days.\n Counted from one. And so on."},
            },
            "required": ["days"]
        });
        check(
            "Adds. Twice, even.",
            parameters.clone(),
            1_000,
            "- d.f: Adds. Twice, even.\n    days: [integer]. Which days. Counted from one. And so on.\n    unit?: \"km\"|\"mi\". Unit of length. Default \"km\".\n",
        );
        check(
            "Adds. Twice, even.",
            parameters,
            60,
            "- d.f {\"days\": [integer], \"unit\"?: \"km\"|\"mi\"}: Adds. Twice, even.\n",
        );
        check("Waits.", json!({}), 100, "- d.f: Waits.\n");
        check(
            "Rates.",
            json!({"properties": {"n": {"type": ["integer", "null"], "minimum": 0, "maximum": 9}}}),
            100,
            "- d.f: Rates.\n    n?: integer. 0 to 9.\n",
        );
    }

    #[test]
    fn thousands_of_values_are_counted() {
        let values: Vec<String> = (0..2_000).map(|n| format!("v{n}")).collect();
        let schema = json!({"properties": {"v": {"enum": values}}, "required": ["v"]});
        let text = signature(&schema);
        assert!(text.ends_with("\"v15\"|… (1984 more)}"), "{text}");
    }

    #[test]
    fn many_cards_stay_within_the_room() {
        let long = "This says a great deal. ".repeat(40);
        let properties: serde_json::Map<String, Value> = (0..12)
            .map(|n| {
                (
                    format!("p{n}"),
                    json!({"type": "string", "description": long}),
                )
            })
            .collect();
        let call = Callable {
            name: "d.f".into(),
            description: long,
            parameters: json!({ "properties": properties }),
            offered: true,
            program: None,
        };
        let calls: Vec<Callable> = std::iter::repeat_n(call, 20).collect();
        assert!(cards(calls.iter()).len() < 2 * ALL_CHARS);
    }
}
