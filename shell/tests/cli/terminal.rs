//! The program at a terminal, with a person who reads and types.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::{Child, Stdio};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex};

use regex::Regex;

use crate::sandbox::{Sandbox, signal, until};

/// What an editor asks a terminal before it draws, and what the terminal says.
const WHERE_IS_THE_CURSOR: &str = "\u{1b}[6n";
const IN_THE_CORNER: &[u8] = b"\x1b[1;1R";

/// A program with a person: standard input and standard error are a terminal.
pub struct Terminal {
    pub sandbox: Sandbox,
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// How much was on the screen when the last line was typed.
    typed: usize,
}

impl Terminal {
    /// Starts `quipu run` on a script.
    pub fn start(sandbox: Sandbox, script: &[&str]) -> Self {
        let cpu = sandbox.script("script.jsonl", script);
        Self::of(sandbox, &["run", "--cpu", &cpu, "task"])
    }

    /// Starts the command with `args`; its standard output is read by another program.
    pub fn of(sandbox: Sandbox, args: &[&str]) -> Self {
        Self::with(sandbox, args, false)
    }

    /// Starts the shell, all of which is at the terminal.
    pub fn shell(sandbox: Sandbox, args: &[&str]) -> Self {
        Self::with(sandbox, args, true)
    }

    fn with(sandbox: Sandbox, args: &[&str], whole: bool) -> Self {
        let (master, slave) = open_terminal();
        let mut command = sandbox.command(args);
        command
            .stdin(Stdio::from(slave.try_clone().unwrap()))
            .stdout(match whole {
                true => Stdio::from(slave.try_clone().unwrap()),
                false => Stdio::piped(),
            })
            .stderr(Stdio::from(slave));
        let child = command.spawn().unwrap();
        // The terminal ends for the reader when the last copy of its other side goes.
        drop(command);
        let keyboard = File::from(master);
        let mut display = keyboard.try_clone().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = screen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = display.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..n]);
                for _ in text.matches(WHERE_IS_THE_CURSOR) {
                    display.write_all(IN_THE_CORNER).unwrap();
                }
                shown.lock().unwrap().push_str(&text);
            }
        });
        Self {
            sandbox,
            child,
            keyboard,
            screen,
            typed: 0,
        }
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.shows_times(text, 1);
    }

    #[track_caller]
    pub fn shows_times(&self, text: &str, n: usize) {
        until(|| {
            let screen = self.screen.lock().unwrap();
            (screen.matches(text).count() >= n).then_some(())
        });
    }

    /// All that was shown.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    /// What a person sees of it now: what was written over is gone.
    pub fn seen(&self) -> String {
        seen(&self.screen())
    }

    pub fn types(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Types a line into the shell once its editor waits for one: it then takes each key
    /// by itself.
    pub fn enters(&mut self, line: &str) {
        self.typed = until(|| {
            let screen = self.screen.lock().unwrap();
            let waits = screen[self.typed..].contains(WHERE_IS_THE_CURSOR);
            waits.then_some(screen.len())
        });
        write!(self.keyboard, "{line}\r").unwrap();
    }

    /// Gives the `answer` to the question whether a stranger's words may be written down: the
    /// program ends with `code`, and they are kept where that is 0.
    #[track_caller]
    pub fn decides(&mut self, answer: &str, code: i32) {
        self.shows("this process has read untrusted text from memory");
        self.shows("Approve this once? [y/N, p for this process, w for good]");
        self.types(answer);
        assert_eq!(self.end().0, Some(code), "{answer}");
        let pages = self.sandbox.pages();
        assert_eq!(pages.len(), 2 - usize::from(code > 0), "{pages:?}");
    }

    /// What the terminal's driver does when somebody presses Ctrl-C.
    pub fn interrupt(&self) {
        signal(&self.child, "INT");
    }

    #[track_caller]
    pub fn end(&mut self) -> (Option<i32>, String) {
        let status = until(|| self.child.try_wait().unwrap());
        let mut out = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut out).unwrap();
        }
        (status.code(), out)
    }
}

/// Both sides of a new terminal: the person's, and the program's.
fn open_terminal() -> (OwnedFd, OwnedFd) {
    let (mut master, mut slave) = (-1, -1);
    let (name, modes, size) = (null_mut(), null_mut(), null_mut());
    // SAFETY: it writes two descriptors to where it is told, and reads nothing.
    let opened = unsafe { libc::openpty(&mut master, &mut slave, name, modes, size) };
    assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: they were opened just now and belong to nobody else.
    unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) }
}

/// What is left on a screen on which `written` was written, by the movements that the program makes:
/// to the beginning of a line, some lines up, and away with all that follows.
fn seen(written: &str) -> String {
    let parts = Regex::new(r"\r|\n|\x1b\[([0-9;?]*)([A-Za-z])|[^\r\n\x1b]+").unwrap();
    let (mut rows, mut row, mut column) = (vec![Vec::<char>::new()], 0_usize, 0);
    for part in parts.captures_iter(written) {
        let letter = part.get(2).map(|letter| letter.as_str());
        match (&part[0], letter) {
            ("\r", _) => column = 0,
            ("\n", _) => (row, column) = (row + 1, 0),
            (_, Some("A")) => row = row.saturating_sub(part[1].parse().unwrap_or(1)),
            (_, Some("J")) => {
                rows.truncate(row + 1);
                rows[row].truncate(column);
            }
            // A colour, say.
            (_, Some(_)) => {}
            (text, None) => {
                rows[row].truncate(column);
                rows[row].extend(text.chars());
                column = rows[row].len();
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let lines = rows.iter().map(|row| row.iter().collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "on the screen:\n{}", self.screen());
        }
    }
}
