//! What a machine shows of a process without running it, and of its models.

use quipu_cpu::CpuStats;
use serde::{Deserialize, Serialize};

use super::machine::{connected, stillborn};
use super::{Kernel, KernelError};
use crate::exec::{Execution, Likelihood, Past};
use crate::process::{Pid, Program};
use crate::window::Window;

/// A model that a machine has loaded, in one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ModelNow {
    /// What it is called: the machine's own as it calls itself, another as it was first named.
    pub name: String,
    /// What one beside the machine's own is called whatever it was named; empty for the own.
    pub key: String,
    /// Whether the machine was booted with it.
    pub is_own: bool,
    /// Bytes of memory that it takes; 0 where it computes elsewhere.
    pub bytes: u64,
    /// Whether somebody has it. The machine's own stays in any case.
    pub in_use: bool,
    /// What it computes, and for whom.
    pub cpu: CpuStats,
}

impl Kernel {
    /// The models that are loaded: the machine's own first, then the others by their names. May
    /// wait for the batches under way.
    pub fn models_now(&self) -> Vec<ModelNow> {
        let (info, cpu) = (self.cpu().info(), self.stats());
        let own = ModelNow {
            name: info.model.clone(),
            key: String::new(),
            is_own: true,
            bytes: info.bytes,
            in_use: cpu.running + cpu.waiting > 0,
            cpu,
        };
        let others = self.machine.models.now();
        std::iter::once(own).chain(others).collect()
    }

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
