//! What a server is: a command to run or an address to connect to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::caps::Capability;

/// A server, as its user wrote it down.
#[derive(Clone, Debug, Serialize)]
pub struct McpServer {
    /// Its name: that of the device.
    pub name: String,
    /// How to reach it.
    pub transport: McpTransport,
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
    /// The server in a line, without what may be secret in it.
    pub fn origin(&self) -> String {
        match &self.transport {
            McpTransport::Stdio { command, args, .. } => {
                let words = std::iter::once(command).chain(args);
                let line: Vec<&str> = words.map(String::as_str).collect();
                format!("mcp: {}", line.join(" "))
            }
            McpTransport::Http { url, .. } => {
                let end = url.find(['?', '#']).unwrap_or(url.len());
                format!("mcp: {}", &url[..end])
            }
        }
    }

    /// What it has to be granted: to be started, or to be connected to.
    pub fn requests(&self) -> Vec<Capability> {
        match &self.transport {
            McpTransport::Stdio { .. } => vec![Capability::Spawn],
            McpTransport::Http { url, .. } => host_and_port(url)
                .map(|(host, port)| Capability::Net { host, port })
                .into_iter()
                .collect(),
        }
    }

    /// What a grant is bound to: it changes with anything that could make the server
    /// another one.
    pub fn fingerprint(&self) -> String {
        let form = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(form)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Host and explicit port of an address. `None` where there is no plain host.
fn host_and_port(url: &str) -> Option<(String, Option<u16>)> {
    let (_, rest) = url.split_once("://")?;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let authority = authority.rsplit('@').next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, port.parse().ok())
        }
        _ => (authority, None),
    };
    (!host.is_empty()).then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_asks_for_its_host() {
        let check = |url: &str, want: &str| {
            let server = McpServer {
                name: "x".into(),
                transport: McpTransport::Http {
                    url: url.into(),
                    headers: BTreeMap::new(),
                },
            };
            let requests: Vec<String> = server.requests().iter().map(ToString::to_string).collect();
            assert_eq!(requests.join(" "), want, "{url}");
        };
        check("https://mcp.Example.com/mcp?key=1", "net:mcp.example.com");
        check("http://127.0.0.1:8000/mcp", "net:127.0.0.1:8000");
        check("http://me:secret@host:81", "net:host:81");
        check("nonsense", "");
    }

    #[test]
    fn a_changed_server_is_another_one() {
        let server = |argument: &str| McpServer {
            name: "x".into(),
            transport: McpTransport::Stdio {
                command: "npx".into(),
                args: vec![argument.into()],
                env: BTreeMap::new(),
                cwd: None,
            },
        };
        assert_eq!(server("a").fingerprint(), server("a").fingerprint());
        assert_ne!(server("a").fingerprint(), server("b").fingerprint());
    }
}
