//! One server of the file, as programs write it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use quipu_tools::mcp::{McpServer, McpTransport, Wanted};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{is_name, unquoted, wrong};
use crate::config::jsonc::{Text, given};

/// No server is meant to answer within fewer milliseconds than these: then it is seconds.
const TIMEOUT_MS_MIN: f64 = 1_000.0;
/// The longest timeout: a day, in milliseconds.
const TIMEOUT_MS_MAX: f64 = 86_400_000.0;

/// How other programs write the folder of the file.
const FOLDER: &str = "${workspaceFolder}";

/// One server; keys of other programs are left alone.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(default, deserialize_with = "line")]
    command: Vec<Text>,
    #[serde(default, deserialize_with = "given")]
    args: Vec<Text>,
    #[serde(default, deserialize_with = "given")]
    env: BTreeMap<String, Text>,
    cwd: Option<PathBuf>,
    url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    headers: BTreeMap<String, Text>,
    #[serde(default, deserialize_with = "given")]
    disabled: bool,
    enabled: Option<bool>,
    /// The only functions of it, and those that are left out.
    #[serde(rename = "includeTools")]
    only: Option<BTreeSet<String>>,
    #[serde(default, deserialize_with = "given")]
    #[serde(rename = "excludeTools")]
    without: BTreeSet<String>,
    /// The only functions once more, as further programs have them.
    tools: Option<Listed>,
    /// How long a call may be silent, in milliseconds, as other programs have it; or in
    /// seconds, as others do.
    timeout: Option<f64>,
}

/// Names of functions; what is no list of names is another program's.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Listed {
    Names(BTreeSet<String>),
    Other(serde::de::IgnoredAny),
}

/// Keys, and how other programs spell them.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("args", &["arguments"]),
    ("env", &["environment"]),
    ("url", &["serverUrl", "httpUrl"]),
    (
        "includeTools",
        &[
            "enabledTools",
            "enabled_tools",
            "include_tools",
            "allowedTools",
            "allowed_tools",
        ],
    ),
    (
        "excludeTools",
        &[
            "disabledTools",
            "disabled_tools",
            "excludedTools",
            "exclude_tools",
        ],
    ),
];

/// The entry that `value` is.
///
/// # Errors
/// What is wrong with it, in words that quote no value: it may be a secret.
pub(super) fn read(mut value: Value) -> Result<Entry, String> {
    if let Some(keys) = value.as_object_mut() {
        for (name, others) in SPELLINGS {
            respell(keys, name, others)?;
        }
    }
    serde_json::from_value(value).map_err(|error| unquoted(&error))
}

/// Puts what stands in `keys` under one of the `others` where `name` is. What is null is not given.
///
/// # Errors
/// Which two of them are given and say different things.
pub(super) fn respell(
    keys: &mut Map<String, Value>,
    name: &str,
    others: &[&str],
) -> Result<(), String> {
    let mut said_by = name;
    for &other in others {
        let Some(value) = keys.remove(other).filter(|value| !value.is_null()) else {
            continue;
        };
        match keys.get(name).filter(|known| !known.is_null()) {
            None => {
                keys.insert(name.to_owned(), value);
                said_by = other;
            }
            Some(known) if *known == value => {}
            Some(_) => {
                return Err(format!(
                    "`{said_by}` and `{other}` are two names of one thing, and differ: keep one \
                     of them"
                ));
            }
        }
    }
    Ok(())
}

/// The name that stands for all functions.
const ALL: &str = "*";

impl Entry {
    /// Whether its user has switched it off.
    pub(super) fn is_off(&self) -> bool {
        self.disabled || self.enabled == Some(false)
    }

    /// The server `name` of `file`; one of a `folder` is started in it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn server(
        self,
        file: &Path,
        name: &str,
        folder: Option<&Path>,
    ) -> Result<McpServer> {
        let fail = |reason: String| wrong(file, &format!("{name}: {reason}"));
        if !is_name(name) {
            return Err(fail("a name has letters, digits, - and _".into()));
        }
        let placed = |text: String| match folder {
            Some(folder) => text.replace(FOLDER, &folder.display().to_string()),
            None => text,
        };
        let all_placed = |named: BTreeMap<String, Text>| -> BTreeMap<String, String> {
            let named = texts(named).into_iter();
            named.map(|(name, text)| (name, placed(text))).collect()
        };
        let mut words = self.command.into_iter().map(|word| placed(word.0));
        let transport = match (words.next(), self.url) {
            (Some(command), None) => McpTransport::Stdio {
                command,
                args: words
                    .chain(self.args.into_iter().map(|arg| placed(arg.0)))
                    .collect(),
                env: all_placed(self.env),
                // A path that is not absolute starts from the folder of the file.
                cwd: match folder {
                    Some(folder) => {
                        let cwd = self.cwd.unwrap_or_default();
                        let inside = cwd.strip_prefix(FOLDER).unwrap_or(&cwd);
                        Some(folder.join(inside))
                    }
                    None => self.cwd,
                },
            },
            (None, Some(url)) => McpTransport::Http {
                url,
                headers: texts(self.headers),
            },
            _ => return Err(fail("it has either a command or a url".into())),
        };
        let listed = match self.tools {
            Some(Listed::Names(names)) => Some(names),
            Some(Listed::Other(_)) | None => None,
        };
        let silent_max = self.timeout.map(silence).transpose().map_err(&fail)?;
        let server = McpServer {
            name: name.to_owned(),
            transport,
            silent_max,
            wanted: Wanted {
                only: both(named(self.only), named(listed)),
                without: self.without,
            },
        };
        server.check().map_err(fail)?;
        Ok(server)
    }
}

/// Those of a list of names; `None` where it stands for all.
fn named(names: Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    names.filter(|names| !names.contains(ALL))
}

/// What both lists name, where there are two.
fn both(
    one: Option<BTreeSet<String>>,
    other: Option<BTreeSet<String>>,
) -> Option<BTreeSet<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
        (one, other) => one.or(other),
    }
}

/// A program; or one with its arguments, as some programs write it.
fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Text>, D::Error> {
    let words = match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(words) => words,
        one => vec![one],
    };
    let words = words.into_iter().map(Text::deserialize);
    words.collect::<Result<_, _>>().map_err(D::Error::custom)
}

/// How long a call may be silent. A `timeout` is in milliseconds; one that is too small for that
/// is in seconds, as some programs write it.
fn silence(timeout: f64) -> Result<Duration, String> {
    match timeout {
        seconds if (1.0..TIMEOUT_MS_MIN).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        ms if (1.0..=TIMEOUT_MS_MAX).contains(&ms) => Ok(Duration::from_millis(ms as u64)),
        _ => Err(format!(
            "a timeout is a number of milliseconds from 1 to {TIMEOUT_MS_MAX}"
        )),
    }
}

fn texts(named: BTreeMap<String, Text>) -> BTreeMap<String, String> {
    named
        .into_iter()
        .map(|(name, text)| (name, text.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(entry: &str) -> Entry {
        read(serde_json::from_str(entry).unwrap()).unwrap()
    }

    #[test]
    fn two_spellings_of_one_thing_have_to_agree() {
        let check = |keys: &str, want: Option<[&str; 2]>| {
            let text = format!(r#"{{"command": "a", {keys}}}"#);
            let got = read(serde_json::from_str(&text).unwrap());
            match (got, want) {
                (Ok(_), None) => {}
                (Err(reason), Some([one, other])) => {
                    let named = format!("`{one}` and `{other}` are two names");
                    assert!(reason.starts_with(&named), "{keys}: {reason}");
                    assert!(!reason.contains("hunter2"), "{reason}");
                }
                (got, _) => panic!("{keys}: {got:?}"),
            }
        };
        check(r#""args": ["x"], "arguments": ["x"]"#, None);
        check(r#""args": null, "arguments": ["x"]"#, None);
        check(
            r#""args": ["x"], "arguments": ["hunter2"]"#,
            Some(["args", "arguments"]),
        );
        check(
            r#""env": {"K": "hunter2"}, "environment": {"K": "v"}"#,
            Some(["env", "environment"]),
        );
        check(
            r#""allowed_tools": ["b"], "enabledTools": ["a"]"#,
            Some(["enabledTools", "allowed_tools"]),
        );
        check(r#""excludeTools": ["a"], "disabledTools": ["a"]"#, None);
        check(
            r#""serverUrl": "https://a.b", "httpUrl": "https://c.d""#,
            Some(["serverUrl", "httpUrl"]),
        );
    }

    #[test]
    fn entries_become_servers() {
        let check = |entry: &str, want: &str| {
            let said = match parsed(entry).server(Path::new("f"), "x", Some(Path::new("/p"))) {
                Ok(server) => match server.transport {
                    McpTransport::Stdio { ref cwd, .. } => {
                        format!("{} in {}", server.origin(), cwd.as_ref().unwrap().display())
                    }
                    McpTransport::Http { .. } => server.origin(),
                },
                Err(error) => error.to_string(),
            };
            assert_eq!(said, want);
        };
        check(
            r#"{"command": "npx", "args": ["-y", "a"], "alwaysAllow": []}"#,
            "mcp: npx … in /p/",
        );
        check(
            r#"{"command": "./s", "cwd": "tools"}"#,
            "mcp: ./s in /p/tools",
        );
        check(
            r#"{"command": "${workspaceFolder}/s", "cwd": "${workspaceFolder}/tools"}"#,
            "mcp: /p/s in /p/tools",
        );
        check(
            r#"{"type": "http", "url": "https://a.b/mcp"}"#,
            "mcp: https://a.b",
        );
        check(
            r#"{"command": "a", "timeout": 0}"#,
            "f: x: a timeout is a number of milliseconds from 1 to 86400000",
        );
        check("{}", "f: x: it has either a command or a url");
        check(
            r#"{"type": "local", "command": ["npx", "-y", "a"], "environment": {"K": "v"}}"#,
            "mcp: npx … in /p/",
        );
        check(
            r#"{"command": [], "url": null}"#,
            "f: x: it has either a command or a url",
        );
        check(
            r#"{"command": "a", "args": ["-p", 80, true], "env": {"PORT": 3000}}"#,
            "mcp: a … in /p/",
        );
        check(
            r#"{"command": "a", "arguments": ["-p"]}"#,
            "mcp: a … in /p/",
        );
        check(
            r#"{"serverUrl": "https://a.b/mcp", "env": null, "headers": null, "disabled": null}"#,
            "mcp: https://a.b",
        );
        for url in ["a.b/mcp", "file:///etc/passwd", "https://a:b@c.d/"] {
            check(
                &format!(r#"{{"url": "{url}"}}"#),
                "f: x: the url is not an address: it begins with https:// or http://, and has no \
                 user name in it",
            );
        }
        check(r#"{"command": "a${"}"#, "f: x: a ${ is not closed by }");
    }

    #[test]
    fn functions_are_those_that_are_wanted() {
        let check = |entry: &str, want: [bool; 2]| {
            let server = parsed(entry).server(Path::new("f"), "x", None).unwrap();
            let found = ["read", "write"].map(|function| server.wanted.admits(function));
            assert_eq!(found, want);
        };
        check(r#"{"command": "a"}"#, [true, true]);
        check(
            r#"{"command": "a", "disabledTools": ["write"]}"#,
            [true, false],
        );
        check(
            r#"{"command": "a", "excludeTools": null, "includeTools": ["read"]}"#,
            [true, false],
        );
        check(
            r#"{"command": "a", "enabled_tools": ["read"], "disabled_tools": ["read"]}"#,
            [false, false],
        );
        // As further programs write it, and in other letters.
        for only in ["allowedTools", "allowed_tools", "include_tools", "tools"] {
            let entry = format!(r#"{{"command": "a", "{only}": ["read"]}}"#);
            check(&entry, [true, false]);
            let entry = format!(r#"{{"command": "a", "{only}": ["*"]}}"#);
            check(&entry, [true, true]);
        }
        for without in ["excludedTools", "exclude_tools"] {
            let entry = format!(r#"{{"command": "a", "{without}": ["Write"]}}"#);
            check(&entry, [true, false]);
        }
        check(
            r#"{"command": "a", "tools": ["read"], "includeTools": ["write"]}"#,
            [false, false],
        );
        check(r#"{"command": "a", "tools": {"read": {}}}"#, [true, true]);
    }

    #[test]
    fn a_timeout_is_read_as_it_was_meant() {
        let check = |timeout: f64, want: Duration| {
            let entry = format!(r#"{{"command": "a", "timeout": {timeout}}}"#);
            let server = parsed(&entry).server(Path::new("f"), "x", None).unwrap();
            assert_eq!(server.silent_max, Some(want), "{timeout}");
        };
        check(120_000.0, Duration::from_secs(120));
        check(1_500.0, Duration::from_millis(1_500));
        check(60.0, Duration::from_secs(60));
    }
}
