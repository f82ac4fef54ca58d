//! How a local model is run, as whoever loads it says.

use std::path::PathBuf;

/// Bytes of swapped states on disk, where nobody says otherwise: a handful of full windows.
pub const SWAP_DISK_BYTES: u64 = 1 << 30;

/// Who computes attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// This crate, where it can: an answer does not depend on who shares the machine.
    #[default]
    Own,
    /// llama.cpp, by its own ways.
    LlamaCpp,
}

/// How a local model is run; `None` leaves the choice to the model and the machine.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// The window of one process, in tokens; at most what the model was trained for.
    pub window: Option<usize>,
    /// Threads to compute with.
    pub threads: Option<usize>,
    /// Cells of the KV cache shared by all processes.
    pub kv_cells: Option<usize>,
    /// The most bytes of memory that its weights and its KV cache take together.
    pub bytes_max: Option<u64>,
    /// Whether to generate token by token even where the context says what comes next.
    pub no_drafts: bool,
    /// Who computes attention.
    pub attention: Attention,
    /// Folder for KV states on disk: boot pages, and processes that were suspended; and for the
    /// rows of pictures.
    /// `None` keeps them in memory only.
    pub swap: Option<PathBuf>,
    /// The most bytes there, of all models; [`SWAP_DISK_BYTES`] when `None`.
    pub swap_bytes: Option<u64>,
    /// The secret by which a state on disk is recognised as one of this root.
    pub secret: [u8; 32],
    /// The file of the model's projector: with it the model sees pictures.
    pub projector: Option<PathBuf>,
    /// The most cells that a picture takes, where the projector leaves a choice.
    pub picture_cells: Option<u32>,
    /// Is told, while the file is loaded, how much of it is, from 0 to 1. Must return at once.
    pub loaded: Option<fn(f32)>,
}
