//! What a server is: a command to run or an address to connect to, as it was written
//! down. Variables in it are names here; `connection` fills them in, once they were granted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::placeholders::{fill, names};
use crate::caps::Capability;
use crate::net::Target;
use crate::secrets::handle::PREFIX;

/// A server, as its user wrote it down.
#[derive(Clone, Debug, Serialize)]
pub struct McpServer {
    /// Its name: that of the device.
    pub name: String,
    /// How to reach it.
    pub transport: McpTransport,
    /// How long it may be silent in a call, where its entry says so. No part of what a
    /// grant is bound to: it makes no other server of it.
    #[serde(skip)]
    pub silent_max: Option<Duration>,
    /// The functions that its user wants. A grant is not bound to them either: there can only be
    /// fewer.
    #[serde(skip)]
    pub wanted: Wanted,
}

/// The functions of a server that its user wants: all, unless its entry says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The only ones, where the entry names some.
    pub only: Option<BTreeSet<String>>,
    /// The functions that are left out.
    pub without: BTreeSet<String>,
}

impl Wanted {
    /// Whether `function` is one of them.
    pub fn admits(&self, function: &str) -> bool {
        let named = self
            .only
            .as_ref()
            .is_none_or(|only| only.contains(function));
        let mut without = self.without.iter();
        // In upper or lower case: what is meant to be left out is not offered for a letter.
        named && !without.any(|name| name.eq_ignore_ascii_case(function))
    }
}

/// How to reach a server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum McpTransport {
    /// A program that is started and spoken to over its standard streams.
    Stdio {
        /// The program.
        command: String,
        /// Its arguments.
        args: Vec<String>,
        /// Variables of its environment, beside those that the host passes on.
        env: BTreeMap<String, String>,
        /// Where it is started; where the machine was, when `None`.
        cwd: Option<PathBuf>,
    },
    /// An address, spoken to over streamable HTTP.
    Http {
        /// The address.
        url: String,
        /// Headers of every request, such as `Authorization`.
        headers: BTreeMap<String, String>,
    },
}

impl McpServer {
    /// The server in a line, with nothing in it that may be secret: arguments, variables,
    /// and of an address all but the host stay out.
    pub fn origin(&self) -> String {
        match &self.transport {
            McpTransport::Stdio { command, args, .. } if args.is_empty() => {
                format!("mcp: {command}")
            }
            McpTransport::Stdio { command, .. } => format!("mcp: {command} …"),
            McpTransport::Http { url, .. } => match address(url) {
                Ok(target) => format!("mcp: {}", target.origin()),
                Err(_) => "mcp: an address that is refused".to_owned(),
            },
        }
    }

    /// The capabilities that it needs: to be started or connected to, and to be given each
    /// variable that it names. Empty where it cannot be used at all.
    pub fn requests(&self) -> Vec<Capability> {
        let reach = match &self.transport {
            McpTransport::Stdio { .. } => Capability::Spawn,
            McpTransport::Http { url, .. } => match address(url) {
                Ok(target) => target.capability(),
                Err(_) => return Vec::new(),
            },
        };
        let variables = self.variables().into_iter();
        std::iter::once(reach)
            .chain(variables.map(|name| to_be_given(&name)))
            .collect()
    }

    /// The names of the variables that are to be filled in.
    pub fn variables(&self) -> BTreeSet<String> {
        self.texts().flat_map(names).collect()
    }

    /// Every text in which a variable may stand.
    fn texts(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.transport {
            McpTransport::Stdio {
                command, args, env, ..
            } => Box::new(
                std::iter::once(command)
                    .chain(args)
                    .chain(env.values())
                    .map(String::as_str),
            ),
            McpTransport::Http { url, headers } => Box::new(
                std::iter::once(url)
                    .chain(headers.values())
                    .map(String::as_str),
            ),
        }
    }

    /// Whether it can be used as it is written.
    ///
    /// # Errors
    /// What is wrong with it, in words that quote no part that may be secret.
    pub fn check(&self) -> Result<(), String> {
        let any = |_: &str| Some(String::new());
        for text in self.texts() {
            fill(text, &any)?;
        }
        match &self.transport {
            McpTransport::Stdio { .. } => Ok(()),
            McpTransport::Http { url, .. } => address(url).map(drop),
        }
    }
}

/// The capability to be given the variable `name`, or the secret.
pub(super) fn to_be_given(name: &str) -> Capability {
    match name.strip_prefix(PREFIX) {
        Some(name) => Capability::Secret { name: name.into() },
        None => Capability::Env { name: name.into() },
    }
}

/// Where `template`, an address with variables in it, leads. Its scheme, host and port
/// are those that are granted, so no variable may have a part in them.
pub(super) fn address(template: &str) -> Result<Target, String> {
    // A person reads another host in it than the one that it leads to.
    if template.contains(|c: char| c == '\\' || c.is_control()) {
        return Err("the url has a backslash or a control character in it".to_owned());
    }
    let with = |value: &str| {
        let text = fill(template, &|_| Some(value.to_owned()))?;
        Target::parse(&text).map_err(|_| {
            "the url is not an address: it begins with https:// or http://, and has no user name in it"
                .to_owned()
        })
    };
    let target = with("a")?;
    match with("b")?.same_origin(&target) {
        true => Ok(target),
        false => Err("a variable cannot stand in the host of the url".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str, header: &str) -> McpServer {
        McpServer {
            name: "x".into(),
            silent_max: None,
            wanted: Wanted::default(),
            transport: McpTransport::Http {
                url: url.into(),
                headers: BTreeMap::from([("Authorization".into(), header.into())]),
            },
        }
    }

    #[test]
    fn an_address_asks_for_its_host_and_its_variables() {
        let check = |url: &str, origin: &str, want: &str| {
            let server = at(url, "Bearer ${KEY}");
            let requests: Vec<String> = server.requests().iter().map(ToString::to_string).collect();
            assert_eq!(requests.join(" "), want, "{url}");
            assert_eq!(server.origin(), format!("mcp: {origin}"), "{url}");
            assert_eq!(server.check().is_ok(), !requests.is_empty(), "{url}");
        };
        let refused = "an address that is refused";
        check(
            "https://mcp.Example.com/s/hunter2?key=1",
            "https://mcp.example.com",
            "net:mcp.example.com:443 env:KEY",
        );
        check(
            "http://127.0.0.1:8000/mcp",
            "http://127.0.0.1:8000",
            "net:127.0.0.1:8000 env:KEY",
        );
        // However it is written: what is asked for is where it leads.
        let evil = ("https://evil.org", "net:evil.org:443 env:KEY");
        for url in [
            "https:evil.org/mcp",
            "https:/evil.org/mcp",
            "HTTPS://EVIL.ORG.:443/",
            "https:///evil.org",
        ] {
            check(url, evil.0, evil.1);
        }
        check(
            "http://0x7f.1/",
            "http://127.0.0.1",
            "net:127.0.0.1:80 env:KEY",
        );
        check(
            "https://a.org/${P}?k=${K:-x}",
            "https://a.org",
            "net:a.org:443 env:K env:KEY env:P",
        );
        for url in [
            "nonsense",
            "a.b/mcp",
            "file:///etc/passwd",
            "ws://a.org",
            "http://me:secret@host:81",
            "https://good.org@evil.org/",
            "https://good.org\\@evil.org:x/",
            "https:\\\\evil.org\\mcp",
            "https://evil.org\\a.org/mcp",
            "ht\ntps://evil.org",
            "https://evil.org\t/",
            "https://${HOST}/mcp",
            "https://${HOST:-a.org}/mcp",
            "${URL}",
            "https://a.org:${PORT}/",
            "https://a.org${REST}",
            "https://a.org/${P",
        ] {
            check(url, refused, "");
        }
    }

    #[test]
    fn a_program_asks_to_be_started_and_for_its_variables() {
        let server = McpServer {
            name: "x".into(),
            silent_max: None,
            wanted: Wanted::default(),
            transport: McpTransport::Stdio {
                command: "npx".into(),
                args: vec!["--token=hunter2".into(), "${B}${A:-x}${secret:s}".into()],
                env: BTreeMap::from([("K".into(), "${C}".into())]),
                cwd: None,
            },
        };
        let requests: Vec<String> = server.requests().iter().map(ToString::to_string).collect();
        assert_eq!(requests, ["spawn", "env:A", "env:B", "env:C", "secret:s"]);
        assert_eq!(server.origin(), "mcp: npx …");
    }
}
