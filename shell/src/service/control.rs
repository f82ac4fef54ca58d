//! The control socket: how `kill`, `nice`, `fork`, `ps` and `top` reach a machine that
//! runs in another program on the same root.
//!
//! One request and one reply a connection, each a line of JSON. The socket lies beside
//! the machine's lock and is the user's alone.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Result;
use quipu_cpu::CpuStats;
use quipu_kernel::Kernel;
use quipu_kernel::process::Pid;
use quipu_kernel::signal::Signal;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};

use crate::session::init::describe;
use crate::terminal::error::UserError;
use crate::terminal::hints;

/// The longest path of a socket on every system (104 on macOS, 108 on Linux).
const PATH_BYTES_MAX: usize = 100;
/// The longest request.
const REQUEST_BYTES_MAX: u64 = 4096;
/// How long a machine may take to answer: it may be in the middle of a large batch.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a machine that ends waits for whoever has connected to have an answer: the
/// request may be what ended it.
const GRACE: Duration = Duration::from_secs(1);

/// What may be asked of a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// How things are.
    Stats,
    /// Stop a process for good.
    Kill {
        /// The process.
        pid: Pid,
    },
    /// Change a priority.
    Nice {
        /// The process.
        pid: Pid,
        /// Higher runs first.
        priority: i8,
    },
    /// Start a copy of a process.
    Fork {
        /// The process.
        pid: Pid,
        /// After which step.
        at: Option<u32>,
    },
}

/// What a machine answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Stats`].
    Stats(Box<Snapshot>),
    /// To [`Request::Fork`]: the number of the copy.
    Forked(Pid),
    /// It is done.
    Done,
    /// It is not, for this reason, and this is what to do.
    Failed(String, String),
}

/// A machine in one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The model, as it is shown.
    pub model: String,
    /// The CPU.
    pub cpu: CpuStats,
}

/// Where the socket of the machine with its state in `state` is.
pub fn socket(state: &Path) -> PathBuf {
    let path = state.join("control.sock");
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return path;
    }
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let name: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    std::env::temp_dir().join(format!("quipu-{name}.sock"))
}

/// The socket of a machine that runs; gone when this is dropped, once everybody who has
/// connected is answered.
pub struct Server {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
    /// Closed when no connection is left.
    connections: Receiver<()>,
}

impl Server {
    /// Listens for as long as `kernel` lives. Whoever calls this holds the machine's
    /// lock, so a socket that is there already is a dead machine's.
    pub fn start(state: &Path, kernel: &Arc<Kernel>) -> Result<Self> {
        let kernel = Arc::downgrade(kernel);
        Self::listen(socket(state), move |request| answer(&kernel, request))
    }

    fn listen<F>(path: PathBuf, answer: F) -> Result<Self>
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
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let (open, connections) = channel();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, open) = (answer.clone(), open.clone());
                tokio::spawn(async move {
                    if let Err(error) = serve(stream, answer, open).await {
                        tracing::debug!(%error, "a control connection failed");
                    }
                });
            }
        });
        Ok(Self {
            path,
            task,
            connections,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        self.task.abort();
        // Nothing is ever sent: this ends when the last connection does.
        let _ = self.connections.recv_timeout(GRACE);
    }
}

/// Answers one request; `open` is held until the answer is written.
async fn serve<F>(stream: tokio::net::UnixStream, answer: F, open: Sender<()>) -> Result<()>
where
    F: FnOnce(Request) -> Reply + Send + 'static,
{
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let limited = tokio::io::AsyncReadExt::take(reader, REQUEST_BYTES_MAX);
    tokio::io::BufReader::new(limited)
        .read_line(&mut line)
        .await?;
    let reply = match serde_json::from_str(&line) {
        // Counting may wait for a batch.
        Ok(request) => tokio::task::spawn_blocking(move || answer(request)).await?,
        Err(error) => Reply::Failed(format!("not a request: {error}"), String::new()),
    };
    let mut text = serde_json::to_string(&reply)?;
    text.push('\n');
    writer.write_all(text.as_bytes()).await?;
    drop(open);
    Ok(())
}

fn answer(kernel: &Weak<Kernel>, request: Request) -> Reply {
    let Some(kernel) = kernel.upgrade() else {
        return Reply::Failed("the machine is stopping".into(), "try again".into());
    };
    let done = match request {
        Request::Stats => {
            return Reply::Stats(Box::new(Snapshot {
                model: describe(kernel.cpu().info()),
                cpu: kernel.stats(),
            }));
        }
        Request::Kill { pid } => kernel.signal(pid, Signal::Kill),
        Request::Nice { pid, priority } => kernel.nice(pid, priority),
        Request::Fork { pid, at } => match kernel.fork(pid, at, false) {
            Ok(child) => return Reply::Forked(child),
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(()) => Reply::Done,
        Err(error) => Reply::Failed(error.to_string(), hints::kernel(&error).to_owned()),
    }
}

/// Asks the machine with its state in `state`. `None` when none runs there.
pub fn ask(state: &Path, request: &Request) -> Result<Option<Reply>> {
    let Ok(stream) = UnixStream::connect(socket(state)) else {
        return Ok(None);
    };
    let line = exchange(stream, &serde_json::to_string(request)?).map_err(|error| {
        let message = match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => "did not answer".to_owned(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                "ended before it answered".to_owned()
            }
            _ => format!("did not answer: {error}"),
        };
        UserError::failed(
            format!("the machine on this root {message}"),
            "`quipu ps` shows how its processes are; try again",
        )
    })?;
    match serde_json::from_str(&line)? {
        Reply::Failed(message, hint) => Err(UserError::usage(message, hint)),
        reply => Ok(Some(reply)),
    }
}

/// Sends one line and reads one.
fn exchange(mut stream: UnixStream, request: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    writeln!(stream, "{request}")?;
    let mut line = String::new();
    match BufReader::new(stream).read_line(&mut line)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_shortened_and_stays_the_same() {
        let long = PathBuf::from("/x".repeat(80));
        assert!(socket(&long).as_os_str().len() <= PATH_BYTES_MAX);
        assert_eq!(socket(&long), socket(&long));
        assert_ne!(socket(&long), socket(&long.join("y")));
        assert_eq!(socket(Path::new("/s")), Path::new("/s/control.sock"));
    }

    #[test]
    fn nobody_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ask(folder.path(), &Request::Stats).unwrap().is_none());
    }
    #[test]
    fn a_request_is_answered_although_it_ends_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let (asked, was_asked) = channel();
        let (release, released) = channel();
        let released = Arc::new(std::sync::Mutex::new(released));
        let server = runtime.block_on(async {
            Server::listen(socket(folder.path()), move |_| {
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

    #[test]
    fn a_machine_that_dies_meanwhile_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::os::unix::net::UnixListener::bind(socket(folder.path())).unwrap();
        std::thread::scope(|scope| {
            let reply = scope.spawn(|| ask(folder.path(), &Request::Stats));
            drop(listener.accept().unwrap());
            let error = reply.join().unwrap().unwrap_err();
            assert!(error.to_string().contains("ended before"), "{error}");
        });
    }
}
