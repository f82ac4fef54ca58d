//! What a window says: its messages, and the prompt that is made of them.

use serde::Serialize;

use crate::kv::pictures;
use crate::{CpuError, Picture};

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The kernel.
    System,
    /// The task, and what came back from the world.
    User,
    /// The actions.
    Assistant,
}

/// One message of a laid-out window.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// Pictures that stand before the text. Only a CPU that [`crate::Cpu::sees`] takes any.
    pub pictures: Vec<Picture>,
}

impl Message {
    /// A message without pictures.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            pictures: Vec::new(),
        }
    }
}

/// A window ready to run: the messages, and their tokens where the CPU has a
/// tokenizer of its own.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The messages.
    pub messages: Vec<Message>,
    /// Token ids, for a local CPU; empty otherwise. Negative ones stand for a picture: one for
    /// each cell that it takes ([`pictures`]).
    pub tokens: Vec<i32>,
    /// Tokens of the whole prompt with its template, cells of pictures among them. Exact where
    /// the tokenizer is known, else an upper estimate.
    pub len: usize,
    /// Of `tokens`, how many from the first belong to the boot page, which processes
    /// of one agent share.
    pub boot: usize,
}

impl Prompt {
    /// Its pictures, in the order in which they stand in it.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.messages.iter().flat_map(|message| &message.pictures)
    }

    /// Positions that its tokens take: as many as tokens, or fewer where the cells of a picture
    /// share positions.
    pub fn positions(&self) -> usize {
        match self.tokens.as_slice() {
            [] => self.len,
            tokens => pictures::position(tokens, tokens.len()),
        }
    }
}

/// Refuses messages with pictures, for a CPU that sees none.
pub(crate) fn without_pictures(messages: &[Message]) -> Result<(), CpuError> {
    match messages.iter().all(|message| message.pictures.is_empty()) {
        true => Ok(()),
        false => Err(CpuError::Picture("this model sees no pictures".into())),
    }
}
