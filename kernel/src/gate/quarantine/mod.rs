//! Quarantined reading: what of a stranger's text a process with a plan may have in its window.
//!
//! The text itself is held back; the process has its handle ([`handle`]). A child without tools
//! reads the page and answers with values by a schema. Of these, *finite* ones enter the window:
//!
//! | value | enters |
//! | --- | --- |
//! | null, a boolean, a number | as it is |
//! | one of an enumeration | as it is: the process wrote the list |
//! | a date, a time, an address | where it stands in the page so, and can be no sentence |
//! | any other text | never: its handle does |
//!
//! A finite value says nothing that a process could obey, so the process is trusted as before.
//! It may still be a lie: what changes something after such reading is judged by all that the
//! process has, also by handles, and so happens only as planned or approved. This is the
//! quarantined model of CaMeL (Debenedetti et al. 2025, arXiv 2503.18813) with the variables and
//! the bounded types of FIDES (Costa et al. 2025, arXiv 2505.23643).
//!
//! This module is pure. Who reads is in `exec/effects/extract.rs`, what is held in `window/held.rs`.

pub(crate) mod handle;

use serde_json::{Map, Value, json};

use super::plan::stands_in;
use crate::label::{Label, told_source};

/// The most values of one extraction.
pub(crate) const VALUES_MAX: usize = 12;
/// The most values of an enumeration.
pub(crate) const CHOICES_MAX: usize = 32;
/// Characters of a value of an enumeration.
pub(crate) const CHOICE_CHARS_MAX: usize = 100;
/// The kinds of values.
pub(crate) const KINDS: &[&str] = &["number", "integer", "boolean", "string"];
/// The forms of texts that may enter a window.
pub(crate) const FORMATS: &[&str] = &["date", "date-time", "email", "uri"];
/// The most characters of a date, a time or an address that enters a window, and the most words
/// in it: more could tell a story. Most addresses of people and of pages have three to seven
/// words.
const ADDRESS_CHARS_MAX: usize = 120;
const ADDRESS_WORDS_MAX: usize = 8;
/// Letters in a row that count as one word; more are several words without spaces.
const WORD_LETTERS_MAX: usize = 12;
/// Beginnings of URIs that may enter. `data:` and the like hold texts of their own.
const SCHEMES: &[&str] = &["https://", "http://", "mailto:"];
/// Characters of a text that is taken out of a page.
const TEXT_CHARS_MAX: usize = 4_000;
/// Characters of the name of a value.
const NAME_CHARS_MAX: usize = 40;

/// The JSON Schema of what the reader of a page answers, for one that asks for values: an object
/// with each of these, or null where the page does not say it.
///
/// # Errors
/// What is wrong with `schema`, in words for the model.
pub(crate) fn form_of(schema: &Value) -> Result<Value, String> {
    let asked = schema["properties"].as_object();
    let asked = asked.filter(|asked| (1..=VALUES_MAX).contains(&asked.len()));
    let asked = asked.ok_or_else(|| {
        format!("the schema is an object with \"properties\", from one to {VALUES_MAX} values")
    })?;
    let mut properties = Map::new();
    for (name, value) in asked {
        if !is_name(name) {
            return Err(format!(
                "the name of a value has letters, digits and _, at most {NAME_CHARS_MAX}: {name}"
            ));
        }
        let form = value_form(value).map_err(|problem| format!("the value {name} {problem}"))?;
        properties.insert(name.clone(), form);
    }
    let names: Vec<&String> = asked.keys().collect();
    Ok(json!({
        "type": "object",
        "required": names,
        "properties": properties,
        "additionalProperties": false
    }))
}

fn value_form(value: &Value) -> Result<Value, String> {
    if let Some(choices) = value.get("enum") {
        let choices = choices.as_array();
        let choices = choices.filter(|all| (1..=CHOICES_MAX).contains(&all.len()));
        let short = |all: &&Vec<Value>| all.iter().all(is_choice);
        let mut all = choices.filter(short).cloned().ok_or_else(|| {
            format!("has an enum of other than one to {CHOICES_MAX} short texts or numbers")
        })?;
        if !all.contains(&Value::Null) {
            all.push(Value::Null);
        }
        return Ok(json!({ "enum": all }));
    }
    let kind = value["type"].as_str();
    let kind = kind.filter(|kind| KINDS.contains(kind));
    let kind = kind.ok_or_else(|| format!("has none of the types {}", KINDS.join(", ")))?;
    match value["format"].as_str().filter(|_| kind == "string") {
        Some(format) if FORMATS.contains(&format) => {
            Ok(json!({"type": [kind, "null"], "format": format}))
        }
        Some(_) => Err(format!("has none of the formats {}", FORMATS.join(", "))),
        None if kind == "string" => {
            Ok(json!({"type": [kind, "null"], "maxLength": TEXT_CHARS_MAX}))
        }
        None => Ok(json!({"type": [kind, "null"]})),
    }
}

fn is_choice(choice: &Value) -> bool {
    match choice {
        Value::String(text) => text.chars().count() <= CHOICE_CHARS_MAX,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        _ => false,
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.chars().all(plain)
}

/// What enters a window of `values`, which satisfy `form` and were taken out of the text `page`:
/// a handle in the page `id`, which has them all, stands for each that does not.
pub(crate) fn finite(values: &Value, form: &Value, page: &str, id: &str) -> Value {
    let asked = form["properties"].as_object().into_iter().flatten();
    let entered = asked.map(|(name, form)| {
        let value = values.get(name).unwrap_or(&Value::Null);
        let entered = match is_finite(value, form, page) {
            true => value.clone(),
            false => handle::of(id, Some(name)).into(),
        };
        (name.clone(), entered)
    });
    Value::Object(entered.collect())
}

fn is_finite(value: &Value, form: &Value, page: &str) -> bool {
    let choices = form["enum"].as_array();
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(_) if choices.is_some_and(|all| all.contains(value)) => true,
        Value::String(text) => {
            let format = form["format"].as_str();
            format.is_some_and(|format| is_no_sentence(text, format)) && stands_in(page, text)
        }
        _ => false,
    }
}

/// Whether `text`, which has the `format`, can be no sentence: it has no spaces, no letters of
/// scripts that write sentences without them, and few words between other signs.
fn is_no_sentence(text: &str, format: &str) -> bool {
    let begins = |scheme: &&&str| {
        let begin = text.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    let scheme = SCHEMES.iter().find(begins).map_or(0, |scheme| scheme.len());
    text.is_ascii()
        && has_form(text, format)
        && text.len() <= ADDRESS_CHARS_MAX
        && !text.contains(char::is_whitespace)
        && (format != "uri" || scheme > 0)
        && words_in(&text[scheme..]) <= ADDRESS_WORDS_MAX
}

/// Whether `text` is written as the `format` has it. Not every CPU can be held to a format.
fn has_form(text: &str, format: &str) -> bool {
    let is_of = |more: &str| {
        let is_one = |c: char| c.is_ascii_digit() || more.contains(c);
        text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_one)
    };
    match format {
        "date" => is_of("-"),
        "date-time" => is_of("-:.+TZ"),
        "email" => {
            let is_plain = |part: &str| {
                let is_one =
                    |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
                !part.is_empty() && part.chars().all(is_one)
            };
            text.split_once('@')
                .is_some_and(|(name, host)| is_plain(name) && is_plain(host))
        }
        _ => true,
    }
}

/// The words of an ASCII text: two letters and more in a row, of which a capital behind a small
/// letter begins another.
fn words_in(text: &str) -> usize {
    let (mut words, mut letters, mut before) = (0, 0_usize, ' ');
    let counted = |letters: usize| match letters {
        0 | 1 => 0,
        letters => letters.div_ceil(WORD_LETTERS_MAX),
    };
    for c in text.chars() {
        let begins = before.is_ascii_lowercase() && c.is_ascii_uppercase();
        if begins || !c.is_ascii_alphabetic() {
            words += counted(letters);
            letters = 0;
        }
        letters += usize::from(c.is_ascii_alphabetic());
        before = c;
    }
    words + counted(letters)
}

/// What stands in a window in place of the page `id`, the `text` that a call of `tool` brought,
/// which worked or not.
pub(crate) fn notice(id: &str, tool: &str, worked: bool, text: &str, label: &Label) -> String {
    let worked = if worked { "worked" } else { "failed" };
    let chars = text.chars().count();
    let source = told_source(&label.source);
    let (level, handle) = (label.level(), handle::of(id, None));
    format!(
        "[{tool} {worked}; what it says is held back: page {id}, {chars} characters from {source} \
         ({level}). memory.extract takes values out of it. {handle} stands for its text in a \
         planned text and in the answer. memory.recall shows it, and this process counts as \
         untrusted from then on.]"
    )
}

#[cfg(test)]
mod tests;
