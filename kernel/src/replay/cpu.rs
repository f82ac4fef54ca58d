//! The CPU of a replay: it says what the tape says.

use std::sync::Arc;

use quipu_cpu::{
    Chunk, Completion, Cpu, CpuError, CpuInfo, Form, Inquiry, Job, Message, Prompt, Ticket, Usage,
};

use crate::journal::tape::{Computes, Count, End, Odds, Tape, keys};

/// A CPU that reads a tape.
pub(super) struct Player {
    info: CpuInfo,
    sees: bool,
    tape: Arc<Tape>,
}

impl Player {
    /// The CPU `computes`, as far as the tape has it.
    pub(super) fn new(computes: &Computes, tape: Arc<Tape>) -> Self {
        let info = CpuInfo {
            model: computes.model.clone(),
            kind: "replay",
            details: computes.details.clone(),
            window: computes.window,
            constrains: computes.constrains,
            model_digest: computes.model_digest.clone(),
            template_digest: computes.template_digest.clone(),
            ..CpuInfo::default()
        };
        Self {
            info,
            sees: computes.sees,
            tape,
        }
    }

    /// The count under `key`; an error where there is none.
    fn counted(&self, key: u64) -> Result<Option<usize>, CpuError> {
        let count = self.tape.playing().map(|mut tape| tape.count(key));
        match count {
            Some(Ok(Count::Is(count))) => Ok(Some(count)),
            Some(Ok(Count::None)) => Ok(None),
            Some(Ok(Count::Failed(error))) => Err(error),
            Some(Err(_)) | None => Err(CpuError::Gone),
        }
    }
}

impl Cpu for Player {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn sees(&self) -> bool {
        self.sees
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        let len = self.counted(keys::prepared(messages))?;
        Ok(prompt(messages, len.ok_or(CpuError::Gone)?))
    }

    fn count(&self, text: &str) -> usize {
        // The tape has noted a difference where it has no such count.
        let count = self.counted(keys::counted(text));
        count.ok().flatten().unwrap_or_default()
    }

    fn lead(&self, before: &Prompt, words: &str) -> Option<Prompt> {
        let len = self.counted(keys::led(before, words)).ok().flatten()?;
        Some(prompt(&before.messages, len))
    }

    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        let asked = keys::asked(&inquiry);
        let weighed = self.tape.playing().map(|mut tape| tape.weighed(&asked));
        let chunk = match weighed {
            Some(Ok(weighed)) => match weighed.odds {
                Odds::Bits(bits) => {
                    let weights = bits.into_iter().map(f32::from_bits).collect();
                    Ok(Chunk::Weighed(weights, Usage::default()))
                }
                Odds::Failed(error) => Err(error),
                Odds::Dropped => Err(CpuError::Gone),
            },
            Some(Err(_)) | None => Err(CpuError::Gone),
        };
        ticket([chunk])
    }

    fn accepts(&self, form: &Form) -> Result<(), CpuError> {
        self.counted(keys::accepted(form)).map(drop)
    }

    fn submit(&self, job: Job) -> Ticket {
        let (window, legal) = (
            keys::window(&job.prompt),
            keys::legal(&keys::form_of(&job), &job),
        );
        let wrote = self
            .tape
            .playing()
            .map(|mut tape| tape.wrote(&window, &legal));
        let Some(Ok(wrote)) = wrote else {
            return ticket([Err(CpuError::Gone)]);
        };
        let pieces = wrote.pieces.unwrap_or_else(|| wrote.text.clone());
        let last = match wrote.end {
            End::Done {
                usage,
                closed_early,
                thought,
            } => Ok(Chunk::Done(Completion {
                text: wrote.text,
                usage,
                closed_early,
                thought,
            })),
            End::Failed(error) => Err(error),
            End::Dropped => Err(CpuError::Gone),
        };
        ticket([Ok(Chunk::Text(pieces)), last])
    }
}

/// A window of `len` tokens.
fn prompt(messages: &[Message], len: usize) -> Prompt {
    Prompt {
        messages: messages.to_vec(),
        tokens: Vec::new(),
        len,
        boot: 0,
    }
}

/// A ticket with these chunks.
fn ticket<const N: usize>(chunks: [Result<Chunk, CpuError>; N]) -> Ticket {
    let (sink, ticket) = Ticket::new(1);
    for chunk in chunks {
        // There is room for two.
        let _ = sink.try_send(chunk);
    }
    ticket
}
