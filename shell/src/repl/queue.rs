//! Lines that were typed while a task ran: they come next, in order, unless they are taken back.

use std::collections::VecDeque;

use anyhow::Result;

use crate::session::talk::ASKED_CHARS;
use crate::terminal::error::UserError;
use crate::terminal::output::{self, shortened};
use crate::terminal::words::{fill, words};

/// Lines that wait.
const QUEUE_MAX: usize = 100;

/// The lines that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lines: VecDeque<String>,
    /// Whether they wait until somebody says so: the task before them was stopped.
    held: bool,
}

impl Queue {
    /// Adds a line; one that is blank, or one too many, is not.
    pub(super) fn push(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        if self.lines.len() == QUEUE_MAX {
            say!("{}", fill(words().queue_full, &[("line", &shown(line))]));
            return;
        }
        say!("{}", fill(words().queued, &[("line", &shown(line))]));
        self.lines.push_back(line.to_owned());
    }

    /// The next line, unless they are held.
    pub(super) fn next(&mut self) -> Option<String> {
        match self.held {
            true => None,
            false => self.lines.pop_front(),
        }
    }

    /// Holds what waits, and says so: its person stopped the task before it.
    pub(super) fn hold(&mut self) {
        self.held = !self.lines.is_empty();
        if self.held {
            let count = self.lines.len();
            say!("{}", fill(words().queue_waits, &[("count", &count)]));
        }
    }

    /// `/queue` with the words after it: lists, removes one, drops all, lets them go on.
    ///
    /// # Errors
    /// Words that mean nothing.
    pub(super) fn command(&mut self, given: &[&str]) -> Result<u8> {
        match given {
            [] if self.lines.is_empty() => say!("{}", words().queue_empty),
            [] => {
                for (at, line) in self.lines.iter().enumerate() {
                    say!("{}  {}", at + 1, shown(line));
                }
            }
            ["rm", number] => {
                let at = number.parse::<usize>().ok();
                let at = at.and_then(|number| number.checked_sub(1));
                let line = at.and_then(|at| self.lines.remove(at));
                let line = line.ok_or_else(|| {
                    UserError::usage(
                        format!("nothing waits as number {number}"),
                        "/queue lists it",
                    )
                })?;
                say!(
                    "{}",
                    fill(words().queue_removed, &[("line", &shown(&line))])
                );
            }
            ["clear"] => {
                self.lines.clear();
                say!("{}", words().queue_empty);
            }
            ["go"] => self.held = false,
            _ => {
                return Err(UserError::usage(
                    "/queue takes rm N, clear or go",
                    "/queue lists what waits",
                ));
            }
        }
        self.held &= !self.lines.is_empty();
        Ok(0)
    }
}

fn shown(line: &str) -> String {
    shortened(&output::one_line(line), ASKED_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_comes_in_order_or_not_at_all() {
        let mut queue = Queue::default();
        for line in ["one", "two", "", "three"] {
            queue.push(line);
        }
        assert!(queue.command(&[]).is_ok());
        for wrong in [
            &["rm", "0"][..],
            &["rm", "4"],
            &["rm", "x"],
            &["rm"],
            &["stop"],
        ] {
            assert!(queue.command(wrong).is_err(), "{wrong:?}");
        }
        queue.command(&["rm", "2"]).expect("it waits");
        assert_eq!(queue.next().as_deref(), Some("one"));
        queue.hold();
        assert_eq!(queue.next(), None);
        queue.command(&["go"]).expect("it goes on");
        assert_eq!(queue.next().as_deref(), Some("three"));
        // Nothing is left to hold.
        queue.hold();
        queue.push("four");
        assert_eq!(queue.next().as_deref(), Some("four"));
        queue.push("five");
        queue.command(&["clear"]).expect("it is dropped");
        assert_eq!(queue.next(), None);
        for n in 0..=QUEUE_MAX {
            queue.push(&n.to_string());
        }
        assert_eq!(queue.lines.len(), QUEUE_MAX);
    }
}
