//! The embedding model that the store searches by meaning with, if it is on this machine.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use quipu_embed::StaticEmbedder;
use quipu_memory::Embedder;

use crate::models::catalogue;

/// Its name in the catalogue.
const MODEL: &str = "potion-base-8m";

/// The model, read when the first text needs it: most commands have none.
pub struct LazyEmbedder {
    dir: PathBuf,
    name: String,
    open: OnceLock<Result<StaticEmbedder, String>>,
}

/// The embedder of the first of `folders` that has it whole.
pub fn find(folders: &[PathBuf]) -> Option<LazyEmbedder> {
    let entry = catalogue::find(MODEL)?;
    let other = catalogue::find(entry.with.as_deref()?)?;
    let is_whole = |folder: &&PathBuf| {
        [entry, other].iter().all(|entry| {
            let meta = folder.join(entry.file()).metadata();
            meta.is_ok_and(|meta| meta.len() == entry.bytes)
        })
    };
    let folder = folders.iter().find(is_whole)?;
    let file = folder.join(entry.file());
    Some(LazyEmbedder {
        dir: file.parent().unwrap_or(Path::new(".")).to_owned(),
        // Other weights are another model.
        name: format!("{MODEL} {}", entry.sha256.get(..16).unwrap_or_default()),
        open: OnceLock::new(),
    })
}

impl Embedder for LazyEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        let open = self.open.get_or_init(|| {
            StaticEmbedder::open(&self.dir, &self.name).map_err(|error| error.to_string())
        });
        match open {
            Ok(embedder) => embedder.embed(texts),
            Err(error) => Err(error.clone().into()),
        }
    }
}
