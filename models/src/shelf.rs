//! Finds the models on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::{self, Entry};
use super::error::ModelError;
use super::files::{files_below, name_of, size_below};
use super::gguf;
use super::hubname::{HubName, Pick};
use super::names::{Places, resolve};
use super::partial::{PARTIAL, key_of, lock, partial_folder};

/// A model file of a models folder.
#[derive(Debug)]
pub struct Installed {
    /// What it is called: a bare name, or `org/repo:FILE.gguf`.
    pub name: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// The file.
    pub path: PathBuf,
    /// What the file says about itself, or why it cannot be used.
    pub header: Result<gguf::Header, gguf::GgufError>,
}

/// What removing a model freed.
#[derive(Debug, PartialEq, Eq)]
pub struct Removed {
    /// The file that is gone.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Lists the models of `folders`, sorted by name; a name in two folders appears
/// once, as [`resolve`] would find it. Broken files are listed with their fault.
pub fn ls(folders: &[PathBuf]) -> Vec<Installed> {
    let mut found: Vec<Installed> = Vec::new();
    for folder in folders {
        for path in files_below(folder) {
            let Some(name) = name_of(folder, &path) else {
                continue;
            };
            if found.iter().any(|other| other.name == name) {
                continue;
            }
            found.push(Installed {
                bytes: fs::metadata(&path).map_or(0, |meta| meta.len()),
                header: gguf::read(&path),
                name,
                path,
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Removes the model `spec` from the models folders, with what an interrupted pull
/// of it left behind. Files outside those folders are never touched.
///
/// # Errors
/// As [`resolve`]; [`ModelError::NotOurs`] for a file elsewhere;
/// [`ModelError::Busy`] while it is being pulled.
pub fn remove(spec: &str, folders: &[PathBuf]) -> Result<Removed, ModelError> {
    let places = Places {
        folders: folders.to_vec(),
        hub_home: None,
    };
    let path = match resolve(spec, &places) {
        Err(ModelError::NotDownloaded { name, bytes }) => {
            return remove_unfinished(spec, folders)?
                .ok_or(ModelError::NotDownloaded { name, bytes });
        }
        other => other?,
    };
    if let Some(entry) = catalogue::find(spec).filter(|entry| !entry.is_gguf()) {
        return remove_entry(entry, &path, folders);
    }
    let own = folders
        .iter()
        .find_map(|folder| Some((folder, name_of(folder, &path)?)));
    let Some((folder, name)) = own else {
        return Err(ModelError::NotOurs { path });
    };
    let _lock = lock(folder, &key_of(&name))?;
    let bytes = fs::metadata(&path)
        .map_err(ModelError::io("read", &path))?
        .len();
    fs::remove_file(&path).map_err(ModelError::io("remove", &path))?;
    // Best effort: what is left below is small, hidden, and used by the next pull.
    let _ = fs::remove_dir_all(partial_folder(folder, &key_of(&name)));
    remove_empty_folders(&path, folder);
    Ok(Removed { path, bytes })
}

/// Removes the folders above `path` that are empty now, up to the models folder.
fn remove_empty_folders(path: &Path, folder: &Path) {
    for parent in path
        .ancestors()
        .skip(1)
        .take_while(|parent| *parent != folder)
    {
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
}

/// Removes a model that is several files, of which `path` is the first.
fn remove_entry(entry: &Entry, path: &Path, folders: &[PathBuf]) -> Result<Removed, ModelError> {
    let folder = folders
        .iter()
        .find(|folder| folder.join(entry.file()) == *path);
    let Some(folder) = folder else {
        return Err(ModelError::NotOurs {
            path: path.to_owned(),
        });
    };
    let mut bytes = 0;
    for file in entry.all() {
        let _lock = lock(folder, &key_of(&file.name))?;
        let path = folder.join(file.file());
        // A file that is not there needs no removing.
        let Ok(meta) = fs::metadata(&path) else {
            continue;
        };
        fs::remove_file(&path).map_err(ModelError::io("remove", &path))?;
        bytes += meta.len();
        let _ = fs::remove_dir_all(partial_folder(folder, &key_of(&file.name)));
        remove_empty_folders(&path, folder);
    }
    Ok(Removed {
        path: path.to_owned(),
        bytes,
    })
}

/// Removes what an interrupted pull of `spec` left, if anything.
fn remove_unfinished(spec: &str, folders: &[PathBuf]) -> Result<Option<Removed>, ModelError> {
    for folder in folders {
        let Some(key) = unfinished_key(spec, folder) else {
            continue;
        };
        let path = partial_folder(folder, &key);
        let _lock = lock(folder, &key)?;
        let bytes = size_below(&path);
        fs::remove_dir_all(&path).map_err(ModelError::io("remove", &path))?;
        return Ok(Some(Removed { path, bytes }));
    }
    Ok(None)
}

/// The key of the unfinished pull that `spec` means, in `folder`.
fn unfinished_key(spec: &str, folder: &Path) -> Option<String> {
    let Some(name) = HubName::parse(spec) else {
        let key = key_of(spec);
        return partial_folder(folder, &key).is_dir().then_some(key);
    };
    // For a repository, the choice is made among the files whose download was begun.
    let front = format!("{}--{}--", name.org, name.repo);
    let begun: Vec<String> = fs::read_dir(folder.join(PARTIAL))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|key| Some(key.strip_prefix(&front)?.replace("--", "/")))
        .collect();
    match name.pick(begun.iter().map(String::as_str)) {
        Pick::One(file) => Some(key_of(&format!("{front}{file}"))),
        _ => None,
    }
}
