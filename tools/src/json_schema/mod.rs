//! JSON Schemas of others in one normal form.
//!
//! Servers, plugins and users write schemas of six drafts, with references of every kind. The
//! normal form is draft 2020-12, and stands for itself: each `$ref` in it is
//! `#/$defs/NAME`, and `$defs` is at its root. It admits the same values as the original, so
//! that one form serves the model's card, its grammar, and the check afterwards.
//!
//! | file | job |
//! | --- | --- |
//! | `normal` | from any draft to the normal form |
//! | `references` | where a `$ref` leads to |
//! | `cycles` | definitions that mean themselves |
//! | `draft3` | keywords of the oldest draft |
//! | `pattern` | patterns as the program means them that wrote them |
//! | `merge` | schemas that all must hold as one |
//! | `nonstandard` | what servers mean by values that no draft knows |
//! | `expected` | what it expects, in a few words |
//! | `envelope` | the schema in what other programs put around it |
//! | `whole` | integers among the values of a schema |

mod cycles;
mod draft3;
mod envelope;
mod expected;
mod merge;
mod nonstandard;
mod normal;
mod pattern;
mod references;
mod whole;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

pub use envelope::unwrapped;
pub(crate) use expected::expected;
pub use merge::merged;
pub use normal::normal;
pub(crate) use normal::normal_of_server;
pub(crate) use whole::whole;

/// How the definitions of a normal form are referred to.
pub const DEFINITION: &str = "#/$defs/";

/// `schema` made ready to check values with: by the draft that its `$schema` names, and with
/// `format` as a condition.
///
/// # Errors
/// What is wrong with the schema, in words.
pub fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| wrong(&error))
}

/// What is wrong with a schema, in words.
fn wrong(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let is_type = place.ends_with("/type");
    let said = match error.kind() {
        ValidationErrorKind::AnyOf { .. } if is_type => format!(
            "there is no type {}; types are null, boolean, object, array, number, string, integer",
            error.instance()
        ),
        _ => error.to_string(),
    };
    match place.is_empty() {
        true => said,
        false => format!("{place}: {said}"),
    }
}

/// Characters of what is said of a bad value: a schema may have thousands of values.
const PROBLEM_CHARS_MAX: usize = 400;

/// What RFC 3339 (appendix A) asks of a duration, and programs that know ISO 8601 alone do not.
const DURATION: &str =
    ": units stand whole and without a gap between them, as in PT1H0M30S, P1DT2H or P3W";

/// What is wrong with `value`: the place in it, as a JSON Pointer, and words. Of several
/// forms that a value may have, the one is meant that it comes nearest to, if that is clear.
pub fn problem(validator: &Validator, value: &Value) -> Option<(String, String)> {
    let error = validator.validate(value).err()?;
    let error = meant(&error);
    let mut said: String = error.to_string().chars().take(PROBLEM_CHARS_MAX).collect();
    if let ValidationErrorKind::Format { format } = error.kind()
        && format == "duration"
    {
        said.push_str(DURATION);
    }
    Some((error.instance_path().to_string(), said))
}

fn meant<'e, 'a>(error: &'e ValidationError<'a>) -> &'e ValidationError<'a> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return error;
    };
    // A form of another type, or marked as another one, was not meant.
    let another = |inner: &ValidationError<'_>| match inner.kind().keyword() {
        "type" => inner.instance_path() == error.instance_path(),
        "const" | "enum" => true,
        _ => false,
    };
    let mut forms = context.iter().filter(|errors| !errors.iter().any(another));
    match (forms.next(), forms.next()) {
        (Some(errors), None) => errors.first().map_or(error, meant),
        _ => error,
    }
}

/// The definition that `reference` names in the normal form `root`.
pub fn definition<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.get("$defs")?.get(reference.strip_prefix(DEFINITION)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_said_of_the_form_that_was_meant() {
        let schema = json!({"anyOf": [
            {"type": "null"},
            {"properties": {"kind": {"const": "at"}, "hour": {"type": "integer"}}, "type": "object"},
            {"properties": {"kind": {"const": "every"}, "hours": {"maximum": 5}}, "type": "object"},
        ]});
        let check = |value: Value, want: &str| {
            let said = problem(&validator(&schema).unwrap(), &value);
            let said = said.map_or(String::new(), |(place, said)| format!("{place}: {said}"));
            assert!(
                said.contains(want) && said.is_empty() == want.is_empty(),
                "{value}: {said}"
            );
        };
        check(json!(null), "");
        check(json!({"kind": "every", "hours": 9}), "/hours: 9 is greater");
        check(
            json!({"kind": "at", "hour": "x"}),
            "/hour: \"x\" is not of type",
        );
        check(json!(4), "not valid under any");
    }

    #[test]
    fn a_duration_with_a_gap_is_named_with_one_that_is_right() {
        let schema = json!({"properties": {"wait": {"format": "duration"}}});
        let check = |value: &str, is_right: bool| {
            let found = problem(&validator(&schema).unwrap(), &json!({"wait": value}));
            let is_named = |(place, said): &(String, String)| {
                place == "/wait" && said.contains("is not a \"duration\": units stand whole")
            };
            assert_eq!(found.is_none(), is_right, "{value}: {found:?}");
            assert!(found.iter().all(is_named), "{value}: {found:?}");
        };
        for right in ["PT1H0M30S", "P1DT2H", "P3W", "P1Y2M3DT4H5M6S"] {
            check(right, true);
        }
        for wrong in ["PT1H30S", "P1Y3D", "PT0.5S", "soon"] {
            check(wrong, false);
        }
    }

    #[test]
    fn a_format_is_a_condition() {
        let check = |schema: Value, good: Value, bad: Value| {
            let validator = validator(&schema).unwrap();
            assert!(validator.is_valid(&good), "{good}");
            assert!(!validator.is_valid(&bad), "{bad}");
        };
        check(
            json!({"format": "date"}),
            json!("2024-02-29"),
            json!("2023-02-29"),
        );
        check(
            json!({"format": "email"}),
            json!("ann@a.example"),
            json!("nobody"),
        );
        check(
            json!({"format": "no such format", "type": "string"}),
            json!("x"),
            json!(1),
        );
    }
}
