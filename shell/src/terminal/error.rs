//! What went wrong, what to do about it, and the exit code.
//!
//! 0 done; 1 the work failed; 2 wrong usage or configuration; 3 stopped by a limit
//! or a denied approval; 130 interrupted.
//!
//! An error of a library carries data. This file gives it its exit code, and prints it with
//! the hint; hints for errors of the models crate are in `model_hints`.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use quipu_cpu::CpuError;
use quipu_kernel::KernelError;
use quipu_kernel::journal::JournalError;
use quipu_kernel::process::{Exit, Status};
use quipu_kernel::window::VmError;
use quipu_memory::StoreError;
use quipu_models::ModelError;
use quipu_tools::{ErrorKind, ToolError};

use crate::terminal::hints;
use crate::terminal::model_hints;
use crate::terminal::output::visible;

/// The work failed.
pub const FAILED: u8 = 1;
/// Wrong usage or configuration.
pub const USAGE: u8 = 2;
/// Stopped by a limit or a denied approval.
pub const STOPPED: u8 = 3;
/// Interrupted.
pub const INTERRUPTED: u8 = 130;

/// An error for the user.
#[derive(Debug)]
pub struct UserError {
    message: String,
    hint: String,
    code: u8,
}

impl UserError {
    /// Wrong usage or configuration.
    pub fn usage(message: impl fmt::Display, hint: impl fmt::Display) -> anyhow::Error {
        Self::with_code(USAGE, message, hint)
    }

    /// The work failed.
    pub fn failed(message: impl fmt::Display, hint: impl fmt::Display) -> anyhow::Error {
        Self::with_code(FAILED, message, hint)
    }

    /// With the exit code `code`.
    pub fn with_code(
        code: u8,
        message: impl fmt::Display,
        hint: impl fmt::Display,
    ) -> anyhow::Error {
        let error = UserError {
            message: message.to_string(),
            hint: hint.to_string(),
            code,
        };
        error.into()
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UserError {}

/// Commands that are written with a slash, while a person types into a shell.
static SLASHED: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Errors name commands as the shell takes them until this is dropped: who has left the shell types
/// them elsewhere.
#[must_use]
pub struct InShell(());

/// From now on errors name these `commands` as a person types them into the shell.
pub fn in_shell(commands: Vec<String>) -> InShell {
    *SLASHED.write().unwrap_or_else(PoisonError::into_inner) = commands;
    InShell(())
}

impl Drop for InShell {
    fn drop(&mut self) {
        SLASHED
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// `text` with each of `commands` as the shell takes it: `/ps` for `quipu ps`.
fn slashed(text: &str, commands: &[String]) -> String {
    const PROGRAM: &str = "quipu ";
    let mut typed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(PROGRAM) {
        typed.push_str(before);
        let begins = typed.chars().next_back();
        let begins = begins.is_none_or(|c| c == '`' || c.is_whitespace());
        let name = after.split(|c: char| !c.is_ascii_alphanumeric()).next();
        let is_known = commands.iter().any(|known| Some(known.as_str()) == name);
        typed.push_str(if begins && is_known { "/" } else { PROGRAM });
        rest = after;
    }
    typed.push_str(rest);
    typed
}

/// Prints an error with its hint and gives its exit code. A closed pipe is no
/// error: whoever read the output has seen enough.
pub fn report(error: &anyhow::Error) -> u8 {
    if is_closed_pipe(error) {
        return 0;
    }
    let (hint, code) = describe(error);
    let here = SLASHED.read().unwrap_or_else(PoisonError::into_inner);
    // Words of a server or a file's name may be part of it.
    say!("error: {}", visible(&slashed(&told(error), &here)));
    if !hint.is_empty() {
        say!("hint: {}", visible(&slashed(&hint, &here)));
    }
    code
}

/// An error with its causes, each of them once: some say what their own cause says.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    let mut before = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // With a number before it, or something like that.
        let again = cause.strip_suffix(before.as_str());
        let again = again.is_some_and(|number| number.ends_with(": "));
        if text.is_empty() {
            text.clone_from(&cause);
        } else if !text.ends_with(&cause) && !again {
            text = format!("{text}: {cause}");
        }
        before = cause;
    }
    text
}

/// Whether the reader of a pipe has gone.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// The hint of an error, which may be empty, and its exit code.
pub fn describe(error: &anyhow::Error) -> (String, u8) {
    let (hint, code) = described(error);
    match hint.is_empty() {
        true => (hints::of_system(error).to_owned(), code),
        false => (hint, code),
    }
}

/// The hint of an error that this program or its libraries made, and the exit code.
fn described(error: &anyhow::Error) -> (String, u8) {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<UserError>() {
            return (error.hint.clone(), error.code);
        }
        if let Some(error) = cause.downcast_ref::<ModelError>() {
            return (
                model_hints::hint(error).unwrap_or_default(),
                model_code(error),
            );
        }
        if let Some(error) = cause.downcast_ref::<CpuError>() {
            return (hints::cpu(error), cpu_code(error));
        }
        if let Some(error) = cause.downcast_ref::<VmError>() {
            return (hints::window(error), USAGE);
        }
        if let Some(error) = cause.downcast_ref::<StoreError>() {
            let code = if matches!(error, StoreError::Locked { .. }) {
                USAGE
            } else {
                FAILED
            };
            return (error.hint().to_string(), code);
        }
        if let Some(error) = cause.downcast_ref::<JournalError>() {
            return (hints::journal(error).to_owned(), journal_code(error));
        }
        if let Some(error) = cause.downcast_ref::<KernelError>() {
            let code = match error {
                KernelError::Journal(error) => journal_code(error),
                KernelError::Stopping => FAILED,
                _ => USAGE,
            };
            return (hints::kernel(error).to_owned(), code);
        }
        if let Some(error) = cause.downcast_ref::<ToolError>() {
            return (hints::tool(error), tool_code(error.kind));
        }
    }
    (String::new(), FAILED)
}

fn model_code(error: &ModelError) -> u8 {
    match error {
        ModelError::NotDownloaded { .. }
        | ModelError::Unknown { .. }
        | ModelError::NoFile { .. }
        | ModelError::BadName { .. }
        | ModelError::NotOurs { .. }
        | ModelError::Gguf(_) => USAGE,
        _ => FAILED,
    }
}

fn cpu_code(error: &CpuError) -> u8 {
    match error {
        CpuError::Load { .. }
        | CpuError::Window { .. }
        | CpuError::Cells { .. }
        | CpuError::NoTemplate { .. }
        | CpuError::Template { .. }
        | CpuError::Script { .. } => USAGE,
        _ => FAILED,
    }
}

fn journal_code(error: &JournalError) -> u8 {
    match error {
        JournalError::NoProcess(_) | JournalError::NoStep { .. } | JournalError::Imported(_) => {
            USAGE
        }
        _ => FAILED,
    }
}

/// The exit code of a failed call.
pub fn tool_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::UnknownTool | ErrorKind::UnknownFunction | ErrorKind::InvalidArgs => USAGE,
        ErrorKind::Denied => STOPPED,
        _ => FAILED,
    }
}

/// The exit code for the end of a process.
pub fn exit_code(exit: &Exit) -> u8 {
    match exit.status {
        Status::Exited => 0,
        Status::Failed => FAILED,
        Status::Limit | Status::Denied => STOPPED,
        Status::Interrupted | Status::Suspended => INTERRUPTED,
    }
}

/// The hint of an error; may be empty.
pub fn hint(error: &anyhow::Error) -> String {
    describe(error).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_as_the_shell_takes_it() {
        let known = ["ps", "model"].map(str::to_owned);
        let check = |text: &str, want: &str| assert_eq!(slashed(text, &known), want);
        check("`quipu ps` lists them", "`/ps` lists them");
        check("quipu model pull eyes  (1 MB)", "/model pull eyes  (1 MB)");
        check("a, or quipu ps; quipu run", "a, or /ps; quipu run");
        check("`quipu` or `quipu serve`", "`quipu` or `quipu serve`");
        check("/opt/quipu ps", "/opt/quipu ps");
        check("", "");
    }

    #[test]
    fn commands_are_named_so_only_while_there_is_a_shell() {
        let known = || SLASHED.read().unwrap().clone();
        let here = in_shell(vec!["ps".to_owned()]);
        assert_eq!(known(), ["ps"]);
        drop(here);
        assert!(known().is_empty());
    }

    #[test]
    fn a_cause_is_told_once() {
        let check = |said: &str, cause: &str, want: &str| {
            let error = anyhow::anyhow!(cause.to_owned()).context(said.to_owned());
            assert_eq!(told(&error), want);
        };
        check("store", "disk", "store: disk");
        check("store: disk", "disk", "store: disk");
        check("disk", "disk: full", "disk: disk: full");
        check("read only", "code 8: read only", "read only");
        check("a.txt", "there is no a.txt", "a.txt: there is no a.txt");
    }
}
