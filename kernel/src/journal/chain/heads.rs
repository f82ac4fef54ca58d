//! Notes of the last link of each process, in a file beside the journal.
//!
//! The file is a row of codes, each at the number of its process. A note is a best effort: the
//! journal never waits for it, so that one may be missing or that of an earlier link after a
//! power cut. It is made once its link is on the disk, and so is never that of a later one. It
//! lies within a sector, so that it is there as a whole.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use quipu_memory::private;
use rusqlite::{Connection, OpenFlags};

use super::Mac;
use crate::process::Pid;

/// The file, beside the journal.
const FILE: &str = "journal.last";
/// The file of earlier releases: a database.
const EARLIER: &str = "journal.heads";
/// Where there is no note.
const NONE: Mac = [0; 32];

/// The notes of one journal.
pub(in crate::journal) struct Heads {
    path: PathBuf,
    /// `None` where they are only read, when they are needed.
    file: Option<Mutex<File>>,
}

impl Heads {
    /// The notes beside the journal at `journal`.
    pub(super) fn open(journal: &Path, writable: bool) -> io::Result<Self> {
        let path = file(journal);
        let earlier = journal.with_file_name(EARLIER);
        let file = match writable {
            true => Some(Mutex::new(private::file(&path)?)),
            false => None,
        };
        let heads = Self { path, file };
        if writable && earlier.exists() {
            heads.take_over(&earlier);
        }
        Ok(heads)
    }

    /// Takes in the notes of an earlier release. What cannot be read is no note.
    fn take_over(&self, earlier: &Path) {
        let read = || -> rusqlite::Result<Vec<(Pid, Vec<u8>)>> {
            let heads = Connection::open_with_flags(earlier, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let mut rows = heads.prepare("SELECT pid, mac FROM head")?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        for (pid, mac) in read().unwrap_or_default() {
            if let Ok(mac) = mac.try_into() {
                self.note(pid, &mac);
            }
        }
        for end in ["", "-wal", "-shm"] {
            let mut name = earlier.as_os_str().to_owned();
            name.push(end);
            let _ = fs::remove_file(name);
        }
    }

    /// Notes the last link of `pid`.
    pub(in crate::journal) fn note(&self, pid: Pid, mac: &Mac) {
        let Some(file) = &self.file else { return };
        if let Err(error) = put(&mut file.lock(), pid, mac) {
            tracing::warn!(pid, %error, "the head of the journal's chain was not noted");
        }
    }

    /// Forgets the note on `pid`.
    pub(in crate::journal) fn forget(&self, pid: Pid) {
        let gone = match &self.file {
            Some(file) => put(&mut file.lock(), pid, &NONE),
            None if !self.path.exists() => Ok(()),
            None => private::file(&self.path).and_then(|mut file| put(&mut file, pid, &NONE)),
        };
        if let Err(error) = gone {
            tracing::debug!(pid, %error, "the head of a removed process stays");
        }
    }

    /// The processes of which there is a note, the oldest first.
    pub(in crate::journal) fn noted(&self) -> io::Result<Vec<Pid>> {
        let notes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let noted = (0..).zip(notes.chunks_exact(NONE.len()));
        let noted = noted.filter(|(_, note)| *note != NONE);
        Ok(noted.map(|(pid, _)| pid).collect())
    }

    /// The noted last link of `pid`.
    pub(in crate::journal) fn of(&self, pid: Pid) -> io::Result<Option<Mac>> {
        let find = || match &self.file {
            Some(file) => get(&mut file.lock(), pid),
            None if !self.path.exists() => Ok(NONE),
            None => get(&mut File::open(&self.path)?, pid),
        };
        // A machine may write it meanwhile.
        let mut found = find()?;
        loop {
            let again = find()?;
            if again == found {
                return Ok((found != NONE).then_some(found));
            }
            found = again;
        }
    }
}

/// The file of the notes beside the journal at `journal`.
fn file(journal: &Path) -> PathBuf {
    journal.with_file_name(FILE)
}

/// Whether a file of notes lies beside the journal at `journal`, also that of an earlier release.
pub(super) fn are_there(journal: &Path) -> bool {
    let mut files = [FILE, EARLIER].iter();
    files.any(|name| journal.with_file_name(name).exists())
}

/// Removes the notes beside the journal at `journal`.
pub(super) fn clear(journal: &Path) -> io::Result<()> {
    for name in [FILE, EARLIER] {
        match fs::remove_file(journal.with_file_name(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Where the note on `pid` begins.
fn place(pid: Pid) -> SeekFrom {
    SeekFrom::Start(pid.unsigned_abs() * NONE.len() as u64)
}

fn put(file: &mut File, pid: Pid, mac: &Mac) -> io::Result<()> {
    file.seek(place(pid))?;
    file.write_all(mac)
}

fn get(file: &mut File, pid: Pid) -> io::Result<Mac> {
    file.seek(place(pid))?;
    let mut mac = NONE;
    match file.read_exact(&mut mac) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(NONE),
        read => read.map(|()| mac),
    }
}
