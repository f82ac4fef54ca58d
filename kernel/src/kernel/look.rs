//! What a machine shows of a process without running it.

use super::machine::{connected, stillborn};
use super::{Kernel, KernelError};
use crate::exec::{Execution, Likelihood, Past};
use crate::process::{Pid, Program};
use crate::window::Window;

impl Kernel {
    /// The window of process `pid` as its next step would find it: of one that runs, after its
    /// last completed step. `None` where it cannot be laid out on this machine.
    ///
    /// # Errors
    /// Where there is no such process, or the journal fails.
    pub fn window(&self, pid: Pid) -> Result<Option<Window>, KernelError> {
        let (program, spent_ms) = self.machine.shared.journal.program(pid)?;
        let past = Past::of(&self.machine.shared.journal, pid, spent_ms)?;
        let Some(shared) = self.machine.here(&program) else {
            return Ok(None);
        };
        // Nobody can reach it, and it takes no step.
        let (_handle, _, inbox) = connected(program.priority, false);
        let laid_out = Execution::new(pid, program, shared, inbox, past);
        Ok(laid_out.ok().and_then(|mut laid| laid.window().ok()))
    }

    /// How likely each of `texts` is, word for word, as the answer to `program`. No step is
    /// taken. `None` where the CPU tells no probabilities, or the program cannot run.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn likelihoods(
        &self,
        program: Program,
        texts: &[String],
    ) -> Result<Option<Vec<Likelihood>>, KernelError> {
        let shared = self.machine.shared.clone();
        let pid = shared.journal.create(&program, &shared.cpu.info().model)?;
        // Nobody can reach it.
        let (_handle, _, inbox) = connected(program.priority, false);
        match Execution::new(pid, program, shared.clone(), inbox, Past::default()) {
            Ok(execution) => Ok(execution.likelihoods(texts).await),
            Err(ending) => {
                stillborn(&shared, pid, ending, 0);
                Ok(None)
            }
        }
    }
}
