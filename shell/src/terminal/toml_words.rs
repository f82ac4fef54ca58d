//! What is wrong with a file of TOML. Its reader names what it expected as the program calls its
//! types; a person wrote the file.

/// Letters of a known name that tell something where it stands within another.
const WITHIN_LETTERS_MIN: usize = 4;

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
        Some((given, kind)) => {
            let given = match given {
                "invalid type: map" => "invalid type: a table",
                "invalid type: sequence" => "invalid type: a list",
                given => given,
            };
            format!("{before}{given}, expected {}", named(kind, "a table"))
        }
        None => format!("{before}{}", meant(last)),
    }
}

/// What a reader says of a name that it does not know, with the known one that may be meant: one
/// that is nearly so, or stands in it.
pub fn meant(said: &str) -> String {
    let names: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let is_unknown = said.starts_with("unknown field `") || said.starts_with("unknown variant `");
    let Some((name, known)) = names.split_first().filter(|_| is_unknown) else {
        return said.to_owned();
    };
    let mut near = quipu_models::near(name, known.iter().map(|known| (*known).to_owned()));
    if near.is_empty() {
        let within = known
            .iter()
            .filter(|known| known.len() >= WITHIN_LETTERS_MIN && name.contains(*known));
        near = within.map(|known| (*known).to_owned()).collect();
    }
    let near: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
    match near.is_empty() {
        true => said.to_owned(),
        false => {
            let whole = format!("`{name}`");
            let told = format!("{whole} (did you mean {}?)", near.join(" or "));
            said.replacen(&whole, &told, 1)
        }
    }
}

/// A type as people call it, and what they call a value with fields.
pub fn named<'a>(kind: &'a str, fields: &'a str) -> &'a str {
    match kind {
        "i8" => "a whole number from -128 to 127",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" | "a JSON number" => "a number",
        "a sequence" => "a list",
        "a map" => fields,
        "a nonzero u8" => "a whole number from 1 to 255",
        "a nonzero u16" => "a whole number from 1 to 65535",
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
        port: Option<u16>,
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
        check(
            "port = 99999",
            "invalid value: integer `99999`, expected a whole number from 0 to 65535",
        );
        check("allow = {}", "invalid type: a table, expected a list");
        check("heat = []", "invalid type: a list, expected a number");
        check("inner = 3", "invalid type: integer `3`, expected a table");
        check(
            "step = 3",
            "unknown field `step` (did you mean `steps`?), expected one of `steps`, `window`, `heat`, `allow`, `port`, `inner`",
        );
        check(
            "max_window = 3",
            "unknown field `max_window` (did you mean `window`?), expected one of `steps`, `window`, `heat`, `allow`, `port`, `inner`",
        );
        check(
            "colour = 3",
            "unknown field `colour`, expected one of `steps`, `window`, `heat`, `allow`, `port`, `inner`",
        );
    }
}
