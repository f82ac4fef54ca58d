//! Which embedding model the store searches by meaning with, and loading it if it is on this
//! machine. How vectors are compared is the store's business.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use anyhow::Result;
use indicatif::DecimalBytes;
use quipu_cpu::embed::{self, StaticEmbedder};
use quipu_cpu::llama::LlamaEmbedder;
use quipu_memory::Embedder;
use quipu_models::{self as models, Places, catalogue, gguf};

use crate::config::private;

/// Those that are taken without being named, the best first: what each gains in finding
/// for what it costs in time is measured by `evals/`.
const PREFERRED: &[&str] = &[RECOMMENDED, "minilm-l6-v2", "potion-base-8m"];
/// The one that is recommended: it knows a hundred languages.
const RECOMMENDED: &str = "multilingual-e5-small";
/// The file in a store that names the model which finds its pages better.
const CHOSEN: &str = "embedder";
/// How words are cut as BERT does it: raised when that gives other tokens than before.
const CUT: &str = " words 2";
/// The setting that goes without.
const NONE: &str = "none";

/// The model, read when the first text needs it: most commands have none.
pub struct LazyEmbedder {
    file: PathBuf,
    name: String,
    threads: Option<usize>,
    open: OnceLock<Result<Box<dyn embed::Embedder>, String>>,
}

/// The embedder that was `wanted`: a name of the catalogue, a file, or `none`. Without a
/// wish the best that is here whole; often there is none.
///
/// # Errors
/// A wish that cannot be met.
pub fn find(
    wanted: Option<&str>,
    places: &Places,
    threads: Option<usize>,
) -> Result<Option<LazyEmbedder>> {
    let file = match wanted {
        Some(NONE) => return Ok(None),
        Some(spec) => models::resolve(spec, places)?,
        None => {
            let mut known = PREFERRED.iter().filter_map(|name| catalogue::find(name));
            let found = known.find_map(|entry| whole(entry, &places.folders));
            let Some(file) = found else { return Ok(None) };
            file
        }
    };
    Ok(Some(LazyEmbedder::new(file, threads)))
}

/// The other models of the catalogue that are here whole: pages that have vectors of one of them
/// are found by these until they have one of `chosen`.
pub fn others(chosen: &LazyEmbedder, places: &Places, threads: Option<usize>) -> Vec<LazyEmbedder> {
    let known = catalogue::entries().iter();
    let known = known.filter(|entry| entry.kind == catalogue::Kind::Embedder && !entry.is_part());
    let here = known.filter_map(|entry| whole(entry, &places.folders));
    here.map(|file| LazyEmbedder::new(file, threads))
        .filter(|other| other.name != chosen.name)
        .collect()
}

/// Those that are taken without being named and are here whole, the best first.
pub fn preferred(places: &Places, threads: Option<usize>) -> Vec<LazyEmbedder> {
    let known = PREFERRED.iter().filter_map(|name| catalogue::find(name));
    let here = known.filter_map(|entry| whole(entry, &places.folders));
    here.map(|file| LazyEmbedder::new(file, threads)).collect()
}

/// The model that was chosen for the store in `folder`, where one was and is still here.
pub fn chosen(folder: &Path, places: &Places) -> Option<&'static str> {
    let name = std::fs::read_to_string(folder.join(CHOSEN)).ok()?;
    let entry = catalogue::find(name.trim())?;
    whole(entry, &places.folders)?;
    Some(&entry.name)
}

/// Has the store in `folder` searched with the model `name`, where the configuration names none.
///
/// # Errors
/// A folder that cannot be written.
pub fn choose(folder: &Path, name: &str) -> std::io::Result<()> {
    private::replace(&folder.join(CHOSEN), format!("{name}\n").as_bytes())
}

/// The model that is recommended to whoever has none, or one that knows English alone, with
/// its size: as `quipu model pull` takes it.
pub fn recommended() -> &'static catalogue::Entry {
    catalogue::find(RECOMMENDED).expect("the catalogue has it, and a test looks")
}

/// The hint where no embedding model is here.
pub fn how_to_get_one() -> String {
    let entry = recommended();
    format!(
        "`quipu model pull {}` brings one ({})",
        entry.name,
        DecimalBytes(entry.bytes)
    )
}

/// The file of `entry` in the first of `folders` that has it whole, with what it is
/// nothing without.
fn whole(entry: &catalogue::Entry, folders: &[PathBuf]) -> Option<PathBuf> {
    let folder = folders.iter().find(|folder| entry.is_whole_in(folder))?;
    Some(folder.join(entry.file()))
}

/// What tells this file's vectors from others: other weights are another model, and so are words
/// that are cut otherwise. Of those in the catalogue all but the recommended one cut as BERT does.
fn name_of(file: &Path) -> String {
    let meta = file.metadata().ok();
    let bytes = meta.as_ref().map_or(0, |meta| meta.len());
    let known = |entry: &&catalogue::Entry| file.ends_with(entry.file()) && entry.bytes == bytes;
    if let Some(entry) = catalogue::entries().iter().find(known) {
        let cut = if entry.name == RECOMMENDED { "" } else { CUT };
        return format!(
            "{} {}{cut}",
            entry.name,
            entry.sha256.get(..16).unwrap_or("")
        );
    }
    let is_table = file.extension().is_some_and(|end| end == "safetensors");
    let header = gguf::read(file).ok().filter(|_| !is_table);
    let is_bert = header.is_some_and(|header| header.tokenizer.as_deref() == Some("bert"));
    let cut = if is_table || is_bert { CUT } else { "" };
    let modified = meta.and_then(|meta| meta.modified().ok());
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    format!(
        "{stem} {bytes} {}{cut}",
        since.map_or(0, |since| since.as_secs())
    )
}

impl LazyEmbedder {
    /// The model in `file`, which is not read yet.
    fn new(file: PathBuf, threads: Option<usize>) -> Self {
        Self {
            name: name_of(&file),
            file,
            threads,
            open: OnceLock::new(),
        }
    }

    /// What people call it.
    pub fn called(&self) -> &str {
        let end = self.name.find(' ').unwrap_or(self.name.len());
        &self.name[..end]
    }

    /// The file of its weights.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether it knows other languages than English.
    pub fn is_recommended(&self) -> bool {
        self.called() == RECOMMENDED
    }

    fn open(&self) -> Result<&dyn embed::Embedder, Box<dyn Error + Send + Sync>> {
        let open = self.open.get_or_init(|| match self.file.extension() {
            Some(end) if end == "safetensors" => {
                let folder = self.file.parent().unwrap_or(Path::new("."));
                let open = StaticEmbedder::open(folder, &self.name);
                open.map(|open| Box::new(open) as Box<dyn embed::Embedder>)
                    .map_err(|error| error.to_string())
            }
            _ => LlamaEmbedder::load(&self.file, &self.name, self.threads)
                .map(|open| Box::new(open) as Box<dyn embed::Embedder>)
                .map_err(|error| error.to_string()),
        });
        match open {
            Ok(embedder) => Ok(embedder.as_ref()),
            Err(error) => Err(error.clone().into()),
        }
    }
}

impl Embedder for LazyEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        self.open()?.embed(texts)
    }

    fn embed_query(&self, text: &str) -> Result<Vec<f32>, Box<dyn Error + Send + Sync>> {
        self.open()?.embed_query(text)
    }

    fn floor(&self) -> f32 {
        self.open().map_or(0.0, |open| open.floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_preferred_is_in_the_catalogue() {
        for name in PREFERRED {
            let entry = catalogue::find(name).expect("it is there");
            assert_eq!(entry.kind, catalogue::Kind::Embedder, "{name}");
        }
        assert!(how_to_get_one().contains(&recommended().name));
    }

    #[test]
    fn what_was_chosen_counts_while_it_is_here() {
        let dir = tempfile::tempdir().expect("a folder");
        let places = Places {
            folders: vec![dir.path().to_owned()],
            ..Places::default()
        };
        assert_eq!(chosen(dir.path(), &places), None);
        choose(dir.path(), "minilm-l6-v2").expect("written");
        assert_eq!(chosen(dir.path(), &places), None, "it is not here");
        choose(dir.path(), "no model at all").expect("written");
        assert_eq!(chosen(dir.path(), &places), None);
        assert!(preferred(&places, None).is_empty());
    }
}
