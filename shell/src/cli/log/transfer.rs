//! `quipu log export` and `quipu log import`. The form of the file is told in the kernel's
//! `journal/transfer.rs`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use quipu_kernel::journal::Journal;
use quipu_kernel::process::Pid;

use crate::config::{paths, private};
use crate::session::Session;
use crate::terminal::error::UserError;
use crate::terminal::files::unread;
use crate::terminal::lines::file_words;
use crate::terminal::output;

/// What is asked for where there is nothing to import.
const EXPORTED: &str = "name a file that `quipu log export PID FILE` wrote";
/// What stands for standard input or output.
const STANDARD: &str = "-";

/// Writes process `pid` to `file`.
pub(super) fn export(session: &Session, pid: Pid, file: &Path) -> Result<u8> {
    let journal = session.journal()?;
    let mut run = Vec::new();
    journal.export(pid, &mut run)?;
    if file.as_os_str() == STANDARD {
        let mut out = BufWriter::new(std::io::stdout().lock());
        out.write_all(&run)?;
        out.flush()?;
        return Ok(0);
    }
    let name = file.display();
    // Whole or not at all, and for its owner only: it has all that the process read.
    let written = private::replace(file, &run);
    written.map_err(|error| {
        let hint = "name a file in a folder that can be written";
        UserError::failed(format!("{name} cannot be written: {error}"), hint)
    })?;
    say!("process {pid} is in {name}, with all that it read");
    Ok(0)
}

/// Reads a process from `file`, and prints its number.
pub(super) fn import(session: &Session, file: &Path) -> Result<u8> {
    // Nothing is made where there is nothing to read.
    let mut from: Box<dyn std::io::BufRead> = if file.as_os_str() == STANDARD {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = File::open(file);
        let opened = opened.map_err(|error| unread(file, &error, EXPORTED))?;
        Box::new(BufReader::new(opened))
    };
    paths::create(&session.paths.state)?;
    let path = session.paths.journal();
    private::file(&path).with_context(|| format!("{} cannot be made", path.display()))?;
    // A journal of an earlier release is brought up to date only while its machine does not run.
    drop(session.journal()?);
    let journal = Journal::open(&path, true)?;
    let imported = journal.import(&mut *from);
    let pid = imported.with_context(|| file_words(file))?;
    say!("hint: `quipu log {pid}` shows it, `quipu replay {pid}` runs it again");
    output::line(&pid.to_string())?;
    Ok(0)
}
