//! Texts to vectors, behind one trait.
//!
//! A static embedding is the mean of a text's tokens' vectors, looked up in a table. There
//! is no inference, so a page costs microseconds. The tables are those of
//! Model2Vec (Tulkens and van Dongen, "Model2Vec: Fast State-of-the-Art Static Embeddings",
//! 2024): a folder with `model.safetensors` and `tokenizer.json`. Only what such a folder
//! of the BERT family holds is read here, which keeps a tokenizer library and its regular
//! expressions out of the program.
//!
//! | file | question |
//! | --- | --- |
//! | `llama/embedder.rs` | Which vector does a model give a text? |
//! | `table.rs` | Which vector has a token? |
//! | `wordpiece.rs` | Which tokens does a text have? |

mod table;
pub(crate) mod wordpiece;

use std::error::Error;
use std::path::{Path, PathBuf};

use table::Table;
use wordpiece::WordPiece;

/// What turns texts into vectors. The nearer two vectors, the more alike the meanings.
pub trait Embedder: Send + Sync {
    /// What makes the vectors: the model and all that changes its output. Vectors of
    /// another name are not compared with its own, but made anew.
    fn name(&self) -> &str;

    /// One vector for each text, all of the same length. A text that says nothing may
    /// get the zero vector. Must not depend on the other texts of the call.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>>;

    /// The vector of a query, where that differs from that of a stored text.
    fn embed_query(&self, text: &str) -> Result<Vec<f32>, Box<dyn Error + Send + Sync>> {
        let mut vectors = self.embed(&[text])?;
        vectors
            .pop()
            .ok_or_else(|| "no vector for the query".into())
    }

    /// The cosine of texts that share nothing, below one: of many models it is near zero, of
    /// some all cosines crowd far above that.
    fn floor(&self) -> f32 {
        0.0
    }
}

/// Tokens of a text that count; what comes after changes the mean no more.
const TOKENS_MAX: usize = 4_096;

/// What is wrong with the folder of a model.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is not a table of static embeddings: {detail}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
}

/// An embedder that looks tokens up in a table.
pub struct StaticEmbedder {
    name: String,
    table: Table,
    tokens: WordPiece,
}

impl StaticEmbedder {
    /// Reads the model in the folder `dir`. `name` tells its vectors from those of others:
    /// it has to change when the files do.
    ///
    /// # Errors
    /// [`EmbedError`] where a file is not there, or no part of such a model.
    pub fn open(dir: &Path, name: impl Into<String>) -> Result<Self, EmbedError> {
        let table = Table::read(&dir.join("model.safetensors"))?;
        let tokens = WordPiece::read(&dir.join("tokenizer.json"), table.len())?;
        Ok(Self {
            name: name.into(),
            table,
            tokens,
        })
    }

    /// Numbers in each vector.
    pub fn dimensions(&self) -> usize {
        self.table.dimensions()
    }

    fn embed_one(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0_f32; self.table.dimensions()];
        for token in self.tokens.tokens(text).take(TOKENS_MAX) {
            for (sum, x) in sum.iter_mut().zip(self.table.row(token)) {
                *sum += x;
            }
        }
        let norm = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        if norm > 0.0 {
            sum.iter_mut().for_each(|x| *x /= norm);
        }
        sum
    }
}

impl Embedder for StaticEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        Ok(texts.iter().map(|text| self.embed_one(text)).collect())
    }
}

#[cfg(test)]
mod tests;
