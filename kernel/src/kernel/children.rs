//! Children for whoever embeds the kernel: started, waited for and sent to from Rust, as
//! processes do it by their calls.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{Kernel, KernelError, WAITING_MAX};
use crate::exec::Family;
use crate::journal::Message;
use crate::label::Label;
use crate::limits::{Limits, Spent};
use crate::process::{AT_ONCE, AT_ONCE_MAX, ChildOf, DEPTH_MAX, Exit, Pid, Program, Room};

impl Kernel {
    /// Starts `program` as a child of `parent`, which runs: its limits are no more than what the
    /// parent has left, and it ends with it. [`Kernel::wait`] brings its end.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use quipu_cpu::{Sampling, scripted::ScriptedCpu};
    /// # use quipu_kernel::{Kernel, Parts, gate::Policy, journal::Journal, judgement::Judgement};
    /// # use quipu_memory::RamStore;
    /// # use quipu_tools::Bus;
    /// use quipu_kernel::process::{Program, Status};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// // The first asks its person and waits; the others answer.
    /// let script = r#"{"seen": "Sort the cords", "do": {"ask": "Which first?"}}
    ///     {"seen": "Count", "do": {"answer": "seven knots"}}"#;
    /// # let kernel = Kernel::boot(Parts {
    /// #     cpu: Arc::new(ScriptedCpu::parse("cord", script, None)?),
    /// #     store: Arc::new(RamStore::new()),
    /// #     bus: Arc::new(Bus::default()),
    /// #     journal: Journal::open(&folder.path().join("journal.db"), true)?,
    /// #     policy: Policy::default(),
    /// #     sampling: Sampling { temperature: 0.0, seed: 0 },
    /// #     judgement: Judgement::default(),
    /// # })?;
    /// let parent = kernel.spawn(Program {
    ///     interactive: true,
    ///     ..Program::new("Sort the cords.")
    /// })?;
    ///
    /// let child = kernel.spawn_child(parent, Program::new("Count the red cord."))?;
    /// let exit = kernel.wait(child).await?;
    /// assert_eq!(exit.answer, Some("seven knots".into()));
    ///
    /// // One for each of a list, two at once, in the order of the list.
    /// let cords = ["red", "blue", "white"];
    /// let counts = cords.map(|cord| Program::new(format!("Count the {cord} cord.")));
    /// let ends = kernel.map(parent, counts.into(), 2).await?;
    /// assert!(ends.iter().all(|exit| exit.status == Status::Exited));
    /// assert_eq!(kernel.journal().children(parent)?.len(), 4);
    ///
    /// // They end with it.
    /// kernel.kill(parent)?;
    /// # kernel.wait(parent).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`KernelError::NotRunning`] where the parent does not run here, [`KernelError::NoRoom`]
    /// where too little is left of its limits, or it is too many generations below the first.
    pub fn spawn_child(&self, parent: Pid, program: Program) -> Result<Pid, KernelError> {
        let limits = self.share_of(parent, AT_ONCE / 2, &program.limits)?;
        self.spawn_at(parent, program, limits)
    }

    /// Runs `programs` as children of `parent`, as many as `at_once` at a time, on what is left of
    /// its limits; how each ended, in their order.
    ///
    /// # Errors
    /// As of [`Kernel::spawn_child`]; what runs by then goes on.
    pub async fn map(
        &self,
        parent: Pid,
        programs: Vec<Program>,
        at_once: usize,
    ) -> Result<Vec<Exit>, KernelError> {
        let at_once = at_once.clamp(1, AT_ONCE_MAX);
        let mut ends: Vec<Option<Exit>> = vec![None; programs.len()];
        let mut waiting = programs.into_iter().enumerate();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < at_once {
                let Some((at, program)) = waiting.next() else {
                    break;
                };
                let slots = (at_once - running.len()).min(waiting.len() + 1);
                let limits = self.share_of(parent, slots, &program.limits)?;
                let child = self.spawn_at(parent, program, limits)?;
                running.push(async move { (at, self.wait(child).await) });
            }
            let Some((at, exit)) = running.next().await else {
                break;
            };
            ends[at] = Some(exit?);
        }
        Ok(ends.into_iter().flatten().collect())
    }

    /// Sends `text` to the process `to` in the name of `from`. A process that waits for `from`
    /// reads it as its user's words. The text is on disk when this returns, and can be read as
    /// long as `to` is in the journal.
    ///
    /// # Errors
    /// Where `to` does not run here, or has read nothing of what was sent before; and when the
    /// journal fails.
    pub fn send(&self, from: Pid, to: Pid, text: impl Into<String>) -> Result<(), KernelError> {
        if !self.is_running(to) {
            return Err(KernelError::NotRunning(to));
        }
        let (text, leaks): (String, _) = (text.into(), &self.gate().policy().leaks);
        let message = Message {
            text: leaks.redacted(&text).into_owned(),
            label: Label::user(),
        };
        if !self.journal().post(from, to, &message, WAITING_MAX)? {
            return Err(KernelError::Busy(to));
        }
        self.machine.waits().has_mail(to, from);
        self.machine.mail().send_modify(|sent| *sent += 1);
        Ok(())
    }

    /// What one of `slots` children of `parent` may spend, and no more than `wanted`.
    fn share_of(&self, parent: Pid, slots: usize, wanted: &Limits) -> Result<Limits, KernelError> {
        if !self.is_running(parent) {
            return Err(KernelError::NotRunning(parent));
        }
        let journal = self.journal();
        if journal.ancestors(parent)?.len() >= DEPTH_MAX {
            return Err(KernelError::NoRoom(parent));
        }
        let (limits, spent_ms) = journal.limits(parent)?;
        let drawn = journal.drawn(parent)?;
        let steps = journal.steps(parent)?;
        let tokens = steps.iter().map(|step| step.usage.generated_tokens);
        let spent = Spent {
            steps: steps.len() as u32 + drawn.steps,
            tokens: tokens.sum::<u32>() + drawn.tokens,
            ..Spent::default()
        };
        let seconds = limits.seconds.saturating_sub(spent_ms / 1000);
        let share = Room::of(&limits, &spent).share(slots, &limits, seconds);
        let share = share.ok_or(KernelError::NoRoom(parent))?;
        Ok(Limits {
            steps: share.steps.min(wanted.steps),
            tokens: share.tokens.min(wanted.tokens),
            seconds: share.seconds.min(wanted.seconds),
            ..wanted.clone()
        })
    }

    fn spawn_at(&self, parent: Pid, program: Program, limits: Limits) -> Result<Pid, KernelError> {
        let children = self.journal().children(parent)?;
        let own = children.iter().filter_map(|child| child.child_of);
        let at = own.filter(|child_of| child_of.step == 0).count() as u32;
        self.machine.start(Program {
            limits,
            child_of: Some(ChildOf {
                pid: parent,
                step: 0,
                at,
            }),
            ..program
        })
    }
}
