//! A CPU that is told by a function what to write, where a script says too little.

use quipu_cpu::{
    Chunk, Completion, Cpu, CpuError, CpuInfo, Inquiry, Job, Message, Prompt, Ticket, Usage,
    Weights,
};

/// Tokens that every prompt counts for.
const PROMPT_TOKENS: usize = 100;

type Writes = Box<dyn Fn(&Job) -> String + Send + Sync>;
type Weighs = Box<dyn Fn(&Inquiry) -> Weights + Send + Sync>;

/// The CPU.
pub struct Told {
    info: CpuInfo,
    writes: Writes,
    weighs: Option<Weighs>,
}

impl Told {
    /// One that answers each job with what `writes` makes of it, and tells no probabilities.
    pub fn new(info: CpuInfo, writes: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        Self {
            info,
            writes: Box::new(writes),
            weighs: None,
        }
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

impl Cpu for Told {
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
        written((self.writes)(&job))
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
