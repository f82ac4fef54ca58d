//! A folder for each run of a case that has files or looks at them. `{folder}` in a prompt is
//! its path; nothing but such folders may be read or written for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use quipu_tools::Capability;

use super::case_run::Job;
use super::cases::Case;

/// What stands for the folder's path in prompts.
const FOLDER: &str = "{folder}";
/// Files of a folder that are looked at, and bytes of each.
const FILES_MAX: usize = 200;
const BYTES_MAX: u64 = 1 << 20;

/// The folders of all runs, in one.
pub struct Folders(PathBuf);

impl Folders {
    /// Folders inside `root`, which exists.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn inside(root: &Path) -> Result<Self> {
        let folders = root.join("files");
        std::fs::create_dir(&folders)?;
        Ok(Self(folders.canonicalize()?))
    }

    /// What tools need to work in them.
    pub fn capabilities(&self) -> [Capability; 2] {
        let path = self.0.clone();
        [
            Capability::FsRead { path: path.clone() },
            Capability::FsWrite { path },
        ]
    }

    /// `text` of `job` with the path of its folder in place of its mark.
    pub fn fill(&self, job: &Job<'_>, text: &str) -> String {
        match text.contains(FOLDER) {
            true => text.replace(FOLDER, &self.of(job).display().to_string()),
            false => text.to_owned(),
        }
    }

    fn of(&self, job: &Job<'_>) -> PathBuf {
        self.0
            .join(format!("{}-{}-{}", job.n, job.which, job.round))
    }

    /// Lays out the files that the case of `job` begins with.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn begin(&self, job: &Job<'_>) -> Result<()> {
        if !job.case.has_files() {
            return Ok(());
        }
        let folder = self.of(job);
        std::fs::create_dir_all(&folder)?;
        for (name, text) in &job.case.files {
            let path = folder.join(name);
            let above = path.parent().unwrap_or(&folder);
            std::fs::create_dir_all(above)?;
            std::fs::write(&path, text).with_context(|| format!("{name} of the case"))?;
        }
        Ok(())
    }

    /// The texts in the folder of `job`, by path; `None` where its case has none to do with.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn left(&self, job: &Job<'_>) -> Result<Option<BTreeMap<String, String>>> {
        if !job.case.has_files() {
            return Ok(None);
        }
        let root = self.of(job);
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                // A link may lead anywhere, so it does not count as a file of the folder.
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let small = entry.metadata()?.len() <= BYTES_MAX;
                if kind.is_file() && small && files.len() < FILES_MAX {
                    let bytes = std::fs::read(entry.path())?;
                    let path = entry.path();
                    let name = path.strip_prefix(&root).unwrap_or(&path);
                    let name = name.to_string_lossy().replace('\\', "/");
                    files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        Ok(Some(files))
    }
}

/// Says what is wrong with the name of a file of a case.
///
/// # Errors
/// In words, where it leads out of the folder.
pub fn refuse(case: &Case) -> Result<(), String> {
    let leads_out = |name: &&String| {
        let path = Path::new(name.as_str());
        let plain = |part| matches!(part, std::path::Component::Normal(_));
        name.is_empty() || !path.components().all(plain)
    };
    match case.files.keys().find(leads_out) {
        Some(name) => Err(format!(
            "the file {name:?} is not inside the folder: name it as in \"notes/a.txt\""
        )),
        None => Ok(()),
    }
}
