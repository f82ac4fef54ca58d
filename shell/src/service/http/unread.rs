//! Why a body cannot be read: which field it is, and what was expected there. Serde tells a place
//! in the text, and the types of this program.

use serde_json::error::Category;

use super::error::ApiError;
use crate::terminal::toml_words;

/// What stands before the name of a field that is not there, that nobody knows, or that is there
/// twice.
const NAMED: [&str; 3] = ["missing field `", "unknown field `", "duplicate field `"];

/// Why `body` cannot be read, as `error` says it.
pub fn why(body: &[u8], error: &serde_json::Error) -> ApiError {
    let text = body.trim_ascii();
    if text.is_empty() {
        return ApiError::malformed("the body is empty; send an object of JSON");
    }
    let told = error.to_string();
    if error.classify() != Category::Data {
        return ApiError::malformed(format!("the body is no JSON that can be read: {told}"));
    }
    if !text.starts_with(b"{") {
        return ApiError::malformed("the body is JSON, but no object; send one: {\"…\": …}");
    }
    let at = format!(" at line {} column {}", error.line(), error.column());
    let reason = told.strip_suffix(&at).unwrap_or(&told);
    let mut place = place(body, error.line(), error.column());
    let named = NAMED.iter().find_map(|before| reason.strip_prefix(*before));
    if let Some((name, _)) = named.and_then(|rest| rest.split_once('`')) {
        // It is a field of the object whose last field the place is.
        place.pop();
        place.push(Step::Field(name.to_owned()));
    }
    let param = written(&place);
    let reason = in_words(reason);
    ApiError::invalid(&*param, format!("`{param}` cannot be read: {reason}"))
}

/// `reason` with the kinds of JSON for the types of this program.
fn in_words(reason: &str) -> String {
    if reason.starts_with("data did not match any variant") {
        return "it is of another kind than is wanted".to_owned();
    }
    match reason.rsplit_once(", expected ") {
        Some((given, kind)) => {
            format!("{given}, expected {}", toml_words::named(kind, "an object"))
        }
        None => reason.to_owned(),
    }
}

/// A step from a value to one that stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A field of an object; an empty name is none yet.
    Field(String),
    Item(usize),
}

/// The place as clients write it: `messages[0].role`.
fn written(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::Field(name) if text.is_empty() || name.is_empty() => text.push_str(name),
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Item(at) => text.push_str(&format!("[{at}]")),
        }
    }
    text
}

/// The steps to the value that was read last, up to a `column` of a `line` of `body`, both from 1.
fn place(body: &[u8], line: usize, column: usize) -> Vec<Step> {
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    let read = &body[..(before + column).min(body.len())];
    // What ends there is not left: the fault is in it.
    let read = match read.split_last() {
        Some((b'}' | b']', inside)) => inside,
        _ => read,
    };
    let mut steps: Vec<Step> = Vec::new();
    let mut string: Option<Vec<u8>> = None;
    let (mut last, mut is_escaped) = (Vec::new(), false);
    for byte in read {
        if let Some(open) = &mut string {
            if *byte == b'"' && !is_escaped {
                last = string.take().unwrap_or_default();
            } else {
                open.push(*byte);
            }
            is_escaped = *byte == b'\\' && !is_escaped;
            continue;
        }
        match byte {
            b'"' => string = Some(Vec::new()),
            b'{' => steps.push(Step::Field(String::new())),
            b'[' => steps.push(Step::Item(0)),
            b'}' | b']' => drop(steps.pop()),
            b':' | b',' => follow(&mut steps, *byte, &last),
            _ => {}
        }
    }
    steps
}

/// Goes on to the field called `name` after a colon, and to the next item of a list after a comma.
fn follow(steps: &mut [Step], sign: u8, name: &[u8]) {
    match (steps.last_mut(), sign) {
        (Some(Step::Field(field)), b':') => *field = String::from_utf8_lossy(name).into_owned(),
        (Some(Step::Item(at)), b',') => *at += 1,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is wrong with them is asked for")]
    struct Body {
        model: Option<String>,
        heat: Option<f32>,
        count: Option<i8>,
        #[serde(default)]
        said: Vec<Said>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong with them is asked for")]
    struct Said {
        role: String,
    }

    #[test]
    fn the_field_is_named() {
        let check = |body: &str, param: Option<&str>, want: &str| {
            let error = serde_json::from_str::<Body>(body).expect_err(body);
            let got = why(body.as_bytes(), &error);
            assert_eq!(got.param.as_deref(), param, "{body}: {}", got.message);
            assert!(got.message.contains(want), "{body}: {}", got.message);
            assert_eq!(got.status.as_u16(), 400);
        };
        let heat = "`heat` cannot be read: invalid type: string \"hot\", expected a number";
        check(r#"{"model":"a","heat":"hot"}"#, Some("heat"), heat);
        check(
            "{\"model\":\"a\",\n \"heat\":\"hot\"\n}",
            Some("heat"),
            heat,
        );
        check(
            r#"{"heat": {}, "model": "a"}"#,
            Some("heat"),
            "map, expected a number",
        );
        check(
            r#"{"model": 5, "heat": 1}"#,
            Some("model"),
            "expected a string",
        );
        check(
            r#"{"model": "a\"{,", "count": 1000}"#,
            Some("count"),
            "to 127",
        );
        let role = Some("said[1].role");
        check(r#"{"said":[{"role":"a"},{"role":7}]}"#, role, "a string");
        check(r#"{"said":[{"role":"a"},{}]}"#, role, "missing field");
        let slip = r#"{"said":[{"rule":"a"}]}"#;
        check(slip, Some("said[0].rule"), "expected `role`");
        check(r#"{"said":7}"#, Some("said"), "expected a list");
        check(r#"{"heat":1,"heat":2}"#, Some("heat"), "duplicate field");
        check("[]", None, "no object");
        check("not json", None, "no JSON that can be read: expected ident");
        check(r#"{"model":"a""#, None, "no JSON that can be read: EOF");
        check(" ", None, "the body is empty");
    }
}
