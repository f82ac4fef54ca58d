//! The servers of the Model Context Protocol that are written down: `.mcp.json`, as other
//! programs write it.
//!
//! Two files are read: `mcp.json` beside `config.toml`, and the one in the folder where quipu
//! was started, once that folder is trusted. In strings `${NAME}` and `${NAME:-otherwise}`
//! stand for variables of the environment, and `${secret:NAME}` for a secret. They are filled in
//! where a server is started, which is not here; `session/bus` starts servers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use quipu_tools::SecretStore;
use quipu_tools::mcp::{Environment, McpServer, McpTransport, Variables, Wanted};
use quipu_tools::secrets::handle;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::env_vars;
use crate::config::jsonc::{self, Text, given};
use crate::config::paths::Paths;
use crate::config::trust::{self, Folder, SERVERS};
use crate::terminal::error::{UserError, hint};
use crate::terminal::text::{read_text, without_mark};

/// Variables a server has without being given them: where programs are, and who runs
/// them. Everything else may be a secret.
const PASSED_ON: &[&str] = &[
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TMPDIR",
];

/// No server is meant to answer within fewer milliseconds than these: then it is seconds.
const TIMEOUT_MS_MIN: f64 = 1_000.0;
/// The longest timeout: a day, in milliseconds.
const TIMEOUT_MS_MAX: f64 = 86_400_000.0;

/// What only the entry of a server has.
const KEYS: &[&str] = &["command", "url", "serverUrl", "httpUrl"];

/// How other programs write the folder of the file.
const FOLDER: &str = "${workspaceFolder}";

#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "mcpServers", alias = "servers")]
    servers: BTreeMap<String, Value>,
}

/// One server; keys of other programs are left alone.
#[derive(Debug, Deserialize)]
struct Entry {
    command: Option<String>,
    #[serde(default, deserialize_with = "given")]
    args: Vec<Text>,
    #[serde(default, deserialize_with = "given")]
    env: BTreeMap<String, Text>,
    cwd: Option<PathBuf>,
    #[serde(alias = "serverUrl", alias = "httpUrl")]
    url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    headers: BTreeMap<String, Text>,
    #[serde(default, deserialize_with = "given")]
    disabled: bool,
    enabled: Option<bool>,
    /// The only functions of it, and those that are left out, as different programs have them.
    #[serde(alias = "enabledTools", alias = "enabled_tools")]
    #[serde(rename = "includeTools")]
    only: Option<BTreeSet<String>>,
    #[serde(default, deserialize_with = "given")]
    #[serde(alias = "disabledTools", alias = "disabled_tools")]
    #[serde(rename = "excludeTools")]
    without: BTreeSet<String>,
    /// How long a call may be silent, in milliseconds, as other programs have it; or in
    /// seconds, as others do.
    timeout: Option<f64>,
}

fn texts(named: BTreeMap<String, Text>) -> BTreeMap<String, String> {
    named
        .into_iter()
        .map(|(name, text)| (name, text.0))
        .collect()
}

/// The variables that every server has.
pub fn environment() -> Environment {
    PASSED_ON
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env_vars::get(name)?)))
        .collect()
}

/// How the variables and the `secrets` are looked up that a server was granted.
pub fn variables(secrets: SecretStore) -> Variables {
    Arc::new(move |name: &str| match name.strip_prefix(handle::PREFIX) {
        Some(name) => secrets
            .shared(name)
            .map(|secret| secret.reveal().to_owned()),
        None => env_vars::get(name),
    })
}

/// A server by its name: as it is written down, or in which file and what is wrong there.
pub type Written = (String, Result<McpServer, (PathBuf, String)>);

/// The servers of the user's own file.
///
/// # Errors
/// A file that is no list of servers.
pub fn of_user(paths: &Paths) -> Result<Vec<Written>> {
    let file = paths.servers();
    if !file.exists() {
        return Ok(Vec::new());
    }
    if !file.is_file() {
        return Err(wrong(&file, "it is not a file"));
    }
    let text = read_text(&file, "a list of MCP servers")?;
    of_text(&file, &text)
}

/// The servers in the text of a file that is the user's own.
///
/// # Errors
/// A text that is no list of servers.
pub(crate) fn of_text(file: &Path, text: &str) -> Result<Vec<Written>> {
    Ok(written(file, parse(file, text)?, None))
}

/// The servers of the folder where quipu was started.
///
/// # Errors
/// A folder that has some and is not trusted, or a file that is no list of servers.
pub fn of_project(paths: &Paths) -> Result<Vec<Written>> {
    // Most folders have none, and need not be read.
    match Path::new(SERVERS).exists() {
        true => of_folder(&trust::effective(Path::new("."), paths)?),
        false => Ok(Vec::new()),
    }
}

/// The servers of `folder`, trusted or not. They are started in it.
///
/// # Errors
/// A file that is no list of servers.
pub fn of_folder(folder: &Folder) -> Result<Vec<Written>> {
    let file = folder.path.join(SERVERS);
    let Some(bytes) = folder.files.get(SERVERS) else {
        return Ok(Vec::new());
    };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(&file, "not UTF-8"))?;
    let parsed = parse(&file, without_mark(text))?;
    Ok(written(&file, parsed, Some(&folder.path)))
}

/// The entries of a file as servers; those of a `folder` are started in it.
fn written(file: &Path, parsed: File, folder: Option<&Path>) -> Vec<Written> {
    let mut written = Vec::with_capacity(parsed.servers.len());
    for (name, entry) in parsed.servers {
        let called = Some(called(&name)).filter(|called| !called.is_empty());
        let called = called.unwrap_or_else(|| name.clone());
        let is_taken = written.iter().any(|(known, _)| *known == called);
        let found = serde_json::from_value::<Entry>(entry)
            .map_err(|error| wrong(file, &format!("{name}: {}", unquoted(&error))))
            .and_then(|entry| match entry.disabled || entry.enabled == Some(false) {
                true => Ok(None),
                false if is_taken => Err(wrong(file, &format!("{name}: {called} is another server"))),
                false => server(file, &called, entry, folder).map(Some),
            });
        match found {
            Ok(Some(server)) => written.push((called, Ok(server))),
            Ok(None) => {}
            Err(error) => {
                let reason = format!("{error}; {}", hint(&error));
                written.push((name, Err((file.to_owned(), reason))));
            }
        }
    }
    written
}

/// The name that a server has here, where it is a part of a word: signs in it that cannot
/// stand there are hyphens.
fn called(name: &str) -> String {
    match is_name(name) {
        true => name.to_owned(),
        false => {
            let sign = |c: char| if is_in_name(c) { c } else { '-' };
            let called: String = name.chars().map(sign).collect();
            called.trim_matches('-').to_owned()
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_in_name)
}

fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// What is wrong with an entry, without the text in question: it may be a secret.
fn unquoted(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match (said.split_once(" \""), said.rsplit_once("\", expected")) {
        (Some((before, _)), Some((_, after))) => format!("{before}, expected{after}"),
        _ => said,
    }
}

fn parse(file: &Path, text: &str) -> Result<File> {
    // A list would do for a struct as well: its fields in their order.
    let object = serde_json::from_str::<Map<String, Value>>(text);
    let object = object.or_else(|error| {
        // Programs that write it like this read comments too.
        serde_json::from_str(&jsonc::plain(text)).map_err(|_| wrong(file, &error.to_string()))
    })?;
    // Or there is nothing else in the file.
    let is_server = |entry: &Value| KEYS.iter().any(|key| entry.get(key).is_some());
    let is_listed = ["mcpServers", "servers"].iter().any(|key| object.contains_key(*key));
    if !is_listed && !object.is_empty() && object.values().all(is_server) {
        let servers = object.into_iter().collect();
        return Ok(File { servers });
    }
    serde_json::from_value(object.into()).map_err(|error| wrong(file, &error.to_string()))
}

fn wrong(file: &Path, reason: &str) -> anyhow::Error {
    UserError::usage(
        format!("{}: {reason}", file.display()),
        r#"it looks like {"mcpServers": {"NAME": {"command": "…", "args": []}}} or {"url": "…"}"#,
    )
}

fn server(file: &Path, name: &str, entry: Entry, folder: Option<&Path>) -> Result<McpServer> {
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
    let transport = match (entry.command, entry.url) {
        (Some(command), None) => McpTransport::Stdio {
            command: placed(command),
            args: entry.args.into_iter().map(|arg| placed(arg.0)).collect(),
            env: all_placed(entry.env),
            // A path that is not absolute starts from the folder of the file.
            cwd: match folder {
                Some(folder) => {
                    let cwd = entry.cwd.unwrap_or_default();
                    let inside = cwd.strip_prefix(FOLDER).unwrap_or(&cwd);
                    Some(folder.join(inside))
                }
                None => entry.cwd,
            },
        },
        (None, Some(url)) => McpTransport::Http {
            url,
            headers: texts(entry.headers),
        },
        _ => return Err(fail("it has either a command or a url".into())),
    };
    let silent_max = match entry.timeout {
        None => None,
        Some(seconds) if (1.0..TIMEOUT_MS_MIN).contains(&seconds) => {
            Some(Duration::from_secs_f64(seconds))
        }
        Some(ms) if (1.0..=TIMEOUT_MS_MAX).contains(&ms) => Some(Duration::from_millis(ms as u64)),
        Some(_) => {
            return Err(fail(format!(
                "a timeout is a number of milliseconds from 1 to {TIMEOUT_MS_MAX}"
            )));
        }
    };
    let server = McpServer {
        name: name.to_owned(),
        transport,
        silent_max,
        wanted: Wanted {
            only: entry.only,
            without: entry.without,
        },
    };
    server.check().map_err(fail)?;
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_servers() {
        let check = |entry: &str, want: &str| {
            let entry: Entry = serde_json::from_str(entry).unwrap();
            let said = match server(Path::new("f"), "x", entry, Some(Path::new("/p"))) {
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
            r#"{"command": "a", "args": ["-p", 80, true], "env": {"PORT": 3000}}"#,
            "mcp: a … in /p/",
        );
        check(
            r#"{"serverUrl": "https://a.b/mcp", "env": null, "headers": null, "disabled": null}"#,
            "mcp: https://a.b",
        );
        for url in ["a.b/mcp", "file:///etc/passwd", "https://a:b@c.d/"] {
            check(
                &format!(r#"{{"url": "{url}"}}"#),
                "f: x: the url is no address: it begins with https:// or http://, and has no \
                 user name in it",
            );
        }
        check(r#"{"command": "a${"}"#, "f: x: a ${ is not closed by }");
    }

    #[test]
    fn a_server_has_a_name_that_can_be_written() {
        let text = r#"{"mcpServers": {
            "plain_1": {"command": "a"},
            "Sequential Thinking": {"command": "a"},
            "github.com/x/y": {"command": "a", "enabled": true},
            "off one": {"command": "a", "enabled": false},
            "plain 2": {"command": "a"},
            "plain.2": {"command": "a"},
            "界": {"command": "a"}
        }}"#;
        let written = of_text(Path::new("f"), text).unwrap();
        let said: Vec<String> = written
            .into_iter()
            .map(|(name, server)| match server {
                Ok(server) => format!("{name} {}", server.name),
                Err((_, reason)) => format!("{name}: {reason}"),
            })
            .collect();
        let want = [
            "Sequential-Thinking Sequential-Thinking",
            "github-com-x-y github-com-x-y",
            "plain-2 plain-2",
            "plain.2: f: plain.2: plain-2 is another server; it looks like",
            "plain_1 plain_1",
            "界: f: 界: a name has letters, digits, - and _; it looks like",
        ];
        assert_eq!(said.len(), want.len(), "{said:#?}");
        for (said, want) in said.iter().zip(want) {
            assert!(said.starts_with(want), "{said}");
        }
    }

    #[test]
    fn functions_are_those_that_are_wanted() {
        let check = |entry: &str, want: [bool; 2]| {
            let entry: Entry = serde_json::from_str(entry).unwrap();
            let server = server(Path::new("f"), "x", entry, None).unwrap();
            let found = ["read", "write"].map(|function| server.wanted.admits(function));
            assert_eq!(found, want);
        };
        check(r#"{"command": "a"}"#, [true, true]);
        check(r#"{"command": "a", "disabledTools": ["write"]}"#, [true, false]);
        check(r#"{"command": "a", "excludeTools": null, "includeTools": ["read"]}"#, [true, false]);
        check(
            r#"{"command": "a", "enabled_tools": ["read"], "disabled_tools": ["read"]}"#,
            [false, false],
        );
    }

    #[test]
    fn a_timeout_is_read_as_it_was_meant() {
        let check = |timeout: f64, want: Duration| {
            let entry = format!(r#"{{"command": "a", "timeout": {timeout}}}"#);
            let entry: Entry = serde_json::from_str(&entry).unwrap();
            let server = server(Path::new("f"), "x", entry, None).unwrap();
            assert_eq!(server.silent_max, Some(want), "{timeout}");
        };
        check(120_000.0, Duration::from_secs(120));
        check(1_500.0, Duration::from_millis(1_500));
        check(60.0, Duration::from_secs(60));
    }

    #[test]
    fn a_mistake_does_not_quote_what_may_be_secret() {
        let check = |entry: &str, want: &str| {
            let error = serde_json::from_str::<Entry>(entry).unwrap_err();
            assert!(unquoted(&error).starts_with(want), "{}", unquoted(&error));
        };
        check(
            r#"{"env": "K=\"hunter2\", expected"}"#,
            "invalid type: string, expected a map",
        );
        check(
            r#"{"command": ["hunter2"]}"#,
            "invalid type: sequence, expected a string",
        );
    }

    #[test]
    fn a_file_is_an_object_of_servers() {
        let check = |text: &str, want: &str| {
            let said = match parse(Path::new("f"), text) {
                Ok(file) => format!("{} servers", file.servers.len()),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(want), "{text}: {said}");
        };
        check(r#"{"mcpServers": {}, "inputs": []}"#, "0 servers");
        check(r#"{"mcpServers": {"a": {"command": "b"}}}"#, "1 servers");
        check("[]", "expected a map");
        check(r#"{"servers": {"a": {"url": "https://b.c"}}}"#, "1 servers");
        check(r#"{"a": {"command": "b"}, "c": {"url": "https://d.e"}}"#, "2 servers");
        check("{\"mcpServers\": {\n// one\n\"a\": {\"command\": \"b\",},\n}}", "1 servers");
        check(r#"{"a": {"args": []}}"#, "missing field `mcpServers`");
        check("{}", "missing field `mcpServers`");
        check("{\"mcpServers\": // a", "expected value");
        check("", "EOF");
    }

    proptest::proptest! {
        /// Any file is a list of servers, each sound or with what is wrong with it, or none.
        #[test]
        fn torture_a_list_of_servers_is_read_or_refused(
            name in "[a-z_é -]{0,4}",
            key in "command|args|env|cwd|url|headers|disabled|timeout|type",
            value in "\"[ -~]{0,12}\"|\"(https?://)?[a-z.:@/$\\{\\}-]{0,12}\"|-?[0-9.e]{1,9}|true|null|\\[\"a\"\\]|\\{\"a\":\"b\"\\}",
            url in proptest::bool::ANY,
            cut in proptest::prelude::any::<proptest::sample::Index>(),
        ) {
            let sound = match url {
                true => r#""url":"https://a.example/b""#,
                false => r#""command":"c""#,
            };
            let text = format!(
                "{{\"mcpServers\":{{{}:{{{sound},\"{key}\":{value}}}}}}}",
                Value::from(name)
            );
            let file = Path::new("f");
            for text in [&text[..], text.get(..cut.index(text.len())).unwrap_or_default(), &value] {
                for (name, server) in of_text(file, text).unwrap_or_default() {
                    proptest::prop_assert!(server.is_err() || !name.is_empty(), "{}", text);
                }
            }
        }
    }
}
