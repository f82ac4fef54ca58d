//! `${NAME}` and `${NAME:-otherwise}` in what a server is written down with; `${secret:NAME}` is a
//! secret of its user.

use std::collections::BTreeSet;

use crate::secrets::handle::{PREFIX, is_name};

/// `text` with each variable in it as `variable` gives it, or what stands in its place.
///
/// # Errors
/// A variable that is not closed, or has no value and nothing to stand in its place.
pub(super) fn fill(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, otherwise, after)) = next(rest)? {
        let value = variable(name)
            .or(otherwise.map(str::to_owned))
            .ok_or_else(|| format!("the variable {name} is not set"))?;
        filled.push_str(before);
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The names of the variables in `text`, as far as it can be read.
pub(super) fn names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Ok(Some((_, name, _, after))) = next(rest) {
        names.insert(name.to_owned());
        rest = after;
    }
    names
}

/// The text before the first variable, its name, what else to take, and the text after.
type Parts<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn next(text: &str) -> Result<Option<Parts<'_>>, String> {
    let Some((before, after)) = text.split_once("${") else {
        return Ok(None);
    };
    // Not the text itself: it may hold a secret.
    let (inside, after) = after
        .split_once('}')
        .ok_or_else(|| "a ${ is not closed by }".to_owned())?;
    let (name, otherwise) = match inside.split_once(":-") {
        Some((name, otherwise)) => (name, Some(otherwise)),
        None => (inside, None),
    };
    // As other programs write it.
    let name = name.strip_prefix("env:").unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_variable = !name.is_empty() && name.chars().all(plain);
    match is_variable || name.strip_prefix(PREFIX).is_some_and(is_name) {
        true => Ok(Some((before, name, otherwise, after))),
        false => Err("a ${ is not followed by the name of a variable".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let variable = |name: &str| (name == "KEY").then(|| "k1".to_owned());
        let check = |text: &str, want: &str, named: &str| {
            let got = fill(text, &variable).unwrap_or_else(|reason| reason);
            assert_eq!(got, want);
            let names: Vec<String> = names(text).into_iter().collect();
            assert_eq!(names.join(" "), named, "{text}");
        };
        check("plain $KEY {x}", "plain $KEY {x}", "");
        check(
            "Bearer ${KEY}/${NO:-none}${NO:-}",
            "Bearer k1/none",
            "KEY NO",
        );
        check("${env:KEY}", "k1", "KEY");
        check("${NO}", "the variable NO is not set", "NO");
        check(
            "${secret:a-b}",
            "the variable secret:a-b is not set",
            "secret:a-b",
        );
        check(
            "${secret:}",
            "a ${ is not followed by the name of a variable",
            "",
        );
        check("a${KEY", "a ${ is not closed by }", "");
        check(
            "${a b}",
            "a ${ is not followed by the name of a variable",
            "",
        );
    }
}
