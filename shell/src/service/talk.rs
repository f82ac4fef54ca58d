//! The other programs' side of the control socket.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use quipu_kernel::{Consolidated, ModelNow};
use tokio::io::AsyncBufReadExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::control::{Greeting, Reply, Request, own_socket, write};
use super::conversation::{self, Ask, Conversation, Told};
use crate::config::paths::Paths;
use crate::session::lock::{self, MachineLock};
use crate::terminal::error::UserError;

/// How long a machine may take to answer: it may be in the middle of a large batch.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two looks at a machine that starts, or at one that ends.
pub const PAUSE: Duration = Duration::from_millis(50);

/// Asks the machine with its state in `state`. `None` when none runs there.
pub fn ask(state: &Path, request: &Request) -> Result<Option<Reply>> {
    let Ok(stream) = own_socket(state).and_then(UnixStream::connect) else {
        return Ok(None);
    };
    let line = match exchange(stream, &serde_json::to_string(request)?) {
        Ok(line) => line,
        // The machine was about to end, and nothing was asked of it.
        Err(error) if *request == Request::Greet && is_end(&error) => return Ok(None),
        Err(error) => {
            let message = match error.kind() {
                _ if is_end(&error) => "ended before it answered".to_owned(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut => "did not answer".to_owned(),
                _ => format!("did not answer: {error}"),
            };
            return Err(UserError::failed(
                format!("the machine on this root {message}"),
                "`quipu ps` shows how its processes are; try again",
            ));
        }
    };
    let reply = serde_json::from_str(&line).map_err(|error| not_understood(&error));
    match reply? {
        Reply::Failed(..) if *request == Request::Greet => Ok(None),
        Reply::Failed(message, hint) => Err(UserError::usage(message, hint)),
        reply => Ok(Some(reply)),
    }
}

/// The error of a machine whose message this program cannot read.
fn not_understood(error: &serde_json::Error) -> anyhow::Error {
    UserError::failed(
        format!("the machine on this root sent a message that is not understood: {error}"),
        "stop it, and start it with the same release as this one",
    )
}

/// Whether the other side closed the connection.
pub fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    )
}

/// What the machine on these `paths` says of itself. `None` when none runs there.
pub fn greeting(paths: &Paths) -> Result<Option<Greeting>> {
    Ok(match ask(&paths.state, &Request::Greet)? {
        Some(Reply::Greeting(greeting)) => Some(*greeting),
        _ => None,
    })
}

/// The models that the machine on these `paths` has loaded, its own first; none where no machine
/// runs there.
///
/// # Errors
/// A machine that breaks off.
pub fn loaded(paths: &Paths) -> Result<Vec<ModelNow>> {
    Ok(match ask(&paths.state, &Request::Stats)? {
        Some(Reply::Stats(snapshot)) => snapshot.models,
        _ => Vec::new(),
    })
}

/// Waits while a machine of another program has the root of `paths` and does not listen: it
/// loads its model, or comes to its end.
pub fn wait_for_start(paths: &Paths) {
    let began = Instant::now();
    let mut is_told = false;
    let holder = || MachineLock::holder(&paths.lock()).filter(|pid| *pid != std::process::id());
    while own_socket(&paths.state)
        .and_then(UnixStream::connect)
        .is_err()
        && let Some(holder) = holder()
    {
        if !is_told && began.elapsed() > PAUSE * 4 {
            is_told = true;
            let holder = lock::program(holder);
            say!("waiting for {holder}, whose machine starts or ends on this root");
        }
        std::thread::sleep(PAUSE);
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

/// The machine on this root is not there any more.
pub fn gone(error: &io::Error) -> anyhow::Error {
    UserError::failed(
        format!("the machine on this root ended: {error}"),
        "run the command again",
    )
}

/// Has a conversation with the machine with its state in `state`; `None` when none runs there.
/// It breaks off before its process has begun where that machine takes no more, or is another
/// than was `seen`, and later where that machine is gone.
pub async fn converse(state: &Path, ask: Ask, seen: Greeting) -> Option<Conversation> {
    let (mut reader, mut writer) = match connect(state).await {
        Ok((reader, writer)) => (tokio::io::BufReader::new(reader), writer),
        Err(_) => return None,
    };
    // One that has gone by now breaks off.
    let (ask, seen) = (Box::new(ask), Box::new(seen));
    let _ = write(&mut writer, &Request::Attend { ask, seen }).await;
    let (conversation, attendant) = conversation::pair();
    let (tell, mut said) = attendant.split();
    let hear = async move {
        let mut line = String::new();
        // A line without an end was cut off: the machine was killed while it wrote.
        while let Ok(1..) = reader.read_line(&mut line).await
            && line.ends_with('\n')
        {
            let told = serde_json::from_str(&line)
                .unwrap_or_else(|error| Told::failed(&not_understood(&error)));
            if tell.send(told).await.is_err() {
                break;
            }
            line.clear();
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
    Some(conversation)
}

/// Has the machine with its state in `state` consolidate, until it has or `stop` becomes true.
///
/// # Errors
/// Those of the machine, and when it ends meanwhile.
pub async fn consolidate(state: &Path, mut stop: watch::Receiver<bool>) -> Result<Consolidated> {
    let (reader, mut writer) = connect(state).await?;
    write(&mut writer, &Request::Consolidate).await?;
    let end = async {
        if stop.wait_for(|stop| *stop).await.is_ok() {
            // A machine that is gone has ended it.
            let _ = write(&mut writer, &"stop").await;
        }
        std::future::pending().await
    };
    let mut lines = tokio::io::BufReader::new(reader).lines();
    let line = tokio::select! {
        line = lines.next_line() => line,
        () = end => Ok(None),
    };
    let line = line.and_then(|line| line.ok_or_else(|| ErrorKind::UnexpectedEof.into()));
    match serde_json::from_str(&line.map_err(|error| gone(&error))?)? {
        Reply::Consolidated(done) => Ok(*done),
        Reply::Failed(message, hint) => Err(UserError::failed(message, hint)),
        _ => Err(UserError::failed(
            "the machine on this root gave an unexpected answer",
            "stop it, and start it with the same release as this one",
        )),
    }
}

async fn connect(state: &Path) -> Result<(OwnedReadHalf, OwnedWriteHalf)> {
    let path = own_socket(state).map_err(|error| gone(&error))?;
    let stream = tokio::net::UnixStream::connect(path).await;
    Ok(stream.map_err(|error| gone(&error))?.into_split())
}

#[cfg(test)]
mod tests {
    use super::super::control::socket;
    use super::*;

    #[test]
    fn nobody_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ask(folder.path(), &Request::Stats).unwrap().is_none());
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
