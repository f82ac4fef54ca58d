//! What is wrong with a file of TOML. Its reader names what it expected as the program calls its
//! types; a person wrote the file.

/// What is wrong with the file of which the reader of TOML says `error`.
pub fn wrong(error: &toml::de::Error) -> String {
    let said = error.to_string();
    let said = said.trim_end();
    let (before, last) = match said.rsplit_once('\n') {
        Some((before, last)) => (format!("{before}\n"), last),
        None => (String::new(), said),
    };
    let is_of_a_type = last.starts_with("invalid type: ") || last.starts_with("invalid value: ");
    match last.rsplit_once(", expected ").filter(|_| is_of_a_type) {
        Some((given, kind)) => format!("{before}{given}, expected {}", named(kind, "a table")),
        None => said.to_owned(),
    }
}

/// A type as people call it, and what they call a value with fields.
pub fn named<'a>(kind: &'a str, fields: &'a str) -> &'a str {
    match kind {
        "i8" => "a whole number from -128 to 127",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" | "a JSON number" => "a number",
        "a sequence" => "a list",
        "a map" => fields,
        kind if kind.starts_with("a nonzero u") => "a whole number from 1 on",
        kind if kind.starts_with("struct ") => fields,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong with them is asked for")]
    struct Settings {
        steps: Option<std::num::NonZeroU32>,
        window: Option<usize>,
        heat: Option<f32>,
        allow: Option<Vec<String>>,
        inner: Option<Box<Settings>>,
    }

    #[test]
    fn what_was_expected_is_told_in_words() {
        let check = |text: &str, want: &str| {
            let said = wrong(&toml::from_str::<Settings>(text).unwrap_err());
            let last = said.lines().last().unwrap_or_default();
            assert_eq!(last, want, "{text}: {said}");
            assert!(said.contains("at line 1, column"), "{said}");
        };
        check(
            "steps = 0",
            "invalid value: integer `0`, expected a whole number from 1 on",
        );
        check(
            "steps = \"many\"",
            "invalid type: string \"many\", expected a whole number from 1 on",
        );
        check(
            "window = -1",
            "invalid value: integer `-1`, expected a whole number from 0 on",
        );
        check(
            "heat = \"hot\"",
            "invalid type: string \"hot\", expected a number",
        );
        check(
            "allow = \"net\"",
            "invalid type: string \"net\", expected a list",
        );
        check("inner = 3", "invalid type: integer `3`, expected a table");
        check(
            "step = 3",
            "unknown field `step`, expected one of `steps`, `window`, `heat`, `allow`, `inner`",
        );
    }
}
