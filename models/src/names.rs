//! From a name to a file. A name is, in this order: a path to a file; a name of the catalogue; a repository of the
//! hub; the name of a file in a models folder. Folders are searched in the order
//! given, then the hub's own cache, which other programs fill too.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::catalogue::{self, Source};
use super::error::ModelError;
use super::files::{self, files_below};
use super::hubname::{self, HubName, Pick};

/// Where models may be.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Models folders of Quipu, the nearest first.
    pub folders: Vec<PathBuf>,
    /// The hub's home; its cache is read, never written.
    pub hub_home: Option<PathBuf>,
}

/// Finds the file that `spec` means.
///
/// ```
/// use quipu_models::{ModelError, Places, resolve};
///
/// // Known by name, and nowhere here.
/// let found = resolve("smollm2-135m", &Places::default());
/// assert!(matches!(found, Err(ModelError::NotDownloaded { .. })));
/// ```
///
/// # Errors
/// [`ModelError::NotDownloaded`] if the model is known but not here,
/// [`ModelError::Unknown`] if nothing has this name.
pub fn resolve(spec: &str, places: &Places) -> Result<PathBuf, ModelError> {
    let path = Path::new(spec);
    if is_path(spec) && path.is_file() {
        return Ok(path.to_owned());
    }
    if let Some(entry) = catalogue::find(spec) {
        let bytes = Some(entry.bytes);
        let here = first_file(&places.folders, &entry.file());
        let cached = || {
            entry
                .sources
                .iter()
                .find_map(|source| cached(source, places))
        };
        let missing = || ModelError::NotDownloaded {
            name: spec.to_owned(),
            bytes,
        };
        return here.or_else(cached).ok_or_else(missing);
    }
    // What is unmistakably a path is not looked for on the hub.
    let explicit = matches!(
        path.components().next(),
        Some(Component::CurDir | Component::RootDir)
    ) || spec.starts_with("..");
    if let Some(name) = HubName::parse(spec).filter(|_| !explicit) {
        let missing = || ModelError::NotDownloaded {
            name: spec.to_owned(),
            bytes: None,
        };
        return find_hub_file(&name, places)?.ok_or_else(missing);
    }
    if is_path(spec) && spec.contains(['/', '\\']) {
        return Err(ModelError::NoFile {
            path: path.to_owned(),
        });
    }
    if !hubname::is_plain(spec) {
        let name = spec.to_owned();
        // Other programs write a name otherwise, such as `model:size`.
        let near = near_models(spec, places);
        return Err(match near.is_empty() {
            true => ModelError::BadName { name },
            false => ModelError::Unknown { name, near },
        });
    }
    let file = if is_path(spec) {
        spec.to_owned()
    } else {
        format!("{spec}.gguf")
    };
    first_file(&places.folders, Path::new(&file)).ok_or_else(|| ModelError::Unknown {
        name: spec.to_owned(),
        near: near_models(spec, places),
    })
}

/// Finds the file of a hub name, in the models folders and then in the hub's cache.
pub(super) fn find_hub_file(
    name: &HubName,
    places: &Places,
) -> Result<Option<PathBuf>, ModelError> {
    let own = places
        .folders
        .iter()
        .map(|folder| folder.join(&name.org).join(&name.repo));
    for folder in own.chain(snapshots(name, places.hub_home.as_deref())) {
        if let Some(file) = pick_file(name, &folder)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Chooses among the files below `folder` as the hub's list would be chosen from.
fn pick_file(name: &HubName, folder: &Path) -> Result<Option<PathBuf>, ModelError> {
    let files: Vec<String> = files_below(folder)
        .into_iter()
        .filter_map(|file| Some(file.strip_prefix(folder).ok()?.to_str()?.replace('\\', "/")))
        .collect();
    match name.pick(files.iter().map(String::as_str)) {
        Pick::One(file) => Ok(Some(folder.join(file))),
        Pick::Several(several) => Err(ModelError::Several {
            place: name.place(),
            wish: name.to_string(),
            files: several.into_iter().map(str::to_owned).collect(),
        }),
        Pick::Split(_) | Pick::None(_) => Ok(None),
    }
}

/// Folders of the hub's cache that may hold the repository's files.
fn snapshots(name: &HubName, home: Option<&Path>) -> Vec<PathBuf> {
    let Some(home) = home else { return Vec::new() };
    let repo = home
        .join("hub")
        .join(format!("models--{}--{}", name.org, name.repo));
    let current = fs::read_to_string(repo.join("refs/main")).unwrap_or_default();
    let mut found: Vec<PathBuf> = fs::read_dir(repo.join("snapshots"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    // The current revision first.
    found.sort_by_key(|path| (!path.ends_with(current.trim()), path.clone()));
    found
}

/// The file of a catalogue source in the hub's cache.
fn cached(source: &Source, places: &Places) -> Option<PathBuf> {
    let Source::Hub { hub } = source else {
        return None;
    };
    let only_cache = Places {
        folders: Vec::new(),
        hub_home: places.hub_home.clone(),
    };
    find_hub_file(hub, &only_cache).ok().flatten()
}

fn first_file(folders: &[PathBuf], file: &Path) -> Option<PathBuf> {
    folders
        .iter()
        .map(|folder| folder.join(file))
        .find(|path| path.is_file())
}

/// Whether `spec` is written as a path to a file.
fn is_path(spec: &str) -> bool {
    spec.contains(['/', '\\']) || spec.to_ascii_lowercase().ends_with(".gguf")
}

/// Up to three names of models that resemble `spec`, the nearest first.
fn near_models(spec: &str, places: &Places) -> Vec<String> {
    let known = catalogue::entries().iter().map(|entry| entry.name.clone());
    near(spec, known.chain(files::names(&places.folders)))
}

/// Up to three of the names `known` that resemble `word`, the nearest first: those that hold it, and
/// those that are it but for a few letters. The folders of a path are looked at only where `word` is
/// a path, too: else every file below a folder of that name would resemble it.
///
/// ```
/// let known = ["calculator", "browser"].map(str::to_owned);
/// assert_eq!(quipu_models::near("calcluator", known), ["calculator"]);
/// ```
pub fn near(word: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    let word = word.trim_end_matches('/').to_lowercase();
    // Folders are long, and leave room for other names below them.
    let last = word.rsplit('/').next().unwrap_or_default();
    let letters = last.chars().count();
    // Of a word of two letters, two others are no slip.
    let most = 2.max(letters / 3).min(letters.saturating_sub(1));
    let mut scored: Vec<(usize, String)> = known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let own = match word.contains('/') {
                true => lower.as_str(),
                false => lower.rsplit('/').next().unwrap_or_default(),
            };
            let held = letters >= 3 && own.contains(&word);
            // A store has many names: most are told apart by their length alone.
            let apart = own.chars().count().abs_diff(word.chars().count());
            let edits = match held {
                true => 0,
                false if apart > most => return None,
                false => strsim::levenshtein(own, &word),
            };
            (edits <= most).then_some((edits, name))
        })
        .collect();
    scored.sort();
    scored.dedup();
    scored.into_iter().map(|(_, name)| name).take(3).collect()
}
