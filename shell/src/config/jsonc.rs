//! JSON as people write it into files of settings: with comments, commas behind the last item,
//! null for nothing, and numbers and flags where texts are meant.

use std::fmt;
use std::path::Path;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A given value; the default where it is null.
pub fn given<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A text, also where it is written as a number or a flag, such as a port.
#[derive(Debug)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;

        impl Visitor<'_> for Scalar {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Text, E> {
                Ok(Text(flag.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }

        deserializer.deserialize_any(Scalar)
    }
}

/// The value in the file at `path`, which says `text`: YAML by the end of its name, else JSON,
/// which may have comments.
///
/// # Errors
/// What is wrong with it, in words.
pub fn value(path: &Path, text: &str) -> Result<Value, String> {
    let end = path.extension().unwrap_or_default();
    if end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml") {
        // As YAML 1.2 has it: `no` is a word, such as the country, and no truth.
        let options = serde_saphyr::options! {
            strict_booleans: true,
        };
        let value = serde_saphyr::from_str_with_options(text, options);
        return value.map_err(|error| error.without_snippet().to_string());
    }
    serde_json::from_str(text)
        .or_else(|error| serde_json::from_str(&plain(text)).map_err(|_| error.to_string()))
}

/// `text` as JSON: spaces stand in the place of what JSON does not know, so that lines and
/// columns stay. What stands in strings is left alone.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    // Where the last comma stands, as long as nothing but spaces came after it.
    let mut comma: Option<usize> = None;
    while let Some(sign) = rest.chars().next() {
        let len = match sign {
            '"' => string_len(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            sign => sign.len_utf8(),
        };
        let (part, after) = rest.split_at(len);
        rest = after;
        if sign == '/' && len > 1 {
            let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
            plain.extend(part.chars().map(blank));
            continue;
        }
        match sign {
            ',' => comma = Some(plain.len()),
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    plain.replace_range(at..=at, " ");
                }
            }
            sign if sign.is_whitespace() => {}
            _ => comma = None,
        }
        plain.push_str(part);
    }
    plain
}

/// Bytes of the string that `text` begins with, its quotation marks counted.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_by_its_end() {
        let check = |name: &str, text: &str, want: Option<Value>| {
            assert_eq!(value(Path::new(name), text).ok(), want, "{name}");
        };
        let number = serde_json::json!({"type": "number"});
        check("a.json", "{\"type\": \"number\"}", Some(number.clone()));
        check(
            "a",
            "{\"type\": \"number\", // any\n}",
            Some(number.clone()),
        );
        check("a.YML", "type: number\n", Some(number));
        check(
            "a.yaml",
            "enum: [no, y, on, true]\n",
            Some(serde_json::json!({"enum": ["no", "y", "on", true]})),
        );
        check("a.json", "type: number\n", None);
        check("a.yaml", "a: [", None);
    }

    #[test]
    fn comments_and_last_commas_are_nothing() {
        let check = |text: &str, want: &str| assert_eq!(plain(text), want);
        check(r#"{"a": 1}"#, r#"{"a": 1}"#);
        check("{\"a\": 1, // one\n}", "{\"a\": 1        \n}");
        check("[1, /* two\n */ ]", "[1        \n    ]");
        check(r#"{"a": ["b",],}"#, r#"{"a": ["b" ] }"#);
        check(
            r#"["// a", "/* b */", "c\",]"]"#,
            r#"["// a", "/* b */", "c\",]"]"#,
        );
        check("[1,,2]", "[1,,2]");
        check("\"open", "\"open");
        check("/* open", "       ");
        check("/*/ one */1", "          1");
        check("a / b", "a / b");
    }
}
