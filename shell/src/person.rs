//! Questions and approvals, asked of the person at the terminal.

use std::io::{BufRead, IsTerminal, Write};

use quipu_kernel::event::Event;
use quipu_kernel::process::Reply;

use crate::output::visible;

/// Whether somebody can be asked: a terminal on both sides, and no `--no-input`.
pub fn is_there(no_input: bool) -> bool {
    !no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks what `event` asks. Dropping the future takes the question back.
pub async fn ask(event: &Event) -> Reply {
    let (prompt, approval) = match event {
        Event::Question { text, .. } => (format!("{}\n> ", visible(text)), false),
        Event::Approval { call, reason, .. } => (
            format!(
                "{}\n{}\nApprove this once? [y/N] ",
                visible(reason),
                visible(&call.to_string())
            ),
            true,
        ),
        _ => return Reply::Nobody,
    };
    discard_typed();
    let mut err = std::io::stderr();
    let _ = write!(err, "{prompt}");
    let _ = err.flush();
    match (line().await, approval) {
        (None, _) => Reply::Nobody,
        (Some(line), false) => Reply::Text(line.trim().to_owned()),
        (Some(line), true) => match is_yes(&line) {
            true => Reply::Approve,
            false => Reply::Deny,
        },
    }
}

/// Whether the person agrees to `question`.
pub async fn agrees(question: &str) -> bool {
    discard_typed();
    let mut err = std::io::stderr();
    let _ = write!(err, "{}", visible(question));
    let _ = err.flush();
    line().await.is_some_and(|line| is_yes(&line))
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Throws away what was typed before there was a question: it is no answer to it.
fn discard_typed() {
    #[cfg(unix)]
    // SAFETY: takes numbers; where standard input is no terminal it does nothing.
    unsafe {
        libc::tcflush(libc::STDIN_FILENO, libc::TCIFLUSH);
    }
}

/// A line of standard input; `None` at its end.
async fn line() -> Option<String> {
    // A thread that reads cannot be called back and would swallow the next line
    // typed, so none is started before there is something to read.
    readable().await.ok()?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    });
    read.await.ok().flatten()
}

/// Waits until a terminal has a line.
#[cfg(unix)]
async fn readable() -> std::io::Result<()> {
    use std::os::fd::AsFd;

    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
    // SAFETY: the descriptor is this function's own and open for as long as it is
    // registered.
    let stdin = unsafe { AsyncFd::register_with_interest(stdin, Interest::READABLE) }?;
    stdin.readable().await.map(drop)
}

#[cfg(not(unix))]
async fn readable() -> std::io::Result<()> {
    Ok(())
}
