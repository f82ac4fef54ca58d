//! The action in a text that nothing held to its form.

use serde_json::Value;

/// The action in `text`, where the endpoint did not hold the model to its form: the JSON
/// alone, out of a fence or with marks of the model's template behind it. Anything else is
/// left for the check of the action to name.
pub(super) fn action(text: &str) -> &str {
    let text = text.trim();
    object(text)
        .filter(|(_, rest)| is_nothing(rest))
        .or_else(|| fenced(text))
        .map_or(text, |(object, _)| object)
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

/// Whether `rest` is nothing but what templates end a turn with.
fn is_nothing(rest: &str) -> bool {
    let rest = rest.trim();
    rest.is_empty()
        || matches!(rest, "</s>" | "<end_of_turn>" | "<eos>")
        || rest.starts_with("<|") && rest.ends_with("|>") && !rest.contains('{')
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
        // Not one action.
        for other in [
            "words",
            "{\"answer\":",
            "```python\nx = {\"a\": 1}\n```",
            "```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```",
            "{\"a\":1} {\"a\":2}",
        ] {
            check(other, other);
        }
    }
}
