//! A conversation about one process: what its starter says to the machine, and what the
//! machine tells of it. It is the same over a channel within this program and over the
//! socket to another one.

use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::deliberation::{Deliberated, Deliberation, Think};
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{BranchReport, Exit, Pid, Program, Reply};
use quipu_kernel::signal::Signal;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::terminal::error::{self, UserError};

/// Messages of a machine that wait to be heard. Beyond them only the telling waits for a slow
/// listener.
const TOLD_MAX: usize = 256;
/// Messages to a machine that wait to be taken.
const SAID_MAX: usize = 16;

/// A process that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Which one.
    pub start: Start,
    /// How much thought its task gets, where it is more than one process.
    pub think: Option<Think>,
}

/// Where a process comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// A new one.
    Spawn {
        /// What it runs.
        #[serde(with = "super::carried")]
        program: Box<Program>,
        /// Whether a prompt that does not fit the window is refused, and does not become a
        /// process that fails.
        must_fit: bool,
    },
    /// Resumes a stopped process. A process that runs already is told of from now on.
    Resume {
        /// The process.
        pid: Pid,
        /// Its new limits.
        limits: Option<Limits>,
        /// Whether a person is there.
        attended: bool,
    },
    /// A copy of one.
    Fork {
        /// The process.
        pid: Pid,
        /// After which step.
        at: Option<u32>,
        /// The limits of the copy, where they are others.
        limits: Option<Limits>,
        /// Whether a person is there.
        attended: bool,
    },
}

impl Start {
    /// Takes the person away: a call that needs an approval is refused.
    pub fn unattend(&mut self) {
        match self {
            Start::Spawn { program, .. } => program.interactive = false,
            Start::Resume { attended, .. } | Start::Fork { attended, .. } => *attended = false,
        }
    }
}

/// A message of a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The process has begun, the first that another program is told.
    Begun {
        /// The process.
        pid: Pid,
    },
    /// Something happened to the process.
    Event(Event),
    /// The process has ended; the last that is told.
    Ended(Box<Ended>),
    /// There is no such process, or it came to no end, for this reason. The last message.
    Failed {
        /// What went wrong.
        message: String,
        /// What to do about it.
        hint: String,
        /// The exit code for it.
        code: u8,
    },
}

/// A message to a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// The answer to a question or an approval.
    Reply {
        /// The key of its event.
        key: String,
        /// The answer.
        reply: Reply,
    },
    /// A signal to the process.
    Signal(Signal),
}

/// How a process ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// The process; of a deliberation, the branch whose answer was chosen.
    pub pid: Pid,
    /// Its end.
    pub exit: Exit,
    /// How likely the answer is right, 0 to 1, where that could be said.
    pub confidence: Option<f32>,
    /// The branches of a deliberation.
    pub branches: Option<Vec<BranchReport>>,
}

/// The starter's side.
pub struct Conversation {
    /// Messages of the machine. The conversation ends when this is closed.
    pub told: Receiver<Told>,
    /// Messages to the machine. A process is interrupted if this is dropped before its end.
    pub say: Sender<Say>,
}

/// The machine's side.
pub struct Attendant {
    told: Sender<Told>,
    said: Receiver<Say>,
}

/// Both sides of a conversation.
pub fn pair() -> (Conversation, Attendant) {
    let (tell, told) = channel(TOLD_MAX);
    let (say, said) = channel(SAID_MAX);
    let attendant = Attendant { told: tell, said };
    (Conversation { told, say }, attendant)
}

/// Starts a process of `kernel`, and has a conversation about it in this program.
///
/// # Errors
/// When it cannot be started.
pub async fn begin(kernel: &Arc<Kernel>, ask: Ask) -> Result<(Pid, Conversation)> {
    let process = Process::start(kernel, ask).await?;
    let pid = process.pid;
    let (conversation, attendant) = pair();
    let kernel = kernel.clone();
    tokio::spawn(async move { attendant.attend(&kernel, process).await });
    Ok((pid, conversation))
}

/// A process that a conversation is about.
pub struct Process {
    /// Its events, from before it began.
    events: Subscription,
    /// Its number.
    pub pid: Pid,
    deliberation: Option<Deliberation>,
}

impl Process {
    /// Starts what is asked for. The journal is written on a thread where nobody else waits for
    /// the disk.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(kernel: &Arc<Kernel>, ask: Ask) -> Result<Self> {
        let kernel = kernel.clone();
        tokio::task::spawn_blocking(move || Self::of(&kernel, ask)).await?
    }

    fn of(kernel: &Kernel, ask: Ask) -> Result<Self> {
        let events = kernel.subscribe();
        let mut deliberation = None;
        let pid = match ask.start {
            Start::Spawn { program, must_fit } => {
                if must_fit {
                    kernel.fits(&program)?;
                }
                let pid = kernel.spawn((*program).clone())?;
                if let Some(think) = ask.think {
                    deliberation = Some(kernel.deliberate(pid, &program, think)?);
                }
                pid
            }
            Start::Resume { pid, .. } if kernel.is_running(pid) => pid,
            Start::Resume {
                pid,
                limits,
                attended,
            } => kernel.resume(pid, limits, attended)?,
            Start::Fork {
                pid,
                at,
                limits,
                attended,
            } => kernel.fork_within(pid, at, limits, attended)?,
        };
        Ok(Self {
            events,
            pid,
            deliberation,
        })
    }
}

impl Told {
    /// The message that something failed with `error`.
    pub fn failed(error: &anyhow::Error) -> Self {
        let (hint, code) = error::describe(error);
        Told::Failed {
            message: error::told(error),
            hint,
            code,
        }
    }
}

impl Conversation {
    /// The next message of the machine; `Err` where the conversation broke off or failed.
    pub async fn next(&mut self) -> Result<Told> {
        match self.told.recv().await {
            None => Err(UserError::failed(
                "the machine stopped",
                "`quipu ps` shows what can be resumed",
            )),
            Some(Told::Failed {
                message,
                hint,
                code,
            }) => Err(UserError::with_code(code, message, hint)),
            Some(told) => Ok(told),
        }
    }

    /// Says something. A machine that is gone hears nothing, and [`Self::next`] finds that.
    pub async fn say(&self, say: Say) {
        let _ = self.say.send(say).await;
    }

    /// Waits for the end, whatever is told before it.
    pub async fn end(mut self) -> Result<Ended> {
        loop {
            if let Told::Ended(ended) = self.next().await? {
                return Ok(*ended);
            }
        }
    }
}

impl Attendant {
    /// Both ends of the conversation, for whoever passes messages on.
    pub fn split(self) -> (Sender<Told>, Receiver<Say>) {
        (self.told, self.said)
    }

    /// Tells of a process until its end.
    pub async fn attend(mut self, kernel: &Kernel, process: Process) {
        let last = match self.until_end(kernel, process).await {
            Ok(ended) => Told::Ended(Box::new(ended)),
            Err(error) => Told::failed(&error),
        };
        self.tell(last).await;
    }

    /// A listener that has left is told nothing.
    async fn tell(&self, told: Told) {
        let _ = self.told.send(told).await;
    }

    async fn until_end(&mut self, kernel: &Kernel, process: Process) -> Result<Ended> {
        let Process {
            mut events,
            pid,
            deliberation,
        } = process;
        let exit = self.follow(kernel, pid, &mut events).await?;
        let Some(deliberation) = deliberation else {
            return Ok(Ended {
                pid,
                exit,
                confidence: None,
                branches: None,
            });
        };
        let Deliberated {
            pid: chosen,
            exit,
            confidence,
            branches,
            ..
        } = self.settle(kernel, deliberation, exit).await?;
        while let Some(event) = events.try_recv() {
            if event.pid() == pid && matches!(event, Event::Deliberated { .. }) {
                self.tell(Told::Event(event)).await;
            }
        }
        Ok(Ended {
            pid: chosen,
            exit,
            confidence,
            branches: Some(branches),
        })
    }

    /// Tells of process `pid` until its end.
    async fn follow(
        &mut self,
        kernel: &Kernel,
        pid: Pid,
        events: &mut Subscription,
    ) -> Result<Exit> {
        let mut is_heard = true;
        loop {
            tokio::select! {
                said = self.said.recv(), if is_heard => match said {
                    Some(Say::Signal(signal)) => {
                        // A process that ended meanwhile needs no signal.
                        let _ = kernel.signal(pid, signal);
                    }
                    Some(Say::Reply { key, reply }) => {
                        let _ = kernel.reply(pid, &key, reply);
                    }
                    None => {
                        is_heard = false;
                        // Where a person was there, the first asks what to do instead and the
                        // second ends it.
                        for _ in 0..2 {
                            let _ = kernel.signal(pid, Signal::Interrupt);
                        }
                    }
                },
                event = kernel.next_event(events, pid) => {
                    let Some(event) = event else {
                        return Err(UserError::failed("the machine stopped", "run again"));
                    };
                    let exit = match &event {
                        Event::Exited { exit, .. } => Some(exit.clone()),
                        _ => None,
                    };
                    self.tell(Told::Event(event)).await;
                    if let Some(exit) = exit {
                        return Ok(exit);
                    }
                }
            }
        }
    }

    /// Waits for the other branches of a process that ended as `exit`; a signal, or a listener
    /// who leaves, takes what there is.
    async fn settle(
        &mut self,
        kernel: &Kernel,
        deliberation: Deliberation,
        exit: Exit,
    ) -> Result<Deliberated> {
        let stop = deliberation.stopper();
        let settled = deliberation.settle(kernel, exit);
        tokio::pin!(settled);
        let mut is_heard = true;
        loop {
            tokio::select! {
                said = self.said.recv(), if is_heard => match said {
                    Some(Say::Reply { .. }) => {}
                    Some(Say::Signal(_)) => stop.stop(kernel),
                    None => {
                        is_heard = false;
                        stop.stop(kernel);
                    }
                },
                deliberated = &mut settled => return Ok(deliberated?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use quipu_cpu::Sampling;
    use quipu_cpu::scripted::ScriptedCpu;
    use quipu_kernel::Parts;
    use quipu_kernel::gate::Policy;
    use quipu_kernel::journal::Journal;
    use quipu_kernel::judgement::Judgement;
    use quipu_memory::RamStore;
    use quipu_tools::Bus;

    use super::*;

    #[tokio::test]
    async fn who_answers_does_not_wait_for_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let cpu = ScriptedCpu::parse("test", r#"{"answer":"done"}"#, None).unwrap();
        let kernel = Kernel::boot(Parts {
            cpu: Arc::new(cpu),
            store: Arc::new(RamStore::new()),
            bus: Arc::new(Bus::default()),
            journal: Journal::open(&path, true).unwrap(),
            policy: Policy::default(),
            sampling: Sampling {
                temperature: 0.0,
                seed: 0,
            },
            judgement: Judgement::default(),
        });
        let kernel = Arc::new(kernel.unwrap());
        // Somebody else writes until this thread does something else.
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let ask = Ask {
            start: Start::Spawn {
                program: Box::new(Program::new("task")),
                must_fit: false,
            },
            think: None,
        };
        let written = async { other.execute_batch("COMMIT").unwrap() };
        let (begun, ()) = tokio::join!(begin(&kernel, ask), written);
        let (_, conversation) = begun.unwrap();
        let ended = conversation.end().await.unwrap();
        assert_eq!(ended.exit.answer, Some("done".into()));
    }
}
