//! Shows tasks that were done right before the task, within a budget. Functions go into a request
//! for a function, which sees nothing but the task. Everything else becomes turns of the window.

use quipu_cpu::{Cpu, Message};

use crate::event::Event;
use crate::exec::Execution;
use crate::grammar::Legal;
use crate::label::Trust;
use crate::planner::Planner;
use crate::process::{Example, Program};
use crate::window::{Shown, Vm};

/// Shows in `vm` the examples of `program` that belong into a window, the likest first, as far as
/// they fit the budget and leave room to work in. An example that a stranger had a hand in is
/// left out: it does not show what is right.
pub(in crate::exec) fn show(program: &Program, planner: &Planner, cpu: &dyn Cpu, vm: &mut Vm) {
    let mut left = program.agent.memory.example_tokens;
    for example in &program.examples {
        let vouched = example.label.trust >= Trust::User;
        if !vouched || goes_apart(program, planner, example) {
            continue;
        }
        let Some(messages) = planner.turns(example) else {
            continue;
        };
        let tokens = tokens(cpu, &messages);
        if tokens > left {
            continue;
        }
        let shown = Shown {
            id: example.id.clone(),
            messages,
            label: example.label.clone(),
        };
        if vm.show_example(cpu, shown) {
            left -= tokens;
        }
    }
}

fn tokens(cpu: &dyn Cpu, messages: &[Message]) -> usize {
    let tokens = messages.iter().map(|message| cpu.count(&message.text));
    tokens.sum()
}

/// Whether an example goes into a request for a function: the example is one, and nothing but the
/// task counts for this process.
fn goes_apart(program: &Program, planner: &Planner, example: &Example) -> bool {
    let alone = example.label.trust >= Trust::User
        && program.attached.is_empty()
        && program.agent.instructions.trim().is_empty()
        && program.label.trust >= Trust::User
        && program
            .topic
            .as_ref()
            .is_none_or(|topic| *topic == program.prompt);
    alone && planner.function_of(example).is_some()
}

impl Execution {
    /// The examples for a request for a function: their ids, and each task with its function. The
    /// likest stands last, next to the task.
    pub(super) fn functions_learnt(&self, legal: &Legal) -> (Vec<String>, Vec<(String, String)>) {
        let cpu = &self.shared.cpu;
        let mut left = self.program.agent.memory.example_tokens;
        let (mut ids, mut functions) = (Vec::new(), Vec::new());
        for example in &self.program.examples {
            if legal.runs_programs().is_none() || !goes_apart(&self.program, &self.planner, example)
            {
                continue;
            }
            let Some(function) = self.planner.function_of(example) else {
                continue;
            };
            let tokens = cpu.count(&example.task) + cpu.count(&function);
            if tokens <= left {
                left -= tokens;
                ids.push(example.id.clone());
                functions.push((example.task.clone(), function));
            }
        }
        functions.reverse();
        (ids, functions)
    }

    /// Whether this process is shown examples, and none of them with a program.
    pub(super) fn is_shown_no_program(&self) -> bool {
        let shown = self.vm.examples();
        let is_program = |example: &Example| self.planner.program_of(example).is_some();
        !shown.is_empty() && !self.program.examples.iter().any(is_program)
    }

    /// Tells which examples are shown.
    pub(in crate::exec) fn tell_examples(&self, ids: Vec<String>) {
        if !ids.is_empty() {
            self.emit(Event::Examples { pid: self.pid, ids });
        }
    }
}
