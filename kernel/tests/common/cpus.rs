//! CPUs for tests, where a script says too little: one that writes what a function says, and
//! one that notes what it is shown.

use std::sync::{Arc, Mutex};

use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{
    Chunk, ClosedEarly, Completion, Cpu, CpuError, CpuInfo, Inquiry, Job, Message, Pid, Prompt,
    Ticket, Usage, Weights,
};

/// Tokens that every prompt counts for.
const PROMPT_TOKENS: usize = 100;

type Writes = Box<dyn Fn(&Job) -> String + Send + Sync>;
type Weighs = Box<dyn Fn(&Inquiry) -> Weights + Send + Sync>;

/// A CPU that writes what a function says.
pub struct FunctionCpu {
    info: CpuInfo,
    writes: Writes,
    weighs: Option<Weighs>,
    closed: Option<ClosedEarly>,
}

impl FunctionCpu {
    /// One that answers each job with what `writes` makes of it, and tells no probabilities.
    pub fn new(info: CpuInfo, writes: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        Self {
            info,
            writes: Box::new(writes),
            weighs: None,
            closed: None,
        }
    }

    /// The same, which says of all that it writes that it was closed early.
    pub fn closing(mut self, why: ClosedEarly) -> Self {
        self.closed = Some(why);
        self
    }

    /// The same, which weighs options as `weighs` says.
    pub fn weighing(
        mut self,
        weighs: impl Fn(&Inquiry) -> Weights + Send + Sync + 'static,
    ) -> Self {
        self.weighs = Some(Box::new(weighs));
        self
    }
}

impl Cpu for FunctionCpu {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        Ok(Prompt {
            messages: messages.to_vec(),
            tokens: Vec::new(),
            len: PROMPT_TOKENS,
            boot: 0,
        })
    }

    fn count(&self, text: &str) -> usize {
        text.len() / 4
    }

    fn lead(&self, prompt: &Prompt, _: &str) -> Option<Prompt> {
        self.weighs.is_some().then(|| prompt.clone())
    }

    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        said(match &self.weighs {
            Some(weighs) => Ok(Chunk::Weighed(weighs(&inquiry), Usage::default())),
            None => Err(CpuError::Undecided),
        })
    }

    fn submit(&self, job: Job) -> Ticket {
        said(Ok(Chunk::Done(Completion {
            text: (self.writes)(&job),
            closed_early: self.closed,
            ..Completion::default()
        })))
    }
}

/// A job that ends with `text`.
pub fn written(text: String) -> Ticket {
    said(Ok(Chunk::Done(Completion {
        text,
        ..Completion::default()
    })))
}

fn said(chunk: Result<Chunk, CpuError>) -> Ticket {
    let (sink, ticket) = Ticket::new(0);
    sink.try_send(chunk).expect("there is room");
    ticket
}

/// A CPU that follows a script, and notes what it is shown.
pub struct WatchedCpu {
    script: ScriptedCpu,
    shown: Mutex<Vec<(Pid, String)>>,
}

impl WatchedCpu {
    /// One that follows `script`, in a window of so many tokens.
    pub fn new(script: &str, window: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            script: ScriptedCpu::parse("test", script, window).expect("a script"),
            shown: Mutex::default(),
        })
    }

    /// All that was shown, a text for each job: its messages and the history that came along.
    pub fn shown(&self) -> Vec<(Pid, String)> {
        self.shown.lock().expect("nobody panics").clone()
    }
}

impl Cpu for WatchedCpu {
    fn info(&self) -> &CpuInfo {
        self.script.info()
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        self.script.prepare(messages)
    }

    fn count(&self, text: &str) -> usize {
        self.script.count(text)
    }

    fn submit(&self, job: Job) -> Ticket {
        let messages = job.prompt.messages.iter();
        let texts = messages.map(|message| message.text.clone());
        let all: Vec<String> = texts.chain(job.history.iter().cloned()).collect();
        let mut shown = self.shown.lock().expect("nobody panics");
        shown.push((job.pid, all.join("\n")));
        drop(shown);
        self.script.submit(job)
    }
}
