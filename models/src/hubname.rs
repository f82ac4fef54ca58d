//! Names of files on the model hub: `org/repo`, `org/repo:QUANT`, `org/repo:FILE.gguf`.

use std::fmt;

use serde::Deserialize;

use super::error::ModelError;
use super::projector::is_projector;

/// The quantisation taken when a name gives none: the usual balance of size and sense.
const USUAL: &str = "Q4_K_M";

/// A repository of the hub and which of its files is meant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HubName {
    /// The publisher.
    pub org: String,
    /// The repository.
    pub repo: String,
    /// Which file.
    pub want: Want,
}

/// Which file of a repository is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Whichever is usual: Q4_K_M, or the only one.
    Usual,
    /// The one of this quantisation.
    Quant(String),
    /// The one with this path.
    File(String),
}

/// What a list of file names says about a wish.
#[derive(Debug, PartialEq, Eq)]
pub enum Pick<'a> {
    /// This file.
    One(&'a str),
    /// The model is spread over several files; this is the first.
    Split(&'a str),
    /// Several fit.
    Several(Vec<&'a str>),
    /// None fits; these are the models there are.
    None(Vec<&'a str>),
}

impl HubName {
    /// Reads `org/repo[:QUANT|:FILE.gguf]`; `None` if `text` does not have that form.
    pub fn parse(text: &str) -> Option<HubName> {
        let (place, want) = match text.split_once(':') {
            None => (text, Want::Usual),
            Some((place, file)) if is_gguf(file) && file.split('/').all(is_plain) => {
                (place, Want::File(file.to_owned()))
            }
            Some((place, quant)) if is_plain(quant) => (place, Want::Quant(quant.to_owned())),
            Some(_) => return None,
        };
        let (org, repo) = place.split_once('/')?;
        // A path to a file is not a repository.
        let named = is_plain(org) && is_plain(repo) && !is_gguf(repo);
        named.then(|| HubName {
            org: org.to_owned(),
            repo: repo.to_owned(),
            want,
        })
    }

    /// `org/repo`.
    pub fn place(&self) -> String {
        format!("{}/{}", self.org, self.repo)
    }

    /// The one of `files` (paths inside the repository) that is meant.
    pub fn pick<'a>(&self, files: impl IntoIterator<Item = &'a str>) -> Pick<'a> {
        let asked = |file: &str| matches!(&self.want, Want::File(path) if path == file);
        let mut models: Vec<&str> = files
            .into_iter()
            // Projectors of pictures are GGUF files too, but not models: they are named whole.
            .filter(|file| is_gguf(file) && (!is_projector(base(file)) || asked(file)))
            .collect();
        models.sort_unstable();
        let fitting = |quant: &str| -> Vec<&'a str> {
            let fits = models.iter().filter(|file| has_quant(file, quant));
            fits.copied().collect()
        };
        let found = match &self.want {
            Want::File(path) => models
                .iter()
                .filter(|file| *file == path)
                .copied()
                .collect(),
            Want::Quant(quant) => fitting(quant),
            Want::Usual if whole(&models).len() == 1 => models.clone(),
            Want::Usual => fitting(USUAL),
        };
        match (whole(&found).as_slice(), found.first()) {
            ([one], _) => Pick::One(one),
            ([], Some(first)) => Pick::Split(first),
            ([], None) => Pick::None(models),
            (several, _) => Pick::Several(several.to_vec()),
        }
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.org, self.repo)?;
        match &self.want {
            Want::Usual => Ok(()),
            Want::Quant(want) | Want::File(want) => write!(f, ":{want}"),
        }
    }
}

impl TryFrom<String> for HubName {
    type Error = ModelError;

    fn try_from(text: String) -> Result<HubName, ModelError> {
        HubName::parse(&text).ok_or(ModelError::BadName { name: text })
    }
}

/// Whether `name` can stand as one component of a path, on any system.
pub fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+=@ ()".contains(c);
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(allowed)
}

/// The last component of a path inside a repository.
pub fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// Whether a file is called as GGUF files are.
pub fn is_gguf(file: &str) -> bool {
    file.len() > 5 && file.to_ascii_lowercase().ends_with(".gguf")
}

/// Those of `files` that are not a shard of a model.
fn whole<'a>(files: &[&'a str]) -> Vec<&'a str> {
    files
        .iter()
        .filter(|file| !is_shard(file))
        .copied()
        .collect()
}

/// Shards are called `...-00001-of-00003.gguf`.
fn is_shard(file: &str) -> bool {
    let name = base(file).to_ascii_lowercase();
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    let Some((front, count)) = name.trim_end_matches(".gguf").rsplit_once("-of-") else {
        return false;
    };
    digits(count) && front.rsplit('-').next().is_some_and(digits)
}

/// Whether `quant` stands in the path as a word of its own, whatever the case:
/// neither Q4_K in Q4_K_M, nor F16 in BF16.
fn has_quant(file: &str, quant: &str) -> bool {
    let (file, quant) = (file.to_ascii_lowercase(), quant.to_ascii_lowercase());
    file.match_indices(&quant).any(|(at, _)| {
        let before = file[..at].chars().next_back();
        let after = file[at + quant.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric())
            && !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
