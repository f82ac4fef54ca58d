//! The control socket: how other programs on the same root reach the machine that runs.
//!
//! One request and one reply a connection, each a line of JSON; only `Attend` is followed by
//! a conversation. The socket lies beside the machine's lock and is the user's alone.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Result;
use quipu_cpu::CpuStats;
use quipu_kernel::Kernel;
use quipu_kernel::gate::Approve;
use quipu_kernel::process::Pid;
use quipu_kernel::signal::Signal;
use quipu_tools::Grants;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::conversation::{self, Ask, Conversation, Process, Told};
use crate::session::init::describe;
use crate::terminal::error::UserError;
use crate::terminal::hints;

/// The longest path of a socket on every system (104 on macOS, 108 on Linux).
const PATH_BYTES_MAX: usize = 100;
/// The longest line that is taken: a task with the texts it is about.
const LINE_BYTES_MAX: u64 = 64 << 20;
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
    /// What kind of machine it is.
    Greet,
    /// Start a process and tell of it. The reply is a line for each [`Told`], and each line
    /// that follows the request is a [`conversation::Say`].
    Attend(Box<Ask>),
}

/// What a machine answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Request::Stats`].
    Stats(Box<Snapshot>),
    /// To [`Request::Fork`]: the number of the copy.
    Forked(Pid),
    /// To [`Request::Greet`].
    Greeting(Box<Greeting>),
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

/// What a machine says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// Whether it takes processes of other programs: one that runs for a single command ends
    /// with it.
    pub is_open: bool,
    /// The model, as its user named it.
    pub model: String,
    /// What computes, as its user named it.
    pub cpu: String,
    /// What is granted to its processes.
    pub grants: Grants,
    /// How approvals are settled.
    pub approve: Approve,
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
    /// Becomes true when conversations have to come to an end.
    closing: watch::Sender<bool>,
    /// Closed when no connection is left.
    connections: Receiver<()>,
}

impl Server {
    /// Listens for as long as `kernel` lives. Whoever calls this holds the machine's
    /// lock, so a socket that is there already is a dead machine's.
    pub fn start(state: &Path, kernel: &Arc<Kernel>, greeting: Greeting) -> Result<Self> {
        let (greeting, kernel) = (Arc::new(greeting), Arc::downgrade(kernel));
        let own = kernel.clone();
        Self::listen(socket(state), own, move |request| {
            answer(&kernel, &greeting, request)
        })
    }

    fn listen<F>(path: PathBuf, kernel: Weak<Kernel>, answer: F) -> Result<Self>
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
        let (closing, closes) = watch::channel(false);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let caller = Caller {
                    stream,
                    kernel: kernel.clone(),
                    closes: closes.clone(),
                    _open: open.clone(),
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
        })
    }
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
    kernel: Weak<Kernel>,
    closes: watch::Receiver<bool>,
    /// Held until the answer is written.
    _open: Sender<()>,
}

impl Caller {
    /// Answers one request.
    async fn serve<F>(self, answer: F) -> Result<()>
    where
        F: FnOnce(Request) -> Reply + Send + 'static,
    {
        let (reader, mut writer) = self.stream.into_split();
        let mut lines = tokio::io::BufReader::new(reader).take(LINE_BYTES_MAX);
        let mut line = String::new();
        lines.read_line(&mut line).await?;
        let reply = match serde_json::from_str(&line) {
            Ok(Request::Attend(ask)) => match self.kernel.upgrade() {
                Some(kernel) => return attend(&kernel, *ask, lines, writer, self.closes).await,
                None => {
                    let error = UserError::failed("the machine is stopping", "try again");
                    return write(&mut writer, &Told::failed(&error)).await;
                }
            },
            // Counting may wait for a batch.
            Ok(request) => tokio::task::spawn_blocking(move || answer(request)).await?,
            Err(error) => Reply::Failed(format!("not a request: {error}"), String::new()),
        };
        write(&mut writer, &reply).await
    }
}

/// Has a conversation with a caller, until its process has ended.
async fn attend(
    kernel: &Kernel,
    ask: Ask,
    mut lines: tokio::io::Take<tokio::io::BufReader<OwnedReadHalf>>,
    mut writer: OwnedWriteHalf,
    mut closes: watch::Receiver<bool>,
) -> Result<()> {
    let process = match Process::start(kernel, ask) {
        Ok(process) => process,
        Err(error) => return write(&mut writer, &Told::failed(&error)).await,
    };
    let (Conversation { mut told, say }, attendant) = conversation::pair();
    // Whoever has left by now is found by what follows.
    let _ = write(&mut writer, &Told::Begun).await;
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

/// Has a conversation with the machine with its state in `state`.
///
/// # Errors
/// When none runs there any more, or it cannot start the process.
pub async fn converse(state: &Path, ask: Ask) -> Result<Conversation> {
    let gone = |error: io::Error| {
        UserError::failed(
            format!("the machine on this root ended: {error}"),
            "run the command again",
        )
    };
    let stream = tokio::net::UnixStream::connect(socket(state)).await;
    let (reader, mut writer) = stream.map_err(gone)?.into_split();
    write(&mut writer, &Request::Attend(Box::new(ask))).await?;
    let (mut conversation, attendant) = conversation::pair();
    let (tell, mut said) = attendant.split();
    let hear = async move {
        let mut lines = tokio::io::BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let told = serde_json::from_str(&line).unwrap_or_else(|error| {
                let error = UserError::failed(
                    format!("the machine on this root said what is not understood: {error}"),
                    "stop it, and start it with the same release as this one",
                );
                Told::failed(&error)
            });
            if tell.send(told).await.is_err() {
                break;
            }
        }
    };
    let speak = async move {
        while let Some(say) = said.recv().await {
            // A machine that is gone has said its last.
            let _ = write(&mut writer, &say).await;
        }
        drop(writer);
        std::future::pending().await
    };
    tokio::spawn(async {
        tokio::select! {
            () = hear => {}
            () = speak => {}
        }
    });
    // Processes begin in the order in which they are asked for.
    conversation.next().await?;
    Ok(conversation)
}

/// Writes `value` as a line.
async fn write(writer: &mut OwnedWriteHalf, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    writer.write_all(text.as_bytes()).await?;
    Ok(())
}

/// To somebody who comes when the machine goes.
fn stopping() -> Reply {
    Reply::Failed("the machine is stopping".into(), "try again".into())
}

fn answer(kernel: &Weak<Kernel>, greeting: &Greeting, request: Request) -> Reply {
    let Some(kernel) = kernel.upgrade() else {
        return stopping();
    };
    let done = match request {
        Request::Greet => return Reply::Greeting(Box::new(greeting.clone())),
        // It is a conversation.
        Request::Attend(_) => return Reply::Done,
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
            Server::listen(socket(folder.path()), Weak::new(), move |_| {
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
