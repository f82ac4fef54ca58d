//! The sum of a batch: how its tasks ended, what they cost, and which of them failed. It is for a
//! person; programs read the results.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use quipu_kernel::process::{Status, Usage};
use serde_json::Value;

use crate::terminal::output::{counted, is_plain, one_line, seconds, shortened, visible};
use crate::terminal::render::counts;
use crate::terminal::words::words;

/// How often the bar of a batch moves, whether a task ends or not.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// Tasks without an answer that are named as they end; of the others the results tell.
const NAMED_MAX: usize = 10;
/// Characters of what went wrong with one.
const ERROR_CHARS: usize = 160;
/// How tasks end without being done, in words, in the order in which they are told.
const ENDS: [(Status, &str); 5] = [
    (Status::Failed, "failed"),
    (Status::Limit, "stopped by a limit"),
    (Status::Denied, "not approved"),
    (Status::Interrupted, "interrupted"),
    (Status::Suspended, "suspended"),
];

/// The tasks of a batch, counted.
pub(super) struct Tally {
    given: usize,
    began: Instant,
    ended: Vec<Status>,
    named: usize,
    usage: Usage,
}

impl Tally {
    /// A tally of `given` tasks, none of which has ended.
    pub(super) fn of(given: usize) -> Self {
        Self {
            given,
            began: Instant::now(),
            ended: Vec::new(),
            named: 0,
            usage: Usage::default(),
        }
    }

    /// Counts the task `id`. The words for it, where it went wrong and is one of the first.
    pub(super) fn add(
        &mut self,
        id: &Value,
        status: Status,
        usage: Usage,
        error: Option<&str>,
    ) -> Option<String> {
        self.ended.push(status);
        self.usage += usage;
        let is_stopped = matches!(status, Status::Interrupted | Status::Suspended);
        let error = error.filter(|_| !is_stopped && self.named < NAMED_MAX)?;
        self.named += 1;
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let what = error.lines().next().unwrap_or_default();
        let what = shortened(&one_line(what), ERROR_CHARS);
        Some(visible(&format!("task {}: {what}", one_line(&id))))
    }

    /// Whether there was anything to do.
    pub(super) fn has_any(&self) -> bool {
        self.given > 0
    }

    /// How many have ended without an answer as it was asked for; nothing where none has.
    pub(super) fn troubles(&self) -> String {
        match self.ended.len() - self.count(Status::Exited) {
            0 => String::new(),
            count => format!("({count} not done) "),
        }
    }

    /// The whole of it on a line, with those that were not started.
    pub(super) fn line(&self, not_started: usize) -> String {
        self.line_after(self.began.elapsed().as_millis() as u64, not_started)
    }

    fn line_after(&self, ms: u64, not_started: usize) -> String {
        let done = self.count(Status::Exited);
        let mut parts = vec![format!("{done} of {} done", counted(self.given, "task"))];
        let ended = ENDS.map(|(status, words)| (self.count(status), words));
        for (count, words) in ended.into_iter().chain([(not_started, "not started")]) {
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
        let cost = counts(words().sum, &self.usage, &[("time", &seconds(ms))]);
        format!("{} · {cost}", parts.join(", "))
    }

    /// How many have ended so.
    pub(super) fn count(&self, status: Status) -> usize {
        self.ended.iter().filter(|ended| **ended == status).count()
    }
}

/// A bar for `tasks`; draws nothing where standard error is no terminal.
pub fn progress(tasks: u64) -> ProgressBar {
    let template = "{pos}/{len} tasks {msg}{wide_bar} {elapsed} (left {eta})";
    let style = ProgressStyle::with_template(template);
    if is_plain() {
        return ProgressBar::hidden();
    }
    ProgressBar::new(tasks).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_says_what_it_came_to() {
        let usage = Usage {
            prompt_tokens: 300,
            cached_tokens: 100,
            generated_tokens: 7,
        };
        let mut said = Vec::new();
        let mut tally = Tally::of(0);
        said.push(tally.line_after(0, 0));
        tally = Tally::of(6);
        let ends = [
            (json!(1), Status::Exited, None),
            (json!("b\u{1b}"), Status::Failed, Some("no file x\nhint: y")),
            (
                json!(3),
                Status::Limit,
                Some("stopped by the limit of 1 step"),
            ),
            (json!(4), Status::Interrupted, Some("interrupted")),
        ];
        for (id, status, error) in ends {
            said.extend(tally.add(&id, status, usage, error));
            said.push(format!("[{}]", tally.troubles()));
        }
        said.push(tally.line_after(65_300, 2));
        insta::assert_snapshot!(said.join("\n"), @r"
        0 of 0 tasks done · 0 ms · 0 prompt tokens · 0 generated
        []
        task b\u{1b}: no file x
        [(1 not done) ]
        task 3: stopped by the limit of 1 step
        [(2 not done) ]
        [(3 not done) ]
        1 of 6 tasks done, 1 failed, 1 stopped by a limit, 1 interrupted, 2 not started · 65.3 s · 1200 prompt tokens (400 read before) · 28 generated
        ");
        // A thousand lines would tell no more than ten.
        let mut tally = Tally::of(20);
        let fail = |n: i32| tally.add(&json!(n), Status::Failed, usage, Some("no"));
        assert_eq!((0..20).filter_map(fail).count(), NAMED_MAX);
    }
}
