//! The CPU of Quipu: how does one model compute for many?
//!
//! A CPU turns a laid-out window into the next action. It knows neither processes' tools
//! nor their disk: of a process it knows the number ([`Pid`]) and what it cost ([`Usage`]).
//! It never prints and never reads the environment.
//!
//! | file | job |
//! | --- | --- |
//! | `lib.rs` | the contract: [`Cpu`], [`Job`], [`Inquiry`] |
//! | `message` | what a window says: [`Message`], [`Prompt`] |
//! | `picture` | a picture for a model that sees: [`Picture`] |
//! | `ticket` | a job under way: [`Ticket`] |
//! | [`llama`] | a GGUF file run by llama.cpp: the only folder that names it (feature `llama`) |
//! | [`kv`] | what is where in the KV cache and who computes next; bookkeeping without llama.cpp |
//! | [`remote`] | an OpenAI-compatible endpoint |
//! | [`scripted`] | a script, for tests and replay |
//! | `odds`, `stats` | what a CPU tells of its tokens, and of itself |
//! | `wishes` | what some jobs ask for beside a text |
//! | `estimate` | counts of tokens where the tokenizer is not known |
//! | `template` | chat templates as transformers renders them |
//! | [`grammar`] | the engine that holds a model to a schema |
//! | `whole_file` | files that appear whole or not at all |
//! | `thought`, [`markers`] | thoughts and turn markers in texts |
//! | [`embed`] | texts to vectors: from a table, or by a llama |
//! | [`detect`] | how much a text reads like an attempt to steer a model |
#![warn(missing_docs)]

pub mod detect;
pub mod embed;
mod estimate;
pub mod grammar;
pub mod kv;
#[cfg(feature = "llama")]
pub mod llama;
pub mod markers;
mod message;
mod odds;
mod picture;
pub mod remote;
pub mod scripted;
mod stats;
mod template;
mod thought;
mod ticket;
mod whole_file;
mod wishes;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use message::{Message, Prompt, Role};
pub use odds::{Likely, TokenOdds};
pub use picture::{PIXELS_MAX, Picture, SIDE_MAX};
pub use stats::{Counters, CpuProcess, CpuStats};
pub use template::{ChatTemplate, Segment, TemplateSource};
pub use thought::without_thought;
pub use ticket::{Sink, Ticket};
pub use wishes::{Shaping, Wishes};

/// The number of a process; never used twice under one root.
pub type Pid = i64;

/// What the CPU did for a step or a process, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompts.
    pub prompt_tokens: u32,
    /// Of these, how many were resident and not computed again.
    pub cached_tokens: u32,
    /// Tokens generated.
    pub generated_tokens: u32,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.generated_tokens += other.generated_tokens;
    }
}

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 is greedy.
    pub temperature: f32,
    /// Seed of the random choice.
    pub seed: u32,
}

/// One action to be decided.
#[derive(Clone, Debug)]
pub struct Job {
    /// The process it is for; its earlier prompt is likely resident.
    pub pid: Pid,
    /// The process's priority.
    pub priority: i8,
    /// The window.
    pub prompt: Prompt,
    /// The form of the text.
    pub form: Form,
    /// Tokens the action may have.
    pub tokens_max: u32,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// The observations of all earlier steps, oldest first: a script's position.
    pub history: Arc<Vec<String>>,
}

/// The form of the text of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Anything.
    Text,
    /// Compact JSON that satisfies this JSON Schema.
    Json(Value),
    /// A sentence of this grammar, in llguidance's Lark. Only for a CPU whose
    /// [`CpuInfo::constrains`] says that it knows such grammars.
    Lark(String),
}

/// A question about a state, to be answered with probabilities and without a generated
/// token.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// The process it is about; its prefix is likely resident.
    pub pid: Pid,
    /// The process's priority.
    pub priority: i8,
    /// The state with the question, up to where the answer begins.
    pub prompt: Prompt,
    /// For each option the texts that begin it, such as `Yes` and ` yes`. The first token
    /// of each text counts, so options must differ in theirs.
    pub options: Vec<Vec<String>>,
}

/// The natural logarithm of each option's probability, in the order of the options.
pub type Weights = Vec<f32>;

/// A piece of a running job.
#[derive(Clone, Debug)]
pub enum Chunk {
    /// Before the first text, where the CPU knows it: how many tokens of the prompt were resident.
    Begun(u32),
    /// Text as it is generated.
    Text(String),
    /// Where they are asked for, how likely the tokens of the next text were.
    Odds(Vec<TokenOdds>),
    /// The whole action; the last chunk.
    Done(Completion),
    /// The answer to an [`Inquiry`]; the last chunk.
    Weighed(Weights, Usage),
}

/// A finished action.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The text: JSON where the CPU honours the schema.
    pub text: String,
    /// What it cost.
    pub usage: Usage,
    /// Why it was closed early, if it was.
    pub closed_early: Option<ClosedEarly>,
    /// Whether the model thought aloud before it.
    pub thought: bool,
}

/// Why an action was closed before the model did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedEarly {
    /// Its room was used up.
    Full,
    /// It said the same again and again.
    Repeating,
}

/// What is known of a CPU.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CpuInfo {
    /// The model's name.
    pub model: String,
    /// `local`, `remote` or `script`.
    pub kind: &'static str,
    /// Architecture, size and quantisation, as the model states them.
    pub details: String,
    /// The window of one process, in tokens.
    pub window: usize,
    /// Threads it computes with; 0 when that is not ours to say.
    pub threads: usize,
    /// Cells of the KV cache shared by all processes; 0 when there is none.
    pub kv_cells: usize,
    /// Bytes of memory that its weights and its KV cache take; 0 when they are not in this program.
    #[serde(skip)]
    pub bytes: u64,
    /// Whether it writes by any grammar ([`Form::Lark`]), goes on from words that were put
    /// into its mouth ([`Cpu::lead`]), answers an [`Inquiry`] at the price of a token, and
    /// tells odds ([`Wishes::odds`]).
    pub constrains: bool,
    /// Digest of the model's file: its length and both its ends. Empty where there is none.
    #[serde(skip)]
    pub model_digest: String,
    /// Digest of its chat template. Empty where that is not ours to know.
    #[serde(skip)]
    pub template_digest: String,
}

/// A model that processes run on.
///
/// A CPU that stands in front of another one names it in [`Cpu::inner`], and has only what it
/// does otherwise: the methods with a body here pass a call on to the inner one.
pub trait Cpu: Send + Sync {
    /// The CPU that this one stands in front of, if it does.
    fn inner(&self) -> Option<&dyn Cpu> {
        None
    }

    /// What is known of it.
    fn info(&self) -> &CpuInfo;

    /// Renders `messages` as this model's prompt and counts it. What it returns is
    /// what [`Cpu::submit`] will run, token by token.
    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError>;

    /// Whether it takes messages with pictures; others are refused with [`CpuError::Picture`].
    fn sees(&self) -> bool {
        self.inner().is_some_and(|cpu| cpu.sees())
    }

    /// The chat template by which it lays messages out. `None` where that is not ours to know.
    fn template(&self) -> Option<&TemplateSource> {
        self.inner()?.template()
    }

    /// Tokens in `text` alone, by the same tokenizer as [`Cpu::prepare`].
    fn count(&self, text: &str) -> usize;

    /// A prompt that is the text `before` and nothing else, no template; markers in it count
    /// as such. With a text `after` it the answer is what goes between the two. `None` where
    /// the CPU takes messages only, or was not taught to fill in.
    fn plain(&self, before: &str, after: Option<&str>) -> Option<Prompt> {
        self.inner()?.plain(before, after)
    }

    /// The tokens of `text`, with the one that begins a text first where `begins` is set;
    /// markers count as such where `markers` is. `None` where the tokenizer is not known.
    fn tokens(&self, text: &str, begins: bool, markers: bool) -> Option<Vec<i32>> {
        self.inner()?.tokens(text, begins, markers)
    }

    /// The text of `tokens`; a character may be cut at either end. `None` where the tokenizer
    /// is not known.
    fn text_of(&self, tokens: &[i32]) -> Option<Vec<u8>> {
        self.inner()?.text_of(tokens)
    }

    /// The first of `tokens` that the model has not. `None` where it has all of them, or the
    /// tokenizer is not known.
    fn unknown_token(&self, tokens: &[i32]) -> Option<i32> {
        self.inner()?.unknown_token(tokens)
    }

    /// Lets the answer to `prompt` begin with `words`, which count as part of the prompt.
    /// `None` where the CPU cannot do that.
    fn lead(&self, prompt: &Prompt, words: &str) -> Option<Prompt> {
        self.inner()?.lead(prompt, words)
    }

    /// Starts to answer a question; returns at once. One `Weighed` or an error ends the
    /// ticket; the error is [`CpuError::Undecided`] where the CPU does not tell
    /// probabilities.
    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        match self.inner() {
            Some(cpu) => cpu.weigh(inquiry),
            None => Ticket::failed(CpuError::Undecided),
        }
    }

    /// Whether a text of `form` can be written: what a grammar cannot say is known before a
    /// job fails. What was looked at once is cheap to submit.
    ///
    /// # Errors
    /// [`CpuError::Grammar`] with the reason.
    fn accepts(&self, form: &Form) -> Result<(), CpuError> {
        self.inner().map_or(Ok(()), |cpu| cpu.accepts(form))
    }

    /// Starts to decide an action; returns at once. The prompt and `tokens_max`
    /// together fit the window. Exactly one `Done` or error ends the ticket.
    fn submit(&self, job: Job) -> Ticket;

    /// As [`Cpu::submit`], with what the job asks for beside its text: odds are told before
    /// each text. [`CpuError::Undecided`] where they are wanted, and the CPU tells none. A
    /// script, which chooses nothing, passes over the rest.
    fn submit_with(&self, job: Job, wishes: Wishes) -> Ticket {
        match self.inner() {
            Some(cpu) => cpu.submit_with(job, wishes),
            None if wishes.odds.is_some() => Ticket::failed(CpuError::Undecided),
            None => self.submit(job),
        }
    }

    /// Changes the priority of the job that `pid` has under way, if it has one.
    fn nice(&self, pid: Pid, priority: i8) {
        if let Some(cpu) = self.inner() {
            cpu.nice(pid, priority);
        }
    }

    /// Learns that `pid` has exited: what is kept for it may go.
    fn retire(&self, pid: Pid) {
        if let Some(cpu) = self.inner() {
            cpu.retire(pid);
        }
    }

    /// How things are in this moment; empty where nothing is ours to count.
    fn stats(&self) -> CpuStats {
        self.inner().map(|cpu| cpu.stats()).unwrap_or_default()
    }

    /// Calls `listener` for every movement of a process's pages from now on, on a
    /// thread that must not be kept waiting.
    fn listen(&self, listener: Box<dyn Fn(Movement) + Send + Sync>) {
        if let Some(cpu) = self.inner() {
            cpu.listen(listener);
        }
    }
}

/// What happens to a process's pages: they come into the KV cache, go to the swap, and come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Out of the cache.
    SwappedOut {
        /// Whose they are.
        pid: Pid,
        /// How many tokens.
        tokens: usize,
    },
    /// Back into it.
    SwappedIn {
        /// For whom.
        pid: Pid,
        /// How many tokens.
        tokens: usize,
    },
    /// A part of a prompt was computed, and another part is still to come.
    Read {
        /// Whose prompt it is.
        pid: Pid,
        /// Tokens of it that are in the cache now.
        tokens: usize,
        /// Tokens of it in all.
        of: usize,
        /// Whether it is an [`Inquiry`], and not a [`Job`].
        asks: bool,
    },
}

/// The kind of trouble an endpoint makes, as far as its words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It does not answer like an endpoint.
    Silent,
    /// It wants another key.
    Key,
    /// It knows no such address or model.
    NotFound,
    /// It limits requests.
    TooMany,
    /// The prompt is too long for it; its window where it names one.
    TooLong(Option<usize>),
    /// It leads to another host.
    Elsewhere,
    /// It lists no models, and none was named.
    NoModel,
    /// It thought without coming to an answer.
    OnlyThought,
    /// It spent the tokens of an action without writing a word.
    NoRoom,
    /// Its reply is empty.
    Empty,
    /// Something else.
    Other,
}

/// Why a CPU could not decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CpuError {
    /// The file is not a model that can be run.
    #[error("cannot load {path}: {reason}")]
    Load {
        /// The model file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The window asked for cannot hold a process.
    #[error("a window of {window} tokens is too small; {least} is the least")]
    Window {
        /// Tokens asked for, or what the model was trained for.
        window: usize,
        /// The least that is taken.
        least: usize,
    },
    /// The KV cache asked for is larger than the memory.
    #[error("a KV cache of {cells} tokens does not fit: there is free memory for {most}")]
    Cells {
        /// Tokens asked for.
        cells: usize,
        /// Tokens there is free memory for.
        most: usize,
    },
    /// The model has no chat template: a base model.
    #[error(
        "{model} has no chat template: it is a base model, which completes text but follows no instructions, or an embedding model"
    )]
    NoTemplate {
        /// The model.
        model: String,
    },
    /// The template cannot be rendered.
    #[error("the chat template of {model} failed: {reason}")]
    Template {
        /// The model.
        model: String,
        /// What the template engine said.
        reason: String,
    },
    /// The constraint could not be compiled.
    #[error("the schema of the next action cannot be turned into a grammar: {0}")]
    Grammar(String),
    /// A picture that the model cannot be shown.
    #[error("the model cannot be shown the picture: {0}")]
    Picture(String),
    /// The engine failed while computing.
    #[error("the model stopped computing: {0}")]
    Decode(String),
    /// An endpoint refused or failed.
    #[error("{url}: {reason}")]
    Endpoint {
        /// The endpoint.
        url: String,
        /// What it said.
        reason: String,
        /// What kind of trouble it is.
        trouble: Trouble,
    },
    /// A script has no line for this step.
    #[error("the script {path} ended at step {step}")]
    ScriptEnded {
        /// The script.
        path: String,
        /// The step it had no line for.
        step: usize,
    },
    /// A script that cannot be read.
    #[error("{path}{}: {reason}", line_words(*line))]
    Script {
        /// The script.
        path: String,
        /// The line, from 1; 0 is the file itself.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The CPU does not tell how likely its words are.
    #[error("the CPU tells no probabilities")]
    Undecided,
    /// The engine went away.
    #[error("the CPU stopped without an answer")]
    Gone,
}

fn line_words(line: usize) -> String {
    match line {
        0 => String::new(),
        line => format!(", line {line}"),
    }
}
