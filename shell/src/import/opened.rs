//! Opening archives on request: their members come in as the files of a folder do.
//!
//! A member is named by the path of its archive and its own in it. It is unpacked into a
//! folder that is gone when the import of the archive ends.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_memory::Space;

use super::archive::{self, Budget, DEPTH_MAX, Kind};
use super::document::key;
use super::job::Import;
use super::walk;
use crate::session::library::Library;
use crate::terminal::output::visible;

/// Why an archive is left out that nobody asked to be opened.
pub const CLOSED: &str = "an archive (--archives opens it)";

/// An archive that is being brought in, with those in it.
#[derive(Default)]
struct Opening {
    budget: Budget,
    /// The members that were unpacked, as they are named.
    members: HashSet<PathBuf>,
}

impl Import<'_> {
    /// Brings in the members of the archive at `path`, and removes those it had before and
    /// has no more. The inner error says why it is left out.
    pub(super) fn archive(&mut self, path: &Path, kind: Kind) -> Result<Result<(), String>> {
        let shown = std::path::absolute(path)?;
        let mut opening = Opening::default();
        let opened = self.open(path, &shown, kind, 0, &mut opening)?;
        if opened.is_ok() {
            self.remove_members_gone(&shown, &opening.members)?;
        }
        Ok(opened)
    }

    /// Unpacks the archive at `path`, which is named `shown` and lies in `depth` others.
    fn open(
        &mut self,
        path: &Path,
        shown: &Path,
        kind: Kind,
        depth: usize,
        opening: &mut Opening,
    ) -> Result<Result<(), String>> {
        let length = path.metadata().map_or(0, |meta| meta.len());
        if length > archive::ARCHIVE_BYTES_MAX {
            let most = archive::ARCHIVE_BYTES_MAX;
            return Ok(Err(format!(
                "an archive of more than {most} bytes (unpack it)"
            )));
        }
        let folder = tempfile::tempdir()?;
        let refused = match archive::unpack(path, kind, folder.path(), &mut opening.budget) {
            Ok(refused) => refused,
            Err(reason) => return Ok(Err(reason)),
        };
        for line in refused {
            self.skip(shown, &line, "/");
        }
        let walked = walk::files_of_archive(folder.path(), shown, self.no_ignore);
        self.tally.skipped.extend(walked.skipped);
        self.tally.ignored.add(walked.ignored);
        for file in &walked.files {
            let Ok(below) = file.strip_prefix(folder.path()) else {
                continue;
            };
            let name = shown.join(below);
            opening.members.insert(name.clone());
            let brought = match archive::kind(file) {
                Some(_) if depth + 1 >= DEPTH_MAX => {
                    Err(format!("an archive in {DEPTH_MAX} others (unpack it)"))
                }
                Some(kind) => self.open(file, &name, kind, depth + 1, opening)?,
                None => self.document(file, Some(&name))?,
            };
            if let Err(reason) = brought {
                self.skip(&name, &reason, ": ");
            }
        }
        Ok(Ok(()))
    }

    /// Notes that something is left out.
    pub(super) fn skip(&mut self, name: &Path, reason: &str, between: &str) {
        let line = format!("{}{between}{reason}", name.display());
        self.tally.skipped.push(visible(&line));
    }

    fn remove_members_gone(&mut self, archive: &Path, members: &HashSet<PathBuf>) -> Result<()> {
        for known in known_below(self.store, &self.shelf.space, archive)? {
            let path = &known[key(&self.shelf.space, "").len()..];
            if !members.contains(Path::new(path)) {
                self.store.remove_file(&known)?;
                self.tally.removed += 1;
            }
        }
        Ok(())
    }
}

/// The files of `space` that were brought in from below `folder`.
pub(super) fn known_below(
    store: &dyn Library,
    space: &Space,
    folder: &Path,
) -> Result<Vec<String>> {
    let prefix = format!("{}/", folder.display().to_string().trim_end_matches('/'));
    Ok(store.files_below(&key(space, &prefix))?)
}

/// Whether what was brought in from `path` is still there: as a file, or in an archive.
pub(super) fn is_there(path: &Path) -> bool {
    path.exists() || path.ancestors().skip(1).any(Path::is_file)
}
