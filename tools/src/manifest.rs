//! `plugin.toml`: what a plugin asks for.
//!
//! ```toml
//! description = "Looks words up in a dictionary."
//!
//! [needs]                       # nothing is given that is not here
//! net = ["api.example.com:443", "*.example.org"]
//! read = ["*"]                  # folders; "*" is one of the user's choice
//! write = []
//! env = ["LANG"]
//! clock = true
//!
//! [limits]                      # less or more than the host's defaults
//! memory-mib = 128
//! time-ms = 10_000
//! output-kib = 256
//!
//! [functions.look_up]
//! description = "Says what a word means."  # where its WIT does not
//! effect = "read"               # or "write"
//! needs = ["net"]               # of the needs above; all when left out
//! url = "address"               # the argument that says which host, or which file
//! roles.address = "destination" # what an argument is for: see `role.rs`
//!
//! [secrets]                     # put into requests to that host, by the host
//! token = "api.example.com"
//! ```
//!
//! It is a custom section of the component itself, so that the hash to which grants are
//! bound covers it: put there by [`embed`], or by a Rust guest with
//! `#[unsafe(link_section = "quipu:plugin")]` on a static.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::caps::{Capability, ParseCapabilityError};
use crate::device::Effect;
use crate::role::Roles;
use crate::sections;

/// The file's name in a project.
pub const FILE: &str = "plugin.toml";
/// The custom section of a component that holds its manifest.
const SECTION: &str = "quipu:plugin";

/// The requests of a plugin. By default there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Manifest {
    /// What the plugin is for; otherwise its WIT says it.
    pub description: Option<String>,
    /// The capabilities that it asks for.
    pub needs: Needs,
    /// Its limits, where they differ from the host's.
    pub limits: GuestLimits,
    /// More about single functions, by name.
    pub functions: BTreeMap<String, FunctionNeeds>,
    /// The host that each secret may be sent to, by the secret's name.
    pub secrets: BTreeMap<String, String>,
}

/// The capabilities that a plugin asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Needs {
    /// Hosts, as in `net:HOST[:PORT]`.
    pub net: Vec<String>,
    /// Folders to read.
    pub read: Vec<String>,
    /// Folders to write.
    pub write: Vec<String>,
    /// Environment variables.
    pub env: Vec<String>,
    /// The time of day.
    pub clock: bool,
}

/// Limits of a plugin's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct GuestLimits {
    /// Linear memory, in MiB.
    pub memory_mib: Option<usize>,
    /// The longest a call may take, in milliseconds.
    pub time_ms: Option<u64>,
    /// The longest result, in KiB of JSON.
    pub output_kib: Option<usize>,
}

impl GuestLimits {
    /// The longest a call may take.
    pub fn time(&self) -> Option<Duration> {
        self.time_ms.map(Duration::from_millis)
    }
}

/// More about one function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FunctionNeeds {
    /// What it does; otherwise its WIT says it.
    pub description: Option<String>,
    /// Whether it changes the world.
    pub effect: Option<Effect>,
    /// Kinds of needs (`net`, `read`, `write`, `env`, `clock`, `secret`) it has.
    pub needs: Option<Vec<String>>,
    /// The argument whose URL says which host it will ask, or whose path which file it
    /// will read.
    pub url: Option<String>,
    /// Whether a model is offered it; it is, unless this says no.
    pub offered: Option<bool>,
    /// The language of its argument `code`, where it runs a program.
    pub program: Option<String>,
    /// The roles of its arguments.
    pub roles: Roles,
}

/// A `plugin.toml` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not what was expected.
    #[error("plugin.toml: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// A need that is no capability.
    #[error("plugin.toml: {0}")]
    Capability(#[from] ParseCapabilityError),
    /// Something that does not go with the component or with itself.
    #[error("plugin.toml: {0}")]
    Wrong(String),
    /// The component's sections cannot be read.
    #[error("not a component: {0}")]
    Component(String),
}

impl Manifest {
    /// Reads the text of a `plugin.toml`.
    ///
    /// # Errors
    /// A text that is no TOML, or has a field or a capability that is not known.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Manifest = toml::from_str(text).map_err(Box::new)?;
        manifest.requests()?;
        for (name, function) in &manifest.functions {
            let known = |kind: &&String| !KINDS.contains(&kind.as_str());
            if let Some(kind) = function.needs.iter().flatten().find(known) {
                return Err(ManifestError::Wrong(format!(
                    "{name} needs {kind:?}; it can be {}",
                    KINDS.join(", ")
                )));
            }
        }
        Ok(manifest)
    }

    /// Everything it asks for.
    ///
    /// # Errors
    /// A capability that cannot be parsed.
    pub fn requests(&self) -> Result<Vec<Capability>, ParseCapabilityError> {
        let needs = &self.needs;
        let lists = [
            ("net:", &needs.net),
            ("fs:read:", &needs.read),
            ("fs:write:", &needs.write),
            ("env:", &needs.env),
        ];
        let mut requests = Vec::new();
        for (kind, scopes) in lists {
            for scope in scopes {
                requests.push(format!("{kind}{scope}").parse()?);
            }
        }
        if needs.clock {
            requests.push(Capability::Clock);
        }
        let secrets = self.secrets.keys().cloned();
        requests.extend(secrets.map(|name| Capability::Secret { name }));
        Ok(requests)
    }

    /// What the function `name` asks for, out of `requests`.
    pub(crate) fn needs_of(&self, name: &str, requests: &[Capability]) -> Vec<Capability> {
        let kinds = self.functions.get(name).and_then(|f| f.needs.as_ref());
        let asks = |need: &&Capability| {
            kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == kind_of(need)))
        };
        requests.iter().filter(asks).cloned().collect()
    }

    /// Whether the function `name`, which needs `needs`, changes the world. Where
    /// nobody says, it does as soon as it could.
    pub(crate) fn effect_of(&self, name: &str, needs: &[Capability]) -> Effect {
        let said = self.functions.get(name).and_then(|f| f.effect);
        let could = needs
            .iter()
            .any(|need| matches!(need, Capability::Net { .. } | Capability::FsWrite { .. }));
        match could {
            true => said.unwrap_or(Effect::Write),
            false => said.unwrap_or(Effect::Read),
        }
    }
}

const KINDS: &[&str] = &["net", "read", "write", "env", "clock", "secret"];

fn kind_of(need: &Capability) -> &'static str {
    match need {
        Capability::Net { .. } => "net",
        Capability::FsRead { .. } => "read",
        Capability::FsWrite { .. } => "write",
        Capability::Env { .. } => "env",
        Capability::Clock => "clock",
        Capability::Secret { .. } => "secret",
        // Nothing that a component can ask for.
        Capability::MemWrite | Capability::Spawn | Capability::Private { .. } => "",
    }
}

/// The manifest inside `component`; the default, which asks for nothing, where there
/// is none.
///
/// # Errors
/// As of [`found_in`].
pub(crate) fn of_component(component: &[u8]) -> Result<Manifest, ManifestError> {
    found_in(component).map(Option::unwrap_or_default)
}

/// The manifest inside `component`, if there is one.
///
/// # Errors
/// A component or a manifest that cannot be read.
pub fn found_in(component: &[u8]) -> Result<Option<Manifest>, ManifestError> {
    let found = sections::find(component, SECTION).map_err(ManifestError::Component)?;
    let text = found.first().copied();
    let Some(bytes) = text else {
        return Ok(None);
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ManifestError::Wrong("it is not UTF-8".to_owned()))?;
    Manifest::parse(text).map(Some)
}

/// `component` with the text of a `plugin.toml` inside, in place of one it had.
///
/// # Errors
/// As of [`Manifest::parse`]; a component that cannot be read.
pub fn embed(component: &[u8], text: &str) -> Result<Vec<u8>, ManifestError> {
    Manifest::parse(text)?;
    of_component(component).or_else(|error| match error {
        // About to be replaced.
        ManifestError::Component(_) => Err(error),
        _ => Ok(Manifest::default()),
    })?;
    Ok(sections::append(component, SECTION, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(component)`.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn the_example_of_the_documentation() {
        let example: String = include_str!("manifest.rs")
            .lines()
            .skip_while(|line| !line.contains("```toml"))
            .skip(1)
            .take_while(|line| !line.contains("```"))
            .map(|line| format!("{}\n", line.trim_start_matches("//!").trim()))
            .collect();
        let packed = embed(EMPTY, &example).unwrap();
        let manifest = of_component(&packed).unwrap();
        let requests = manifest.requests().unwrap();
        let words: Vec<String> = requests.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(
            words.join(" "),
            @"net:api.example.com:443 net:*.example.org fs:read:* env:LANG clock secret:token"
        );
        let needs = manifest.needs_of("look_up", &requests);
        assert_eq!(needs.len(), 2);
        assert_eq!(manifest.effect_of("look_up", &needs), Effect::Read);
        assert_eq!(manifest.effect_of("other", &needs), Effect::Write);
        assert_eq!(manifest.limits.time(), Some(Duration::from_secs(10)));
    }

    #[test]
    fn the_last_section_counts_and_none_is_nothing() {
        assert_eq!(of_component(EMPTY).unwrap(), Manifest::default());
        let long = format!("description = {:?}", "x".repeat(300));
        let first = embed(EMPTY, &long).unwrap();
        assert_eq!(
            of_component(&first).unwrap().description.unwrap().len(),
            300
        );
        let second = embed(&first, "needs.clock = true").unwrap();
        assert!(of_component(&second).unwrap().needs.clock);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |text: &str, want: &str| {
            let error = embed(EMPTY, text).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        };
        check("needs.nets = []", "unknown field `nets`");
        check("needs.net = [\"a b\"]", "expected net:HOST[:PORT]");
        check(
            "functions.f.needs = [\"disk\"]",
            "f needs \"disk\"; it can be net",
        );
        check(
            "functions.f.effect = \"none\"",
            "expected `read` or `write`",
        );
    }
}
