//! What is put right in a function before it runs: names that begin with a digit, helpers that stand where
//! nothing defines them, and a `return` that ends a loop in its first round. Only what is wrong in any
//! program is touched.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::material::code::{Kind, tokens};
use crate::pattern::{laid_out, pattern};

/// The function `code`, put right.
pub(super) fn mended(code: &str) -> String {
    with_returns_behind_loops(&with_helpers_first(&with_names_of_letters(code)))
}

/// `code` with a letter before each name that begins with a digit, such as `2nd_row`.
fn with_names_of_letters(code: &str) -> String {
    let Some(tokens) = tokens(code) else {
        return code.to_owned();
    };
    let mut mended = String::with_capacity(code.len());
    let mut done = 0;
    for token in tokens {
        if token.kind == Kind::Other && is_name_with_a_digit(token.text) {
            // Each token is a part of `code`.
            let at = token.text.as_ptr() as usize - code.as_ptr() as usize;
            mended.push_str(&code[done..at]);
            mended.push('n');
            done = at;
        }
    }
    mended.push_str(&code[done..]);
    mended
}

/// Whether `text`, which may have parts (`2nd.x`), is no number, though it begins like one.
fn is_name_with_a_digit(text: &str) -> bool {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^[0-9]+(?:_+[a-zA-Z]|[a-zA-Z][a-zA-Z_])\w*(?:\.|$)"));
    // `0xff` is a number, and `4if` a number with a word behind it.
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^(?i:0x|0b[01]|0o[0-7])|^[0-9_]+(?:if|else|or|and|in|is|for|not)$")
    });
    NAME.is_match(text) && !NUMBER.is_match(text)
}

/// Whether something is returned in `code`.
pub(super) fn returns(code: &str) -> bool {
    code.lines().any(|line| is_return(line.trim_start()))
}

fn is_return(line: &str) -> bool {
    line.strip_prefix("return")
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// `code` with the functions that stand behind the last line of `solution` at its top: a small model
/// writes what it calls below the `return`, where nothing defines it.
fn with_helpers_first(code: &str) -> String {
    let moved = || {
        let mut lines: Vec<&str> = code.lines().collect();
        let head = lines
            .iter()
            .position(|line| line.starts_with("def solution("))?;
        let is_of_it = |line: &&str| line.is_empty() || line.starts_with(' ');
        let end = head
            + 1
            + lines[head + 1..]
                .iter()
                .take_while(|line| is_of_it(line))
                .count();
        let returns = (head..end).find(|at| lines[*at].starts_with("    return"))?;
        let begins = (returns..end).find(|at| lines[*at].starts_with("    def "))?;
        let is_helper = |line: &&str| {
            let starts = ["    def ", "    #", "        "];
            line.trim().is_empty() || starts.iter().any(|start| line.starts_with(start))
        };
        if !lines[begins..end].iter().all(is_helper) {
            return None;
        }
        lines[head + 1..end].rotate_left(begins - head - 1);
        Some(lines.join("\n"))
    };
    moved().unwrap_or_else(|| code.to_owned())
}

/// `code`, in which the `return` of a sum stands behind the loop that sums up: a small model indents it
/// once too often. What is returned was changed in the loop, and nothing leaves or skips a round.
fn with_returns_behind_loops(code: &str) -> String {
    let mut lines: Vec<String> = code.lines().map(str::to_owned).collect();
    let loops = (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("for "));
    // The inner loops first.
    for head in loops.collect::<Vec<_>>().into_iter().rev() {
        if let Some(at) = return_within(&lines, head) {
            let indent = indent(&lines[head]);
            lines[at] = format!("{}{}", &lines[head][..indent], lines[at].trim_start());
        }
    }
    match lines.iter().map(String::as_str).eq(code.lines()) {
        true => code.to_owned(),
        false => lines.join("\n"),
    }
}

/// The line of the `return` that stands in the loop of `head` and belongs behind it.
fn return_within(lines: &[String], head: usize) -> Option<usize> {
    static LEAVES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(?:continue|break|yield|return|else\s*:|elif|try\s*:)"));
    static CHANGED: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?:^|[^\w.])(?P<name>[a-zA-Z_]\w*)(?:\[[^\]\n]*\])?\s*(?:[-+*/|&%]+=[^=]|\.(?:append|add|extend|update|insert)\()",
        )
    });
    static NAMES: LazyLock<Regex> = LazyLock::new(|| pattern(r"[a-zA-Z_]\w*"));
    if !lines[head].trim_end().ends_with(':') {
        return None;
    }
    let outer = indent(&lines[head]);
    let is_within = |line: &String| line.trim().is_empty() || indent(line) > outer;
    let end = lines[head + 1..].iter().take_while(|line| is_within(line));
    let end = head + 1 + end.count();
    let last = (head + 1..end).rfind(|at| !lines[*at].trim().is_empty())?;
    let body = &lines[head + 1..last];
    let inner = indent(body.iter().find(|line| !line.trim().is_empty())?);
    // Behind the loop something else may be returned.
    let goes_on = lines[end..].iter().find(|line| !line.trim().is_empty());
    let goes_on = goes_on.is_some_and(|line| indent(line) >= outer && outer > 0);
    let is_last = indent(&lines[last]) == inner && is_return(lines[last].trim_start());
    if !is_last || goes_on || body.iter().any(|line| LEAVES.is_match(line)) {
        return None;
    }
    let changed: BTreeSet<&str> = body
        .iter()
        .flat_map(|line| CHANGED.captures_iter(line))
        .filter_map(|found| Some(found.name("name")?.as_str()))
        .collect();
    let mut returned = NAMES.find_iter(&lines[last]).map(|name| name.as_str());
    returned.any(|name| changed.contains(name)).then_some(last)
}

/// How many bytes of white space `line` begins with.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_a_letter() {
        let check = |code: &str, want: &str| assert_eq!(with_names_of_letters(code), want);
        check(
            "2nd_row = rows[1]\n3rd.append(2nd_row)",
            "n2nd_row = rows[1]\nn3rd.append(n2nd_row)",
        );
        check(
            "a = f'{1st_day} 1st_day'  # 1st_day",
            "a = f'{n1st_day} 1st_day'  # 1st_day",
        );
        check("50_off = 4", "n50_off = 4");
        for code in [
            "a = 1e5 + 0xff + 0xdead + 2j + 1_000 + 1.5e-3 + 0b11",
            "a = 4if b else 5",
            "a = 'a\n2nd",
            "",
        ] {
            check(code, code);
        }
    }

    #[test]
    fn helpers_below_the_return_come_first() {
        let check = |code: &str, want: &str| assert_eq!(with_helpers_first(code), want);
        let helper = "    def half(n):\n        return n // 2";
        check(
            &format!("def solution():\n    a = half(8)\n    return a\n\n{helper}"),
            &format!("def solution():\n{helper}\n    a = half(8)\n    return a\n"),
        );
        for code in [
            format!("def solution():\n{helper}\n    return half(8)"),
            format!("def solution():\n    return 4\n\n{helper}\n    b = 5"),
            "def solution():\n    return half(8)\n\ndef half(n):\n    return n // 2".to_owned(),
            "x = 4".to_owned(),
            String::new(),
        ] {
            check(&code, &code);
        }
    }

    #[test]
    fn a_sum_is_returned_behind_its_loop() {
        let check = |body: &str, want: &str| {
            let function = |body: &str| format!("def solution():\n    total = 0\n{body}");
            let mended = with_returns_behind_loops(&function(body));
            assert_eq!(mended, function(want), "{body}");
        };
        check(
            "    for n in a:\n        total += n\n        return total",
            "    for n in a:\n        total += n\n    return total",
        );
        check(
            "    for n in a:\n        if n > 4:\n            kept.append(n)\n        return len(kept)\n",
            "    for n in a:\n        if n > 4:\n            kept.append(n)\n    return len(kept)",
        );
        // It takes the first one, leaves some out, or goes on.
        for body in [
            "    for n in a:\n        return n",
            "    for n in a:\n        total += n\n        return n",
            "    for n in a:\n        if n < 4:\n            continue\n        total += n\n        return total",
            "    for n in a:\n        total += n\n        if n > 4:\n            return total",
            "    for n in a:\n        total += n\n        return total\n    return 4",
            "    for n in a:\n        total += n\n    return total",
            "    while True:\n        total += 1\n        return total",
            "    return total",
        ] {
            check(body, body);
        }
    }

    #[test]
    fn a_return_is_seen() {
        let check = |code: &str, want: bool| assert_eq!(returns(code), want, "{code}");
        check("def f():\n    return", true);
        check("def f():\n    return(4)", true);
        check("def f():\n    returned = 4\n    print(returned)", false);
        check("", false);
    }
}
