//! Servers of the Model Context Protocol: `.mcp.json`, as other programs write it.
//!
//! Read are the file in the folder where quipu was started, and `mcp.json` beside
//! `config.toml`. In strings `${NAME}` and `${NAME:-otherwise}` stand for variables of
//! the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_tools::mcp::{Environment, McpServer, McpTransport};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::env_vars;
use crate::error::{UserError, hint};
use crate::init::read_text;
use crate::paths::Paths;

/// In the folder where quipu was started.
const PROJECT_FILE: &str = ".mcp.json";
/// Beside the configuration.
const USER_FILE: &str = "mcp.json";
/// Variables a server has without being given them: where programs are, and who runs
/// them. Everything else may be a secret.
const PASSED_ON: &[&str] = &[
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TMPDIR",
];

#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "mcpServers")]
    servers: BTreeMap<String, Value>,
}

/// One server; keys of other programs are left alone.
#[derive(Debug, Deserialize)]
struct Entry {
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    cwd: Option<PathBuf>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    disabled: bool,
}

/// The variables that every server has.
pub fn environment() -> Environment {
    PASSED_ON
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env_vars::get(name)?)))
        .collect()
}

/// A server by its name: as it is written down, or in which file and what is wrong there.
pub type Written = (String, Result<McpServer, (PathBuf, String)>);

/// The servers that are written down; where both files name one, the project's counts.
///
/// # Errors
/// A file that is no list of servers.
pub fn servers(paths: &Paths) -> Result<Vec<Written>> {
    let files = [paths.config.with_file_name(USER_FILE), PROJECT_FILE.into()];
    let mut entries = BTreeMap::new();
    for file in files.iter().filter(|file| file.exists()) {
        for (name, entry) in read(file)?.servers {
            entries.insert(name, (file, entry));
        }
    }
    let mut written = Vec::with_capacity(entries.len());
    for (name, (file, entry)) in entries {
        let found = serde_json::from_value::<Entry>(entry)
            .map_err(|error| wrong(file, &format!("{name}: {error}")))
            .and_then(|entry| match entry.disabled {
                true => Ok(None),
                false => server(file, &name, entry).map(Some),
            });
        match found {
            Ok(Some(server)) => written.push((name, Ok(server))),
            Ok(None) => {}
            Err(error) => {
                let reason = format!("{error}; {}", hint(&error));
                written.push((name, Err((file.clone(), reason))));
            }
        }
    }
    Ok(written)
}

fn read(file: &Path) -> Result<File> {
    if !file.is_file() {
        return Err(wrong(file, "it is not a file"));
    }
    let text = read_text(file, "a list of MCP servers")?;
    // A list would do for a struct as well: its fields in their order.
    let object: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| wrong(file, &error.to_string()))?;
    serde_json::from_value(object.into()).map_err(|error| wrong(file, &error.to_string()))
}

fn wrong(file: &Path, reason: &str) -> anyhow::Error {
    UserError::usage(
        format!("{}: {reason}", file.display()),
        r#"it looks like {"mcpServers": {"NAME": {"command": "…", "args": []}}} or {"url": "…"}"#,
    )
}

fn server(file: &Path, name: &str, entry: Entry) -> Result<McpServer> {
    let fail = |reason: String| wrong(file, &format!("{name}: {reason}"));
    let valid = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !valid {
        return Err(fail("a name has letters, digits, - and _".into()));
    }
    let fill = |text: &str| expand(text, &env_vars::get).map_err(&fail);
    let fill_all = |map: BTreeMap<String, String>| {
        map.into_iter()
            .map(|(key, value)| Ok((key, fill(&value)?)))
            .collect::<Result<BTreeMap<_, _>>>()
    };
    let transport = match (entry.command, entry.url) {
        (Some(command), None) => McpTransport::Stdio {
            command: fill(&command)?,
            args: entry
                .args
                .iter()
                .map(|arg| fill(arg))
                .collect::<Result<_>>()?,
            env: fill_all(entry.env)?,
            cwd: entry.cwd,
        },
        (None, Some(url)) => McpTransport::Http {
            url: address(&fill(&url)?).map_err(&fail)?,
            headers: fill_all(entry.headers)?,
        },
        _ => return Err(fail("it has either a command or a url".into())),
    };
    Ok(McpServer {
        name: name.to_owned(),
        transport,
    })
}

/// `url`, if it is one that can be connected to.
fn address(url: &str) -> Result<String, String> {
    let parsed = reqwest::Url::parse(url).ok();
    let usable = parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
    match usable {
        true => Ok(url.to_owned()),
        false => Err(format!(
            "{url:?} is no address: it begins with https:// or http://"
        )),
    }
}

/// `text` with `${NAME}` and `${NAME:-otherwise}` filled in.
fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after
            .split_once('}')
            .ok_or_else(|| format!("{text:?} has a ${{ without its }}"))?;
        let (name, otherwise) = match inside.split_once(":-") {
            Some((name, otherwise)) => (name, Some(otherwise.to_owned())),
            None => (inside, None),
        };
        let value = variable(name)
            .or(otherwise)
            .ok_or_else(|| format!("the variable {name} is not set"))?;
        filled.push_str(before);
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let variable = |name: &str| (name == "KEY").then(|| "k1".to_owned());
        let check = |text: &str, want: &str| {
            let got = expand(text, &variable).unwrap_or_else(|reason| reason);
            assert_eq!(got, want);
        };
        check("plain $KEY {x}", "plain $KEY {x}");
        check("Bearer ${KEY}/${NO:-none}${NO:-}", "Bearer k1/none");
        check("${NO}", "the variable NO is not set");
        check("a${KEY", "\"a${KEY\" has a ${ without its }");
    }

    #[test]
    fn entries_become_servers() {
        let check = |entry: &str, want: &str| {
            let entry: Entry = serde_json::from_str(entry).unwrap();
            let said = match server(Path::new("f"), "x", entry) {
                Ok(server) => server.origin(),
                Err(error) => error.to_string(),
            };
            assert_eq!(said, want);
        };
        check(
            r#"{"command": "npx", "args": ["-y", "a"], "alwaysAllow": []}"#,
            "mcp: npx -y a",
        );
        check(
            r#"{"type": "http", "url": "https://a.b/mcp"}"#,
            "mcp: https://a.b/mcp",
        );
        check("{}", "f: x: it has either a command or a url");
        check(
            r#"{"url": "a.b/mcp"}"#,
            r#"f: x: "a.b/mcp" is no address: it begins with https:// or http://"#,
        );
        check(
            r#"{"url": "file:///etc/passwd"}"#,
            r#"f: x: "file:///etc/passwd" is no address: it begins with https:// or http://"#,
        );
    }

    #[test]
    fn a_file_is_an_object_of_servers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mcp.json");
        let check = |text: &str, want: &str| {
            std::fs::write(&file, text).unwrap();
            let said = match read(&file) {
                Ok(file) => format!("{} servers", file.servers.len()),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(want), "{text}: {said}");
        };
        check(r#"{"mcpServers": {}, "inputs": []}"#, "0 servers");
        check(r#"{"mcpServers": {"a": {"command": "b"}}}"#, "1 servers");
        check("[]", "expected a map");
        check(r#"{"servers": {}}"#, "missing field `mcpServers`");
        check("", "EOF");
    }
}
