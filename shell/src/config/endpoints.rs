//! Endpoints by name: `[endpoints.NAME]` of `config.toml`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::env_vars;
use super::globals::Globals;
use crate::terminal::error::UserError;

/// What the name of a model begins with that is behind an endpoint of the configuration.
pub const PREFIX: &str = "endpoint:";

/// A model behind an OpenAI-compatible endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its address, such as `https://models.example/v1`.
    pub url: String,
    /// Which of its models; the first that it lists when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Name of the environment variable that holds its key; never the key. Without one no key is
    /// sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_env: Option<String>,
    /// Tokens of its window, where it does not tell them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
}

impl Endpoint {
    /// Its key, where it has one and the variable is set.
    pub fn key(&self) -> Option<String> {
        self.api_key_env.as_deref().and_then(env_vars::get)
    }

    /// What tells it from others, whatever it is called.
    pub fn identity(&self) -> String {
        let model = self.model.as_deref().unwrap_or_default();
        format!("{} {model}", self.url.trim_end_matches('/'))
    }
}

/// The name of the endpoint that the model `name` is behind, where it is behind one.
pub fn named(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// The one of `all` that is called `called`.
///
/// # Errors
/// Where there is none.
pub fn find<'a>(called: &str, all: &'a BTreeMap<String, Endpoint>) -> Result<&'a Endpoint> {
    all.get(called).ok_or_else(|| {
        UserError::usage(
            format!("no endpoint is called {called}"),
            format!("write its `url` below [endpoints.{called}] in config.toml"),
        )
    })
}

/// The `model` that is named, and the one of `all` that this is. An option that says what computes
/// goes before any name of an endpoint, and the variable for that before a name in the file. No
/// other CPU has a model of such a name: only an option still asks for it.
///
/// # Errors
/// Where it names one that is not there.
pub fn chosen(
    model: Option<String>,
    globals: &Globals,
    all: &BTreeMap<String, Endpoint>,
) -> Result<(Option<String>, Option<Endpoint>)> {
    let Some(called) = model.as_deref().and_then(named) else {
        return Ok((model, None));
    };
    let is_option = !globals.models.is_empty();
    let is_of_file = !is_option && env_vars::get(env_vars::MODEL).is_none();
    let by_variable = is_of_file && env_vars::get(env_vars::CPU).is_some();
    if globals.cpu.is_some() || by_variable {
        return Ok((model.filter(|_| is_option), None));
    }
    let found = find(called, all)?.clone();
    Ok((model, Some(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_an_address_and_never_a_key() {
        let check = |text: &str, want: Option<&str>| {
            let read: Result<Endpoint, _> = toml::from_str(text);
            let identity = read.ok().map(|endpoint| endpoint.identity());
            assert_eq!(identity.as_deref(), want, "{text}");
        };
        check("url = \"http://a/v1/\"", Some("http://a/v1 "));
        let both = "url = \"http://a/v1\"\nmodel = \"m\"\napi_key_env = \"KEY\"";
        check(both, Some("http://a/v1 m"));
        check("model = \"m\"", None);
        check("url = \"http://a/v1\"\napi_key = \"sesame\"", None);
        assert_eq!(named("endpoint:fast"), Some("fast"));
        assert_eq!(named("fast"), None);
    }
}
