//! What can go wrong with a voice: what happened, and to which object.

use std::io;
use std::path::{Path, PathBuf};

/// Why something cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// A file of the voice cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the voice holds something else than it should.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No speaker has this name.
    #[error("no voice is called {name}; there are {}", known.join(", "))]
    NoSpeaker {
        /// As the user wrote it.
        name: String,
        /// Those that are here.
        known: Vec<String>,
    },
    /// The network failed: a defect.
    #[error("the network of the voice failed: {0}")]
    Network(String),
}

impl VoiceError {
    /// Wraps an error of the file system; for `map_err`.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> VoiceError {
        let path = path.to_owned();
        move |source| VoiceError::Read { path, source }
    }

    /// Says what is wrong with a file; for `map_err`.
    pub(crate) fn damaged<E: ToString>(path: &Path) -> impl FnOnce(E) -> VoiceError {
        let path = path.to_owned();
        move |why| VoiceError::Damaged {
            path,
            why: why.to_string(),
        }
    }
}
