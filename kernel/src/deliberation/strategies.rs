//! The means by which branches go about a task: different means first, then the same again with
//! another seed.

use crate::kernel::Kernel;
use crate::numbers;
use crate::planner::answer_form;
use crate::planner::facts::is_told_in_sentences;
use crate::process::{Program, Way};

/// A task with at least this many numbers is taken for one that computes.
const NUMBERS_MIN: usize = 2;

/// The means that are available for a task.
struct Tools {
    programs: bool,
    calculator: bool,
    /// Whether the store has any pages.
    store: bool,
}

impl Tools {
    fn of(kernel: &Kernel, program: &Program) -> Self {
        let named = program.agent.tools.as_ref();
        let wanted = |name: &str| named.is_none_or(|names| names.iter().any(|n| n == name));
        let devices = kernel.bus().list();
        let has = |is: &dyn Fn(&quipu_tools::FunctionSpec) -> bool| {
            devices.iter().any(|device| {
                let spec = device.spec();
                wanted(&spec.name) && spec.functions.iter().any(is)
            })
        };
        Self {
            programs: has(&|function| function.program.is_some()),
            calculator: has(&|function| {
                function.parameters["required"] == serde_json::json!(["expression"])
            }),
            store: kernel.store().stats().is_ok_and(|stats| stats.pages > 0),
        }
    }
}

/// Whether a task gives enough numbers to work something out, whatever form its answer had.
pub(super) fn gives_numbers(told: &str) -> bool {
    numbers::numbers(told).len() >= NUMBERS_MIN
}

/// The ways of the branches beside the first of `program`, in the order in which they are tried;
/// after the last the list begins again. The first branch goes about the task as usual: by a
/// program if something is to be computed.
pub(super) fn ways(kernel: &Kernel, program: &Program) -> Vec<Way> {
    let told = program.told();
    let computes = gives_numbers(told) || answer_form::how_many(told);
    order(
        &Tools::of(kernel, program),
        computes,
        is_told_in_sentences(told),
    )
}

/// A word problem is more than one expression, and its answer is not in the store.
fn order(tools: &Tools, computes: bool, in_sentences: bool) -> Vec<Way> {
    let ways = [
        (Way::Thought, true),
        (Way::Search, tools.store && !computes),
        (
            Way::Calculator,
            tools.calculator && computes && !in_sentences,
        ),
        (Way::Program, tools.programs),
    ];
    let there = ways.into_iter().filter(|(_, there)| *there);
    there.map(|(way, _)| way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_means_come_first() {
        let check = |all: bool, computes: bool, in_sentences: bool, want: &[Way]| {
            let tools = Tools {
                programs: all,
                calculator: all,
                store: all,
            };
            assert_eq!(order(&tools, computes, in_sentences), want);
        };
        use Way::{Calculator, Program, Search, Thought};
        check(true, true, false, &[Thought, Calculator, Program]);
        check(true, true, true, &[Thought, Program]);
        check(true, false, false, &[Thought, Search, Program]);
        check(false, true, false, &[Thought]);
    }
}
