//! Showing a pull: to a person as a bar, to a log as a few lines.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::visible;

/// What a pull reports. Calls may come from any thread and must return quickly.
pub trait Progress: Send + Sync {
    /// Says one thing, such as where the bytes now come from.
    fn message(&self, text: &str);
    /// `done` of `total` bytes are here; may go back when a source is changed.
    fn bytes(&self, done: u64, total: u64);
    /// The work is over; `text` says how it ended.
    fn done(&self, text: &str);
}

/// Shows nothing.
#[cfg(test)]
pub struct Silent;

#[cfg(test)]
impl Progress for Silent {
    fn message(&self, _: &str) {}
    fn bytes(&self, _: u64, _: u64) {}
    fn done(&self, _: &str) {}
}

/// A bar on a terminal, lines elsewhere; on stderr, which is not data.
pub fn on_stderr() -> Box<dyn Progress> {
    match io::stderr().is_terminal() {
        true => Box::new(Bar::new()),
        false => Box::new(Lines::new(io::stderr())),
    }
}

/// A bar with bytes, speed and time left, on stderr.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template(
            "{bar:30} {decimal_bytes:>10} of {decimal_total_bytes} {decimal_bytes_per_sec:>12}, {eta} left",
        );
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style.expect("the template is a constant and valid"));
        Bar { bar }
    }
}

impl Progress for Bar {
    fn message(&self, text: &str) {
        self.bar.println(visible(text));
    }

    fn bytes(&self, done: u64, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_length(total);
            // What an earlier pull fetched must not count as speed.
            self.bar.set_position(done);
            self.bar.reset_eta();
        }
        self.bar.set_position(done);
    }

    fn done(&self, text: &str) {
        self.bar.println(visible(text));
        self.bar.finish_and_clear();
    }
}

/// Plain lines: one at the start, one for each tenth, one at the end.
pub struct Lines<W> {
    state: Mutex<(W, Option<u64>)>,
}

impl<W: Write> Lines<W> {
    /// Writes to `out`; failures to write are ignored, as the work matters more.
    pub fn new(out: W) -> Self {
        Lines {
            state: Mutex::new((out, None)),
        }
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

impl<W: Write + Send> Progress for Lines<W> {
    fn message(&self, text: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(state.0, "{}", visible(text));
    }

    fn bytes(&self, done: u64, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let tenth = u64::try_from(u128::from(done) * 10 / u128::from(total.max(1))).unwrap_or(0);
        if state.1.is_none_or(|said| tenth > said) {
            state.1 = Some(tenth);
            let percent = tenth * 10;
            let _ = writeln!(
                state.0,
                "{percent:>3} %  {} of {}",
                DecimalBytes(done),
                DecimalBytes(total)
            );
        }
    }

    fn done(&self, text: &str) {
        self.message(text);
    }
}
