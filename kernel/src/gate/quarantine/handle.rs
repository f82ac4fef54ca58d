//! Handles, which stand for texts that are held back: `${page:s3}` for a page, `${page:s4.name}`
//! for one value of it.

use serde_json::Value;

const OPEN: &str = "${page:";
const CLOSE: char = '}';

/// The most bytes of text that replace the handles of one action: a few letters could name a page
/// a thousand times.
pub(crate) const FILLED_BYTES_MAX: usize = 4 << 20;

/// Finds the text behind the handle of a page, or of a value of it. An error is in words for the
/// model.
pub(crate) type Find<'a> = &'a dyn Fn(&str, Option<&str>) -> Result<String, String>;

/// The handle of the page `id`, or of its value `name`.
pub(crate) fn of(id: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{OPEN}{id}.{name}{CLOSE}"),
        None => format!("{OPEN}{id}{CLOSE}"),
    }
}

/// Whether a handle stands in one of the texts of `value`.
pub(crate) fn is_in(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OPEN),
        Value::Array(items) => items.iter().any(is_in),
        Value::Object(fields) => fields.values().any(is_in),
        _ => false,
    }
}

/// Replaces each handle in the texts of `value` by what `find` finds, as long as there is `room`,
/// in bytes. A handle within such a text stays as it is.
pub(crate) fn fill(value: &mut Value, find: Find<'_>, room: &mut usize) -> Result<(), String> {
    match value {
        Value::String(text) => {
            *text = filled(text, find, room)?;
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, find, room)),
        Value::Object(fields) => fields
            .values_mut()
            .try_for_each(|field| fill(field, find, room)),
        _ => Ok(()),
    }
}

fn filled(text: &str, find: Find<'_>, room: &mut usize) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (inside, behind) = after
            .split_once(CLOSE)
            .ok_or_else(|| format!("the handle {OPEN}… is not closed by {CLOSE}"))?;
        let found = match inside.split_once('.') {
            Some((id, name)) => find(id, Some(name)),
            None => find(inside, None),
        }?;
        *room = room.checked_sub(found.len()).ok_or_else(|| {
            let mb = FILLED_BYTES_MAX >> 20;
            format!("the texts that the handles stand for are longer than {mb} MB together")
        })?;
        out.push_str(before);
        out.push_str(&found);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn handles_are_filled_once() {
        let find = |id: &str, name: Option<&str>| match (id, name) {
            ("s1", None) => Ok("one ${page:s1}".to_owned()),
            ("s2", Some("name")) => Ok("Ann".to_owned()),
            _ => Err(format!("no {id}")),
        };
        let check = |mut value: Value, want: Result<Value, &str>| {
            let said = value.to_string();
            let filled = fill(&mut value, &find, &mut 40).map(|()| value);
            assert_eq!(filled, want.map_err(str::to_owned), "{said}");
        };
        check(json!("plain"), Ok(json!("plain")));
        check(json!(of("s1", None)), Ok(json!("one ${page:s1}")));
        check(
            json!({"a": ["Dear ${page:s2.name}, ${page:s1}!", 3], "b": null}),
            Ok(json!({"a": ["Dear Ann, one ${page:s1}!", 3], "b": null})),
        );
        check(json!("${page:s3}"), Err("no s3"));
        check(
            json!("${page:s1"),
            Err("the handle ${page:… is not closed by }"),
        );
        check(json!("${secret:s1}"), Ok(json!("${secret:s1}")));
        check(
            json!(["${page:s1}${page:s1}", "${page:s1}"]),
            Err("the texts that the handles stand for are longer than 4 MB together"),
        );
        assert!(is_in(&json!([{"a": "x ${page:s1}"}])) && !is_in(&json!({"${page:s1}": 1})));
    }
}
