//! Watches a process until it exits, or has decided whether it calls.

use quipu_kernel::Kernel;
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::process::Pid;

use super::cases::Stop;
use super::outcome::counted;
use super::rows::Judged;

/// What was seen of the process.
#[derive(Default)]
pub(super) struct Watched {
    /// What it was asked.
    pub(super) judged: Vec<Judged>,
    /// Why no more of it is of interest.
    pub(super) cut: Option<Cut>,
}

/// Where a process is cut that is stopped at its calls.
#[derive(Clone, Copy)]
pub(super) enum Cut {
    /// After this row of its journal, the last of its calls.
    Calls(u32),
    /// In this step, which writes words.
    Words(u32),
}

/// Watches process `pid` until it exits; where it is to stop at its calls, until they and
/// their outcomes are in the journal, or, where words show by their beginning, until it
/// answers in words.
pub(super) async fn watch(
    kernel: &Kernel,
    events: &mut Subscription,
    pid: Pid,
    stop: Option<Stop>,
    words_show: bool,
) -> Watched {
    let mut watched = Watched::default();
    // The last row of the calls, and how many outcomes are to come.
    let mut due: Option<(u32, usize)> = None;
    let mut written = (0, String::new());
    while let Some(event) = kernel.next_event(events, pid).await {
        match event {
            Event::Judged {
                question,
                odds,
                likely,
                ..
            } => watched.judged.push(Judged {
                question,
                odds,
                likely,
            }),
            Event::Exited { .. } => break,
            Event::Action { n, action, .. } if stop.is_some() => {
                // Each call has a row, and an outcome.
                let rows = action["calls"].as_array().map_or(1, Vec::len);
                due = (counted(&action) > 0).then(|| (n + rows as u32 - 1, rows));
            }
            Event::Observation { .. } => due = due.map(|(last, left)| (last, left - 1)),
            Event::Token { n, text, .. } if stop.is_some() && words_show => {
                if written.0 != n {
                    written = (n, String::new());
                }
                written.1.push_str(&text);
                // A call is JSON, and so is an answer by a schema; a program stands in a fence.
                let words = |c: char| !['{', '`'].contains(&c);
                if written.1.trim_start().chars().next().is_some_and(words) {
                    watched.cut = Some(Cut::Words(n));
                }
            }
            _ => {}
        }
        if let Some((last, 0)) = due {
            watched.cut = Some(Cut::Calls(last));
        }
        if watched.cut.is_some() {
            break;
        }
    }
    watched
}
