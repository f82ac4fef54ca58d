//! Deliberation: more time for a better answer.
//!
//! A task is thought about along several branches, each a process: the first goes about it as
//! usual, the others by other means (a program, a thought in words) before they differ in
//! chance. Their answers are compared by value, and the evidence chooses: what different
//! means come to counts more than what the same means come to again (self-consistency, Wang
//! et al. 2022, arXiv 2203.11171, with programs and words, Zhao et al. 2023, arXiv
//! 2305.14333). The others read and change nothing. What the first one changed in the world
//! stands: then its answer is taken.

mod choice;
mod value;

use std::str::FromStr;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use quipu_tools::Effect;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calls::Syscall;
use crate::event::Event;
use crate::journal::StepRow;
use crate::kernel::{Kernel, KernelError};
pub use crate::process::BranchReport;
use crate::process::{Branch, Exit, Pid, Program, Sampling, Status, Way};
use crate::signal::Signal;
use choice::{Choice, Leaf, Means, choose, could_turn};
pub use value::value_of;

/// The most branches of a deliberation.
pub const BRANCHES_MAX: usize = 9;
/// Branches that an undecided one goes on to, where it may choose by itself.
const BRANCHES_AUTO: usize = 5;
/// The temperature of branches whose way another one has gone already.
const TEMPERATURE: f32 = 0.7;

/// How much thought a task gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Think {
    /// So many branches, the first one counted; one is no deliberation.
    Branches(usize),
    /// Another branch only where something was computed, and only until two means agree.
    Auto,
}

impl Serialize for Think {
    /// As it is read: a number, or `auto`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Think::Branches(count) => count.serialize(serializer),
            Think::Auto => serializer.serialize_str("auto"),
        }
    }
}

impl Think {
    /// The same, where it means more than one branch.
    pub fn more_than_one(self) -> Option<Self> {
        Some(self).filter(|think| *think != Think::Branches(1))
    }
}

impl FromStr for Think {
    type Err = String;

    /// A number of branches, or `auto`.
    fn from_str(word: &str) -> Result<Self, String> {
        if word == "auto" {
            return Ok(Think::Auto);
        }
        let count = word.parse().ok();
        let count = count.filter(|count| (1..=BRANCHES_MAX).contains(count));
        let count = count.ok_or_else(|| format!("takes 1 to {BRANCHES_MAX}, or auto"))?;
        Ok(Think::Branches(count))
    }
}

impl TryFrom<Value> for Think {
    type Error = String;

    /// The same as a number or a word.
    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(word) => word.parse(),
            other => other.to_string().parse(),
        }
    }
}

/// What a deliberation came to.
#[derive(Clone, Debug, Serialize)]
pub struct Deliberated {
    /// The branch whose answer was chosen.
    pub pid: Pid,
    /// How it ended.
    pub exit: Exit,
    /// How likely the answer is right, from 0 to 1; `None` where nothing could be compared.
    pub confidence: Option<f32>,
    /// All branches, the first one first.
    pub branches: Vec<BranchReport>,
}

/// Stops the branches of a deliberation that have started.
pub struct Stopper(Vec<Pid>);

impl Stopper {
    /// Stops them. One that starts later runs to its end.
    pub fn stop(&self, kernel: &Kernel) {
        for pid in &self.0 {
            // One that has ended needs no signal.
            let _ = kernel.signal(*pid, Signal::Kill);
        }
    }
}

/// A deliberation under way.
pub struct Deliberation {
    first: Pid,
    program: Program,
    think: Think,
    /// The branches beside the first.
    started: Vec<(Pid, Way)>,
}

/// The ways of the branches beside the first, in the order in which they are tried.
fn way(at: usize) -> Way {
    match at % 2 {
        0 => Way::Thought,
        _ => Way::Program,
    }
}

impl Kernel {
    /// Starts to think about `program`, which runs as process `first`, along other branches
    /// too. With [`Think::Auto`] they start once the first one has ended.
    ///
    /// # Errors
    /// When the journal fails.
    pub fn deliberate(
        &self,
        first: Pid,
        program: &Program,
        think: Think,
    ) -> Result<Deliberation, KernelError> {
        let mut deliberation = Deliberation {
            first,
            program: program.clone(),
            think,
            started: Vec::new(),
        };
        if let Think::Branches(count) = think {
            for _ in 1..count.min(BRANCHES_MAX) {
                deliberation.branch_out(self)?;
            }
        }
        Ok(deliberation)
    }
}

impl Deliberation {
    /// Starts the next branch.
    fn branch_out(&mut self, kernel: &Kernel) -> Result<(Pid, Way), KernelError> {
        let at = self.started.len();
        let way = way(at);
        let usual = self.program.sampling.unwrap_or_else(|| kernel.sampling());
        // The first thought is as certain as the first process; a program the first one wrote.
        let sampling = match at {
            0 => usual,
            at => Sampling {
                temperature: usual.temperature.max(TEMPERATURE),
                seed: usual.seed.wrapping_add(at as u32),
            },
        };
        let pid = kernel.spawn(Program {
            interactive: false,
            branch: Some(Branch {
                of: self.first,
                way,
            }),
            sampling: Some(sampling),
            ..self.program.clone()
        })?;
        self.started.push((pid, way));
        Ok((pid, way))
    }

    /// What stops the branches beside the first.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.started.iter().map(|(pid, _)| *pid).collect())
    }

    /// Waits until the evidence is for one answer, stops what still runs, and chooses. The
    /// first process has ended as `exit`.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn settle(mut self, kernel: &Kernel, exit: Exit) -> Result<Deliberated, KernelError> {
        let steps = kernel.journal().steps(self.first)?;
        let first = leaf(self.first, &steps, &exit);
        let alone = exit.status != Status::Exited
            || changed_something(kernel, &steps)
            || (self.think == Think::Auto && first.means == Means::Words);
        let mut leaves = vec![first];
        let mut exits = vec![(None, exit)];
        if !alone {
            self.gather(kernel, &mut leaves, &mut exits).await?;
        }
        self.stopper().stop(kernel);
        Ok(self.report(kernel, leaves, exits))
    }

    /// Takes in one branch after the other, until the rest cannot turn the choice.
    async fn gather(
        &mut self,
        kernel: &Kernel,
        leaves: &mut Vec<Leaf>,
        exits: &mut Vec<(Option<Way>, Exit)>,
    ) -> Result<(), KernelError> {
        let wait = |(pid, way): (Pid, Way)| async move { (pid, way, kernel.wait(pid).await) };
        let mut running: FuturesUnordered<_> = self.started.iter().copied().map(wait).collect();
        let mut left: Vec<(Pid, Way)> = self.started.clone();
        loop {
            let choice = choose(leaves);
            let more: Vec<Means> = left.iter().map(|(_, way)| (*way).into()).collect();
            if choice
                .as_ref()
                .is_some_and(|choice| !could_turn(choice, &more))
                && !more.is_empty()
            {
                return Ok(());
            }
            if left.is_empty() {
                if !self.goes_on(choice.as_ref()) {
                    return Ok(());
                }
                let next = match self.branch_out(kernel) {
                    // What there is has to do.
                    Err(KernelError::Stopping) => return Ok(()),
                    next => next?,
                };
                left.push(next);
                running.push(wait(next));
            }
            let Some((pid, way, exit)) = running.next().await else {
                return Ok(());
            };
            left.retain(|(other, _)| *other != pid);
            let exit = exit?;
            leaves.push(leaf(pid, &kernel.journal().steps(pid)?, &exit));
            exits.push((Some(way), exit));
        }
    }

    /// Whether another branch is started when all have ended.
    fn goes_on(&self, choice: Option<&Choice>) -> bool {
        let agreed = choice.is_some_and(|choice| choice.means > 1);
        self.think == Think::Auto && !agreed && self.started.len() + 1 < BRANCHES_AUTO
    }

    fn report(
        &self,
        kernel: &Kernel,
        leaves: Vec<Leaf>,
        mut exits: Vec<(Option<Way>, Exit)>,
    ) -> Deliberated {
        let choice = choose(&leaves);
        let at = choice.as_ref().map_or(0, |choice| choice.leaf);
        let chosen = leaves[at].answer.as_ref().map(value_of);
        let branches: Vec<BranchReport> = leaves
            .iter()
            .zip(&exits)
            .map(|(leaf, (way, exit))| BranchReport {
                pid: leaf.pid,
                way: *way,
                status: exit.status,
                answer: leaf.answer.clone(),
                agrees: chosen.is_some() && leaf.answer.as_ref().map(value_of) == chosen,
            })
            .collect();
        let compared = leaves.len() > 1;
        let confidence = choice
            .filter(|_| compared)
            .map(|choice| confidence(&choice));
        let pid = leaves[at].pid;
        kernel.emit(Event::Deliberated {
            pid: self.first,
            chosen: pid,
            branches: branches.clone(),
            confidence,
        });
        Deliberated {
            pid,
            exit: exits.swap_remove(at).1,
            confidence,
            branches,
        }
    }
}

/// How likely a choice is right: a logistic curve over the evidence for and against it. Its
/// constants are set by hand, so that one program alone comes to about .65 and a thought
/// that agrees with it to .86; they are not fitted on answers.
fn confidence(choice: &Choice) -> f32 {
    const BIAS: f32 = -0.9;
    const FOR: f32 = 1.0;
    const AGAINST: f32 = -0.7;
    let sum = BIAS + FOR * choice.evidence + AGAINST * choice.against;
    1.0 / (1.0 + (-sum).exp())
}

fn leaf(pid: Pid, steps: &[StepRow], exit: &Exit) -> Leaf {
    let calls = || steps.iter().filter(|step| step.action["tool"].is_string());
    let ran = |step: &StepRow| step.action["args"]["code"].is_string();
    let means = match (calls().any(ran), calls().next()) {
        (true, _) => Means::Program,
        (false, Some(_)) => Means::Tools,
        (false, None) => Means::Words,
    };
    let answer = exit.answer.clone();
    Leaf {
        pid,
        means,
        answer: answer.filter(|_| exit.status == Status::Exited),
    }
}

/// Whether one of `steps` changed something in the world or on the disk.
fn changed_something(kernel: &Kernel, steps: &[StepRow]) -> bool {
    steps.iter().any(|step| {
        let worked = step.outcome.as_ref().is_none_or(|outcome| outcome.ok);
        let call = Syscall::from_action(&step.action);
        let effect = call.map(|call| call.facts(kernel.bus(), &String::new).effect);
        worked && effect == Ok(Effect::Write)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_branches_or_auto() {
        let check = |value: Value, want: Option<Think>| {
            assert_eq!(serde_json::from_value(value.clone()).ok(), want, "{value}");
        };
        check("auto".into(), Some(Think::Auto));
        check("1".into(), Some(Think::Branches(1)));
        check(9.into(), Some(Think::Branches(9)));
        check(0.into(), None);
        check(10.into(), None);
        check("five".into(), None);
        check(Value::Null, None);
    }
}
