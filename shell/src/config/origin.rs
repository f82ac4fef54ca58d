//! Where each setting comes from: an option, a variable of the environment, the file, or the
//! default. The order in which they count is that of `settings`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::env_vars;
use super::globals::Globals;
use super::settings;

/// The origin of a setting that nobody made.
const DEFAULT: &str = "default";

/// The origin of each key of `config.toml`, and of the root.
///
/// # Errors
/// When the file at `path` cannot be read.
pub fn of(path: &Path, globals: &Globals) -> Result<BTreeMap<String, String>> {
    let file = serde_json::to_value(settings::read(path)?)?;
    let origin = |key: &str, is_in_file: bool| match (option(key, globals), variable(key)) {
        (Some(name), _) | (None, Some(name)) => name.to_owned(),
        (None, None) if is_in_file => path.display().to_string(),
        (None, None) => DEFAULT.to_owned(),
    };
    let mut origins: BTreeMap<String, String> = leaves(&file)
        .into_iter()
        .map(|(key, value)| {
            let origin = origin(&key, !value.is_null());
            (key, origin)
        })
        .collect();
    origins.insert("root".to_owned(), origin("root", false));
    Ok(origins)
}

/// The keys of a file, those of its tables with the table's name, and their values.
fn leaves(file: &Value) -> Vec<(String, &Value)> {
    let mut leaves = Vec::new();
    for (key, value) in file.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(table) => {
                let below = table.iter();
                leaves.extend(below.map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            None => leaves.push((key.clone(), value)),
        }
    }
    leaves
}

/// The option that `key` was given with.
fn option(key: &str, globals: &Globals) -> Option<&'static str> {
    let (name, is_given) = match key {
        "root" => ("--root", globals.root.is_some()),
        "model" => ("--model", !globals.models.is_empty()),
        "cpu" => ("--cpu", globals.cpu.is_some()),
        "threads" => ("--threads", globals.threads.is_some()),
        "window" => ("--window", globals.window.is_some()),
        "temperature" => ("--temperature", globals.temperature.is_some()),
        "seed" => ("--seed", globals.seed.is_some()),
        _ => return None,
    };
    is_given.then_some(name)
}

/// The variable that `key` was given with.
fn variable(key: &str) -> Option<&'static str> {
    let name = match key {
        "root" => env_vars::ROOT,
        "model" => env_vars::MODEL,
        "cpu" => env_vars::CPU,
        "attention" => env_vars::ATTENTION,
        _ => return None,
    };
    env_vars::get(name).map(|_| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_stands_in_the_book() {
        const PAGE: &str = include_str!("../../../book/src/configuration.md");
        let nothing = serde_json::to_value(settings::File::default()).unwrap();
        for (key, _) in leaves(&nothing) {
            let name = key.rsplit('.').next().unwrap_or_default();
            let line = format!("{name} = ");
            assert!(PAGE.lines().any(|of| of.starts_with(&line)), "{key}");
        }
    }

    #[test]
    fn an_option_goes_before_the_file_and_the_file_before_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let text = "seed = 7\nwindow = 4096\nmodel = \"m\"\n[limits]\nsteps = 3\n";
        std::fs::write(&path, text).unwrap();
        let globals = Globals {
            models: vec!["other".into()],
            window: Some(2048),
            ..Globals::default()
        };
        let origins = of(&path, &globals).unwrap();
        let check = |key: &str, want: &str| {
            let got = origins.get(key).map(String::as_str);
            assert_eq!(got, Some(want), "{key} of {origins:#?}");
        };
        let file = path.display().to_string();
        check("model", "--model");
        check("window", "--window");
        check("seed", &file);
        check("limits.steps", &file);
        check("limits.tokens", DEFAULT);
        check("memory.recall", DEFAULT);
        check("journal.keep_days", DEFAULT);
    }
}
