//! What a process has spent of its limits, and which of these it has hit.

use std::time::{Duration, Instant};

use crate::limits::{Limit, Limits, REPEATS_MAX, Spent};
use crate::process::{Drawn, Room, Usage};

/// What a process has spent.
pub(crate) struct Costs {
    /// When this run began.
    started: Instant,
    /// What it has spent itself, but for the time of this run.
    spent: Spent,
    usage: Usage,
    /// What its children have taken out of its limits.
    drawn: Drawn,
    hit: Vec<Limit>,
    /// Whether a limit cut the last action off. An answer is incomplete then.
    cut_answer: bool,
}

impl Costs {
    /// The costs of a run that begins now, after earlier runs of `ms` milliseconds.
    pub(crate) fn after(ms: u64) -> Self {
        Self {
            started: Instant::now(),
            spent: Spent {
                ms,
                ..Spent::default()
            },
            usage: Usage::default(),
            drawn: Drawn::default(),
            hit: Vec::new(),
            cut_answer: false,
        }
    }

    /// Counts what the CPU did for the process.
    pub(crate) fn charge(&mut self, usage: Usage) {
        self.usage += usage;
        self.spent.tokens += usage.generated_tokens;
    }

    /// Counts a finished step.
    pub(crate) fn count_step(&mut self) {
        self.spent.steps += 1;
    }

    /// Takes note of how often in a row the same calls have given the same results.
    pub(crate) fn repeated(&mut self, repeats: usize) {
        // The limit stays hit, whatever was tried after it.
        if self.spent.repeats < REPEATS_MAX {
            self.spent.repeats = repeats;
        }
    }

    /// Counts an action that cannot be accepted.
    pub(crate) fn refused(&mut self) {
        self.spent.malformed += 1;
    }

    /// Takes note of an action that can be accepted.
    pub(crate) fn accepted(&mut self) {
        self.spent.malformed = 0;
    }

    /// Takes note of what its children have taken out of its limits by now.
    pub(crate) fn take_from_children(&mut self, drawn: Drawn) {
        self.drawn = drawn;
    }

    /// What it has spent itself.
    pub(crate) fn own(&self) -> &Spent {
        &self.spent
    }

    /// What it has spent, with what its children have taken out of its limits.
    pub(crate) fn in_all(&self) -> Spent {
        Spent {
            steps: self.spent.steps + self.drawn.steps,
            tokens: self.spent.tokens + self.drawn.tokens,
            ..self.spent.clone()
        }
    }

    /// What the CPU did for the process and for its children.
    pub(crate) fn usage_in_all(&self) -> Usage {
        let mut usage = self.usage;
        usage += self.drawn.usage;
        usage
    }

    /// What is left of `limits` for children.
    pub(crate) fn room(&self, limits: &Limits) -> Room {
        Room::of(limits, &self.in_all())
    }

    /// Seconds that a child may run. Children run at the same time, and some time is kept back
    /// for the answer.
    pub(crate) fn childrens_seconds(&self, limits: &Limits) -> u64 {
        self.time_left(limits).as_secs() * 9 / 10
    }

    /// The time that `limits` leave.
    pub(crate) fn time_left(&self, limits: &Limits) -> Duration {
        limits.time_left(&self.spent, self.elapsed())
    }

    /// How long this run has taken.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Wall-clock time of all its runs, in milliseconds.
    pub(crate) fn ms(&self) -> u64 {
        self.spent.ms + self.elapsed().as_millis() as u64
    }

    /// Takes note that `limit` was hit. Whether that is the first time.
    pub(crate) fn hit(&mut self, limit: Limit) -> bool {
        let first = !self.hit.contains(&limit);
        if first {
            self.hit.push(limit);
        }
        first
    }

    /// The limits that were hit, in the order in which they were.
    pub(crate) fn limits_hit(&self) -> &[Limit] {
        &self.hit
    }

    /// Takes note of whether a limit cut the last action off.
    pub(crate) fn cut_answer(&mut self, cut: bool) {
        self.cut_answer = cut;
    }

    /// Whether an answer now was cut short by a limit.
    pub(crate) fn is_cut_short(&self) -> bool {
        // Every limit but those of a single action cuts a run short; an answer
        // that was the first and only step was not cut short by the step limit.
        let of_run = |limit: &Limit| !limit.is_of_action() && self.spent.steps > 1;
        self.hit.iter().any(of_run) || self.cut_answer
    }
}
