//! Where the results of `quipu batch` and `quipu eval` go, and what an earlier run left there.

use std::collections::{HashMap, HashSet};
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use crate::config::private;
use crate::terminal::error::UserError;
use crate::terminal::files::check_writable;
use crate::terminal::lines::lines;
use crate::terminal::output;

/// What is asked for where results cannot go.
const OTHER: &str = "--out names a file that can be written";
/// What is said of a disk that takes no more of them.
const NOT_WRITTEN: &str = "the results cannot be written to the file of --out";

/// Checks, before a model is loaded, that results can go to `out`. They must not take the place of
/// `what` they are of (the tasks, the cases) in the file `from`, also not by another name of that
/// file.
pub fn refuse(out: &Path, from: &Path, what: &str) -> Result<()> {
    let one = |file: &Metadata| (file.dev(), file.ino());
    match (out.metadata(), from.metadata()) {
        (Ok(out_is), Ok(from)) if out_is.is_file() && one(&out_is) == one(&from) => {
            Err(UserError::usage(
                format!("--out {} is the file of the {what}", out.display()),
                "name another file for the results",
            ))
        }
        _ => check_writable(out, OTHER),
    }
}

/// The name of a command's results, and the key by which each is recognised.
pub struct Kind {
    /// One of them, in messages: "a result of a batch".
    pub one: &'static str,
    /// Whether a line is a result that stays; the others are made again.
    pub stays: fn(&Value) -> bool,
    /// The key of a line; the same for all results that stand for each other.
    pub key: fn(&Value) -> String,
}

/// The results of an earlier run that are kept.
#[derive(Debug, Default)]
pub struct Earlier {
    lines: Vec<Value>,
    keys: HashSet<String>,
    /// Results that do not stay, by their keys.
    unfinished: HashMap<String, Value>,
}

impl Earlier {
    /// The results in `out` that stay; none where there is no such file.
    ///
    /// # Errors
    /// When `out` holds something else than results.
    pub fn read(out: &Path, kind: &Kind) -> Result<Self> {
        if !out.is_file() {
            return Ok(Self::default());
        }
        let mut earlier = Self::default();
        let mut found = lines(out)?.peekable();
        while let Some((number, line)) = found.next() {
            match line {
                Ok(line) if line.get("id").is_some() && line.get("status").is_some() => {
                    let key = (kind.key)(&line);
                    if (kind.stays)(&line) {
                        earlier.keys.insert(key);
                        earlier.lines.push(line);
                    } else {
                        earlier.unfinished.insert(key, line);
                    }
                }
                // The program was stopped while it wrote the last one.
                Err(why) if why.starts_with("EOF") && found.peek().is_none() => {}
                _ => {
                    return Err(UserError::usage(
                        format!("{}, line {number}: not {}", out.display(), kind.one),
                        "with --resume, --out names the results of the same command",
                    ));
                }
            }
        }
        Ok(earlier)
    }

    /// Leaves out the results that are `stale`: they are made again. Returns how many there are.
    pub fn leave_out(&mut self, kind: &Kind, stale: impl Fn(&Value) -> bool) -> usize {
        let before = self.lines.len();
        self.lines.retain(|line| !stale(line));
        self.keys = self.lines.iter().map(kind.key).collect();
        before - self.lines.len()
    }

    /// Whether there is a result with this key.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// The last result with this key that does not stay.
    pub fn unfinished(&self, key: &str) -> Option<&Value> {
        self.unfinished.get(key)
    }

    /// The results, in the order of their lines.
    pub fn lines(&self) -> &[Value] {
        &self.lines
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
                format!("{} cannot be written: {error}", path.display()),
                OTHER,
            )
        })?;
        Ok(Self::File(file))
    }

    /// Adds one. What is done stays done if the rest is cut short.
    pub fn write(&mut self, result: &impl Serialize) -> Result<()> {
        match self {
            Self::Standard => output::json(result),
            Self::File(file) => {
                let line = output::json_text(result)? + "\n";
                file.write_all(line.as_bytes()).context(NOT_WRITTEN)
            }
        }
    }

    /// All results are there.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::Standard => Ok(()),
            Self::File(file) => file.sync_all().context(NOT_WRITTEN),
        }
    }
}

/// The file with the `earlier` results, and no moment without them.
fn begin(path: &Path, earlier: &Earlier) -> std::io::Result<File> {
    if earlier.lines.is_empty() {
        let file = File::create(path)?;
        private::sync_name(path)?;
        return Ok(file);
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
    let file = file.persist(&path)?;
    private::sync_name(&path)?;
    Ok(file)
}
