//! A deliberation under way: which branches run, when another one starts, and when the evidence
//! is enough.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use quipu_tools::Effect;

use super::check::faults;
use super::choice::{Choice, Leaf, Means, Verdict, choose, could_turn, values};
use super::referee;
use super::strategies::{gives_numbers, ways};
use super::value::Worth;
use super::{BRANCHES_MAX, Deliberated, Think};
use crate::calls::{SEARCH, Syscall};
use crate::event::Event;
use crate::journal::{StepRow, WITH};
use crate::kernel::{Kernel, KernelError};
use crate::process::{Branch, BranchReport, Exit, Pid, Program, Sampling, Status, Way};
use crate::signal::Signal;

/// The most branches of a deliberation that chooses their number itself.
const BRANCHES_AUTO: usize = 5;
/// The temperature of a branch whose way another branch has gone before.
const TEMPERATURE: f32 = 0.7;
/// The most steps of a branch; a longer one leads nowhere. Of word problems that came to an
/// answer, none took more than four.
const BRANCH_STEPS_MAX: u32 = 8;
/// From this many steps before its answer on, a promising branch is forked in the middle instead
/// of being repeated from the start.
const FORK_STEPS_MIN: usize = 2;
/// The lead in evidence from which on no referee is asked.
const CLEAR: f32 = 1.0;

/// The processes that were started, and whether more may be.
#[derive(Default)]
struct Started {
    pids: Vec<Pid>,
    stopped: bool,
}

/// Stops the branches of a deliberation beside the first.
pub struct Stopper(Arc<Mutex<Started>>);

impl Stopper {
    /// Stops the branches. No further branch is started.
    pub fn stop(&self, kernel: &Kernel) {
        let mut started = self.0.lock();
        started.stopped = true;
        for pid in &started.pids {
            // One that has ended needs no signal.
            let _ = kernel.signal(*pid, Signal::Kill);
        }
    }
}

/// A branch that has exited.
struct Over {
    branch: Option<Branch>,
    exit: Exit,
}

/// A deliberation under way.
pub struct Deliberation {
    first: Pid,
    program: Program,
    think: Think,
    /// The ways of the branches, in their order.
    ways: Vec<Way>,
    /// The branches beside the first.
    branches: Vec<(Pid, Branch)>,
    /// How many branches were started in place of one that led nowhere.
    replaced: usize,
    started: Arc<Mutex<Started>>,
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
            ways: ways(self, program),
            branches: Vec::new(),
            replaced: 0,
            started: Arc::default(),
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
    /// Starts the next branch; `None` where the deliberation was stopped.
    fn branch_out(&mut self, kernel: &Kernel) -> Result<Option<Pid>, KernelError> {
        let way = self.ways[self.branches.len() % self.ways.len()];
        self.start(kernel, Branch::new(self.first, way))
    }

    /// Starts a branch from the beginning.
    fn start(&mut self, kernel: &Kernel, branch: Branch) -> Result<Option<Pid>, KernelError> {
        let mut program = Program {
            interactive: false,
            sampling: Some(self.sampling(kernel, branch.way)),
            branch: Some(branch.clone()),
            ..self.program.clone()
        };
        program.limits.steps = program.limits.steps.min(BRANCH_STEPS_MAX);
        if branch.way.is_a_referee() {
            program.answer_schema = None;
        }
        self.launch(branch, || kernel.spawn(program))
    }

    /// Notes the process that `start` starts as a branch, unless the deliberation was stopped.
    fn launch(
        &mut self,
        branch: Branch,
        start: impl FnOnce() -> Result<Pid, KernelError>,
    ) -> Result<Option<Pid>, KernelError> {
        let mut started = self.started.lock();
        if started.stopped {
            return Ok(None);
        }
        let pid = match start() {
            Ok(pid) => pid,
            // What there is has to do.
            Err(KernelError::Stopping) => return Ok(None),
            Err(error) => return Err(error),
        };
        started.pids.push(pid);
        drop(started);
        self.branches.push((pid, branch));
        Ok(Some(pid))
    }

    /// The sampling of the next branch. Programs, and means that a branch has used before, get a
    /// higher temperature; a first thought or search is sampled as usual.
    fn sampling(&self, kernel: &Kernel, way: Way) -> Sampling {
        let usual = self.program.sampling.unwrap_or_else(|| kernel.sampling());
        let gone = self.branches.iter().any(|(_, branch)| branch.way == way);
        match gone || way == Way::Program {
            true => Sampling {
                temperature: usual.temperature.max(TEMPERATURE),
                seed: usual.seed.wrapping_add(self.branches.len() as u32 + 1),
            },
            false => usual,
        }
    }

    /// What stops the branches beside the first.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.started.clone())
    }

    /// Waits until the evidence is for one answer, stops what still runs, and chooses. `exit` is
    /// how the first process ended.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn settle(mut self, kernel: &Kernel, exit: Exit) -> Result<Deliberated, KernelError> {
        let steps = kernel.journal().steps(self.first)?;
        // Another one may have been taken in the place of its own, and the branches think on that.
        self.program.model = kernel.journal().program_in_words(self.first)?.model;
        let first = leaf(&self.program, self.first, &steps, &exit);
        let alone = exit.status != Status::Exited
            || changed_something(kernel, &steps)
            || (self.think == Think::Auto
                && first.means == Means::Words
                && !gives_numbers(self.program.told()));
        let mut leaves = vec![first];
        let mut over = vec![Over { branch: None, exit }];
        let mut verdicts = Vec::new();
        if !alone {
            self.gather(kernel, &mut leaves, &mut over).await?;
            verdicts = self.hear_referees(kernel, &mut leaves, &mut over).await?;
        }
        self.stopper().stop(kernel);
        Ok(self.report(kernel, leaves, over, &verdicts))
    }

    /// Takes in one branch after the other, until the rest can no longer turn the choice.
    async fn gather(
        &mut self,
        kernel: &Kernel,
        leaves: &mut Vec<Leaf>,
        over: &mut Vec<Over>,
    ) -> Result<(), KernelError> {
        let wait = |pid: Pid| async move { (pid, kernel.wait(pid).await) };
        let mut running: FuturesUnordered<_> =
            self.branches.iter().map(|(pid, _)| wait(*pid)).collect();
        let mut left: Vec<Pid> = self.branches.iter().map(|(pid, _)| *pid).collect();
        loop {
            let choice = choose(leaves, &[]);
            let more: Vec<Means> = left
                .iter()
                .filter_map(|pid| Some(self.branch(*pid)?.way.into()))
                .collect();
            let stands = choice
                .as_ref()
                .is_some_and(|choice| !could_turn(choice, &more));
            if stands && !more.is_empty() {
                return Ok(());
            }
            if left.is_empty() {
                let Some(next) = self.go_on(kernel, choice.as_ref(), leaves)? else {
                    return Ok(());
                };
                left.push(next);
                running.push(wait(next));
            }
            let Some((pid, exit)) = running.next().await else {
                return Ok(());
            };
            left.retain(|other| *other != pid);
            let exit = exit?;
            let steps = kernel.journal().steps(pid)?;
            leaves.push(leaf(&self.program, pid, &steps, &exit));
            over.push(Over {
                branch: self.branch(pid).cloned(),
                exit,
            });
        }
    }

    fn branch(&self, pid: Pid) -> Option<&Branch> {
        let found = self.branches.iter().find(|(other, _)| *other == pid);
        found.map(|(_, branch)| branch)
    }

    /// Starts another branch once all have ended, if that pays. With [`Think::Auto`] until two
    /// means agree; otherwise in place of a branch that led nowhere, at most once for each
    /// branch.
    fn go_on(
        &mut self,
        kernel: &Kernel,
        choice: Option<&Choice>,
        leaves: &[Leaf],
    ) -> Result<Option<Pid>, KernelError> {
        if choice.is_some_and(|choice| choice.means > 1) {
            return Ok(None);
        }
        let budget = match self.think {
            Think::Auto => BRANCHES_AUTO,
            Think::Branches(count) => count,
        };
        if self.think == Think::Auto && self.branches.len() + 1 < budget {
            return self.branch_out(kernel);
        }
        let nowhere = leaves.iter().filter(|leaf| leaf.answer.is_none()).count();
        if self.replaced >= nowhere.min(budget.saturating_sub(1)) {
            return Ok(None);
        }
        self.replaced += 1;
        match choice {
            Some(choice) => self.fork_again(kernel, &leaves[choice.leaf]),
            None => self.branch_out(kernel),
        }
    }

    /// Starts another branch by the means of a promising one: forked in the middle of its steps
    /// where it has several, otherwise from the start.
    fn fork_again(&mut self, kernel: &Kernel, leaf: &Leaf) -> Result<Option<Pid>, KernelError> {
        let way = match self.branch(leaf.pid) {
            Some(branch) => branch.way,
            None if leaf.means == Means::Words => Way::Thought,
            None => Way::Program,
        };
        let steps = kernel.journal().steps(leaf.pid)?;
        let done = steps
            .iter()
            .filter(|step| step.action.get("answer").is_none());
        let decided = |step: &&StepRow| step.action.get(WITH).is_none();
        // Rows of one decision are not torn apart.
        let second = done.clone().filter(decided).nth(FORK_STEPS_MIN - 1);
        let Some(first) = second.map(|second| second.n - 1) else {
            let way = if self.ways.contains(&way) {
                way
            } else {
                Way::Thought
            };
            return self.start(kernel, Branch::new(self.first, way));
        };
        let branch = Branch {
            from: Some(leaf.pid),
            ..Branch::new(self.first, way)
        };
        let usual = self.sampling(kernel, way);
        let sampling = Sampling {
            temperature: usual.temperature.max(TEMPERATURE),
            ..usual
        };
        let forked = branch.clone();
        self.launch(branch, || {
            kernel.fork_branch(leaf.pid, first, &forked, sampling)
        })
    }

    /// Asks referees about the answers if none of them clearly leads, and returns their verdicts.
    async fn hear_referees(
        &mut self,
        kernel: &Kernel,
        leaves: &mut Vec<Leaf>,
        over: &mut Vec<Over>,
    ) -> Result<Vec<Verdict>, KernelError> {
        let support = choose(leaves, &[]).map(|choice| choice.support);
        let values = values(leaves);
        let clear = support.is_none_or(|support| support.evidence - support.against >= CLEAR);
        if clear || values.len() < 2 || !kernel.constrains(&self.program) {
            return Ok(Vec::new());
        }
        let first = |of: &Vec<usize>| leaves[of[0]].answer.as_ref().map(referee::told);
        let candidates: Vec<String> = values.iter().filter_map(|(_, of)| first(of)).collect();
        let worths: Vec<Worth> = values.into_iter().map(|(worth, _)| worth).collect();
        let mut ways = vec![Way::Weigh];
        if self.ways.contains(&Way::Program) {
            ways.push(Way::Check);
        }
        let mut asked = Vec::new();
        for way in ways {
            let branch = Branch {
                candidates: candidates.clone(),
                ..Branch::new(self.first, way)
            };
            if let Some(pid) = self.start(kernel, branch.clone())? {
                asked.push((pid, branch));
            }
        }
        let mut verdicts = Vec::new();
        for (pid, branch) in asked {
            let exit = kernel.wait(pid).await?;
            let said = exit
                .answer
                .as_ref()
                .filter(|_| exit.status == Status::Exited);
            let said = said.map(|said| referee::evidence(branch.way, said, &candidates));
            for (worth, evidence) in worths.iter().zip(said.unwrap_or_default()) {
                let worth = worth.clone();
                verdicts.push(Verdict { worth, evidence });
            }
            leaves.push(Leaf {
                pid,
                means: branch.way.into(),
                answer: None,
                faults: 0.0,
            });
            over.push(Over {
                branch: Some(branch),
                exit,
            });
        }
        Ok(verdicts)
    }

    fn report(
        &self,
        kernel: &Kernel,
        leaves: Vec<Leaf>,
        mut over: Vec<Over>,
        verdicts: &[Verdict],
    ) -> Deliberated {
        let choice = choose(&leaves, verdicts);
        let at = choice.as_ref().map_or(0, |choice| choice.leaf);
        let chosen = leaves[at].answer.as_ref().map(Worth::of);
        let agrees = |leaf: &Leaf| {
            let worth = leaf.answer.as_ref().map(Worth::of);
            let both = worth.zip(chosen.as_ref());
            both.is_some_and(|(worth, chosen)| worth.agrees(chosen))
        };
        let branches: Vec<BranchReport> = leaves
            .iter()
            .zip(&over)
            .map(|(leaf, over)| BranchReport {
                pid: leaf.pid,
                way: over.branch.as_ref().map(|branch| branch.way),
                from: over.branch.as_ref().and_then(|branch| branch.from),
                status: over.exit.status,
                answer: over
                    .exit
                    .answer
                    .clone()
                    .filter(|_| over.exit.status == Status::Exited),
                agrees: agrees(leaf),
            })
            .collect();
        let compared = leaves.len() > 1;
        let support = choice.map(|choice| choice.support).filter(|_| compared);
        let judgement = kernel.judgement_of(&self.program);
        let fit = judgement.and_then(|judgement| judgement.confidence);
        let likely = fit.zip(support);
        let confidence = likely.map(|(fit, support)| fit.likelihood(&support.signals()));
        let pid = leaves[at].pid;
        kernel.emit(Event::Deliberated {
            pid: self.first,
            chosen: pid,
            branches: branches.clone(),
            confidence,
        });
        Deliberated {
            pid,
            exit: over.swap_remove(at).exit,
            confidence,
            support,
            branches,
        }
    }
}

fn leaf(program: &Program, pid: Pid, steps: &[StepRow], exit: &Exit) -> Leaf {
    let calls = || steps.iter().filter(|step| step.action["tool"].is_string());
    let ran = |step: &StepRow| step.action["args"]["code"].is_string();
    let searched = |step: &StepRow| step.action["tool"] == SEARCH;
    let means = match calls().next() {
        _ if calls().any(ran) => Means::Program,
        _ if calls().any(searched) => Means::Search,
        Some(_) => Means::Tools,
        None => Means::Words,
    };
    let answer = exit.answer.clone();
    let answer = answer.filter(|_| exit.status == Status::Exited);
    let worth = answer.as_ref().map(Worth::of);
    Leaf {
        pid,
        means,
        faults: worth.map_or(0.0, |worth| faults(program.told(), steps, &worth)),
        answer,
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
