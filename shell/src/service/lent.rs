//! The library of this root for a command: of the machine that runs in this program, of one
//! that runs beside it, or opened here where none runs.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use quipu_memory::{
    Access, Hit, ImportedFile, NewPage, Page, PageId, PageSummary, Query, Share, Space, Stats,
    Store, StoreError,
};
use serde::de::DeserializeOwned;

use super::control::{Reply, Request, own_socket};
use super::lending::{Call, Said};
use super::talk::{PATIENCE, PAUSE, is_end, wait_for_start};
use crate::config::paths::Paths;
use crate::session::Session;
use crate::session::library::{Library, Meaning, Progress};
use crate::session::store;
use crate::terminal::error::UserError;

/// How long a call of somebody who cannot be told of the waiting waits for another program
/// that writes the store.
const WRITER_WAIT_MAX: Duration = Duration::from_secs(10);

/// The library of the root of `session`, to read from or to write to.
///
/// # Errors
/// When the store cannot be opened, or the machine that has it does not lend it.
pub fn library(session: &Session, access: Access) -> Result<Arc<dyn Library>> {
    if let Some(own) = session.own_store() {
        return Ok(own);
    }
    loop {
        if access == Access::ReadWrite {
            wait_for_start(&session.paths);
        }
        if let Some(lent) = Lent::of(&session.paths.state)? {
            return Ok(Arc::new(lent));
        }
        match session.store(access) {
            // A machine has begun meanwhile, or comes to its end: it lends it, or lets go of it.
            Err(error) if is_locked(&error) => std::thread::sleep(PAUSE),
            store => return Ok(store?),
        }
    }
}

/// Whether a store could not be opened as another program writes it.
fn is_locked(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<StoreError>();
    matches!(error, Some(StoreError::Locked { .. }))
}

/// Where the memory of a root is: looked for at each call, as a machine may begin or end
/// meanwhile.
pub struct Shelf {
    /// The folder of the store.
    store: PathBuf,
    /// The folder of the machine that may have it open.
    state: PathBuf,
    /// The memory, while calls of this program write it one after the other.
    open: Mutex<Option<Box<dyn Store>>>,
    /// The calls that write it or wait for their turn.
    writers: AtomicUsize,
}

impl Shelf {
    /// The memory on these `paths`.
    pub fn of(paths: &Paths) -> Self {
        Self {
            store: paths.store.clone(),
            state: paths.state.clone(),
            open: Mutex::default(),
            writers: AtomicUsize::default(),
        }
    }

    /// The memory to read from: of the machine that runs, or opened for one call.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn read(&self) -> Result<Box<dyn Store>> {
        self.opened(Access::ReadOnly, WRITER_WAIT_MAX)
    }

    /// Does `work` on the memory to write to. Calls that come at the same time are done one after
    /// the other, and it is opened for all of them once; another program is waited for no longer
    /// than [`WRITER_WAIT_MAX`].
    ///
    /// # Errors
    /// When it cannot be opened, or another program keeps writing it; and that of `work`.
    pub fn write<T>(&self, work: impl FnOnce(&dyn Store) -> Result<T, StoreError>) -> Result<T> {
        let came = Instant::now();
        let turn = Turn::of(&self.writers);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match open.take() {
            Some(store) => store,
            None => {
                let patience = WRITER_WAIT_MAX.saturating_sub(came.elapsed());
                self.opened(Access::ReadWrite, patience)?
            }
        };
        let done = work(store.as_ref());
        // Before the next one may look: it would take this call for one that waits.
        drop(turn);
        if self.writers.load(Ordering::SeqCst) > 0 {
            *open = Some(store);
        }
        Ok(done?)
    }

    fn opened(&self, access: Access, patience: Duration) -> Result<Box<dyn Store>> {
        if let Some(lent) = Lent::of(&self.state)? {
            return Ok(Box::new(lent));
        }
        let store = store::current(&self.store, access, patience)?;
        Ok(Box::new(store))
    }
}

/// A call that writes or waits for that, counted until it is dropped.
struct Turn<'c>(&'c AtomicUsize);

impl<'c> Turn<'c> {
    fn of(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The library of a machine in another program.
pub struct Lent(Mutex<BufReader<UnixStream>>);

impl Lent {
    /// The library of the machine with its state in `state`. `None` when none runs there.
    ///
    /// # Errors
    /// When it does not lend it.
    pub fn of(state: &Path) -> Result<Option<Self>> {
        let Ok(mut stream) = own_socket(state).and_then(UnixStream::connect) else {
            return Ok(None);
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = serde_json::to_string(&Request::Lend)?;
        let asked = writeln!(stream, "{request}");
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        let read = asked.and_then(|()| stream.read_line(&mut line));
        let silent = |why: String| {
            UserError::failed(
                format!("the machine on this root does not lend its memory: {why}"),
                "try again; if it stays, stop it, and start it with the same release as this one",
            )
        };
        match read {
            Ok(1..) => {}
            // The machine is about to end. Whoever comes next finds the root free, or held by
            // another.
            Ok(0) => return Ok(None),
            Err(error) if is_end(&error) => return Ok(None),
            Err(error) => return Err(silent(error.to_string())),
        }
        match serde_json::from_str(&line) {
            Ok(Reply::Done) => {}
            Ok(Reply::Failed(why, _)) => return Err(silent(why)),
            Ok(_) => return Err(silent("it answered something else".to_owned())),
            Err(error) => return Err(silent(error.to_string())),
        }
        // Building an index anew may take its time.
        stream.get_ref().set_read_timeout(None)?;
        Ok(Some(Self(Mutex::new(stream))))
    }

    fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, StoreError> {
        self.watch(call, &|_, _| {})
    }

    /// Makes a call, with what is told of its progress.
    fn watch<T: DeserializeOwned>(&self, call: &Call, progress: Progress) -> Result<T, StoreError> {
        let said = self.exchange(call, progress);
        match said.map_err(|error| broken(&error))? {
            Said::Done(given) => Ok(given),
            Said::Failed(message, hint) => Err(StoreError::Elsewhere { message, hint }),
            // A progress message is not the last one.
            Said::Progress(..) => Err(broken(&ErrorKind::InvalidData.into())),
        }
    }

    fn exchange<T: DeserializeOwned>(
        &self,
        call: &Call,
        progress: Progress,
    ) -> io::Result<Said<T>> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_string(call)? + "\n";
        stream.get_mut().write_all(text.as_bytes())?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            match serde_json::from_str(&line)? {
                Said::Progress(done, total) => progress(done, total),
                last => return Ok(last),
            }
        }
    }
}

/// The machine ended, or cannot be understood.
fn broken(error: &io::Error) -> StoreError {
    let why = match is_end(error) {
        true => "ended".to_owned(),
        false => format!("sent a message that is not understood: {error}"),
    };
    StoreError::Elsewhere {
        message: format!("the machine on this root {why}"),
        hint: "run the command again; what was stored before is safe".to_owned(),
    }
}

impl Store for Lent {
    fn put_all(&self, pages: Vec<NewPage>) -> Result<Vec<Page>, StoreError> {
        self.call(&Call::PutAll(pages))
    }

    fn put_within(&self, page: NewPage, quota: Share) -> Result<Page, StoreError> {
        self.call(&Call::PutWithin(Box::new(page), quota))
    }

    fn spaces(&self) -> Result<BTreeMap<Space, Share>, StoreError> {
        self.call(&Call::Spaces)
    }

    fn memories(&self, space: &Space, limit: usize) -> Result<Vec<Page>, StoreError> {
        self.call(&Call::Memories(space.clone(), limit))
    }

    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError> {
        self.call(&Call::Get(id.clone()))
    }

    fn history(&self, id: &PageId) -> Result<Vec<Page>, StoreError> {
        self.call(&Call::History(id.clone()))
    }

    fn lineage(&self, id: &PageId) -> Result<Vec<Page>, StoreError> {
        self.call(&Call::Lineage(id.clone()))
    }

    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError> {
        self.call(&Call::Search(query.clone()))
    }

    fn remove(&self, id: &PageId) -> Result<bool, StoreError> {
        self.call(&Call::Remove(id.clone()))
    }

    fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>, StoreError> {
        self.call(&Call::List(offset, limit))
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.call(&Call::Stats)
    }
}

impl Library for Lent {
    fn file(&self, path: &str) -> Result<Option<ImportedFile>, StoreError> {
        self.call(&Call::File(path.to_owned()))
    }

    fn files_below(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.call(&Call::FilesBelow(prefix.to_owned()))
    }

    fn put_file(&self, file: &ImportedFile, pages: Vec<NewPage>) -> Result<usize, StoreError> {
        self.call(&Call::PutFile(file.clone(), pages))
    }

    fn note_file(&self, file: &ImportedFile) -> Result<(), StoreError> {
        self.call(&Call::NoteFile(file.clone()))
    }

    fn remove_file(&self, path: &str) -> Result<usize, StoreError> {
        self.call(&Call::RemoveFile(path.to_owned()))
    }

    fn meaning(&self) -> Result<Meaning, StoreError> {
        self.call(&Call::Meaning)
    }

    fn defer_vectors(&self) -> Result<(), StoreError> {
        self.call(&Call::DeferVectors)
    }

    fn give_vectors(&self, progress: Progress) -> Result<(), StoreError> {
        self.watch(&Call::GiveVectors, progress)
    }

    fn rebuild(&self, progress: Progress) -> Result<(), StoreError> {
        self.watch(&Call::Rebuild, progress)
    }

    fn purge(&self) -> Result<(), StoreError> {
        self.call(&Call::Purge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_at_the_same_time_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(folder.path())).unwrap();
        // As two programs on one root.
        let shelves = [Shelf::of(&paths), Shelf::of(&paths)];
        std::thread::scope(|scope| {
            for n in 0..16 {
                let shelf = &shelves[n % 2];
                scope.spawn(move || {
                    let page = NewPage {
                        text: format!("Crate {n} stands in row {n}."),
                        ..NewPage::default()
                    };
                    shelf.write(|store| store.put(page)).unwrap();
                });
            }
        });
        let kept = shelves[0].read().unwrap().list(0, 99).unwrap();
        assert_eq!(kept.len(), 16);
        // Nobody has it open any more.
        for shelf in &shelves {
            let open = shelf.open.lock().unwrap();
            assert!(open.is_none() && shelf.writers.load(Ordering::SeqCst) == 0);
        }
    }
}
