//! Finds the processes of tasks in a batch that had begun: these are resumed instead of started
//! again.

use anyhow::Result;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Pid, Program, State};

/// Processes that could go on, with their programs; the oldest first.
pub(super) fn begun(journal: &Journal) -> Result<Vec<(Pid, Program)>> {
    let rows = journal.processes()?.into_iter().rev();
    rows.filter(|row| matches!(row.state, State::Ready | State::Suspended))
        // A batch shows no pictures.
        .map(|row| Ok((row.pid, journal.program_in_words(row.pid)?)))
        .collect()
}

/// Whether `begun` is the process of the task `asked`. What no task says does not count: the
/// priority and the limits may have been changed meanwhile, how tokens are chosen may have been left
/// to the machine, and the machine notes the day, the plan, and how much a text reads like an
/// attack.
pub(super) fn same(begun: &Program, asked: &Program) -> bool {
    let mut begun = begun.clone();
    begun.priority = asked.priority;
    begun.limits = asked.limits.clone();
    if begun.sampling.is_none() || asked.sampling.is_none() {
        begun.sampling = asked.sampling;
    }
    begun.today = begun.today.filter(|_| asked.today.is_some());
    begun.plan = begun.plan.filter(|_| asked.plan.is_some());
    for (kept, given) in begun.attached.iter_mut().zip(&asked.attached) {
        kept.label.suspicion = given.label.suspicion;
    }
    begun == *asked
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use quipu_kernel::gate::plan::Plan;
    use quipu_kernel::label::{Label, Suspicion, Trust};
    use quipu_kernel::process::Attached;

    use super::*;

    #[test]
    fn what_the_machine_notes_makes_no_other_task() {
        let mut asked = Program::new("Sum it up.");
        asked.attached.push(Attached {
            text: "a page".into(),
            label: Label::new("input", Trust::Untrusted),
            picture: None,
        });
        let check = |change: &dyn Fn(&mut Program), want: bool| {
            let mut begun = asked.clone();
            change(&mut begun);
            assert_eq!(same(&begun, &asked), want, "{begun:?}");
        };
        check(&|_| {}, true);
        check(&|begun| begun.priority = 3, true);
        check(&|begun| begun.limits.steps += 30, true);
        let made_on = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
        check(&|begun| begun.today = Some(made_on), true);
        let plan = Plan {
            effects: Vec::new(),
            made_on,
            approved: false,
        };
        check(&|begun| begun.plan = Some(plan.clone()), true);
        let said = Some(Suspicion::new(0.97, 1.0));
        check(&|begun| begun.attached[0].label.suspicion = said, true);
        check(&|begun| begun.prompt.push('!'), false);
        check(&|begun| begun.attached[0].text.push('!'), false);
        check(&|begun| begun.attached.clear(), false);
    }
}
