//! Models of this machine, as those see them who use this crate.

mod embedder;
mod local;
mod pictures;
mod projector;
