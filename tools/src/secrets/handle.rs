//! What stands in place of a secret: its handle `${secret:NAME}` where the value is wanted, and
//! a mark where a value was taken out.

use serde_json::Value;

const OPEN: &str = "${secret:";
const CLOSE: &str = "}";
/// What the name of a variable begins with that is a secret.
pub const PREFIX: &str = "secret:";
/// What a mark begins with. Nothing fills it in.
const MARK: &str = "⟦secret ";
/// Characters of a name.
const NAME_CHARS_MAX: usize = 64;

/// Whether `name` can be that of a secret.
pub fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.chars().all(plain)
}

/// The handle of the secret `name`.
pub fn of(name: &str) -> String {
    format!("{OPEN}{name}{CLOSE}")
}

/// The name of the secret whose handle `text` is, and nothing else.
pub fn whole(text: &str) -> Option<&str> {
    let name = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    is_name(name).then_some(name)
}

/// The names of the secrets whose handles stand in `text`.
fn within(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split(OPEN).skip(1);
    let names = ends.filter_map(|rest| Some(rest.split_once(CLOSE)?.0));
    names.filter(|name| is_name(name))
}

/// The names of the secrets whose handles stand in `value`, each once.
pub fn names_in(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    each_text(value, &mut |text| {
        names.extend(within(text).map(str::to_owned));
    });
    names.sort();
    names.dedup();
    names
}

/// What is left where the secret `name` was taken out, which stood there in such a form.
pub(super) fn mark(name: &str, form: &str) -> String {
    match form.is_empty() {
        true => format!("{MARK}{name}⟧"),
        false => format!("{MARK}{name}, {form}⟧"),
    }
}

/// The name of a secret that was taken out of `value`.
pub fn taken_out_of(value: &Value) -> Option<String> {
    let mut found = None;
    each_text(value, &mut |text| {
        let mark = text.split_once(MARK).and_then(|(_, rest)| {
            let name = rest.split(['⟧', ',']).next()?;
            is_name(name).then(|| name.to_owned())
        });
        if found.is_none() {
            found = mark;
        }
    });
    found
}

/// Hands each text of `value` to `each`, names of fields too.
fn each_text(value: &Value, each: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, each)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            each(name);
            each_text(field, each);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn handles_are_found() {
        let check = |value: Value, want: &str| {
            assert_eq!(names_in(&value).join(" "), want, "{value}");
        };
        check(json!("${secret:a}"), "a");
        check(
            json!({"x": ["y ${secret:b-1} ${secret:b-1}", {"${secret:a}": 1}]}),
            "a b-1",
        );
        check(json!("${secret:} ${secret:a b} ${secret:a $secret:b}"), "");
        assert_eq!(whole("${secret:bank}"), Some("bank"));
        assert_eq!(whole("Bearer ${secret:bank}"), None);
        assert_eq!(whole(&of("bank")), Some("bank"));
    }

    #[test]
    fn marks_are_found() {
        let check = |value: Value, want: Option<&str>| {
            assert_eq!(taken_out_of(&value).as_deref(), want, "{value}");
        };
        check(json!({"a": mark("bank", "")}), Some("bank"));
        check(
            json!([1, format!("x{}y", mark("bank", "as hex"))]),
            Some("bank"),
        );
        check(json!("⟦secret of the sea⟧"), None);
        check(json!("nothing"), None);
    }
}
