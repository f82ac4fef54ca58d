//! What the user chose: flags before environment before file before defaults. This file
//! decides which value counts. It does not look whether the model or the tool that a value
//! names is there.

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZero, NonZeroU16, NonZeroU32};
use std::path::Path;

use anyhow::Result;
use quipu_cpu::{Sampling, llama};
use quipu_kernel::gate::Approve;
use quipu_kernel::limits::Limits;
use quipu_kernel::process::Memory;
use quipu_models::catalogue;
use quipu_tools::Capability;
use serde::{Deserialize, Serialize};

use crate::config::endpoints::{self, Endpoint};
use crate::config::env_vars;
use crate::config::globals::Globals;
use crate::config::process::{LimitsFile, MemoryFile};
use crate::terminal::error::UserError;
use crate::terminal::toml_words;

/// `config.toml`; every key may be left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Default of `--model`.
    pub model: Option<String>,
    /// Default of `--cpu`.
    pub cpu: Option<String>,
    /// Default of `--threads`.
    pub threads: Option<NonZeroU16>,
    /// Default of `--window`.
    pub window: Option<usize>,
    /// Tokens of the KV cache that all processes share.
    pub kv_tokens: Option<usize>,
    /// The most bytes on disk of what models have read, for processes and machines to come.
    pub kv_disk_bytes: Option<u64>,
    /// The embedding model of the store: a name of `quipu model ls`, a file, or `none`.
    pub embedder: Option<String>,
    /// Whether strangers' texts are looked at for attacks, where a model for that is here.
    pub signals: Option<SignalsWord>,
    /// Default of `--temperature`.
    pub temperature: Option<f32>,
    /// Default of `--seed`.
    pub seed: Option<u32>,
    /// Default of `--approve`.
    pub approve: Option<ApproveWord>,
    /// Capabilities granted to all processes.
    pub allow: Option<Vec<Capability>>,
    /// Who computes attention of a local model.
    pub attention: Option<AttentionWord>,
    /// Name of the environment variable that holds an endpoint's key.
    pub api_key_env: Option<String>,
    /// The most bytes of memory that models take, the machine's own among them.
    pub models_bytes: Option<u64>,
    /// Models in place of the machine's or an agent's where that is not there, the first one first.
    pub fallback: Option<Vec<String>>,
    /// Models behind endpoints, by name.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Limits of a process.
    pub limits: LimitsFile,
    /// The part of the disk that a process uses.
    pub memory: MemoryFile,
    /// Whether the shell consolidates memories while nothing is asked of it.
    pub consolidate: Option<bool>,
    /// The record of what processes did.
    pub journal: JournalFile,
}

/// The `[journal]` of `config.toml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalFile {
    /// Days after its end for which a process is kept; for good when left out. A machine that
    /// starts removes what is older.
    pub keep_days: Option<NonZeroU32>,
}

/// How approvals are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ApproveWord {
    /// By the person at the terminal; refused when there is none
    Ask,
    /// Refused
    Never,
    /// Granted: you answer for all of them
    All,
}

impl From<ApproveWord> for Approve {
    fn from(word: ApproveWord) -> Self {
        match word {
            ApproveWord::Ask => Approve::Ask,
            ApproveWord::Never => Approve::Never,
            ApproveWord::All => Approve::All,
        }
    }
}

/// Who computes attention of a local model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AttentionWord {
    /// Quipu, so that an answer does not depend on who shares the machine.
    #[default]
    Own,
    /// llama.cpp.
    #[serde(rename = "llama.cpp")]
    LlamaCpp,
}

/// Whether strangers' texts are looked at for attacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalsWord {
    /// Scan if the detector's model is here.
    #[default]
    Auto,
    /// Never.
    Off,
}

fn attention(word: Option<String>, file: Option<AttentionWord>) -> Result<AttentionWord> {
    match word.as_deref() {
        None => Ok(file.unwrap_or_default()),
        Some("own") => Ok(AttentionWord::Own),
        Some("llama.cpp") => Ok(AttentionWord::LlamaCpp),
        Some(word) => Err(UserError::usage(
            format!(
                "{}={word}: there is no such way to compute attention",
                env_vars::ATTENTION
            ),
            "use own or llama.cpp, or leave it unset",
        )),
    }
}

/// Which CPU to run on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuChoice {
    /// A model file in this program.
    Local,
    /// An endpoint.
    Url(String),
    /// A script.
    Script(String),
}

impl fmt::Display for CpuChoice {
    /// As `--cpu` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CpuChoice::Local => f.write_str("local"),
            CpuChoice::Url(url) => f.write_str(url),
            CpuChoice::Script(file) => write!(f, "script:{file}"),
        }
    }
}

/// The settings in force.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The model; for an endpoint only when it was named.
    pub model: String,
    /// Whether the model was named rather than assumed.
    pub model_named: bool,
    /// Which CPU.
    pub cpu: CpuChoice,
    /// Threads, when named.
    pub threads: Option<u16>,
    /// The window, when named.
    pub window: Option<usize>,
    /// Tokens of the shared KV cache, when named.
    pub kv_tokens: Option<usize>,
    /// The most bytes on disk of states that left it.
    pub kv_disk_bytes: u64,
    /// Who computes attention of a local model.
    pub attention: AttentionWord,
    /// The embedding model of the store, when named.
    pub embedder: Option<String>,
    /// Whether strangers' texts are looked at for attacks.
    pub signals: SignalsWord,
    /// 0 is greedy.
    pub temperature: f32,
    /// The seed.
    pub seed: u32,
    /// How approvals are settled.
    pub approve: ApproveWord,
    /// What is granted.
    pub allow: Vec<Capability>,
    /// The variable that holds an endpoint's key; never the key.
    pub api_key_env: String,
    /// The most bytes of memory that models take, when named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models_bytes: Option<u64>,
    /// Models in place of the machine's or an agent's where that is not there, the first one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<String>,
    /// Models behind endpoints, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Limits of a process.
    pub limits: Limits,
    /// The part of the disk that a process uses.
    pub memory: Memory,
    /// Whether the shell consolidates memories while nothing is asked of it.
    pub consolidate: bool,
    /// Days after its end for which a process is kept; for good when `None`.
    pub keep_days: Option<u32>,
}

impl Settings {
    /// Reads the file at `path`, if there is one, and lays the flags over it.
    pub fn load(path: &Path, globals: &Globals) -> Result<Self> {
        let file = read(path)?;
        let named = globals
            .models
            .first()
            .cloned()
            .or_else(|| env_vars::get(env_vars::MODEL))
            .or(file.model);
        let cpu = globals
            .cpu
            .clone()
            .or_else(|| env_vars::get(env_vars::CPU))
            .or(file.cpu);
        let (named, by_name) = endpoints::chosen(named, globals, &file.endpoints)?;
        let of_it = by_name.as_ref();
        Ok(Self {
            model_named: of_it.map_or(named.is_some(), |one| one.model.is_some()),
            model: of_it
                .and_then(|one| one.model.clone())
                .or(named)
                .unwrap_or_else(|| catalogue::default_entry().name.clone()),
            cpu: match of_it {
                Some(one) => CpuChoice::Url(one.url.clone()),
                None => cpu_choice(cpu.as_deref())?,
            },
            threads: globals.threads.or(file.threads.map(NonZero::get)),
            window: globals
                .window
                .or(of_it.and_then(|one| one.window))
                .or(file.window),
            kv_tokens: file.kv_tokens,
            kv_disk_bytes: file.kv_disk_bytes.unwrap_or(llama::SWAP_DISK_BYTES),
            attention: attention(env_vars::get(env_vars::ATTENTION), file.attention)?,
            embedder: file.embedder,
            signals: file.signals.unwrap_or_default(),
            temperature: temperature(globals.temperature.or(file.temperature))?,
            seed: globals.seed.or(file.seed).unwrap_or(0),
            approve: file.approve.unwrap_or(ApproveWord::Ask),
            // The store is the user's own; a process that has read untrusted text
            // still has to ask before it writes.
            allow: file.allow.unwrap_or_else(|| vec![Capability::MemWrite]),
            api_key_env: match by_name {
                // Without a name there is no key for it, and none of another's is sent.
                Some(one) => one.api_key_env.unwrap_or_default(),
                None => file
                    .api_key_env
                    .unwrap_or_else(|| env_vars::API_KEY.to_owned()),
            },
            models_bytes: file.models_bytes,
            fallback: file.fallback.unwrap_or_default(),
            endpoints: file.endpoints,
            limits: file.limits.over(Limits::default()),
            memory: file.memory.over(Memory::default()),
            consolidate: file.consolidate.unwrap_or(true),
            keep_days: file.journal.keep_days.map(NonZero::get),
        })
    }

    /// How tokens are chosen.
    pub fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            seed: self.seed,
        }
    }
}

/// The file at `path`; an empty one where there is none.
///
/// # Errors
/// When it cannot be read, or has something that is no setting.
pub(super) fn read(path: &Path) -> Result<File> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        // A link to nothing is where settings were meant to be.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !path.is_symlink() => {
            return Ok(File::default());
        }
        Err(error) => {
            return Err(UserError::usage(
                format!("{}: {error}", path.display()),
                "the configuration is a text file that you can read",
            ));
        }
    };
    toml::from_str(&text).map_err(|error| {
        UserError::usage(
            format!("{}: {}", path.display(), toml_words::wrong(&error)),
            "fix that line, or remove it for the default",
        )
    })
}

fn cpu_choice(word: Option<&str>) -> Result<CpuChoice> {
    match word {
        None | Some("local") => Ok(CpuChoice::Local),
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(CpuChoice::Url(url.to_owned()))
        }
        Some(word) => match word.strip_prefix("script:") {
            Some(file) if !file.is_empty() => Ok(CpuChoice::Script(file.to_owned())),
            _ => Err(UserError::usage(
                format!("--cpu {word}: unknown CPU"),
                "use local, an http(s):// address ending in /v1, or script:FILE",
            )),
        },
    }
}

fn temperature(value: Option<f32>) -> Result<f32> {
    match value.unwrap_or(0.0) {
        t if (0.0..=5.0).contains(&t) => Ok(t),
        t => Err(UserError::usage(
            format!("a temperature of {t} is out of range"),
            "use a number from 0 to 5",
        )),
    }
}
