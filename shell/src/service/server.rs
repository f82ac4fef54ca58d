//! The machine's side of the control socket.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Result;
use quipu_kernel::{Kernel, KernelError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::control::{Greeting, Reply, Request, Snapshot, socket, write};
use super::conversation::{self, Ask, Conversation, Process, Told};
use super::lending;
use super::places::{Places, REQUEST_PATIENCE, full, full_error};
use super::room::Room;
use super::schedules::Bell;
use crate::session::library::Library;
use crate::terminal::error::UserError;
use crate::terminal::hints;

/// The longest line that is taken: a task with the texts it is about, or the pages of a file.
pub const LINE_BYTES_MAX: u64 = 256 << 20;
/// How long a machine that ends waits for whoever has connected to have an answer: the
/// request may be what ended it.
const GRACE: Duration = Duration::from_secs(1);

/// The lines that somebody who has connected writes.
pub type Lines = tokio::io::Take<tokio::io::BufReader<OwnedReadHalf>>;

/// The socket of a machine that runs; gone when this is dropped, once everybody who has
/// connected is answered.
pub struct Server {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
    /// Becomes true when conversations have to come to an end.
    closing: watch::Sender<bool>,
    /// Closed when no connection is left.
    connections: Receiver<()>,
    /// The work of other programs that is under way.
    room: Room,
}

/// The parts of the machine that others reach.
#[derive(Clone)]
struct Reached {
    kernel: Weak<Kernel>,
    library: Option<Arc<dyn Library>>,
    room: Room,
    greeting: Arc<Greeting>,
    places: Places,
}

impl Server {
    /// Listens for as long as `kernel` lives, and lends `library`. Whoever calls this holds the
    /// machine's lock, so a socket that is there already is a dead machine's.
    pub fn start(
        state: &Path,
        kernel: &Arc<Kernel>,
        library: Option<Arc<dyn Library>>,
        greeting: Greeting,
        bell: Arc<Bell>,
    ) -> Result<Self> {
        let room = Room::new(greeting.is_open);
        let (greeting, kernel) = (Arc::new(greeting), Arc::downgrade(kernel));
        let reached = Reached {
            kernel: kernel.clone(),
            library,
            room: room.clone(),
            greeting: greeting.clone(),
            places: Places::default(),
        };
        Self::listen(socket(state), reached, move |request| {
            answer(&kernel, (&greeting, &bell, &room), request)
        })
    }

    /// The work of other programs that is under way.
    pub fn room(&self) -> &Room {
        &self.room
    }

    fn listen<F>(path: PathBuf, reached: Reached, answer: F) -> Result<Self>
    where
        F: Fn(Request) -> Reply + Clone + Send + 'static,
    {
        let _ = std::fs::remove_file(&path);
        let listener = tokio::net::UnixListener::bind(&path).map_err(|error| {
            UserError::failed(
                format!("{}: {error}", path.display()),
                "check that the folder can be written",
            )
        })?;
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let owner = std::fs::symlink_metadata(&path)?.uid();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let (open, connections) = channel();
        let (closing, closes) = watch::channel(false);
        let room = reached.room.clone();
        let task = tokio::spawn(async move {
            loop {
                let place = reached.places.next().await;
                let Ok((stream, _)) = listener.accept().await else {
                    break;
                };
                let peer = stream.peer_cred().map(|peer| peer.uid()).ok();
                if !is_let_in(peer, owner) {
                    continue;
                }
                let caller = Caller {
                    stream,
                    reached: reached.clone(),
                    closes: closes.clone(),
                    _open: open.clone(),
                    _place: place,
                };
                let answer = answer.clone();
                tokio::spawn(async move {
                    if let Err(error) = caller.serve(answer).await {
                        tracing::debug!(%error, "a control connection failed");
                    }
                });
            }
        });
        Ok(Self {
            path,
            task,
            closing,
            connections,
            room,
        })
    }
}

/// Whether a program of the user `peer` may ask the machine of the user `owner`: that one's own,
/// and those of root, who can do anything. The rights of the socket say the same, but for the
/// moment in which it is made, and on systems that do not heed them.
fn is_let_in(peer: Option<u32>, owner: u32) -> bool {
    const ROOT: u32 = 0;
    peer.is_some_and(|peer| peer == owner || peer == ROOT)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        self.task.abort();
        self.closing.send_replace(true);
        // Nothing is ever sent: this ends when the last connection does.
        let _ = self.connections.recv_timeout(GRACE);
    }
}

/// Somebody who has connected.
struct Caller {
    stream: tokio::net::UnixStream,
    reached: Reached,
    closes: watch::Receiver<bool>,
    /// Held until the answer is written.
    _open: Sender<()>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Caller {
    /// Answers one request.
    async fn serve<F>(self, answer: F) -> Result<()>
    where
        F: FnOnce(Request) -> Reply + Send + 'static,
    {
        let Self {
            stream,
            reached:
                Reached {
                    kernel,
                    library,
                    room,
                    greeting,
                    places,
                },
            closes,
            _open,
            _place,
        } = self;
        let (reader, mut writer) = stream.into_split();
        let mut lines = tokio::io::BufReader::new(reader).take(LINE_BYTES_MAX);
        let mut line = String::new();
        // A silent client keeps its place from others.
        timeout(REQUEST_PATIENCE, lines.read_line(&mut line)).await??;
        let reply = match serde_json::from_str(&line) {
            Ok(Request::Attend { ask, seen }) => {
                // Whoever is turned away without a word looks for the machine that is there now.
                // It may have been seen before this one began, with other grants.
                let guest = room.enter().filter(|_| greeting.is_like(&seen));
                let Some((_guest, kernel)) = guest.zip(kernel.upgrade()) else {
                    return Ok(());
                };
                let Some(_stay) = places.stay() else {
                    return write(&mut writer, &Told::failed(&full_error())).await;
                };
                return attend(&kernel, *ask, lines, writer, closes).await;
            }
            Ok(Request::Lend) => match (library, places.stay()) {
                (Some(library), Some(_stay)) => {
                    let _guest = room.enter_anyway();
                    return lending::lend(library, lines, writer, closes).await;
                }
                (Some(_), None) => full(),
                (None, _) => stopping(),
            },
            Ok(Request::Consolidate) => match (kernel.upgrade(), places.stay()) {
                (Some(kernel), Some(_stay)) => {
                    let _guest = room.enter_anyway();
                    consolidate(&kernel, lines, closes).await
                }
                (Some(_), None) => full(),
                (None, _) => stopping(),
            },
            // Counting may wait for a batch.
            Ok(request) => tokio::task::spawn_blocking(move || answer(request)).await?,
            Err(error) => Reply::Failed(format!("not a request: {error}"), String::new()),
        };
        write(&mut writer, &reply).await
    }
}

/// Has a conversation with a caller, until its process has ended. Says nothing where the machine
/// takes no process any more.
async fn attend(
    kernel: &Arc<Kernel>,
    ask: Ask,
    mut lines: Lines,
    mut writer: OwnedWriteHalf,
    mut closes: watch::Receiver<bool>,
) -> Result<()> {
    let process = match Process::start(kernel, ask).await {
        Ok(process) => process,
        Err(error) => {
            // The machine has been told to stop meanwhile.
            let kind = error.downcast_ref::<KernelError>();
            if matches!(kind, Some(KernelError::Stopping)) {
                return Ok(());
            }
            return write(&mut writer, &Told::failed(&error)).await;
        }
    };
    let pid = process.pid;
    let (Conversation { mut told, say }, attendant) = conversation::pair();
    // The steps below notice a client that has left.
    let _ = write(&mut writer, &Told::Begun { pid }).await;
    let hear = async move {
        let mut line = String::new();
        loop {
            line.clear();
            lines.set_limit(LINE_BYTES_MAX);
            let read = tokio::select! {
                read = lines.read_line(&mut line) => read,
                _ = closes.wait_for(|closing| *closing) => break,
            };
            let Ok(1..) = read else { break };
            if let Ok(said) = serde_json::from_str(&line) {
                let _ = say.send(said).await;
            }
        }
        // Nothing more is said: the process is interrupted, and its end is still told.
        drop(say);
        std::future::pending().await
    };
    let tell = async move {
        while let Some(told) = told.recv().await {
            // Whoever has left hears nothing.
            let _ = write(&mut writer, &told).await;
        }
    };
    let attended = attendant.attend(kernel, process);
    tokio::select! {
        () = tell => {}
        ((), ()) = async { tokio::join!(attended, hear) } => {}
    }
    Ok(())
}

/// Consolidates until that is done, or the caller has said something, or left.
async fn consolidate(
    kernel: &Kernel,
    mut lines: Lines,
    mut closes: watch::Receiver<bool>,
) -> Reply {
    let (stop, mut stopped) = watch::channel(false);
    let end = async move {
        let mut line = String::new();
        tokio::select! {
            _ = lines.read_line(&mut line) => {}
            _ = closes.wait_for(|closing| *closing) => {}
        }
        let _ = stop.send(true);
        std::future::pending().await
    };
    let done = tokio::select! {
        done = kernel.consolidate(&mut stopped) => done,
        () = end => Ok(Default::default()),
    };
    match done {
        Ok(done) => Reply::Consolidated(Box::new(done)),
        Err(error) => Reply::Failed(error.to_string(), hints::kernel(&error).to_owned()),
    }
}

/// To somebody who comes when the machine goes.
fn stopping() -> Reply {
    Reply::Failed("the machine is stopping".into(), "try again".into())
}

fn answer(
    kernel: &Weak<Kernel>,
    (greeting, bell, room): (&Greeting, &Bell, &Room),
    request: Request,
) -> Reply {
    let Some(kernel) = kernel.upgrade() else {
        return stopping();
    };
    let done = match request {
        Request::Greet => {
            return Reply::Greeting(Box::new(Greeting {
                is_open: room.is_open(),
                ..greeting.clone()
            }));
        }
        Request::Schedules => {
            return match bell.ring() {
                true => Reply::Done,
                false => Reply::Failed(
                    "this machine runs no schedules".into(),
                    "`quipu serve` does".into(),
                ),
            };
        }
        // These take more than one request and one reply.
        Request::Attend { .. } | Request::Lend | Request::Consolidate => return Reply::Done,
        Request::Stats => return Reply::Stats(Box::new(Snapshot::of(&kernel))),
        Request::Window { pid } => match kernel.window(pid) {
            Ok(window) => return Reply::Window(window),
            Err(error) => Err(error),
        },
        Request::Kill { pid } => kernel.kill(pid),
        Request::Nice { pid, priority } => kernel.nice(pid, priority),
        Request::Fork { pid, at } => {
            // The process belongs to another program that does not wait for it. This machine does
            // not end between the two requests.
            let guest = room.enter_anyway();
            match kernel.fork(pid, at, false) {
                Ok(child) => {
                    tokio::spawn(async move {
                        let _ = kernel.wait(child).await;
                        drop(guest);
                    });
                    return Reply::Forked(child);
                }
                Err(error) => Err(error),
            }
        }
    };
    match done {
        Ok(()) => Reply::Done,
        Err(error) => Reply::Failed(error.to_string(), hints::kernel(&error).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use quipu_memory::{Access, DiskStore, Embedder, NewPage, Store};

    use super::*;
    use crate::service::lent::Lent;
    use crate::service::talk::ask;
    use crate::session::library::Meaning;

    fn runtime() -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.enable_all().build().unwrap()
    }

    /// Knows how long a text is.
    struct Lengths;

    impl Embedder for Lengths {
        fn name(&self) -> &str {
            "lengths"
        }

        fn embed(
            &self,
            texts: &[&str],
        ) -> Result<Vec<Vec<f32>>, Box<dyn std::error::Error + Send + Sync>> {
            Ok(texts
                .iter()
                .map(|text| vec![1.0, text.len() as f32])
                .collect())
        }
    }

    #[test]
    fn other_users_are_not_let_in() {
        let check = |peer: Option<u32>, want: bool| assert_eq!(is_let_in(peer, 1000), want);
        check(Some(1000), true);
        check(Some(0), true);
        check(Some(1001), false);
        check(None, false);
    }

    #[test]
    fn a_library_is_lent_and_gets_the_vectors_that_a_caller_owes() {
        let folder = tempfile::tempdir().unwrap();
        let store = DiskStore::open(folder.path().join("store"), Access::ReadWrite).unwrap();
        let store = store.with_embedder(Arc::new(Lengths), &|_, _| {}).unwrap();
        let reached = Reached {
            kernel: Weak::new(),
            library: Some(Arc::new(store)),
            room: Room::new(true),
            greeting: Arc::default(),
            places: Places::default(),
        };
        let runtime = runtime();
        let server = runtime
            .block_on(async { Server::listen(socket(folder.path()), reached, |_| Reply::Done) });
        let lent = || Lent::of(folder.path()).unwrap().unwrap();
        let page = |text: &str| NewPage {
            text: text.to_owned(),
            ..NewPage::default()
        };
        let caller = lent();
        assert_eq!(caller.meaning().unwrap(), Meaning::Complete);
        caller.defer_vectors().unwrap();
        let put = caller.put(page("a llama")).unwrap();
        assert_eq!(caller.get(&put.id).unwrap(), Some(put));
        assert_eq!(caller.meaning().unwrap(), Meaning::Incomplete(1));
        // Others wait for no caller.
        let other = lent();
        other.put(page("an alpaca")).unwrap();
        let unnamed = NewPage {
            id: Some("".into()),
            ..page("a vicuña")
        };
        let refused = other.put(unnamed).unwrap_err();
        assert!(refused.hint().contains("printable id"), "{refused}");
        drop(caller);
        while other.meaning().unwrap() != Meaning::Complete {
            std::thread::yield_now();
        }
        let told = std::cell::RefCell::new(Vec::new());
        other
            .rebuild(&|done, total| told.borrow_mut().push((done, total)))
            .unwrap();
        assert_eq!(told.into_inner().last(), Some(&(2, 2)));
        drop(other);
        drop(server);
    }

    #[test]
    fn a_request_is_answered_although_it_ends_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = runtime();
        let (asked, was_asked) = channel();
        let (release, released) = channel();
        let released = Arc::new(std::sync::Mutex::new(released));
        let reached = Reached {
            kernel: Weak::new(),
            library: None,
            room: Room::new(true),
            greeting: Arc::default(),
            places: Places::default(),
        };
        let server = runtime.block_on(async {
            Server::listen(socket(folder.path()), reached, move |_| {
                asked.send(()).unwrap();
                released.lock().unwrap().recv().unwrap();
                Reply::Done
            })
        });
        std::thread::scope(|scope| {
            let reply = scope.spawn(|| ask(folder.path(), &Request::Kill { pid: 1 }));
            was_asked.recv().unwrap();
            scope.spawn(move || {
                drop(server);
                runtime.shutdown_background();
            });
            release.send(()).unwrap();
            let reply = reply.join().unwrap().unwrap();
            assert!(matches!(reply, Some(Reply::Done)), "{reply:?}");
        });
    }
}
