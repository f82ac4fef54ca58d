//! Capabilities: what a device asks for and a user grants, as `kind:scope`.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A right to one kind of thing, within a scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Capability {
    /// `net:HOST[:PORT]`; `*.example.com` is every host below it.
    Net {
        /// The host or pattern, in lower case.
        host: String,
        /// One port; every port when `None`.
        port: Option<u16>,
    },
    /// `fs:read:PATH`: a file, or a folder and all below it.
    FsRead {
        /// The path.
        path: PathBuf,
    },
    /// `fs:write:PATH`.
    FsWrite {
        /// The path.
        path: PathBuf,
    },
    /// `env:NAME`: one environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// `mem:write`: write to the store.
    MemWrite,
    /// `spawn`: start processes.
    Spawn,
    /// `clock`: know what time it is.
    Clock,
}

/// Text that is not a capability.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a capability: {reason}")]
pub struct ParseCapabilityError {
    text: String,
    reason: &'static str,
}

/// The forms a capability can have, for messages.
pub const FORMS: &str =
    "net:HOST[:PORT], fs:read:PATH, fs:write:PATH, env:NAME, mem:write, spawn, clock";

impl FromStr for Capability {
    type Err = ParseCapabilityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason| ParseCapabilityError {
            text: text.to_owned(),
            reason,
        };
        let (kind, scope) = text.split_once(':').unwrap_or((text, ""));
        match (kind, scope) {
            ("mem", "write") => Ok(Capability::MemWrite),
            ("spawn", "") => Ok(Capability::Spawn),
            ("clock", "") => Ok(Capability::Clock),
            ("env", "") | ("net", "") | ("fs", "") => Err(fail("its scope is missing")),
            ("env", name) => Ok(Capability::Env { name: name.into() }),
            ("net", scope) => parse_net(scope).ok_or_else(|| fail("expected net:HOST[:PORT]")),
            ("fs", scope) => {
                let (mode, path) = scope.split_once(':').unwrap_or((scope, ""));
                let path = PathBuf::from(path);
                if path.components().any(|part| part == Component::ParentDir) {
                    return Err(fail("a path may not contain .."));
                }
                match mode {
                    _ if path.as_os_str().is_empty() => Err(fail("its path is missing")),
                    "read" => Ok(Capability::FsRead { path }),
                    "write" => Ok(Capability::FsWrite { path }),
                    _ => Err(fail("expected fs:read:PATH or fs:write:PATH")),
                }
            }
            _ => Err(fail("unknown kind (net, fs, env, mem:write, spawn, clock)")),
        }
    }
}

fn parse_net(scope: &str) -> Option<Capability> {
    let (host, port) = match scope.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (scope, None),
    };
    let plain = host.strip_prefix("*.").unwrap_or(host);
    let valid = !plain.is_empty()
        && plain
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    (valid || host == "*").then(|| Capability::Net {
        host: host.to_ascii_lowercase(),
        port,
    })
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Capability::Net {
                host,
                port: Some(port),
            } => write!(f, "net:{host}:{port}"),
            Capability::Net { host, port: None } => write!(f, "net:{host}"),
            Capability::FsRead { path } => write!(f, "fs:read:{}", path.display()),
            Capability::FsWrite { path } => write!(f, "fs:write:{}", path.display()),
            Capability::Env { name } => write!(f, "env:{name}"),
            Capability::MemWrite => f.write_str("mem:write"),
            Capability::Spawn => f.write_str("spawn"),
            Capability::Clock => f.write_str("clock"),
        }
    }
}

impl TryFrom<String> for Capability {
    type Error = ParseCapabilityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.to_string()
    }
}

impl Capability {
    /// Whether holding `self` is enough for `wanted`.
    fn covers(&self, wanted: &Capability) -> bool {
        match (self, wanted) {
            (Capability::Net { host, port }, Capability::Net { host: h, port: p }) => {
                let host_fits = host == h
                    || host == "*"
                    || host
                        .strip_prefix('*')
                        .is_some_and(|suffix| h.ends_with(suffix) && h.len() > suffix.len());
                host_fits && (port.is_none() || port == p)
            }
            (Capability::FsRead { path }, Capability::FsRead { path: p })
            | (Capability::FsWrite { path }, Capability::FsWrite { path: p }) => is_below(p, path),
            _ => self == wanted,
        }
    }
}

fn is_below(path: &Path, folder: &Path) -> bool {
    path.starts_with(folder)
}

/// What the user has granted.
#[derive(Clone, Debug, Default)]
pub struct Grants(Vec<Capability>);

impl Grants {
    /// Whether `wanted` was granted, by itself or within a wider scope.
    pub fn allows(&self, wanted: &Capability) -> bool {
        self.0.iter().any(|held| held.covers(wanted))
    }
}

impl FromIterator<Capability> for Grants {
    fn from_iter<T: IntoIterator<Item = Capability>>(capabilities: T) -> Self {
        Self(capabilities.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_and_written_alike() {
        for text in [
            "net:example.com",
            "net:*.wikipedia.org:443",
            "fs:read:/data",
            "fs:write:./out",
            "env:LANG",
            "mem:write",
            "spawn",
            "clock",
        ] {
            assert_eq!(text.parse::<Capability>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "net:",
            "net:a b",
            "net:x:99999",
            "fs:read:",
            "fs:run:/x",
            "fs:read:/a/../b",
            "mem:read",
            "root",
        ] {
            assert!(text.parse::<Capability>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_grant_covers_its_scope_and_no_more() {
        let check = |held: &str, wanted: &str, want: bool| {
            let grants: Grants = [held.parse().unwrap()].into_iter().collect();
            assert_eq!(
                grants.allows(&wanted.parse().unwrap()),
                want,
                "{held} / {wanted}"
            );
        };
        check("net:*.a.org", "net:x.a.org:443", true);
        check("net:*.a.org", "net:a.org", false);
        check("net:*.a.org", "net:evila.org", false);
        check("net:a.org:443", "net:a.org:80", false);
        check("net:a.org:443", "net:a.org", false);
        check("fs:read:/data", "fs:read:/data/x", true);
        check("fs:read:/data", "fs:read:/database", false);
        check("fs:read:/data", "fs:write:/data", false);
        check("env:A", "env:AB", false);
    }
}
