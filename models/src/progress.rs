//! Reports of a pull while it works. The caller chooses the words and where they appear: nothing
//! here knows a terminal.

use std::path::Path;

use crate::error::ModelError;

/// Hears of a pull. Calls may come from any thread and must return quickly.
pub trait Progress: Send + Sync {
    /// A stage of the pull has begun or ended.
    fn event(&self, event: Event<'_>);
    /// `done` of `total` bytes are here; may go back when a source is changed.
    fn bytes(&self, done: u64, total: u64);
}

/// A stage of a pull.
#[derive(Debug)]
pub enum Event<'a> {
    /// Under which licence the model comes.
    Licence {
        /// The model.
        name: &'a str,
        /// As its publisher states it.
        licence: &'a str,
    },
    /// The model was here before. The pull of this file ends.
    Here {
        /// As the user wrote it, or the name in the catalogue.
        name: &'a str,
        /// Its file.
        path: &'a Path,
    },
    /// An earlier pull was interrupted, and this one continues it.
    Continued {
        /// The model.
        name: &'a str,
        /// Bytes that the earlier pull left.
        bytes: u64,
    },
    /// A source failed, and the next one is tried.
    SourceFailed(&'a ModelError),
    /// The parts are being joined into one file.
    Joining,
    /// The file is being made of the parts.
    Making,
    /// The checksum of the file is being compared.
    Checking,
    /// The model can see pictures with a file that is not here.
    Projector {
        /// The name of that file, for a pull.
        name: &'a str,
    },
    /// The model was fetched, checked and put in place. The pull of this file ends.
    Fetched {
        /// Its file.
        path: &'a Path,
        /// Its size in bytes.
        bytes: u64,
    },
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn event(&self, _: Event<'_>) {}
    fn bytes(&self, _: u64, _: u64) {}
}
