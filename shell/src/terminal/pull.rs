//! How the pull of a model looks: to a person as a bar, to a log as a few lines. Both go to
//! standard error, which is not data. The models crate says what happens, and this file
//! words it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use quipu_models::{Event, Progress};

use crate::terminal::output::{is_plain, visible};

/// A bar on a terminal, lines elsewhere.
pub fn on_stderr() -> Box<dyn Progress> {
    match io::stderr().is_terminal() && !is_plain() {
        true => Box::new(Bar::new()),
        false => Box::new(Lines::new(io::stderr())),
    }
}

/// A line for the user, which cannot touch the terminal: addresses and words of a server
/// may be part of it.
fn words(event: &Event<'_>) -> String {
    visible(&match event {
        Event::Licence { name, licence } => format!("{name}: licence {licence}"),
        Event::Here { name, path } => format!("{name} is already here: {}", path.display()),
        Event::Continued { name, bytes } => {
            let bytes = DecimalBytes(*bytes);
            format!("continuing {name}: {bytes} are here already")
        }
        Event::SourceFailed(error) => format!("{error}; trying the next source"),
        Event::Joining => "joining the parts".into(),
        Event::Making => "putting the model together".into(),
        Event::Checking => "checking".into(),
        Event::Projector { name } => {
            format!("next: `quipu model pull {name}` lets the model see pictures")
        }
        Event::Fetched { path, bytes } => {
            format!("{} ({})", path.display(), DecimalBytes(*bytes))
        }
    })
}

/// A bar with bytes, speed and time left.
struct Bar {
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
    fn event(&self, event: Event<'_>) {
        self.bar.println(words(&event));
        if matches!(event, Event::Here { .. } | Event::Fetched { .. }) {
            self.bar.finish_and_clear();
        }
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
}

/// Plain lines: one for each event, and one for each tenth of the bytes.
struct Lines<W> {
    /// Where they go, and the last tenth that was told.
    state: Mutex<(W, Option<u64>)>,
}

impl<W: Write> Lines<W> {
    /// Writes to `out`; failures to write are ignored, as the work matters more.
    fn new(out: W) -> Self {
        Lines {
            state: Mutex::new((out, None)),
        }
    }
}

impl<W: Write + Send> Progress for Lines<W> {
    fn event(&self, event: Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(state.0, "{}", words(&event));
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
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn written(lines: Lines<Vec<u8>>) -> String {
        String::from_utf8(lines.state.into_inner().unwrap().0).unwrap()
    }

    #[test]
    fn a_log_gets_a_line_for_each_tenth() {
        let lines = Lines::new(Vec::new());
        lines.event(Event::Continued {
            name: "a",
            bytes: 0,
        });
        for done in [0, 1, 99, 100, 150, 550, 551, 1000, 1000] {
            lines.bytes(done, 1000);
        }
        lines.event(Event::Fetched {
            path: Path::new("a\u{1b}.gguf"),
            bytes: 1000,
        });
        let expected = "continuing a: 0 B are here already\n  0 %  0 B of 1.00 kB\n \
                        10 %  100 B of 1.00 kB\n 50 %  550 B of 1.00 kB\n\
                        100 %  1.00 kB of 1.00 kB\na\\u{1b}.gguf (1.00 kB)\n";
        assert_eq!(written(lines), expected);
    }

    #[test]
    fn nothing_to_fetch_is_no_division_by_zero() {
        let lines = Lines::new(Vec::new());
        lines.bytes(0, 0);
        assert!(!written(lines).is_empty());
    }
}
