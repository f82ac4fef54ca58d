//! Every environment variable that Quipu reads. No other file reads the environment; a test
//! checks that.

use std::path::PathBuf;

/// Folder for everything, like `--root`.
pub const ROOT: &str = "QUIPU_ROOT";
/// Default of `--model`.
pub const MODEL: &str = "QUIPU_MODEL";
/// Default of `--cpu`.
pub const CPU: &str = "QUIPU_CPU";
/// Like `attention` in `config.toml`.
pub const ATTENTION: &str = "QUIPU_ATTENTION";
/// Where the model hub's own cache is.
pub const HF_HOME: &str = "HF_HOME";
/// Another model hub.
pub const HF_ENDPOINT: &str = "HF_ENDPOINT";
/// The token for gated models.
pub const HF_TOKEN: &str = "HF_TOKEN";
/// Key of an endpoint, unless `api_key_env` in the configuration names another.
pub const API_KEY: &str = "OPENAI_API_KEY";
/// Where an OpenTelemetry collector listens: whoever sets one of these has it told what processes
/// do. The exporter itself reads the others of the standard (`OTEL_EXPORTER_OTLP_HEADERS`,
/// `OTEL_SERVICE_NAME`, `OTEL_BSP_…`).
#[cfg(feature = "otel")]
pub mod otel {
    /// Of everything; `/v1/traces` and `/v1/metrics` are added to it.
    pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    /// Of traces alone.
    pub const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    /// Of metrics alone.
    pub const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    /// How it is spoken to.
    pub const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    /// `none` sends no traces.
    pub const TRACES_EXPORTER: &str = "OTEL_TRACES_EXPORTER";
    /// `none` sends no metrics.
    pub const METRICS_EXPORTER: &str = "OTEL_METRICS_EXPORTER";
    /// `true` sends nothing.
    pub const SDK_DISABLED: &str = "OTEL_SDK_DISABLED";
    /// `true` sends prompts, answers, calls and results as well.
    pub const CONTENT: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
}
/// The language of the shell: the first of these that is set.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];
/// The kind of the terminal.
const TERM: &str = "TERM";
/// Read by the library that colours.
const NO_COLOR: &str = "NO_COLOR";

/// Variables that take effect in a task although nothing names them. The libraries of this
/// program read them to tell the time, to connect to an endpoint or a server, and to check who
/// answers; and they say where models are found.
pub const OF_A_TASK: &[&str] = &[
    "TZ",
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    HF_HOME,
];

/// Each variable with its purpose. Flags win over variables, and variables over the file.
const TABLE: &[(&str, &str)] = &[
    (ROOT, "like --root"),
    (MODEL, "like --model"),
    (CPU, "like --cpu"),
    (
        ATTENTION,
        "own, or llama.cpp to switch this program's own attention off",
    ),
    (
        API_KEY,
        "key of an endpoint, or the variable that api_key_env in config.toml names",
    ),
    (
        HF_HOME,
        "cache of the model hub, where model files are looked up as well",
    ),
    (HF_ENDPOINT, "address of another model hub"),
    (HF_TOKEN, "token for models that need one"),
    (NO_COLOR, "no colours, when set"),
    (
        LOCALE[2],
        "the language of the shell: English, or Chinese with zh_CN.UTF-8",
    ),
    (TERM, "`dumb` is like --plain"),
];

/// The variables as `quipu --help` lists them.
pub fn help() -> String {
    let lines = TABLE
        .iter()
        .map(|(name, what)| format!("  {name:<16}{what}"));
    format!("Environment:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// A variable's value, when it is set and not empty.
pub fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The locale, or an empty text.
pub fn locale() -> String {
    LOCALE.iter().find_map(|name| get(name)).unwrap_or_default()
}

/// Whether the terminal can do nothing but show lines.
pub fn is_dumb() -> bool {
    get(TERM).is_some_and(|term| term == "dumb")
}

/// A variable that names a folder.
pub fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_stands_in_the_book() {
        const PAGE: &str = include_str!("../../../book/src/configuration.md");
        for (name, _) in TABLE {
            assert!(PAGE.contains(&format!("`{name}")), "{name} is missing");
        }
    }
}
