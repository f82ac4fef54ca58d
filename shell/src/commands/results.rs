//! Where the results of `quipu batch` go, and what an earlier batch left there.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::lines::lines;
use crate::error::UserError;
use crate::output;

/// The results must not take the place of the tasks, also not by another name of their file.
pub fn refuse(out: &Path, tasks: &Path) -> Result<()> {
    let one = |file: &Metadata| (file.dev(), file.ino());
    match (out.metadata(), tasks.metadata()) {
        (Ok(out_is), Ok(tasks)) if out_is.is_file() && one(&out_is) == one(&tasks) => {
            Err(UserError::usage(
                format!("--out {} is the file of the tasks", out.display()),
                "name another file for the results",
            ))
        }
        _ => Ok(()),
    }
}

/// The results of an earlier batch that are kept.
#[derive(Debug, Default)]
pub struct Earlier {
    lines: Vec<Value>,
    /// Of which tasks they are; an id may be any JSON.
    ids: HashSet<String>,
}

impl Earlier {
    /// The results in `out`, but for those of tasks that were interrupted; none where there
    /// is no such file.
    ///
    /// # Errors
    /// When `out` holds something else than results.
    pub fn read(out: &Path) -> Result<Self> {
        if !out.is_file() {
            return Ok(Self::default());
        }
        let mut earlier = Self::default();
        let mut found = lines(out)?.peekable();
        while let Some((number, line)) = found.next() {
            match line {
                Ok(line) if line.get("id").is_some() && line.get("status").is_some() => {
                    // What somebody killed is over, the rest of the interrupted goes on.
                    if line["status"] != "interrupted" || line["error"] == "killed" {
                        earlier.ids.insert(line["id"].to_string());
                        earlier.lines.push(line);
                    }
                }
                // The program was stopped while it wrote the last one.
                Err(why) if why.starts_with("EOF") && found.peek().is_none() => {}
                _ => {
                    return Err(UserError::usage(
                        format!("{}, line {number}: not a result of a batch", out.display()),
                        "with --resume, --out names the results of the same tasks",
                    ));
                }
            }
        }
        Ok(earlier)
    }

    /// Whether there is a result of the task `id`.
    pub fn has(&self, id: &Value) -> bool {
        self.ids.contains(&id.to_string())
    }
}

/// Standard output, or a file.
pub enum Results {
    /// Standard output.
    Standard,
    /// A file.
    File(File),
}

impl Results {
    /// Begins with the `earlier` ones.
    pub fn open(path: Option<&Path>, earlier: Earlier) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Standard);
        };
        let file = begin(path, &earlier).map_err(|error| {
            UserError::usage(
                format!("{}: {error}", path.display()),
                "--out names a file that can be written",
            )
        })?;
        Ok(Self::File(file))
    }

    /// Adds one. What is done stays done if the rest is cut short.
    pub fn write(&mut self, result: &impl Serialize) -> Result<()> {
        match self {
            Self::Standard => output::json(result),
            Self::File(file) => {
                let line = serde_json::to_string(result)? + "\n";
                file.write_all(line.as_bytes()).map_err(Into::into)
            }
        }
    }

    /// They are all there.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Standard => Ok(()),
            Self::File(file) => file.sync_all().map_err(Into::into),
        }
    }
}

/// The file with the `earlier` results, and no moment without them.
fn begin(path: &Path, earlier: &Earlier) -> std::io::Result<File> {
    if earlier.lines.is_empty() {
        return File::create(path);
    }
    // Not in place of a link to it.
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.as_file()
        .set_permissions(path.metadata()?.permissions())?;
    for line in &earlier.lines {
        writeln!(file, "{line}")?;
    }
    file.as_file().sync_all()?;
    Ok(file.persist(path)?)
}
