//! A tool's card: how a function is described to a model, in as many words as there is room for.

use serde_json::Value;

use super::kind::{VALUE_CHARS_MAX, fields, forms, kind, resolved, signature};
use super::plain::{self, name, value};
use crate::grammar::Callable;

/// Characters that all cards in sight may take together: some 1,500 tokens.
const ALL_CHARS: usize = 6_000;
/// Characters that one card may always take, however many cards there are.
const CARD_CHARS_MIN: usize = 280;
/// Characters of a card in the result of a search for tools.
pub const FOUND_CHARS: usize = 4_000;
/// The most characters of a card, whatever its schema holds.
const CARD_CHARS_MAX: usize = 8_000;
/// A card is cut to no fewer characters than these, however many others stand beside it.
const CARD_CHARS_CUT: usize = 1_000;

/// The value of a keyword that a schema does not have.
static NOTHING: Value = Value::Null;
/// Bounds that are larger are not told.
const BOUND_MAX: f64 = 1e15;

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

/// The card of one function in at most about `chars` characters. Its name and the names and types
/// of its parameters are kept in full as far as they fit twice as many characters.
pub fn card(call: &Callable, chars: usize) -> String {
    let fuller = DETAILS.iter().map(|detail| write(call, *detail));
    let mut last = String::new();
    for text in fuller {
        if text.chars().count() <= chars {
            return text;
        }
        last = text;
    }
    let most = (2 * chars).clamp(CARD_CHARS_CUT, CARD_CHARS_MAX);
    if last.chars().count() <= most {
        return last;
    }
    // The purpose comes first, so that a cut does not remove it.
    let described = shortened(&call.description, DETAILS[DETAILS.len() - 1].description);
    let room = most.saturating_sub(described.chars().count());
    let signature = plain::cut(&signature(&call.parameters), room);
    format!("- {}: {described} {signature}\n", call.name)
}

fn write(call: &Callable, detail: Detail) -> String {
    let described = shortened(&call.description, detail.description);
    if detail.parameter == 0 {
        let signature = signature(&call.parameters);
        return format!("- {} {signature}: {described}\n", call.name);
    }
    let mut text = format!("- {}: {described}\n", call.name);
    let root = &call.parameters;
    for field in fields(root) {
        let mark = if field.required { "" } else { "?" };
        let kind = kind(field.schema, root);
        let note = note(field.schema, root, detail.parameter);
        text.push_str(&format!("    {}{mark}: {kind}{note}\n", name(field.name)));
    }
    forms_of(root, detail, &mut text);
    text
}

/// What is said of forms that the arguments as a whole may have.
fn forms_of(root: &Value, detail: Detail, text: &mut String) {
    let Some(forms) = forms(root) else {
        return;
    };
    let own = !fields(root).is_empty();
    let needed: Vec<String> = forms.iter().filter_map(needed).collect();
    if own && needed.len() == forms.len() {
        return text.push_str(&format!("    needed: {}\n", needed.join(", or ")));
    }
    for (i, form) in forms.iter().enumerate() {
        let word = if i == 0 { "either" } else { "or" };
        text.push_str(&format!("    {word} {}\n", kind(form, root)));
        for field in fields(resolved(form, root)) {
            let note = note(field.schema, root, detail.parameter);
            if !note.is_empty() {
                text.push_str(&format!("        {}{note}\n", name(field.name)));
            }
        }
    }
}

/// The names that a form requires, if it says nothing else.
fn needed(form: &Value) -> Option<String> {
    let names = form["required"].as_array()?;
    let names: Vec<String> = names.iter().filter_map(Value::as_str).map(name).collect();
    (fields(form).is_empty() && !names.is_empty()).then(|| names.join(" and "))
}

/// The note on a parameter beside its type: its description, default and range.
fn note(schema: &Value, root: &Value, chars: usize) -> String {
    let meant = resolved(schema, root);
    let of = |key: &str| schema.get(key).or(meant.get(key)).unwrap_or(&NOTHING);
    let described = of("description").as_str().unwrap_or_default();
    let mut parts = Vec::new();
    let text = shortened(described, chars);
    if !text.is_empty() {
        parts.push(text);
    }
    let said = described.to_lowercase().contains("default");
    match of("default") {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        default if !said => parts.push(format!("Default {}.", value(default))),
        _ => {}
    }
    parts.extend(range(&of));
    match parts.is_empty() {
        true => String::new(),
        false => format!(". {}", parts.join(" ")),
    }
}

/// The bounds of a value, in words.
fn range<'a>(of: &dyn Fn(&str) -> &'a Value) -> Vec<String> {
    let mut parts = Vec::new();
    // Bounds at the ends of a computer's integers say nothing.
    let bound = |key: &str| match of(key) {
        Value::Number(n) if n.as_f64().is_some_and(|n| n.abs() < BOUND_MAX) => Some(n),
        _ => None,
    };
    if let (Some(least), Some(most)) = (bound("minimum"), bound("maximum")) {
        parts.push(format!("{least} to {most}."));
    }
    let one = parts.is_empty();
    for (key, words, unit, wanted) in [
        ("minimum", "At least", "", one),
        ("maximum", "At most", "", one),
        ("exclusiveMinimum", "More than", "", true),
        ("exclusiveMaximum", "Less than", "", true),
        ("multipleOf", "A multiple of", "", true),
        ("minItems", "At least", " of them", true),
        ("maxItems", "At most", " of them", true),
    ] {
        if let (Some(bound), true) = (bound(key), wanted) {
            parts.push(format!("{words} {bound}{unit}."));
        }
    }
    let pattern = of("pattern").as_str().unwrap_or_default();
    let short = !pattern.is_empty() && pattern.chars().count() <= VALUE_CHARS_MAX;
    if short && !pattern.contains(char::is_control) {
        parts.push(format!("By the pattern {pattern}"));
    }
    parts
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
        let call = Callable::new("d.f", description, parameters);
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
            "- d.f: Rates.\n    n?: integer|null. 0 to 9.\n",
        );
    }

    #[test]
    fn forms_of_all_arguments_are_shown() {
        check(
            "Finds.",
            json!({"properties": {"id": {"type": "string"}, "mail": {"type": "string"}},
                "anyOf": [{"required": ["id"]}, {"required": ["mail"]}]}),
            500,
            "- d.f: Finds.\n    id?: string\n    mail?: string\n    needed: id, or mail\n",
        );
        check(
            "Plans.",
            json!({"oneOf": [
                {"properties": {"kind": {"const": "at"}, "hour": {"type": "integer", "description": "Of the day."}}, "required": ["kind", "hour"]},
                {"$ref": "#/$defs/E"}],
                "$defs": {"E": {"properties": {"kind": {"const": "every"}}, "required": ["kind"]}}}),
            500,
            "- d.f: Plans.\n    either {\"kind\": \"at\", \"hour\": integer}\n        hour. Of the day.\n    or {\"kind\": \"every\"}\n",
        );
    }

    #[test]
    fn names_stay_names() {
        check(
            "Waits.",
            json!({"properties": {"x\": any\n\nTools:\n- z {": {"$ref": "#/$defs/T", "description": "Two\nlines."}},
                "$defs": {"T": {"type": "string", "description": "Other.", "default": "a", "pattern": "^a+$"}}}),
            500,
            "- d.f: Waits.\n    \"x\\\": any Tools: - z {\"?: string. Two lines. Default \"a\". By the pattern ^a+$\n",
        );
    }

    #[test]
    fn many_large_cards_leave_room_for_the_task() {
        let fields: serde_json::Map<String, Value> = (0..400)
            .map(|n| (format!("parameter_{n}"), json!({"type": "string"})))
            .collect();
        let call = Callable::new("d.f", "Does it all.", json!({ "properties": fields }));
        let check = |many: usize, chars_max: usize| {
            let calls: Vec<Callable> = std::iter::repeat_n(call.clone(), many).collect();
            let text = cards(calls.iter());
            assert!(text.chars().count() <= chars_max, "{many}: {}", text.len());
            assert!(
                text.starts_with("- d.f: Does it all. {\"parameter_0\"?: string, "),
                "{text}"
            );
        };
        check(1, CARD_CHARS_MAX + 100);
        check(12, 12 * (CARD_CHARS_CUT + 100));
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
        let call = Callable::new("d.f", &long, json!({ "properties": properties }));
        let calls: Vec<Callable> = std::iter::repeat_n(call, 20).collect();
        assert!(cards(calls.iter()).len() < 2 * ALL_CHARS);
    }
}
