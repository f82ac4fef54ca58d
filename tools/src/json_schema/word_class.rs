//! The meaning of `\w` in a pattern, for the server that wrote it.

/// A letter, mark or number of any script, and the underscore: `\w` of Unicode (UTS #18, Annex C).
const WORD: &str = r"_\p{L}\p{M}\p{N}";

/// `pattern` with `\w` as letters of any script.
///
/// In ECMA-262, which JSON Schema names, `\w` is ASCII. Servers in Python, Rust or Go mean any
/// letter, and take a name like Zürich or 苏黎世.
pub fn of_any_script(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('w') if in_class => {
                    out.push_str(WORD);
                    // No range begins there, as none did before.
                    if chars.next_if_eq(&'-').is_some() {
                        out.push_str(r"\-");
                    }
                }
                Some('w') => out.extend(["[", WORD, "]"]),
                escaped => {
                    out.push('\\');
                    out.extend(escaped);
                }
            },
            '[' | ']' => {
                in_class = c == '[';
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn letters_of_any_script_are_letters() {
        let check = |pattern: &str, value: &str, want: bool| {
            let schema = json!({"pattern": of_any_script(pattern)});
            let validator = crate::json_schema::validator(&schema).unwrap();
            assert_eq!(validator.is_valid(&json!(value)), want, "{pattern} {value}");
        };
        for name in ["Zurich", "Zürich", "苏黎世", "a_1", "नमस्ते"] {
            check(r"^\w+$", name, true);
            check(r"^[\w-.]+$", name, true);
            check(r"^[^\w]+$", name, false);
        }
        check(r"^\w+$", "a b", false);
        check(r"^[\w.-]+@[\w-]+\.\w+$", "jürgen.o@münchen.de", true);
        check(r"^\\w+$", r"\www", true);
        check(r"^\[\w\]$", "[ü]", true);
        check(r"^\d+$", "२०", false);
    }
}
