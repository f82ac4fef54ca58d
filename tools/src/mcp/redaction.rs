//! What a server was given in confidence, kept out of what it says: its errors and its
//! results go to listings, models and the journal.

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::{McpServer, McpTransport};
use super::placeholders::fill;
use crate::secrets::{LeakScan, Secret};

/// Shorter values could not be hidden without hiding half of an answer.
const VALUE_BYTES_MIN: usize = 8;
/// From here on a part of an address's path looks like a key.
const SEGMENT_BYTES_MIN: usize = 20;
/// What stands in place of a value that has no name.
const MARK: &str = "…";
/// Words in the name of something whose value is a secret.
const SECRETIVE: &[&str] = &[
    "key", "token", "secret", "pass", "auth", "cred", "cookie", "session", "dsn",
];

/// From here on a value of letters and digits looks like a key. Others are looked for as they are
/// written only: what a word looks like in another form stands in many texts.
const KEY_BYTES_MIN: usize = 12;

/// What is kept out.
#[derive(Clone, Default)]
pub(super) struct Hidden {
    /// Values, each with what is shown in its place; the longest first.
    values: Vec<(String, String)>,
    /// Those of them that look like keys, in other forms: a server that fails often shows what it
    /// was asked with, encoded.
    keys: LeakScan,
}

impl Hidden {
    /// What is to be hidden of `server`: the values of its `variables`, and what is
    /// written in it under a name that tells of a secret.
    pub(super) fn of(server: &McpServer, variables: &BTreeMap<String, String>) -> Self {
        let mut hidden: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| (value.clone(), format!("${{{name}}}")))
            .collect();
        let lookup = |name: &str| variables.get(name).cloned();
        let filled = |text: &str| fill(text, &lookup).ok();
        for text in written(server) {
            let Some(text) = filled(&text) else { continue };
            // `Bearer KEY`: the key is as secret alone.
            hidden.extend(
                text.split_whitespace()
                    .map(|part| (part.to_owned(), MARK.into())),
            );
            hidden.push((text, MARK.into()));
        }
        if let McpTransport::Http { url, .. } = &server.transport
            && let Some(url) = filled(url)
        {
            hidden.extend(parts_of(&url).into_iter().map(|part| (part, MARK.into())));
        }
        hidden.retain(|(value, _)| value.len() >= VALUE_BYTES_MIN);
        hidden.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let keys = hidden.iter().filter(|(value, _)| looks_like_a_key(value));
        let keys: Vec<Secret> = keys
            .filter_map(|(value, _)| Secret::new(value).ok())
            .collect();
        Self {
            keys: LeakScan::of(keys.iter().map(|key| (MARK, key))),
            values: hidden,
        }
    }

    /// `text` without the values.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, shown) in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), shown);
            }
        }
        self.keys.hidden(&text, MARK).into_owned()
    }

    /// `value` without the values, in texts and in the names of fields.
    pub(super) fn value(&self, value: Value) -> Value {
        match value {
            _ if self.values.is_empty() => value,
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, field)| (self.text(&name), self.value(field)))
                .collect(),
            other => other,
        }
    }
}

/// Whether `value` is one word of letters and digits, and long.
fn looks_like_a_key(value: &str) -> bool {
    let any = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let is_a_word = !value.contains(['/', '\\']) && !value.contains(char::is_whitespace);
    let mixed = any(u8::is_ascii_digit) && any(u8::is_ascii_alphabetic);
    value.len() >= KEY_BYTES_MIN && is_a_word && mixed
}

/// Whether `name` tells that what it names is a secret.
fn is_secretive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETIVE.iter().any(|word| name.contains(word))
}

/// What is written in `server` under a name that tells of a secret.
fn written(server: &McpServer) -> Vec<String> {
    let under = |map: &BTreeMap<String, String>| -> Vec<String> {
        let secret = map.iter().filter(|(name, _)| is_secretive(name));
        secret.map(|(_, value)| value.clone()).collect()
    };
    match &server.transport {
        McpTransport::Http { headers, .. } => under(headers),
        McpTransport::Stdio { args, env, .. } => {
            let mut found = under(env);
            let mut named = false;
            for arg in args {
                match arg.split_once('=') {
                    Some((name, value)) if is_secretive(name) => found.push(value.to_owned()),
                    _ if named => found.push(arg.clone()),
                    _ => {}
                }
                named = arg.starts_with('-') && !arg.contains('=') && is_secretive(arg);
            }
            found
        }
    }
}

/// The parts of an address that may be keys: values of its query, long parts of its path.
fn parts_of(url: &str) -> Vec<String> {
    let Ok(url) = url::Url::parse(url) else {
        return Vec::new();
    };
    let raw = url.query().unwrap_or_default().split('&');
    let raw = raw.filter_map(|pair| Some(pair.split_once('=')?.1.to_owned()));
    let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
    let segments = url.path_segments().into_iter().flatten();
    let long = segments.filter(|segment| segment.len() >= SEGMENT_BYTES_MIN);
    raw.chain(decoded).chain(long.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use data_encoding::HEXLOWER;
    use serde_json::json;

    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn what_was_given_in_confidence_is_not_said_again() {
        let server = McpServer {
            name: "x".into(),
            silent_max: None,
            wanted: Default::default(),
            transport: McpTransport::Stdio {
                command: "s".into(),
                args: [
                    "--api-key",
                    "literal-1",
                    "--token=literal-2",
                    "--mode",
                    "plainly-said",
                ]
                .map(str::to_owned)
                .into(),
                env: map(&[("PASSWORD", "literal-3"), ("NODE_ENV", "production")]),
                cwd: None,
            },
        };
        let hidden = Hidden::of(&server, &map(&[("GH", "from-outside"), ("N", "7")]));
        let check = |text: &str, want: &str| assert_eq!(hidden.text(text), want);
        check("literal-1 literal-2 literal-3", "… … …");
        check("bad from-outside, 7", "bad ${GH}, 7");
        check("plainly-said production", "plainly-said production");
        let value = json!({"from-outside": ["literal-1", 7, {"a": "xliteral-3x"}]});
        assert_eq!(
            hidden.value(value),
            json!({"${GH}": ["…", 7, {"a": "x…x"}]})
        );
    }

    #[test]
    fn a_key_is_not_said_in_another_form() {
        let server = McpServer {
            name: "x".into(),
            silent_max: None,
            wanted: Default::default(),
            transport: McpTransport::Http {
                url: "https://a.org/mcp".into(),
                headers: map(&[("Authorization", "Bearer ${T}")]),
            },
        };
        let key = "tok-48151623421808-Zz";
        let hidden = Hidden::of(&server, &map(&[("T", key)]));
        let check = |said: &str, keeps: &str| {
            let shown = hidden.text(said);
            assert!(shown.contains(MARK) && shown.contains(keeps), "{shown}");
            assert!(!shown.contains(&said[said.len() - 8..]), "{shown}");
        };
        let base64 = STANDARD.encode(format!("user:{key}"));
        check(&format!("401 for Basic {base64}"), "401 for Basic ");
        check(&key.chars().rev().collect::<String>(), "");
        check(&HEXLOWER.encode(key.as_bytes()), "");
        let plain = "wool and 48 sheep";
        assert_eq!(hidden.text(plain), plain);
        assert_eq!(hidden.text(key), "${T}");
    }

    #[test]
    fn an_address_keeps_its_keys() {
        let server = McpServer {
            name: "x".into(),
            silent_max: None,
            wanted: Default::default(),
            transport: McpTransport::Http {
                url: "https://a.org/api/0123456789abcdef0123/mcp?k=a%20long%20key&v=${V}".into(),
                headers: map(&[("Authorization", "Bearer ${T}"), ("Accept", "text/html")]),
            },
        };
        let variables = map(&[("T", "t-12345678"), ("V", "v-12345678")]);
        let hidden = Hidden::of(&server, &variables);
        let check = |text: &str, want: &str| assert_eq!(hidden.text(text), want);
        check(
            "https://a.org/api/0123456789abcdef0123/mcp?k=a%20long%20key&v=v-12345678 failed",
            "https://a.org/api/…/mcp?k=…&v=${V} failed",
        );
        check("a long key; Bearer t-12345678; t-12345678", "…; …; ${T}");
        check("text/html", "text/html");
    }
}
