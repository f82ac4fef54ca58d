//! A disk that is watched: what this program writes below one folder, and what it waits for.
//!
//! The functions of libc that write and sync are defined here once more. The linker takes these
//! for everything in this program: the standard library, SQLite, tantivy. They do what they are
//! asked, by the system call of the same name, and note it. Names are noted by looking: before
//! each operation the folder is compared with how it was. So whatever made, moved or removed a
//! file, it shows at the next write.
//!
//! What is noted is enough to build the folder as a power cut could have left it (`image`).

use std::collections::{BTreeMap, HashMap};
use std::ffi::{c_int, c_void};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use parking_lot::Mutex;
use serde_json::Value;

/// A file, whatever its name is: its place in the order in which files appeared.
pub type FileId = usize;

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    File(FileId),
    Folder,
}

/// Something that happened to the folder, or was said to a user.
#[derive(Debug)]
pub enum Op {
    /// What stands under these names from now on, all together; paths below the folder.
    Named(Vec<(PathBuf, Option<Node>)>),
    /// Bytes of a file.
    Wrote {
        file: FileId,
        at: u64,
        bytes: Vec<u8>,
        /// The date of the file after it.
        modified: SystemTime,
    },
    /// The length of a file, in bytes.
    Sized { file: FileId, bytes: u64 },
    /// All that was written of a file is on the disk.
    Synced(FileId),
    /// All names in a folder are on the disk.
    FolderSynced(PathBuf),
    /// Somebody was told.
    Said(Value),
}

/// By what a file is known again, whatever it is called: its number, which another one gets
/// later, and when it was made.
type Known = (u64, SystemTime);

struct Watch {
    folder: PathBuf,
    device: u64,
    names: BTreeMap<PathBuf, (Known, Node)>,
    files: HashMap<Known, FileId>,
    /// How long each was when it was looked at last, in bytes.
    lengths: HashMap<FileId, u64>,
    ops: Vec<Op>,
}

static WATCHES: AtomicBool = AtomicBool::new(false);
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);
/// One folder is watched at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Watches the empty folder at `folder` while `work` runs. Returns what `work` does, and all
/// that happened.
pub fn watched<T>(folder: &Path, work: impl FnOnce() -> T) -> (T, Vec<Op>) {
    let _turn = TURN.lock();
    let device = fs::metadata(folder).expect("a folder").dev();
    *WATCH.lock() = Some(Watch {
        folder: folder.to_owned(),
        device,
        names: BTreeMap::new(),
        files: HashMap::new(),
        lengths: HashMap::new(),
        ops: Vec::new(),
    });
    WATCHES.store(true, Ordering::SeqCst);
    let done = work();
    WATCHES.store(false, Ordering::SeqCst);
    let mut watch = WATCH.lock().take().expect("it watches");
    watch.look();
    (done, watch.ops)
}

/// Notes that somebody was told `what`: from here on it is to be so, whatever happens.
pub fn say(what: Value) {
    if let Some(watch) = WATCH.lock().as_mut() {
        watch.look();
        watch.ops.push(Op::Said(what));
    }
}

/// By what `file` is known again.
fn known(file: &Metadata) -> Known {
    let made = file.created().unwrap_or(SystemTime::UNIX_EPOCH);
    (file.ino(), made)
}

/// What `fd` is open on; of no use where it is no file.
fn status(fd: c_int) -> Option<Metadata> {
    fs::metadata(format!("/proc/self/fd/{fd}")).ok()
}

impl Watch {
    /// Notes which names changed since it looked last.
    fn look(&mut self) {
        let mut seen = BTreeMap::new();
        self.walk(Path::new(""), &mut seen);
        let mut gone: Vec<(PathBuf, Known)> = Vec::new();
        for (path, (known, _)) in &self.names {
            if !seen.contains_key(path) {
                gone.push((path.clone(), *known));
            }
        }
        for (path, &(known, node)) in &seen {
            if self.names.get(path) == Some(&(known, node)) {
                continue;
            }
            let mut change = vec![(path.clone(), Some(node))];
            // It was moved: both names change at once.
            if let Some(at) = gone.iter().position(|(_, old)| *old == known) {
                change.push((gone.remove(at).0, None));
            }
            self.ops.push(Op::Named(change));
        }
        for (path, _) in gone {
            self.ops.push(Op::Named(vec![(path, None)]));
        }
        self.names = seen;
    }

    fn walk(&mut self, below: &Path, seen: &mut BTreeMap<PathBuf, (Known, Node)>) {
        let entries = fs::read_dir(self.folder.join(below));
        for entry in entries.into_iter().flatten().flatten() {
            // One that is removed meanwhile is not there.
            let Ok(meta) = entry.path().symlink_metadata() else {
                continue;
            };
            let (path, known) = (below.join(entry.file_name()), known(&meta));
            if meta.is_dir() {
                seen.insert(path.clone(), (known, Node::Folder));
                self.walk(&path, seen);
            } else if meta.is_file() {
                let next = self.files.len();
                let id = *self.files.entry(known).or_insert(next);
                // One that is opened anew may be emptied by that.
                let bytes = meta.len();
                if self.lengths.insert(id, bytes) > Some(bytes) {
                    self.ops.push(Op::Sized { file: id, bytes });
                }
                seen.insert(path, (known, Node::File(id)));
            }
        }
    }

    /// The file or the folder that `fd` is open on, if it is one of those watched.
    fn find(&self, fd: c_int) -> Option<Open> {
        let meta = status(fd)?;
        if meta.dev() != self.device {
            return None;
        }
        let known = known(&meta);
        if meta.is_file() {
            return self.files.get(&known).map(|id| Open::File(*id));
        }
        let root = fs::metadata(&self.folder).ok()?;
        if meta.is_dir() && root.ino() == meta.ino() {
            return Some(Open::Folder(PathBuf::new()));
        }
        let mut folders = self
            .names
            .iter()
            .filter(|(_, (_, node))| *node == Node::Folder);
        let found = folders.find(|(_, (folder, _))| *folder == known);
        found.map(|(path, _)| Open::Folder(path.clone()))
    }
}

/// What a descriptor is open on.
enum Open {
    File(FileId),
    Folder(PathBuf),
}

/// Does `call` on `fd`, and notes what `op` makes of it where it did something.
fn noted(
    fd: c_int,
    call: impl FnOnce() -> isize,
    op: impl FnOnce(Open, usize) -> Option<Op>,
) -> isize {
    if !WATCHES.load(Ordering::Relaxed) {
        return call();
    }
    let mut watch = WATCH.lock();
    let Some(watch) = watch.as_mut() else {
        return call();
    };
    watch.look();
    let open = watch.find(fd);
    let done = call();
    if let (Some(open), Ok(done)) = (open, usize::try_from(done)) {
        watch.ops.extend(op(open, done));
    }
    done
}

/// As [`noted`], for a `write` of the bytes `of`, which begins at the place `from` or at that of
/// the descriptor.
fn noted_write(
    fd: c_int,
    of: impl FnOnce(usize) -> Vec<u8>,
    from: Option<i64>,
    call: impl FnOnce() -> isize,
) -> isize {
    noted(fd, call, |open, done| match open {
        Open::Folder(_) => None,
        Open::File(file) => {
            // SAFETY: asks for a number; a closed descriptor is an error.
            let now = || unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) } - done as i64;
            Some(Op::Wrote {
                file,
                at: from.unwrap_or_else(now).max(0) as u64,
                bytes: of(done),
                modified: status(fd)
                    .and_then(|meta| meta.modified().ok())
                    .unwrap_or(SystemTime::UNIX_EPOCH),
            })
        }
    })
}

fn noted_sync(fd: c_int, call: impl FnOnce() -> isize) -> c_int {
    let done = noted(fd, call, |open, _| {
        Some(match open {
            Open::File(file) => Op::Synced(file),
            Open::Folder(path) => Op::FolderSynced(path),
        })
    });
    done as c_int
}

fn noted_size(fd: c_int, bytes: i64, call: impl FnOnce() -> isize) -> c_int {
    let done = noted(fd, call, |open, _| match open {
        Open::File(file) => Some(Op::Sized {
            file,
            bytes: bytes as u64,
        }),
        Open::Folder(_) => None,
    });
    done as c_int
}

/// The functions of libc that are taken over. Their callers keep what they promise to the ones
/// of libc, and each makes the system call that libc would make, with the same arguments.
#[allow(unsafe_code, reason = "they stand where those of libc stand")]
mod taken_over {
    use libc::{SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_pwrite64, SYS_write, SYS_writev};
    use libc::{iovec, syscall};

    use super::*;

    /// The first `len` bytes at `at`.
    ///
    /// # Safety
    /// They are there.
    unsafe fn bytes(at: *const c_void, len: usize) -> Vec<u8> {
        // SAFETY: as the caller says.
        unsafe { std::slice::from_raw_parts(at.cast::<u8>(), len) }.to_vec()
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn write(fd: c_int, from: *const c_void, len: usize) -> isize {
        // SAFETY: those of the system call; it has read the bytes that it says it wrote.
        let call = || unsafe { syscall(SYS_write, fd, from, len) } as isize;
        noted_write(fd, |done| unsafe { bytes(from, done) }, None, call)
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn pwrite64(fd: c_int, from: *const c_void, len: usize, at: i64) -> isize {
        // SAFETY: as for `write`.
        let call = || unsafe { syscall(SYS_pwrite64, fd, from, len, at) } as isize;
        noted_write(fd, |done| unsafe { bytes(from, done) }, Some(at), call)
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn pwrite(fd: c_int, from: *const c_void, len: usize, at: i64) -> isize {
        // SAFETY: as for `write`.
        unsafe { pwrite64(fd, from, len, at) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn writev(fd: c_int, parts: *const iovec, count: c_int) -> isize {
        let whole = |done: usize| {
            // SAFETY: as for `write`, for each of the parts.
            let parts = unsafe { std::slice::from_raw_parts(parts, count as usize) };
            let texts = parts
                .iter()
                .map(|part| unsafe { bytes(part.iov_base, part.iov_len) });
            let mut whole = texts.collect::<Vec<_>>().concat();
            whole.truncate(done);
            whole
        };
        // SAFETY: those of the system call.
        let call = || unsafe { syscall(SYS_writev, fd, parts, count) } as isize;
        noted_write(fd, whole, None, call)
    }

    #[unsafe(no_mangle)]
    extern "C" fn fsync(fd: c_int) -> c_int {
        // SAFETY: it takes a number.
        noted_sync(fd, || unsafe { syscall(SYS_fsync, fd) } as isize)
    }

    #[unsafe(no_mangle)]
    extern "C" fn fdatasync(fd: c_int) -> c_int {
        // SAFETY: it takes a number.
        noted_sync(fd, || unsafe { syscall(SYS_fdatasync, fd) } as isize)
    }

    #[unsafe(no_mangle)]
    extern "C" fn ftruncate64(fd: c_int, bytes: i64) -> c_int {
        // SAFETY: it takes numbers.
        noted_size(fd, bytes, || unsafe { syscall(SYS_ftruncate, fd, bytes) }
            as isize)
    }

    #[unsafe(no_mangle)]
    extern "C" fn ftruncate(fd: c_int, bytes: i64) -> c_int {
        ftruncate64(fd, bytes)
    }
}
