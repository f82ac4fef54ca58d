//! Checks a component: what it needs and why, and what it lacks.

use quipu_tools::DeviceSpec;
use quipu_tools::schema::Described;
use serde::Serialize;

/// A component larger than this is slow to install.
const BYTES_LARGE: usize = 50_000_000;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// The tool works, but not as well as it could.
    Warning,
    /// The tool does not do what it should.
    Error,
}

/// Something to say of a component.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What it is.
    pub text: String,
}

impl Finding {
    /// A finding.
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
        }
    }
}

/// The findings on a component of `bytes` bytes.
pub fn lint(spec: &DeviceSpec, described: &Described, bytes: usize) -> Vec<Finding> {
    let mut findings: Vec<Finding> = imports(&described.imports);
    if bytes > BYTES_LARGE {
        findings.push(Finding::new(
            Level::Warning,
            format!("{bytes} bytes: large components are slow to install"),
        ));
    }
    if spec.description.trim().is_empty() {
        findings.push(Finding::new(
            Level::Warning,
            "the world has no documentation: `/// …` above `world` says what the tool is for",
        ));
    }
    for function in &spec.functions {
        if function.description.trim().is_empty() {
            findings.push(Finding::new(
                Level::Warning,
                format!(
                    "{} has no documentation: a model chooses a function by `/// …` above its export, \
                     or by `description` under [functions.{}] of a plugin.toml beside it",
                    function.name, function.name
                ),
            ));
        }
    }
    findings
}

/// Interfaces of the host by their first words, with what a tool is given of them.
const INTERFACES: &[(&str, &str)] = &[
    (
        "wasi:cli/environment",
        "variables: those granted as env:NAME, no others",
    ),
    ("wasi:cli/exit", "leaving early: the call fails"),
    (
        "wasi:cli/std",
        "standard streams: empty but for what a command is called with; what is written is dropped \
         but for a command's output",
    ),
    ("wasi:cli/terminal", "terminals: there is none"),
    (
        "wasi:clocks",
        "time: a clock that stands still unless `clock` is granted",
    ),
    (
        "wasi:filesystem",
        "files: those below folders granted as fs:read:PATH or fs:write:PATH",
    ),
    (
        "wasi:http",
        "the network: hosts granted as net:HOST, through the checks of the host",
    ),
    ("wasi:io", "streams, which other interfaces are made of"),
    ("wasi:random", "random numbers"),
    (
        "wasi:sockets",
        "sockets: never granted; wasi:http is the way to the network",
    ),
    ("quipu:", "what Quipu itself offers to tools"),
];

fn imports(names: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rest: Vec<&String> = names.iter().collect();
    for (start, what) in INTERFACES {
        let (these, others) = rest.into_iter().partition(|name| name.starts_with(start));
        rest = others;
        let these: Vec<&String> = these;
        if !these.is_empty() {
            let plural = if start.ends_with(':') { "" } else { start };
            let shown = if plural.is_empty() {
                these[0].as_str()
            } else {
                start
            };
            findings.push(Finding::new(
                Level::Note,
                format!("imports {shown}: {what}"),
            ));
        }
    }
    for name in rest {
        findings.push(Finding::new(
            Level::Error,
            format!("imports {name}, which no tool is given"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_import_is_explained_once() {
        let names = [
            "wasi:io/error@0.2.6",
            "wasi:io/streams@0.2.6",
            "wasi:cli/stdin@0.2.6",
            "acme:db/sql",
        ];
        let found = imports(&names.map(str::to_owned));
        let lines: Vec<String> = found
            .iter()
            .map(|finding| format!("{:?} {}", finding.level, finding.text))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        Note imports wasi:cli/std: standard streams: empty but for what a command is called with; what is written is dropped but for a command's output
        Note imports wasi:io: streams, which other interfaces are made of
        Error imports acme:db/sql, which no tool is given
        ");
    }
}
