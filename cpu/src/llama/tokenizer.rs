//! The tokenizer of a model without the model: its weights are not read.

use std::path::Path;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;

use super::Attention;
use super::library::backend;
use crate::CpuError;

/// Counts tokens as the model of a file would.
pub struct Tokenizer {
    model: LlamaModel,
}

impl Tokenizer {
    /// Reads the vocabulary of the model at `path`. Takes some tenths of a second.
    ///
    /// # Errors
    /// [`CpuError::Load`] when the file is not a model llama.cpp knows.
    pub fn load(path: &Path) -> Result<Self, CpuError> {
        let fail = |reason: String| CpuError::Load {
            path: path.display().to_string(),
            reason,
        };
        let only = LlamaModelParams::default().with_vocab_only(true);
        let backend = backend(Attention::Own).map_err(fail)?;
        let model = LlamaModel::load_from_file(backend, path, &only)
            .map_err(|_| fail("llama.cpp cannot read it: damaged, or of an unknown kind".into()))?;
        Ok(Self { model })
    }

    /// Tokens of `text`, in which nothing counts as a special token.
    pub fn count(&self, text: &str) -> usize {
        let tokens = self.model.vocab().tokenize(text.as_bytes(), false, false);
        tokens.len()
    }
}
