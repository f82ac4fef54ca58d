//! A finished step becomes part of its process: of its window, its guard and its costs. Steps of
//! an earlier run take the same way.

use serde_json::Value;

use crate::calls::{Find, REMEMBER, Syscall};
use crate::event::Event;
use crate::exec::{Ending, Execution};
use crate::journal::{Outcome, StepRow, WITH};
use crate::window::fence::Borders;

impl Execution {
    /// Records the outcome of a step and makes it part of the process.
    pub(in crate::exec) fn outcome(
        &mut self,
        step: &StepRow,
        outcome: Outcome,
    ) -> Result<(), Ending> {
        self.rows.outcome(step, &outcome, self.costs.ms())?;
        self.announce(&step.action);
        let held = self.held_back(step.n, &step.action, &outcome);
        self.emit(Event::Observation {
            pid: self.pid,
            n: step.n,
            text: outcome.text.clone(),
            shown: held.clone(),
            ok: outcome.ok,
            label: outcome.label.clone(),
            ms: outcome.ms,
        });
        let parts = self.headway.parts().cloned();
        self.take_in(step.n, &step.action, outcome, held);
        self.tell_left_out();
        if self.headway.parts() != parts.as_ref() {
            self.tell_parts();
        }
        Ok(())
    }

    /// Makes a finished step part of the process: its window, its guard, its costs. If the
    /// outcome is held back, `held` stands in the window instead.
    pub(in crate::exec) fn take_in(
        &mut self,
        n: u32,
        action: &Value,
        outcome: Outcome,
        held: Option<String>,
    ) {
        // Revealed here, so that a resumed process has the same functions in sight.
        if let (true, Ok(Syscall::Find(Find { query }))) =
            (outcome.ok, Syscall::from_action(action))
        {
            self.planner.reveal(&query);
            self.hold_planner();
        }
        let seen = held.clone().unwrap_or_else(|| outcome.text.clone());
        let note = self.note_on(held.is_some(), &seen);
        let (action, together) = apart(action);
        self.count_step(n, &action, &outcome.text, together);
        if action["tool"] == REMEMBER {
            self.keeping.note(outcome.ok);
        }
        self.track.add_to_history(&seen, together);
        let written = self.as_written(&action);
        let in_sight = |n| self.vm.is_in_sight(n);
        let (last, bus) = (self.track.last(), &self.shared.bus);
        self.known.note(n, &action, &outcome, last, in_sight, bus);
        self.found.note_asked(&action);
        if outcome.ok && held.is_none() {
            let borders = Borders::new(self.shared.cpu.info().constrains);
            let (program, bus) = (&self.program, &self.shared.bus);
            self.found.note(&action, &outcome, program, borders, bus);
        }
        if !together {
            // Asked before the outcome of this step enters the window below.
            self.decided_before = self.is_unswayed();
        }
        if let (true, Some(tool)) = (outcome.ok, action["tool"].as_str()) {
            let args = self.as_given(&action["args"]);
            self.progress
                .saw(tool, &args, &outcome.text, self.decided_before);
        }
        self.progress.settle();
        self.headway.tick_off(n, &action, outcome.ok, &seen);
        let open = outcome.ok && outcome.label.secrecy.is_public() && self.opened(&action);
        self.told_little += self.little_told_by(&action);
        self.note_returned(&action, outcome.ok, &seen);
        self.track.ends_with(action, outcome.ok);
        self.vm
            .push(&*self.shared.cpu, n, written, outcome.text, outcome.label);
        self.hold(held);
        if open {
            self.vm.note_open_page();
        }
        if let Some(note) = note {
            self.vm.note(&*self.shared.cpu, note);
        }
    }

    /// Counts a step among the costs of the process, and looks whether it goes in circles. A call
    /// that was decided `together` with the one before it is no further step.
    fn count_step(&mut self, n: u32, action: &Value, observation: &str, together: bool) {
        let repeats = self.track.count(n, action, observation);
        self.costs.repeated(repeats);
        if !together {
            self.costs.count_step();
        }
    }

    /// An action as the window shows it: in the form in which the CPU writes actions.
    fn as_written(&self, action: &Value) -> String {
        match action.get("malformed").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None if self.shared.cpu.info().constrains => self.planner.written(action),
            None => action.to_string(),
        }
    }

    /// Leaves out those functions now in sight whose arguments the CPU cannot be held to.
    fn hold_planner(&mut self) {
        if self.shared.cpu.info().constrains {
            let cpu = self.shared.cpu.clone();
            self.planner.hold(&|form| cpu.accepts(form).is_ok());
        }
    }
}

/// An action of the journal as it was written, and whether it was decided together with the
/// action before it.
fn apart(action: &Value) -> (Value, bool) {
    let mut action = action.clone();
    let together = action
        .as_object_mut()
        .is_some_and(|map| map.contains_key("tool") && map.shift_remove(WITH).is_some());
    (action, together)
}
