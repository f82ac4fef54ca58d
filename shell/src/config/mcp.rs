//! The servers of the Model Context Protocol that are written down: `.mcp.json`, as other
//! programs write it.
//!
//! Two files are read: `mcp.json` beside `config.toml`, and the one in the folder where quipu
//! was started, once that folder is trusted. In strings `${NAME}` and `${NAME:-otherwise}`
//! stand for variables of the environment, and `${secret:NAME}` for a secret. They are filled in
//! where a server is started, which is not here; `session/bus` starts servers. One entry is read
//! in `entry`.

mod entry;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::calls::NAMESPACES;
use quipu_tools::SecretStore;
use quipu_tools::mcp::{Environment, McpServer, Variables};
use quipu_tools::secrets::handle;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::env_vars;
use crate::config::jsonc;
use crate::config::paths::Paths;
use crate::config::trust::{self, Folder, SERVERS};
use crate::terminal::error::{UserError, hint};
use crate::terminal::text::{read_text, without_mark};

/// Variables a server has without being given them: where programs are, and who runs
/// them. Everything else may be a secret.
const PASSED_ON: &[&str] = &[
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TMPDIR",
];

/// The name of the device with a skill's files: whoever has it would keep skills from theirs.
pub const SKILL: &str = "skill";
/// What the list of servers is called, and how other programs spell that.
const LIST: &str = "mcpServers";
const OTHER_LISTS: &[&str] = &["servers", "mcp_servers", "context_servers"];
/// Keys that only the entry of a server has.
const KEYS: &[&str] = &["command", "url", "serverUrl", "httpUrl"];

#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "mcpServers")]
    servers: BTreeMap<String, Value>,
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
        let found = entry::read(entry)
            .map_err(|reason| wrong(file, &format!("{name}: {reason}")))
            .and_then(|entry| match entry.is_off() {
                true => Ok(None),
                false if is_taken => {
                    Err(wrong(file, &format!("{name}: {called} is another server")))
                }
                false => entry.server(file, &called, folder).map(Some),
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
/// stand there are hyphens. One that the kernel's own calls have is no server's, nor is that of the
/// files of a skill.
fn called(name: &str) -> String {
    let called = match is_name(name) {
        true => name.to_owned(),
        false => {
            let sign = |c: char| if is_in_name(c) { c } else { '-' };
            let called: String = name.chars().map(sign).collect();
            called.trim_matches('-').to_owned()
        }
    };
    match NAMESPACES.contains(&called.as_str()) || called == SKILL {
        true => format!("{called}-server"),
        false => called,
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
    let mut object = object.or_else(|error| {
        // Programs that write it like this read comments too.
        serde_json::from_str(&jsonc::plain(text)).map_err(|_| wrong(file, &error.to_string()))
    })?;
    // Or there is nothing else in the file.
    let is_server = |entry: &Value| KEYS.iter().any(|key| entry.get(key).is_some());
    let is_listed = |object: &Map<String, Value>| {
        let mut lists = OTHER_LISTS.iter().chain([&LIST]);
        lists.any(|key| object.contains_key(*key))
    };
    // The settings of a program may have them beside others.
    let beside = object.get("mcp").filter(|inner| !is_server(inner));
    if let Some(inner) = beside.and_then(Value::as_object).cloned()
        && !is_listed(&object)
    {
        object = inner;
    }
    if !is_listed(&object) && !object.is_empty() && object.values().all(is_server) {
        let servers = object.into_iter().collect();
        return Ok(File { servers });
    }
    entry::respell(&mut object, LIST, OTHER_LISTS).map_err(|reason| wrong(file, &reason))?;
    serde_json::from_value(object.into()).map_err(|error| wrong(file, &error.to_string()))
}

fn wrong(file: &Path, reason: &str) -> anyhow::Error {
    UserError::usage(
        format!("{}: {reason}", file.display()),
        r#"it looks like {"mcpServers": {"NAME": {"command": "…", "args": []}}} or {"url": "…"}"#,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn no_server_is_called_as_the_kernels_own_calls_are() {
        let check = |name: &str, want: &str| assert_eq!(called(name), want);
        check("memory", "memory-server");
        check("@memory", "memory-server");
        check("process", "process-server");
        check("skill", "skill-server");
        check("memories", "memories");
        check("my memory", "my-memory");
    }

    #[test]
    fn a_mistake_does_not_quote_what_may_be_secret() {
        let check = |entry: &str, want: &str| {
            let said = entry::read(serde_json::from_str(entry).unwrap()).unwrap_err();
            assert!(said.starts_with(want), "{said}");
        };
        check(
            r#"{"env": "K=\"hunter2\", expected"}"#,
            "invalid type: string, expected a map",
        );
        check(
            r#"{"command": {"a": "hunter2"}}"#,
            "invalid type: map, expected a string",
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
        let both = |servers: &str| {
            format!(r#"{{"mcpServers": {{"a": {{"command": "b"}}}}, "servers": {servers}}}"#)
        };
        check(&both(r#"{"a": {"command": "b"}}"#), "1 servers");
        check(&both("{}"), "`mcpServers` and `servers` are two names");
        check(r#"{"servers": {"a": {"url": "https://b.c"}}}"#, "1 servers");
        check(
            r#"{"a": {"command": "b"}, "c": {"url": "https://d.e"}}"#,
            "2 servers",
        );
        for text in [
            r#"{"mcp": {"servers": {"a": {"command": "b"}}, "inputs": []}}"#,
            r#"{"theme": "x", "mcp": {"a": {"type": "local", "command": ["b", "c"]}}}"#,
            r#"{"context_servers": {"a": {"command": "b"}}}"#,
            r#"{"mcp": {"command": "b"}}"#,
        ] {
            check(text, "1 servers");
        }
        check(
            "{\"mcpServers\": {\n// one\n\"a\": {\"command\": \"b\",},\n}}",
            "1 servers",
        );
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
