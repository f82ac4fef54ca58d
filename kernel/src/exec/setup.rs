//! Sets a process up: its window, and the steps of its earlier runs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::found::Found;
use super::keep::Keeping;
use super::{Ahead, Execution, Inbox, Past, Shared, examples, failed};
use crate::calls;
use crate::gate::plan::Progress;
use crate::journal::tape::{Told, hash_of};
use crate::limits::Spent;
use crate::planner::parts::Parts;
use crate::planner::{LoopGuard, Planner, Reads, date, several};
use crate::process::{Drawn, Ending, Pid, Program, State, Usage};
use crate::window::{Vm, VmError};

impl Execution {
    /// Sets a process up, taking in the steps it has already done.
    pub(crate) fn new(
        pid: Pid,
        program: Program,
        shared: Arc<Shared>,
        inbox: Inbox,
        past: Past,
    ) -> Result<Self, Ending> {
        let (planner, vm) = Self::lay_out(&program, &shared).map_err(failed)?;
        shared
            .tape
            .same(Told::Boot(hash_of(&planner.boot_page())))?;
        let mut execution = Self::before(pid, program, shared, inbox, planner, vm, &past);
        execution.go_on_from(past)?;
        Ok(execution)
    }

    /// The process before any step is taken in.
    fn before(
        pid: Pid,
        program: Program,
        shared: Arc<Shared>,
        inbox: Inbox,
        planner: Planner,
        vm: Vm,
        past: &Past,
    ) -> Self {
        Self {
            pid,
            program,
            state: State::Ready,
            shared,
            inbox,
            planner,
            vm,
            guard: LoopGuard::default(),
            n: past.n,
            spent: Spent {
                ms: past.spent_ms,
                ..Spent::default()
            },
            usage: Usage::default(),
            has_children: past
                .done
                .iter()
                .any(|step| calls::is_on_others(&step.action)),
            drawn: Drawn::default(),
            limits_hit: Vec::new(),
            history: Arc::default(),
            started: Instant::now(),
            pending: VecDeque::new(),
            parts: None,
            failing: None,
            last: None,
            reads: Reads::default(),
            found: Found::default(),
            stuck: false,
            keeping: Keeping::nothing_yet(),
            taught: Vec::new(),
            programs: 0,
            cut_answer: false,
            ahead: Ahead {
                scan: true,
                reminder: past.done.is_empty() && past.reminder.is_none(),
                plan: past.done.is_empty() && past.n == 0,
            },
            progress: Progress::of(None),
            decided_before: true,
            told_little: 0,
            ruling: None,
            approved: Vec::new(),
            suspends: false,
        }
    }

    /// Takes in the earlier runs of the process. Steps without an outcome wait to be repeated, or
    /// reported as unknown.
    fn go_on_from(&mut self, past: Past) -> Result<(), Ending> {
        self.parts = Parts::of(self.told());
        if self.has_children {
            let (journal, pid) = (self.shared.journal.clone(), self.pid);
            let found = || journal.drawn(pid).unwrap_or_default();
            self.drawn = self.shared.tape.fact("drawn", found)?;
        }
        if let Some(reminder) = past.reminder {
            self.pin(&reminder);
        }
        self.progress = Progress::of(self.program.plan.clone());
        for mut step in past.done {
            if let Some(at) = past.planned.get(&step.n) {
                self.progress.use_up(*at, &step.action["args"]);
            }
            match step.outcome.take() {
                Some(outcome) => {
                    self.usage += step.usage;
                    self.spent.tokens += step.usage.generated_tokens;
                    let held = self.held_back(step.n, &step.action, &outcome);
                    self.take_in(step.n, &step.action, outcome, held);
                }
                None => self.pending.push_back(step),
            }
            self.progress.settle();
        }
        Ok(())
    }

    /// The planner of `program`, and its window before the first step.
    pub(crate) fn lay_out(program: &Program, shared: &Shared) -> Result<(Planner, Vm), VmError> {
        let cpu = &*shared.cpu;
        let constrains = cpu.info().constrains;
        let mut planner = Planner::new(program, &shared.bus, constrains);
        if constrains {
            planner.hold(&|form| cpu.accepts(form).is_ok());
        }
        let mut vm = Vm::new(
            cpu,
            planner.boot_page(),
            (program.prompt.clone(), program.label.clone()),
            program.limits.action_tokens as usize,
        )?;
        vm.label_boot(planner.boot_label().clone());
        if let Some(today) = program.today {
            vm.tell_today(cpu, date::told(today, program.told()))?;
        }
        match several::goes_to_children(program, &|text| cpu.count(text), cpu.info().window) {
            true => {
                vm.attach(cpu, &several::named(&program.attached))?;
            }
            false => {
                for attached in &program.attached {
                    vm.attach(cpu, attached)?;
                }
            }
        }
        examples::show(program, &planner, cpu, &mut vm);
        Ok((planner, vm))
    }
}
