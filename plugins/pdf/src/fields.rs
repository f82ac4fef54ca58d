//! What was filled into a form, and the remarks on a page.

use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Object, String as PdfString};
use hayro_interpret::hayro_syntax::page::Page;

use crate::strings;

/// Fields within fields.
const DEPTH_MAX: usize = 16;
/// Annotations of a page that are read.
const ANNOTATIONS_MAX: usize = 10_000;

/// A line for each field of `page` that has a value, and for each remark on it.
pub fn lines(page: &Page<'_>) -> Vec<String> {
    let annotations = page.raw().get::<Array<'_>>(b"Annots");
    let annotations = annotations.iter().flat_map(|all| all.iter::<Dict<'_>>());
    let mut lines: Vec<String> = Vec::new();
    for annotation in annotations.take(ANNOTATIONS_MAX) {
        let kind = annotation.get::<Name<'_>>(b"Subtype");
        let line = match kind.as_ref().map(Name::as_str) {
            Some("Widget") => field(&annotation),
            Some("Link" | "Popup") | None => None,
            Some(_) => remark(&annotation),
        };
        lines.extend(line.filter(|line| lines.last() != Some(line)));
    }
    lines
}

/// The name of a field and what was filled in.
fn field(annotation: &Dict<'_>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut value: Option<String> = None;
    let mut at = Some(annotation.clone());
    for _ in 0..DEPTH_MAX {
        let Some(dict) = at else { break };
        let label = dict
            .get::<PdfString<'_>>(b"TU")
            .or_else(|| dict.get::<PdfString<'_>>(b"T"));
        if let Some(label) = label {
            names.insert(0, one_line(&strings::decoded(label.as_bytes())));
        }
        if value.is_none() {
            value = dict.get::<Object<'_>>(b"V").map(words);
        }
        at = dict.get::<Dict<'_>>(b"Parent");
    }
    let value = value.filter(|value| !value.is_empty() && value != "Off")?;
    names.retain(|name| !name.is_empty());
    match names.is_empty() {
        true => Some(value),
        false => Some(format!("{}: {value}", names.join(" "))),
    }
}

fn remark(annotation: &Dict<'_>) -> Option<String> {
    let text = annotation.get::<PdfString<'_>>(b"Contents")?;
    let text = one_line(&strings::decoded(text.as_bytes()));
    (!text.is_empty()).then(|| format!("Remark: {text}"))
}

/// A value in words.
fn words(value: Object<'_>) -> String {
    match value {
        Object::String(text) => one_line(&strings::decoded(text.as_bytes())),
        Object::Name(name) => one_line(name.as_str()),
        Object::Array(values) => {
            let values: Vec<String> = values.iter::<Object<'_>>().map(words).collect();
            values.join(", ")
        }
        Object::Stream(stream) => match stream.decoded() {
            Ok(bytes) => one_line(&strings::decoded(&bytes)),
            Err(_) => String::new(),
        },
        _ => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
