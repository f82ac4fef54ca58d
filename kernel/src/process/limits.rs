//! Limits of one process, and the one place where they are checked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a process may spend. Every limit is on by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Steps (one action each).
    pub steps: u32,
    /// Tokens generated over all steps.
    pub tokens: u32,
    /// Wall-clock time over all steps, in seconds.
    pub seconds: u64,
    /// Tokens of one action; also the room kept free in the window for it.
    pub action_tokens: u32,
    /// Actions in a row that the kernel could not accept.
    pub malformed: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 20,
            tokens: 8192,
            seconds: 600,
            action_tokens: 512,
            malformed: 3,
        }
    }
}

/// What a process has spent so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// Steps finished.
    pub steps: u32,
    /// Tokens generated.
    pub tokens: u32,
    /// Wall-clock time of earlier runs of this process, in milliseconds.
    pub ms: u64,
    /// Malformed actions in a row.
    pub malformed: u32,
    /// Times in a row that the same calls have given the same results.
    pub repeats: usize,
}

/// A limit, by the name it has in messages and in `limits_hit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// `--max-steps`.
    Steps,
    /// `--max-tokens`.
    Tokens,
    /// `--timeout`.
    Time,
    /// One action grew past its room and was closed early.
    ActionTokens,
    /// One action said the same again and again, and was closed early.
    Repetition,
    /// The thought before an answer grew past its room and was closed early.
    Thought,
    /// Too many actions in a row that could not be accepted.
    Malformed,
    /// The same calls with the same results, again and again.
    Loop,
}

impl Limit {
    /// Whether the limit ends an action, not the process.
    pub fn is_of_action(self) -> bool {
        matches!(
            self,
            Limit::ActionTokens | Limit::Repetition | Limit::Thought
        )
    }

    /// The name used in messages.
    pub fn describe(self, limits: &Limits) -> String {
        match self {
            Limit::Steps => format!("the limit of {}", counted(limits.steps.into(), "step")),
            Limit::Tokens => format!("the limit of {}", counted(limits.tokens.into(), "token")),
            Limit::Time => format!("the limit of {}", counted(limits.seconds, "second")),
            Limit::ActionTokens => format!(
                "the limit of {} for one action",
                counted(limits.action_tokens.into(), "token")
            ),
            Limit::Thought => {
                format!("the limit of {THOUGHT_TOKENS_MAX} tokens for a thought before the answer")
            }
            Limit::Repetition => "an action repeated itself and was closed".to_owned(),
            Limit::Malformed => {
                format!(
                    "{} actions in a row could not be accepted",
                    limits.malformed
                )
            }
            Limit::Loop => format!(
                "the same calls gave the same results {REPEATS_MAX} times in a row: only an answer is taken now"
            ),
        }
    }
}

/// So many things by their noun.
fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// Tokens of a thought before an answer: enough for a word problem's few steps.
pub const THOUGHT_TOKENS_MAX: u32 = 256;

/// What the limits leave for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// Any legal action.
    Any,
    /// Only the final answer, because of this limit.
    AnswerOnly(Limit),
    /// Nothing: the process must exit.
    Stop(Limit),
}

/// Identical calls with identical results after which only the answer is legal.
pub const REPEATS_MAX: usize = 3;

/// Tokens below which no action other than the answer is worth starting.
const ANSWER_TOKENS_MIN: u32 = 64;

impl Limits {
    /// What the next step may do, given what was spent and the time this run took.
    /// Every limit of a process is checked here and nowhere else.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use quipu_kernel::limits::{Allowance, Limit, Limits, Spent};
    ///
    /// let limits = Limits { steps: 3, ..Limits::default() };
    /// let after = |steps| {
    ///     let spent = Spent { steps, ..Spent::default() };
    ///     limits.allowance(&spent, Duration::from_secs(1))
    /// };
    /// assert_eq!(after(1), Allowance::Any);
    /// // The last step is for the answer.
    /// assert_eq!(after(2), Allowance::AnswerOnly(Limit::Steps));
    /// assert_eq!(after(3), Allowance::Stop(Limit::Steps));
    /// ```
    pub fn allowance(&self, spent: &Spent, elapsed: Duration) -> Allowance {
        let tokens_left = self.tokens.saturating_sub(spent.tokens);
        if elapsed.as_millis() as u64 + spent.ms >= self.seconds * 1000 {
            return Allowance::Stop(Limit::Time);
        }
        if spent.malformed >= self.malformed {
            return Allowance::Stop(Limit::Malformed);
        }
        if spent.steps >= self.steps {
            return Allowance::Stop(Limit::Steps);
        }
        if tokens_left == 0 {
            return Allowance::Stop(Limit::Tokens);
        }
        if spent.repeats >= REPEATS_MAX {
            return Allowance::AnswerOnly(Limit::Loop);
        }
        if spent.steps + 1 == self.steps {
            return Allowance::AnswerOnly(Limit::Steps);
        }
        if tokens_left < self.action_tokens.min(self.tokens / 2) + ANSWER_TOKENS_MIN {
            return Allowance::AnswerOnly(Limit::Tokens);
        }
        Allowance::Any
    }

    /// Tokens the next action may have.
    pub fn action_room(&self, spent: &Spent) -> u32 {
        self.action_tokens
            .min(self.tokens.saturating_sub(spent.tokens))
    }

    /// The limit that [`Limits::action_room`] comes from.
    pub fn action_limit(&self, spent: &Spent) -> Limit {
        match self.action_room(spent) < self.action_tokens {
            true => Limit::Tokens,
            false => Limit::ActionTokens,
        }
    }

    /// Wall-clock time left.
    pub fn time_left(&self, spent: &Spent, elapsed: Duration) -> Duration {
        Duration::from_secs(self.seconds)
            .saturating_sub(Duration::from_millis(spent.ms))
            .saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spent: Spent, seconds: u64, want: Allowance) {
        let limits = Limits {
            steps: 5,
            tokens: 1000,
            seconds: 60,
            action_tokens: 200,
            malformed: 3,
        };
        assert_eq!(limits.allowance(&spent, Duration::from_secs(seconds)), want);
    }

    #[test]
    fn each_limit_is_named_when_it_is_hit() {
        let spent = Spent::default();
        check(spent.clone(), 0, Allowance::Any);
        check(spent.clone(), 60, Allowance::Stop(Limit::Time));
        check(
            Spent {
                steps: 4,
                ..spent.clone()
            },
            0,
            Allowance::AnswerOnly(Limit::Steps),
        );
        check(
            Spent {
                steps: 5,
                ..spent.clone()
            },
            0,
            Allowance::Stop(Limit::Steps),
        );
        check(
            Spent {
                tokens: 800,
                ..spent.clone()
            },
            0,
            Allowance::AnswerOnly(Limit::Tokens),
        );
        check(
            Spent {
                tokens: 1000,
                ..spent.clone()
            },
            0,
            Allowance::Stop(Limit::Tokens),
        );
        check(
            Spent {
                malformed: 3,
                ..spent.clone()
            },
            0,
            Allowance::Stop(Limit::Malformed),
        );
        check(
            Spent {
                repeats: 3,
                ..spent.clone()
            },
            0,
            Allowance::AnswerOnly(Limit::Loop),
        );
        check(
            Spent {
                ms: 59_000,
                ..spent
            },
            1,
            Allowance::Stop(Limit::Time),
        );
    }
}
