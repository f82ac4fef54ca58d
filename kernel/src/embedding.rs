//! The embedders of the CPU, for the disk, which does not know the CPU.

use std::error::Error;

use quipu_cpu::embed::Embedder;

/// An embedder of the CPU as the disk wants it.
pub struct Vectors<E>(
    /// What makes the vectors.
    pub E,
);

impl<E: Embedder> quipu_memory::Embedder for Vectors<E> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        self.0.embed(texts)
    }

    fn embed_query(&self, text: &str) -> Result<Vec<f32>, Box<dyn Error + Send + Sync>> {
        self.0.embed_query(text)
    }

    fn floor(&self) -> f32 {
        self.0.floor()
    }
}
