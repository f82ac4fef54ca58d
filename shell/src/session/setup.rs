//! Whether a process would run alike on the machine of another program: what a machine is made
//! of beside its grants, in one word.
//!
//! Two words that are equal say that the same model computes, in the same way, by the same
//! rules, with the same tools. Which of that differs they do not say. What of the environment
//! takes effect in a process stands beside the word, by names, so that the one that differs can
//! be told. No value leaves this file: what stands for a value is made with the root's key.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use data_encoding::HEXLOWER;
use quipu_kernel::gate::Policy;
use quipu_memory::private::Key;
use quipu_models as models;
use quipu_tools::secrets::handle;
use quipu_tools::{Capability, GrantBook, Grants};
use sha2::{Digest, Sha256};

use super::Session;
use crate::config::settings::CpuChoice;
use crate::config::trust::SERVERS;
use crate::config::{env_vars, mcp};

/// Variables of the environment by their names, each with what stands for its value.
pub type Environment = BTreeMap<String, String>;

/// A variable that a server gets and that changes nothing it does: it does not run in a terminal.
const WITHOUT_EFFECT: &str = "TERM";

impl Session {
    /// The word for a machine of this session that does what `policy` says.
    pub fn setup(&self, policy: &Policy) -> String {
        let (paths, settings) = (&self.paths, &self.settings);
        let mut digest = Sha256::new();
        let mut add = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        add(self.computes().as_bytes());
        let choices = format!(
            "{:?} {:?} {:?} {:?} {:?} {} {:?} {:?}",
            settings.window,
            settings.kv_tokens,
            settings.attention,
            settings.embedder,
            policy.detection,
            settings.api_key_env,
            settings.endpoints,
            settings.fallback
        );
        add(choices.as_bytes());
        // As they were read: their file may have been written since.
        add(format!("{:?}", policy.rules).as_bytes());
        // A relative name means something else in another folder.
        let mut grants = policy.grants.iter().map(ToString::to_string);
        let is_local = Path::new(SERVERS).exists() || grants.any(|cap| is_relative(&cap));
        let here = is_local.then(std::env::current_dir).and_then(Result::ok);
        add(format!("{here:?}").as_bytes());
        let mut files = vec![
            paths.policy(),
            paths.secrets(),
            paths.grants(),
            paths.servers(),
            paths.trust(),
            PathBuf::from(SERVERS),
        ];
        let installed = fs::read_dir(&paths.tools).into_iter().flatten().flatten();
        files.extend(installed.map(|entry| entry.path()));
        files.sort();
        for file in files {
            add(file.as_os_str().as_encoded_bytes());
            add(&content(&file));
        }
        HEXLOWER.encode(&digest.finalize())
    }

    /// The variables of the environment that take effect in a process of this session with these
    /// `grants`, as far as they are set.
    ///
    /// # Errors
    /// Where the key of the root, or what was granted to single tools, cannot be read.
    pub fn environment(&self, grants: &Grants) -> Result<Environment> {
        let key = self.paths.key()?;
        let mut names = self.named_variables(grants)?;
        names.extend(env_vars::OF_A_TASK.iter().map(|name| (*name).to_owned()));
        if !self.written_servers().0.is_empty() {
            let passed_on = mcp::environment().into_keys();
            names.extend(passed_on.filter(|name| name != WITHOUT_EFFECT));
        }
        Ok(sealed(&key, names, &env_vars::get))
    }

    /// The variables that what is written down names: for its servers, for its tools, and for
    /// the key of its endpoint. Others take effect without being named.
    ///
    /// # Errors
    /// Where what was granted to single tools cannot be read.
    pub fn named_variables(&self, grants: &Grants) -> Result<BTreeSet<String>> {
        let book = GrantBook::open(&self.paths.grants())?;
        let granted = grants.iter().chain(book.granted());
        let mut names: BTreeSet<String> = granted
            .filter_map(|capability| match capability {
                Capability::Env { name } => Some(name.clone()),
                _ => None,
            })
            .collect();
        for server in self.written_servers().0 {
            let filled_in = server.variables().into_iter();
            names.extend(filled_in.filter(|name| !name.starts_with(handle::PREFIX)));
        }
        if matches!(self.settings.cpu, CpuChoice::Url(_)) {
            names.insert(self.settings.api_key_env.clone());
        }
        let endpoints = self.settings.endpoints.values();
        names.extend(endpoints.filter_map(|endpoint| endpoint.api_key_env.clone()));
        Ok(names)
    }

    /// The CPU, by names that are the same in every folder.
    fn computes(&self) -> String {
        let settings = &self.settings;
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match &settings.cpu {
            CpuChoice::Local => match models::resolve(&settings.model, &self.places()) {
                Ok(file) => format!("local {}", whole(&file).display()),
                Err(_) => format!("local {}", settings.model),
            },
            CpuChoice::Url(url) if settings.model_named => format!("{url} {}", settings.model),
            CpuChoice::Url(url) => url.clone(),
            CpuChoice::Script(file) => format!("script {}", whole(file.as_ref()).display()),
        }
    }
}

/// The variables among `names` that have a value, each with a code that stands for the value.
/// Without the `key` nobody can make the code, or try values on it.
fn sealed(
    key: &Key,
    names: BTreeSet<String>,
    value: &dyn Fn(&str) -> Option<String>,
) -> Environment {
    let seal = |name: &str, value: &str| -> String {
        let mut digest = Sha256::new();
        let purpose = b"environment".as_slice();
        for part in [&key[..], purpose, name.as_bytes(), value.as_bytes()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        HEXLOWER.encode(&digest.finalize())
    };
    names
        .into_iter()
        .filter_map(|name| {
            let value = value(&name)?;
            let sealed = seal(&name, &value);
            Some((name, sealed))
        })
        .collect()
}

/// The first variable that is not the same in both.
pub fn other_variable<'a>(one: &'a Environment, other: &'a Environment) -> Option<&'a str> {
    one.keys()
        .chain(other.keys())
        .find(|name| one.get(*name) != other.get(*name))
        .map(String::as_str)
}

/// Whether a capability names a path from the folder of the call on.
fn is_relative(capability: &str) -> bool {
    let path = ["fs:read:", "fs:write:"]
        .iter()
        .find_map(|kind| capability.strip_prefix(kind));
    path.is_some_and(|path| Path::new(path).is_relative())
}

/// The contents of a small file; for a large one, its size and when it was written. `None` where
/// there is none.
fn content(file: &Path) -> Vec<u8> {
    /// Beyond this a file is a component, which is not read for a word.
    const SMALL_BYTES: u64 = 64 << 10;
    let Ok(about) = fs::metadata(file) else {
        return Vec::new();
    };
    match about.is_file() && about.len() <= SMALL_BYTES {
        true => fs::read(file).unwrap_or_default(),
        false => format!("{} {:?}", about.len(), about.modified().ok()).into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::globals::Globals;
    use crate::config::settings::ApproveWord;

    #[test]
    fn what_a_process_would_notice_makes_another_word() {
        let folder = tempfile::tempdir().unwrap();
        let word = |cpu: &str, window: Option<usize>| {
            let session = Session::open(Globals {
                root: Some(folder.path().join("root")),
                cpu: Some(cpu.to_owned()),
                window,
                ..Globals::default()
            });
            let session = session.unwrap();
            let policy = session.policy(&[], Some(ApproveWord::Never));
            (
                session.setup(&policy),
                session.paths.policy(),
                session.paths.tools.clone(),
            )
        };
        let (usual, rules, tools) = word("script:/s", None);
        assert_eq!(word("script:/s", None).0, usual);
        assert_ne!(word("script:/t", None).0, usual);
        assert_ne!(word("script:/s", Some(4096)).0, usual);
        fs::create_dir_all(&tools).unwrap();
        fs::write(tools.join("a.wasm"), "").unwrap();
        let with_a_tool = word("script:/s", None).0;
        assert_ne!(with_a_tool, usual);
        fs::write(rules, "# no rules\n").unwrap();
        assert_ne!(word("script:/s", None).0, with_a_tool);
    }

    #[test]
    fn a_variable_that_differs_is_named_and_its_value_is_not() {
        let names = || BTreeSet::from(["KEY".to_owned(), "TZ".to_owned()]);
        let sealed_with = |key: &Key, values: [Option<&str>; 2]| {
            let value = |name: &str| values[usize::from(name == "TZ")].map(str::to_owned);
            sealed(key, names(), &value)
        };
        let usual = sealed_with(&[1; 32], [Some("hunter2"), Some("UTC")]);
        let check = |values: [Option<&str>; 2], want: Option<&str>| {
            let other = sealed_with(&[1; 32], values);
            assert_eq!(other_variable(&usual, &other), want, "{values:?}");
            assert_eq!(other_variable(&other, &usual), want, "{values:?}");
            assert!(!format!("{other:?}").contains("hunter"), "{other:?}");
        };
        check([Some("hunter2"), Some("UTC")], None);
        check([Some("hunter3"), Some("UTC")], Some("KEY"));
        check([None, Some("UTC")], Some("KEY"));
        check([Some("hunter2"), Some("Asia/Shanghai")], Some("TZ"));
        check([Some("hunter2"), None], Some("TZ"));
        // Who does not have the key cannot try values.
        let guessed = sealed_with(&[2; 32], [Some("hunter2"), Some("UTC")]);
        assert_eq!(other_variable(&usual, &guessed), Some("KEY"));
    }

    #[test]
    fn what_is_written_down_names_variables() {
        let folder = tempfile::tempdir().unwrap();
        let session = |cpu: &str| {
            let session = Session::open(Globals {
                root: Some(folder.path().join("root")),
                cpu: Some(cpu.to_owned()),
                ..Globals::default()
            });
            session.unwrap()
        };
        let check = |cpu: &str, grants: &[&str], want: &[&str]| {
            let grants: Grants = grants.iter().map(|cap| cap.parse().unwrap()).collect();
            let names = session(cpu).named_variables(&grants).unwrap();
            assert_eq!(names.into_iter().collect::<Vec<_>>(), want, "{cpu}");
        };
        check("script:/s", &[], &[]);
        check("script:/s", &["env:A", "clock"], &["A"]);
        check("http://127.0.0.1:9", &[], &[env_vars::API_KEY]);
        let servers = session("script:/s").paths.servers();
        fs::create_dir_all(servers.parent().unwrap()).unwrap();
        let text = r#"{"x": {"command": "a", "args": ["${B:-b} ${secret:c}"]}}"#;
        fs::write(servers, text).unwrap();
        check("script:/s", &["env:A"], &["A", "B"]);
        let grants = session("script:/s").paths.grants();
        fs::create_dir_all(grants.parent().unwrap()).unwrap();
        let mut book = GrantBook::open(&grants).unwrap();
        book.grant("tool", "h", "env:D".parse().unwrap()).unwrap();
        check("script:/s", &[], &["B", "D"]);
    }

    #[test]
    fn a_path_from_the_folder_of_the_call_is_found() {
        let check = |capability: &str, want: bool| {
            assert_eq!(is_relative(capability), want, "{capability}");
        };
        check("fs:read:./out", true);
        check("fs:write:out", true);
        check("fs:read:/data", false);
        check("net:example.com", false);
        check("mem:write", false);
    }
}
