//! Capabilities: what a device asks for and a user grants, as `kind:scope`.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::{Component, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A right to one kind of thing, within a scope.
///
/// ```
/// use quipu_tools::Capability;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let held: Capability = "net:*.example.org".parse()?;
/// assert!(held.covers(&"net:www.example.org:443".parse()?));
/// assert!(!held.covers(&"net:example.com".parse()?));
///
/// let problem = "fs:read:../secrets".parse::<Capability>().unwrap_err();
/// assert!(problem.to_string().ends_with("a path may not contain .."));
/// # Ok(())
/// # }
/// ```
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
    /// `secret:NAME`: have the host put a secret into requests. The device never
    /// sees it.
    Secret {
        /// The name of the handle, as the device's manifest has it.
        name: String,
    },
    /// `private:HOST[:PORT]`: be shown private text, as the endpoint there that computes.
    Private {
        /// The host or pattern, in lower case.
        host: String,
        /// One port; every port when `None`.
        port: Option<u16>,
    },
}

/// Text that is not a capability.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a capability: {reason}")]
pub struct ParseCapabilityError {
    text: String,
    reason: &'static str,
}

/// The forms a capability can have, for messages.
pub const FORMS: &str = "net:HOST[:PORT], fs:read:PATH, fs:write:PATH, env:NAME, secret:NAME, \
                         private:HOST[:PORT], mem:write, spawn, clock";

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
            ("env" | "net" | "fs" | "secret" | "private", "") => Err(fail("its scope is missing")),
            ("env", name) => Ok(Capability::Env { name: name.into() }),
            ("secret", name) => Ok(Capability::Secret { name: name.into() }),
            ("net", scope) => match parse_host(scope) {
                Some((host, port)) => Ok(Capability::Net { host, port }),
                None => Err(fail("expected net:HOST[:PORT]")),
            },
            ("private", scope) => match parse_host(scope) {
                Some((host, port)) => Ok(Capability::Private { host, port }),
                None => Err(fail("expected private:HOST[:PORT]")),
            },
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
            _ => Err(fail(
                "unknown kind (net, fs, env, secret, private, mem:write, spawn, clock)",
            )),
        }
    }
}

/// `HOST[:PORT]`; an IPv6 address is written in brackets.
fn parse_host(scope: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match scope.rsplit_once(':') {
        _ if scope.ends_with(']') => (scope, None),
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (scope, None),
    };
    let address = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let plain = host.strip_prefix("*.").unwrap_or(host);
    let name = !plain.is_empty()
        && plain
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let host = match address {
        // In the one form in which an address of a request is written too.
        Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
        None if name || host == "*" => host.to_ascii_lowercase(),
        None => return None,
    };
    Some((host, port))
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
            Capability::Secret { name } => write!(f, "secret:{name}"),
            Capability::Private { host, port } => {
                write!(f, "private:{host}")?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
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
    pub fn covers(&self, wanted: &Capability) -> bool {
        match (self, wanted) {
            (Capability::Net { host, port }, Capability::Net { host: h, port: p })
            | (Capability::Private { host, port }, Capability::Private { host: h, port: p }) => {
                let host_fits = host == h
                    || host == "*"
                    || host
                        .strip_prefix('*')
                        .is_some_and(|suffix| h.ends_with(suffix) && h.len() > suffix.len());
                host_fits && (port.is_none() || port == p)
            }
            (Capability::FsRead { path }, Capability::FsRead { path: p })
            | (Capability::FsWrite { path }, Capability::FsWrite { path: p }) => {
                path.as_os_str() == "*" || p.starts_with(path)
            }
            _ => self == wanted,
        }
    }
}

/// What the user has granted.
///
/// ```
/// use quipu_tools::{Capability, Grants};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let grants = Grants::from_iter(["fs:read:/home/me/notes".parse::<Capability>()?]);
/// // What is below a folder that was granted is granted too; to write is another right.
/// assert!(grants.allows(&"fs:read:/home/me/notes/cords.md".parse()?));
/// assert!(!grants.allows(&"fs:write:/home/me/notes/cords.md".parse()?));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(Vec<Capability>);

impl Grants {
    /// Whether `wanted` was granted, by itself or within a wider scope.
    pub fn allows(&self, wanted: &Capability) -> bool {
        self.0.iter().any(|held| held.covers(wanted))
    }

    /// Whether at least a part of `wanted` was granted: of `net:*` one host, say.
    pub fn allows_some(&self, wanted: &Capability) -> bool {
        self.0
            .iter()
            .any(|held| held.covers(wanted) || wanted.covers(held))
    }

    /// Whether nothing was granted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each capability that was granted.
    pub fn iter(&self) -> impl Iterator<Item = &Capability> {
        self.0.iter()
    }

    /// Adds one; `false` when it was there already.
    pub fn add(&mut self, capability: Capability) -> bool {
        let new = !self.0.contains(&capability);
        if new {
            self.0.push(capability);
        }
        new
    }

    /// Takes one back; `false` when it was not there.
    pub fn remove(&mut self, capability: &Capability) -> bool {
        let before = self.0.len();
        self.0.retain(|held| held != capability);
        self.0.len() < before
    }
}

/// What a device may do in one call: what its manifest asks for and somebody has granted, to this
/// device or to all. Both are needed: a grant to all gives nothing to a device that never asked.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    asked: Vec<Capability>,
    granted: Vec<Capability>,
}

impl Rights {
    /// The rights from what is `asked` and the grants of either kind.
    pub fn new(asked: &[Capability], own: &Grants, all: &Grants) -> Self {
        Self {
            asked: asked.to_vec(),
            granted: own.iter().chain(all.iter()).cloned().collect(),
        }
    }

    /// Whether `wanted` was asked for and granted.
    pub fn allows(&self, wanted: &Capability) -> bool {
        self.asks(wanted) && self.granted.iter().any(|held| held.covers(wanted))
    }

    /// Whether `wanted`, a host, was granted by exactly its name and not as one of many.
    pub fn names(&self, wanted: &Capability) -> bool {
        let same = |held: &Capability| match (held, wanted) {
            (Capability::Net { host, .. }, Capability::Net { host: h, .. }) => host == h,
            _ => false,
        };
        let named = |held: &&Capability| same(held) && held.covers(wanted);
        self.asks(wanted) && self.granted.iter().any(|held| named(&held))
    }

    /// Whether the device's manifest asks for `wanted`.
    pub fn asks(&self, wanted: &Capability) -> bool {
        self.asked.iter().any(|asked| asked.covers(wanted))
    }

    /// The narrowest of what is both asked for and granted.
    pub fn iter(&self) -> impl Iterator<Item = &Capability> {
        self.asked.iter().flat_map(|asked| {
            self.granted.iter().filter_map(move |held| {
                if asked.covers(held) {
                    Some(held)
                } else {
                    held.covers(asked).then_some(asked)
                }
            })
        })
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
            "net:[::1]:8080",
            "net:[fd00::1]",
            "secret:token",
        ] {
            assert_eq!(text.parse::<Capability>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "net:",
            "net:a b",
            "net:x:99999",
            "net:::1",
            "net:[::1",
            "secret:",
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

    #[test]
    fn rights_are_what_was_asked_for_and_granted() {
        let parse = |text: &str| text.parse::<Capability>().unwrap();
        let check = |asked: &str, own: &str, all: &str, want: &[&str]| {
            let list = |text: &str| text.split_whitespace().map(parse).collect::<Vec<_>>();
            let own: Grants = list(own).into_iter().collect();
            let all: Grants = list(all).into_iter().collect();
            let rights = Rights::new(&list(asked), &own, &all);
            let have: Vec<String> = rights.iter().map(ToString::to_string).collect();
            assert_eq!(have, want, "{asked} / {own:?} / {all:?}");
            assert!(rights.iter().all(|right| rights.allows(right)));
        };
        check("net:*", "net:a.org", "", &["net:a.org"]);
        check("net:a.org", "", "net:*", &["net:a.org"]);
        check("", "net:a.org", "net:*", &[]);
        check("net:a.org clock", "", "", &[]);
        check(
            "fs:read:*",
            "fs:read:/data fs:write:/data",
            "",
            &["fs:read:/data"],
        );
        check("fs:read:/data/x", "fs:read:/data", "", &["fs:read:/data/x"]);
    }
}
