//! Processes that a process starts: its children.
//!
//! A child runs on what is left of its parent's limits, has no right that its parent lacks, and
//! ends with it.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::limits::{Limit, Limits, Spent};
use super::{Pid, Usage};

/// The most generations below the first process. Processes at that depth start no children.
pub const DEPTH_MAX: usize = 3;
/// The most children of one process that run at once.
pub const AT_ONCE_MAX: usize = 16;
/// Children that run at once by default.
pub(crate) const AT_ONCE: usize = 8;
/// The most things in one list, of which each goes to a child of its own.
pub const ITEMS_MAX: usize = 500;

/// With fewer tokens than this, no child is worth starting.
const TOKENS_MIN: u32 = 32;

/// The place of a child in its parent. By it, a step that is repeated after a crash finds the
/// children that it had started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildOf {
    /// The parent.
    pub pid: Pid,
    /// The parent's step; 0 where whoever embeds the kernel started it.
    pub step: u32,
    /// Which of the children of that step, from 0.
    pub at: u32,
}

/// What the children of a process have taken out of its limits. A child that has exited counts
/// with what it and its own children spent, any other with all that it may spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Steps.
    pub steps: u32,
    /// Generated tokens.
    pub tokens: u32,
    /// What those that have exited cost.
    pub usage: Usage,
}

impl AddAssign for Drawn {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.tokens += other.tokens;
        self.usage += other.usage;
    }
}

impl Drawn {
    /// What a child that has not exited holds of its parent's limits.
    pub(crate) fn held_by(limits: &Limits) -> Self {
        Self {
            steps: limits.steps,
            tokens: limits.tokens,
            usage: Usage::default(),
        }
    }
}

/// What a process has left for children, in steps and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    steps: u32,
    tokens: u32,
}

impl Room {
    /// What is left after `spent`, this step, and a last answer.
    pub(crate) fn of(limits: &Limits, spent: &Spent) -> Self {
        let answer = limits.action_tokens.min(limits.tokens / 4);
        Self {
            steps: limits.steps.saturating_sub(spent.steps + 2),
            tokens: limits.tokens.saturating_sub(spent.tokens + answer),
        }
    }

    /// Takes out the limits of a child, where `slots` children are to share what there is. `None`
    /// where too little is left for any. `usual` are the parent's own limits. The child gets
    /// `seconds`, since children run at the same time.
    pub(crate) fn share(&mut self, slots: usize, usual: &Limits, seconds: u64) -> Option<Limits> {
        let slots = u32::try_from(slots).unwrap_or(u32::MAX);
        // Fewer children with enough tokens are better than many with too few.
        let slots = slots.min(self.steps).min(self.tokens / TOKENS_MIN).max(1);
        let (steps, tokens) = (self.steps / slots, self.tokens / slots);
        if steps == 0 || tokens < TOKENS_MIN || seconds == 0 {
            return None;
        }
        self.steps -= steps;
        self.tokens -= tokens;
        Some(Limits {
            steps,
            tokens,
            seconds,
            ..usual.clone()
        })
    }

    /// Whether no child can be started on it.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps == 0 || self.tokens < TOKENS_MIN
    }

    /// The limit that leaves nothing more.
    pub(crate) fn lacks(&self) -> Limit {
        match self.steps {
            0 => Limit::Steps,
            _ => Limit::Tokens,
        }
    }

    /// Puts back what a child with `limits` has not `spent`.
    pub(crate) fn give_back(&mut self, limits: &Limits, spent: Drawn) {
        self.steps += limits.steps.saturating_sub(spent.steps);
        self.tokens += limits.tokens.saturating_sub(spent.tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_left_is_shared() {
        let usual = Limits::default();
        let check = |steps: u32, tokens: u32, slots: usize, want: Option<(u32, u32)>| {
            let share = Room { steps, tokens }.share(slots, &usual, 60);
            let share = share.map(|limits| (limits.steps, limits.tokens));
            assert_eq!(share, want, "{steps} {tokens} {slots}");
        };
        check(16, 800, 8, Some((2, 100)));
        // More slots than steps: as many children as there are steps.
        check(3, 800, 8, Some((1, 266)));
        check(16, 64, 8, Some((8, 32)));
        check(0, 800, 1, None);
        check(16, 31, 1, None);
        assert_eq!(
            Room {
                steps: 5,
                tokens: 500
            }
            .share(1, &usual, 0),
            None
        );
    }

    proptest! {
        /// Whatever is taken and put back in whatever order, no more is out than there was.
        #[test]
        fn no_more_is_shared_than_there_is(
            steps in 0u32..200,
            tokens in 0u32..20_000,
            turns in prop::collection::vec((1usize..20, any::<bool>(), 0u32..300), 0..60),
        ) {
            let mut room = Room { steps, tokens };
            let (mut out, mut spent): (Vec<Limits>, Drawn) = Default::default();
            for (slots, ends, used) in turns {
                if ends && let Some(limits) = out.pop() {
                    let drawn = Drawn {
                        steps: used.min(limits.steps),
                        tokens: used.min(limits.tokens),
                        usage: Usage::default(),
                    };
                    room.give_back(&limits, drawn);
                    spent += drawn;
                } else {
                    out.extend(room.share(slots, &Limits::default(), 1));
                }
                let held = |of: fn(&Limits) -> u32| out.iter().map(of).sum::<u32>();
                prop_assert_eq!(room.steps + spent.steps + held(|l| l.steps), steps);
                prop_assert_eq!(room.tokens + spent.tokens + held(|l| l.tokens), tokens);
            }
        }
    }
}
