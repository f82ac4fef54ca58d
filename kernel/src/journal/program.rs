//! What changes of a program after its process was made.

use rusqlite::params;

use super::{Journal, Result};
use crate::gate::plan::Plan;
use crate::process::{Pid, Program};

impl Journal {
    /// Gives `pid` another priority.
    pub fn set_priority(&self, pid: Pid, priority: i8) -> Result<()> {
        self.change_program(pid, |program| program.priority = priority)
    }

    /// Records what `pid` may do on its own after it has read untrusted text.
    pub fn set_plan(&self, pid: Pid, plan: &Plan) -> Result<()> {
        self.change_program(pid, |program| program.plan = Some(plan.clone()))
    }

    /// What `pid` may do on its own after it has read untrusted text, where that was fixed.
    pub fn plan(&self, pid: Pid) -> Result<Option<Plan>> {
        Ok(self.program(pid)?.0.plan)
    }

    fn change_program(&self, pid: Pid, change: impl FnOnce(&mut Program)) -> Result<()> {
        let (mut program, _) = self.program(pid)?;
        change(&mut program);
        let program = serde_json::to_string(&program)?;
        self.change(None, |change| {
            let sql = "UPDATE process SET program=?2 WHERE pid=?1";
            change.execute(sql, params![pid, program])?;
            Ok((pid, "program", 0))
        })
        .map(drop)
    }
}
