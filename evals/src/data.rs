//! Reading the test sets.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::metrics::Judgements;

/// A document of a corpus.
#[derive(Debug, Deserialize)]
pub struct Document {
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(default)]
    pub title: String,
    pub text: String,
}

/// A query.
#[derive(Debug, Deserialize)]
pub struct Question {
    #[serde(rename = "_id")]
    pub id: String,
    pub text: String,
}

/// A corpus, its queries, and which documents answer which.
pub struct Collection {
    pub documents: Vec<Document>,
    pub questions: Vec<Question>,
    pub judged: HashMap<String, Judgements>,
}

impl Collection {
    /// Reads `corpus.jsonl`, `queries.jsonl` and `qrels.tsv` of the folder `dir`.
    pub fn read(dir: &Path) -> Result<Self> {
        let mut judged: HashMap<String, Judgements> = HashMap::new();
        for line in text(&dir.join("qrels.tsv"))?.lines().skip(1) {
            let mut cells = line.split('\t');
            let (Some(query), Some(document), Some(grade)) =
                (cells.next(), cells.next(), cells.next())
            else {
                anyhow::bail!("{}: `{line}` has no three cells", dir.display());
            };
            let of_query = judged.entry(query.to_owned()).or_default();
            of_query.insert(document.to_owned(), grade.trim().parse()?);
        }
        Ok(Self {
            documents: lines(&dir.join("corpus.jsonl"))?,
            questions: lines(&dir.join("queries.jsonl"))?,
            judged,
        })
    }
}

/// The lines of a file, each one value of JSON.
pub fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = text(path)?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}, line {}", path.display(), n + 1))
        })
        .collect()
}

/// The text of a file.
pub fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .with_context(|| format!("could not read {}; --data names the folder", path.display()))
}
