//! What changes of a program after its process was made.

use std::collections::BTreeMap;

use rusqlite::params;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Journal, JournalError, Result};
use crate::gate::plan::Plan;
use crate::label::{Label, Suspicion};
use crate::limits::Limits;
use crate::process::Pid;

/// The field in the row of the first process of a conversation: how many values that each tell a
/// little each of its processes has told others, by their numbers.
const TELLINGS: &str = "tellings";

/// The part of a program that has its plan.
#[derive(Deserialize)]
struct Planned {
    #[serde(default)]
    plan: Option<Plan>,
}

/// What a process comes after. Numbers in a program from elsewhere are of that journal.
const BEFORE: &str = "CASE WHEN imported IS NULL THEN coalesce(
    json_extract(program, '$.branch.of'), parent, json_extract(program, '$.after')) END";

impl Journal {
    /// Gives `pid` another priority.
    pub fn set_priority(&self, pid: Pid, priority: i8) -> Result<()> {
        self.change_program(pid, |program| {
            program["priority"] = json!(priority);
            Ok(())
        })
    }

    /// Gives `pid` other limits, from its next run on.
    pub(crate) fn set_limits(&self, pid: Pid, limits: &Limits) -> Result<()> {
        self.change_program(pid, |program| {
            program["limits"] = serde_json::to_value(limits)?;
            Ok(())
        })
    }

    /// Records that `pid` runs on the model called `name`, and not on the one that it was for.
    pub(crate) fn set_model(&self, pid: Pid, name: &str) -> Result<()> {
        self.change_program(pid, |program| {
            program["model"] = json!(name);
            Ok(())
        })?;
        self.change(None, |change| {
            let sql = "UPDATE process SET model=?2 WHERE pid=?1";
            change.execute(sql, params![pid, name])?;
            Ok((pid, "program", 0))
        })
        .map(drop)
    }

    /// Records what `pid` may do unattended after it has read untrusted text.
    pub fn set_plan(&self, pid: Pid, plan: &Plan) -> Result<()> {
        self.change_program(pid, |program| {
            program["plan"] = serde_json::to_value(plan)?;
            Ok(())
        })
    }

    /// Records how much the texts beside the task of `pid` read like attacks, by their places, so
    /// that a machine without a detector knows it too.
    pub(crate) fn set_suspicions(&self, pid: Pid, said: &[(usize, Suspicion)]) -> Result<()> {
        self.change_program(pid, |program| {
            for (at, suspicion) in said {
                let label = program.pointer_mut(&format!("/attached/{at}/label"));
                if let Some(label) = label {
                    let before: Label = serde_json::from_value(label.clone())?;
                    *label = serde_json::to_value(before.suspected(Some(*suspicion)))?;
                }
            }
            Ok(())
        })
    }

    /// The process that the conversation of `pid` began with, as far back as the journal goes:
    /// children and branches belong to the turn that they are of, and a turn to those before it.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] where there is no process `pid`, and when the journal fails.
    pub(crate) fn first_of(&self, pid: Pid) -> Result<Pid> {
        let mut first = pid;
        let mut before = self.before(first)?;
        // Each is older than the last, so the walk comes to an end.
        while let Some(older) = before.filter(|older| *older < first) {
            before = match self.before(older) {
                Ok(before) => before,
                // It was removed from the journal.
                Err(JournalError::NoProcess(_)) => break,
                Err(error) => return Err(error),
            };
            first = older;
        }
        Ok(first)
    }

    /// The process here that `pid` is a branch of, that started it, or that was the turn before.
    fn before(&self, pid: Pid) -> Result<Option<Pid>> {
        // Its task and its texts are left where they are: they may be long, and turns many.
        let before: Option<Pid> = self.column(BEFORE, pid)?;
        Ok(before.filter(|before| *before > 0))
    }

    /// Records that `pid`, whose conversation began with `first`, has told others `told` values that
    /// each tell a little. Returns how many the others of it have told.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] where there is no process `first`, and when the journal
    /// fails.
    pub(crate) fn tells(&self, first: Pid, pid: Pid, told: usize) -> Result<usize> {
        let mut others = 0;
        self.change_program(first, |program| {
            let known = program.get(TELLINGS).cloned();
            let known = known.map(serde_json::from_value).transpose()?;
            let mut tellings: BTreeMap<Pid, usize> = known.unwrap_or_default();
            let own = tellings.entry(pid).or_default();
            *own = told.max(*own);
            let rest = tellings.iter().filter(|(of, _)| **of != pid);
            others = rest.map(|(_, told)| told).sum();
            program[TELLINGS] = serde_json::to_value(tellings)?;
            Ok(())
        })?;
        Ok(others)
    }

    /// What `pid` may do unattended after it has read untrusted text, if that was fixed.
    pub fn plan(&self, pid: Pid) -> Result<Option<Plan>> {
        Ok(self.program_as::<Planned>(pid)?.0.plan)
    }

    /// Changes some fields in the row of `pid`. The others stay as they are, with what another
    /// thread changes at the same time.
    fn change_program(
        &self,
        pid: Pid,
        change: impl FnOnce(&mut Value) -> serde_json::Result<()>,
    ) -> Result<()> {
        // Whether there is one.
        self.state(pid)?;
        let failed =
            |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
        self.change(None, |transaction| {
            // A write comes first: after it nobody else can change what is read before the end.
            transaction.execute("UPDATE process SET state=state WHERE pid=?1", [pid])?;
            let sql = "SELECT program FROM process WHERE pid=?1";
            let row: String = transaction.query_row(sql, [pid], |row| row.get(0))?;
            let program: Map<String, Value> = serde_json::from_str(&row).map_err(failed)?;
            let mut program = Value::Object(program);
            change(&mut program).map_err(failed)?;
            let sql = "UPDATE process SET program=?2 WHERE pid=?1";
            transaction.execute(sql, params![pid, program.to_string()])?;
            Ok((pid, "program", 0))
        })
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Branch, Program, Way};

    #[test]
    fn a_turn_belongs_to_the_conversation_that_it_goes_on_with() {
        let journal = Journal::in_memory().unwrap();
        let make = |after: Option<Pid>, branch: Option<Pid>| {
            let program = Program {
                after,
                branch: branch.map(|of| Branch::new(of, Way::Thought)),
                ..Program::new("task")
            };
            journal.create(&program, "test").unwrap()
        };
        let check = |pid: Pid, want: Pid| assert_eq!(journal.first_of(pid).unwrap(), want, "{pid}");
        let first = make(None, None);
        let second = make(Some(first), None);
        let branch = make(Some(first), Some(second));
        let third = make(Some(branch), None);
        for pid in [first, second, branch, third] {
            check(pid, first);
        }
        // The turn before was no process here, is none any more, or none yet.
        let alone = make(Some(0), None);
        check(alone, alone);
        let later = make(Some(99), None);
        check(later, later);
        let gone = make(None, None);
        let rest = make(Some(gone), None);
        journal.forget(gone).unwrap();
        check(rest, rest);
        assert!(journal.first_of(99).is_err());
    }

    #[test]
    fn a_branch_is_not_among_what_was_cut_off() {
        let journal = Journal::in_memory().unwrap();
        let first = journal.create(&Program::new("task"), "test").unwrap();
        let branch = Program {
            branch: Some(Branch::new(first, Way::Thought)),
            ..Program::new("task")
        };
        journal.create(&branch, "test").unwrap();
        assert_eq!(journal.cut_off().unwrap(), [first]);
    }

    #[test]
    fn what_a_family_tells_is_counted_in_the_row_of_its_first_process() {
        let journal = Journal::in_memory().unwrap();
        let first = journal.create(&Program::new("task"), "test").unwrap();
        let check = |pid: Pid, told: usize, others: usize| {
            let got = journal.tells(first, pid, told).unwrap();
            assert_eq!(got, others, "{pid} told {told}");
        };
        check(first, 3, 0);
        check(7, 2, 3);
        check(9, 1, 5);
        // What was told stays told.
        check(7, 0, 4);
        check(first, 4, 3);
        check(9, 2, 6);
        assert!(journal.tells(99, 99, 1).is_err());
        let (program, _) = journal.program(first).unwrap();
        assert_eq!(program.prompt, "task");
    }
}
