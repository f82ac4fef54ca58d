//! The action in a text that nothing held to its form.

use serde_json::Value;

/// The action in `text`, where the endpoint did not hold the model to its form: the JSON
/// alone, out of a fence or with marks of the model's template behind it. Anything else is
/// left for the check of the action to name.
pub(super) fn action(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim();
    alone(text)
        .or_else(|| fenced(text).map(|(object, _)| object))
        .unwrap_or(text)
}

/// The object that is all of `text`, but for marks of templates around it.
pub(super) fn alone(text: &str) -> Option<&str> {
    let (object, rest) = object(without_marks(text))?;
    without_marks(rest).is_empty().then_some(object)
}

/// The object at the beginning of `text`, and what follows it.
fn object(text: &str) -> Option<(&str, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let is_object = values.next()?.ok()?.is_object();
    is_object.then(|| text.split_at(values.byte_offset()))
}

/// The object in the only fence in `text`.
fn fenced(text: &str) -> Option<(&str, &str)> {
    let (_, inside) = text.split_once("```")?;
    let begin = inside.find('{')?;
    let tag = inside[..begin].trim();
    if !tag.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let (object, rest) = object(&inside[begin..])?;
    let rest = rest.trim_start();
    // A second one would be another action.
    let alone = rest
        .strip_prefix("```")
        .is_some_and(|rest| !rest.contains("```"));
    (rest.is_empty() || alone).then_some((object, rest))
}

/// The longest mark of a template, in bytes.
const MARK_BYTES_MAX: usize = 40;
/// How marks of templates begin and end: `<|im_end|>`, `</s>`, `[/INST]`.
const BRACKETS: [(&str, char); 2] = [("<", '>'), ("[", ']')];

/// `text` without marks of templates at its beginning.
fn without_marks(text: &str) -> &str {
    let mut rest = text.trim();
    while let Some(behind) = behind_mark(rest) {
        rest = behind.trim_start();
    }
    rest
}

fn behind_mark(text: &str) -> Option<&str> {
    let (inside, close) = BRACKETS
        .iter()
        .find_map(|(open, close)| Some((text.strip_prefix(open)?, *close)))?;
    let (mark, behind) = inside.split_once(close)?;
    let plain = |c: char| c.is_alphanumeric() || "_-/|｜▁".contains(c);
    // In brackets there may be JSON, too.
    let is_name = close == '>' || mark.chars().any(|c| c.is_ascii_uppercase());
    let is_mark = mark.len() <= MARK_BYTES_MAX && mark.chars().all(plain) && is_name;
    (is_mark && !mark.is_empty()).then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_where_nothing_held_the_model() {
        let check = |text: &str, want: &str| assert_eq!(action(text), want);
        let plain = r#"{"answer":"``` and </s>"}"#;
        check(plain, plain);
        check(&format!("```json\n{plain}\n```"), plain);
        check(&format!("Here it is:\n```\n{plain}\n```\nDone."), plain);
        check(&format!("{plain}<|im_end|>"), plain);
        check(&format!("{plain}\n</s>"), plain);
        check(&format!("\u{feff}{plain}"), plain);
        for end in [
            "<turn|>",
            "</s></s>",
            "<pad>",
            "[/INST]",
            "[EOS]",
            "<｜end▁of▁sentence｜>",
        ] {
            check(&format!("{plain}{end}"), plain);
        }
        check(&format!("<answer>\n{plain}\n</answer>"), plain);
        check(&format!("<|START_RESPONSE|>{plain}<|END_RESPONSE|>"), plain);
        // Not one action.
        for other in [
            "words",
            "{\"answer\":",
            "```python\nx = {\"a\": 1}\n```",
            "```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```",
            "{\"a\":1} {\"a\":2}",
            "[1]{\"a\":1}",
            "<b>Note:</b> {\"a\":1}",
            "{\"a\":1} and so on",
        ] {
            check(other, other);
        }
    }
}
