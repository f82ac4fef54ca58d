//! Sets a process up: its window, and the steps of its earlier runs.

use std::sync::Arc;

use super::state::{Agenda, Approvals, Costs, Found, Headway, Keeping, Known, Rows, Taught, Track};
use super::{Execution, Inbox, Past, Shared, choose, failed};
use crate::calls;
use crate::gate::plan::Progress;
use crate::journal::tape::{Told, hash_of};
use crate::planner::{Planner, date, several};
use crate::process::{Ending, Pid, Program};
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
            headway: Headway::with(program.told()),
            program,
            rows: Rows::of(pid, shared.journal.clone(), shared.tape.clone()),
            shared,
            inbox,
            planner,
            vm,
            track: Track::after(past.n),
            costs: Costs::after(past.spent_ms),
            has_children: past
                .done
                .iter()
                .any(|step| calls::is_on_others(&step.action)),
            agenda: Agenda::after(past),
            known: Known::default(),
            found: Found::default(),
            keeping: Keeping::nothing_yet(),
            taught: Taught::default(),
            programs: 0,
            progress: Progress::of(None),
            decided_before: true,
            told_little: 0,
            approvals: Approvals::default(),
            suspends: false,
        }
    }

    /// Takes in the earlier runs of the process. Steps without an outcome wait to be repeated, or
    /// reported as unknown.
    fn go_on_from(&mut self, past: Past) -> Result<(), Ending> {
        if self.has_children {
            let (journal, pid) = (self.shared.journal.clone(), self.pid);
            let found = || journal.drawn(pid).unwrap_or_default();
            let drawn = self.shared.tape.fact("drawn", found)?;
            self.costs.take_from_children(drawn);
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
                    self.costs.charge(step.usage);
                    let held = self.held_back(step.n, &step.action, &outcome);
                    self.take_in(step.n, &step.action, outcome, held);
                }
                None => self.agenda.redo(step),
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
        choose::show_examples(program, &planner, cpu, &mut vm);
        Ok((planner, vm))
    }
}
